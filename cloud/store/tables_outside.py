"""Tables of deliveries by others: trips and tariffs, errands and offers, and webhooks."""

from sqlalchemy import ForeignKeyConstraint, Index, Table

from cloud.domain.changes import ChangeKind, ChangeState
from cloud.domain.outside import OfferKind, OfferState
from cloud.services.records import MessageState
from cloud.services.records_outside import ErrandState
from cloud.store.columns import at, blob, flag, name_of, number, partial, real, text, word
from cloud.store.tables import metadata


def _to(column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [target])


crowd_trip = Table(
    "crowd_trip",
    metadata,
    name_of("id", key=True),
    name_of("courier_id"),
    at("leaves_at"),
    at("arrives_by"),
    real("start_lon"),
    real("start_lat"),
    real("end_lon", null=True),
    real("end_lat", null=True),
    number("detour_m_max"),
    number("parcels_max"),
    number("weight_g_max"),
    number("volume_l_max"),
    number("per_parcel_cents"),
    text("end_address"),
    name_of("day"),
    at("withdrawn_at", null=True),
    number("direct_m", null=True),
    _to("courier_id", "courier.id"),
    Index(None, "day"),
    Index(None, "courier_id", "leaves_at"),
)

partner = Table(
    "partner",
    metadata,
    name_of("id", key=True),
    name_of("name"),
    flag("active"),
    at("created_at"),
)

partner_tariff = Table(
    "partner_tariff",
    metadata,
    name_of("id", key=True),
    name_of("partner_id"),
    name_of("day"),
    real("centre_lon"),
    real("centre_lat"),
    number("radius_m"),
    number("base_cents"),
    number("per_km_cents"),
    at("promise_from"),
    at("promise_to"),
    number("parcels_max"),
    number("weight_g_max"),
    at("withdrawn_at", null=True),
    _to("partner_id", "partner.id"),
    Index(None, "day"),
    Index(None, "partner_id", "day"),
)

errand = Table(
    "errand",
    metadata,
    name_of("id", key=True),
    name_of("day"),
    name_of("locker_id", null=True),
    text("address"),
    real("lon"),
    real("lat"),
    number("own_cents"),
    name_of("made_by"),
    at("created_at"),
    at("ended_at", null=True),
    name_of("outcome", null=True),
    text("said"),
    _to("locker_id", "locker.id"),
    Index(None, "day", "created_at"),
)

errand_parcel = Table(
    "errand_parcel",
    metadata,
    name_of("errand_id", key=True),
    name_of("parcel_id", key=True),
    word("state", ErrandState),
    number("way_m", null=True),
    number("co2_g", null=True),
    _to("errand_id", "errand.id"),
    _to("parcel_id", "parcel.id"),
    partial("uq_errand_parcel_one_open", "parcel_id", where="state = 'open'", unique=True),
    Index(None, "parcel_id"),
    Index(None, "state"),
)

offer = Table(
    "offer",
    metadata,
    name_of("id", key=True),
    name_of("errand_id"),
    number("rank"),
    word("kind", OfferKind),
    name_of("source_id"),
    name_of("asked"),
    number("price_cents"),
    at("promise_from"),
    at("promise_to"),
    number("position"),
    word("state", OfferState),
    at("made_at", null=True),
    at("answer_by", null=True),
    at("answered_at", null=True),
    at("ended_at", null=True),
    text("reason"),
    _to("errand_id", "errand.id"),
    Index(None, "errand_id", "rank"),
    Index(None, "source_id", "state"),
    Index(None, "asked", "made_at"),
    Index(None, "state", "answer_by"),
)

parcel_change = Table(
    "parcel_change",
    metadata,
    name_of("id", key=True),
    name_of("parcel_id"),
    name_of("offer_id"),
    word("kind", ChangeKind),
    name_of("locker_id", null=True),
    at("window_from", null=True),
    at("window_to", null=True),
    name_of("asked_by"),
    at("asked_at"),
    word("state", ChangeState),
    at("answered_at", null=True),
    text("said"),
    _to("parcel_id", "parcel.id"),
    _to("offer_id", "offer.id"),
    _to("locker_id", "locker.id"),
    partial("uq_parcel_change_one_asked", "parcel_id", where="state = 'asked'", unique=True),
    Index(None, "parcel_id", "asked_at"),
    Index(None, "offer_id", "state"),
)

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    name_of("owner", key=True),
    text("url"),
    blob("secret_sealed"),
    blob("previous_sealed", null=True),
    at("previous_until", null=True),
    flag("active"),
    at("created_at"),
    number("through"),
)

webhook_message = Table(
    "webhook_message",
    metadata,
    name_of("id", key=True),
    name_of("owner"),
    name_of("kind"),
    text("body"),
    word("state", MessageState),
    at("created_at"),
    at("not_before"),
    number("tries"),
    at("claimed_until", null=True),
    at("sent_at", null=True),
    text("error", null=True),
    _to("owner", "webhook_endpoint.owner"),
    Index(None, "state", "not_before"),
    Index(None, "owner", "created_at"),
)
