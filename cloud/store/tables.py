"""Every table of the cloud about lockers, parcels, promises and the road; ``tables_ops.py`` has the machinery.

A record in ``cloud.domain`` or ``cloud.services.records`` has the same fields as its table has columns (a test holds
them together). Foreign keys stand where a missing row would be a lie; the event log has none, because what a locker
says is kept even when it speaks of a parcel nobody knows.
"""

from sqlalchemy import ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint

from cloud.domain.capacity import ReservationState
from cloud.domain.locker import CompartmentStatus, Contents, LockerStatus, PointKind
from cloud.domain.parcel import ParcelState
from cloud.services.records import CourierKind, GrantState, StopKind, Task, TaskState
from cloud.store.columns import at, blob, counted, each, flag, name_of, number, partial, real, text, word
from contract.sizes import SizeClass

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _to(column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [target])


model = Table("model", metadata, name_of("name", key=True), text("layout"), at("created_at"))

locker = Table(
    "locker",
    metadata,
    name_of("id", key=True),
    name_of("name"),
    name_of("model"),
    word("status", LockerStatus),
    real("lon"),
    real("lat"),
    text("address"),
    text("opening_hours"),
    name_of("time_zone"),
    flag("online"),
    at("seen_at", null=True),
    at("reported_at", null=True),
    at("unserved_since", null=True),
    name_of("boot_nonce", null=True),
    number("session"),
    name_of("agent_version", null=True),
    number("command_counter"),
    flag("intake_open"),
    at("created_at"),
    at("updated_at"),
    word("kind", PointKind),
    at("maintenance_until", null=True),
    number("operators_number"),
    _to("model", "model.name"),
)

compartment = Table(
    "compartment",
    metadata,
    name_of("locker_id", key=True),
    name_of("label", key=True),
    word("size", SizeClass),
    flag("low"),
    name_of("door"),
    word("contents", Contents),
    name_of("parcel_id", null=True),
    word("status", CompartmentStatus),
    text("fault", null=True),
    at("updated_at"),
    _to("locker_id", "locker.id"),
    partial(None, "parcel_id", where="parcel_id IS NOT NULL"),
)

locker_key = Table(
    "locker_key",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    blob("key_sealed"),
    blob("salt_sealed"),
    blob("signing_public", null=True),
    name_of("certificate_serial", null=True),
    at("certificate_until", null=True),
    at("created_at"),
    at("revoked_at", null=True),
    _to("locker_id", "locker.id"),
    Index(None, "locker_id"),
)

claim = Table(
    "claim",
    metadata,
    name_of("id", key=True),
    name_of("digest"),
    name_of("locker_id"),
    name_of("created_by"),
    at("created_at"),
    at("expires_at"),
    at("used_at", null=True),
    name_of("used_from", null=True),
    _to("locker_id", "locker.id"),
    UniqueConstraint("digest"),
    Index(None, "locker_id"),
)

parcel = Table(
    "parcel",
    metadata,
    name_of("id", key=True),
    name_of("carrier"),
    name_of("barcode"),
    name_of("label_digest"),
    name_of("recipient_name"),
    name_of("recipient_email", null=True),
    name_of("recipient_phone", null=True),
    name_of("language"),
    text("address"),
    real("lon"),
    real("lat"),
    *each(number, "length_mm", "width_mm", "height_mm", "weight_g"),
    *each(at, "window_from", "window_to", null=True),
    flag("locker_allowed"),
    name_of("preferred_locker", null=True),
    flag("low_door"),
    flag("perishable"),
    flag("temperature_controlled"),
    number("dwell_h_max", null=True),
    word("state", ParcelState),
    name_of("custodian"),
    name_of("locker_id", null=True),
    name_of("compartment", null=True),
    at("dropped_off_at", null=True),
    at("deadline", null=True),
    name_of("import_id", null=True),
    at("created_at"),
    at("updated_at"),
    at("soft_to", null=True),
    number("late_cents_per_min"),
    text("skills"),
    _to("locker_id", "locker.id"),
    UniqueConstraint("carrier", "barcode"),
    Index(None, "state", "deadline"),
    Index(None, "locker_id", "state"),
    Index(None, "label_digest"),
)

parcel_history = Table(
    "parcel_history",
    metadata,
    counted("number"),
    name_of("parcel_id"),
    at("at"),
    at("recorded_at"),
    name_of("happened"),
    name_of("state"),
    name_of("custodian"),
    name_of("actor"),
    name_of("locker_id", null=True),
    name_of("compartment", null=True),
    text("detail"),
    _to("parcel_id", "parcel.id"),
    Index(None, "parcel_id", "number"),
)

consent = Table(
    "consent",
    metadata,
    name_of("id", key=True),
    name_of("parcel_id"),
    name_of("given_by"),
    at("given_at"),
    name_of("scope"),
    name_of("locker_id", null=True),
    number("walk_m_max", null=True),
    at("withdrawn_at", null=True),
    _to("parcel_id", "parcel.id"),
    _to("locker_id", "locker.id"),
    Index(None, "parcel_id"),
)

reservation = Table(
    "reservation",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    name_of("parcel_id"),
    word("size", SizeClass),
    word("state", ReservationState),
    at("created_at"),
    at("expires_at"),
    at("ended_at", null=True),
    _to("locker_id", "locker.id"),
    _to("parcel_id", "parcel.id"),
    partial("uq_reservation_one_active", "parcel_id", where="state = 'active'", unique=True),
    Index(None, "parcel_id", "state"),
    Index(None, "locker_id", "state"),
    Index(None, "state", "expires_at"),
)

assignment = Table(
    "assignment",
    metadata,
    name_of("id", key=True),
    name_of("parcel_id"),
    name_of("locker_id"),
    name_of("reservation_id"),
    name_of("consent_id", null=True),
    name_of("reason"),
    at("assigned_at"),
    at("ended_at", null=True),
    name_of("outcome", null=True),
    _to("parcel_id", "parcel.id"),
    _to("locker_id", "locker.id"),
    _to("reservation_id", "reservation.id"),
    _to("consent_id", "consent.id"),
    partial("uq_assignment_one_live", "parcel_id", where="ended_at IS NULL", unique=True),
    Index(None, "parcel_id"),
    Index(None, "reservation_id"),
)

issued_grant = Table(
    "issued_grant",
    metadata,
    name_of("id", key=True),
    name_of("group_id"),
    name_of("kind"),
    name_of("locker_id"),
    name_of("parcel_id"),
    name_of("courier_id", null=True),
    blob("body"),
    at("issued_at"),
    at("expires_at"),
    word("state", GrantState),
    at("ended_at", null=True),
    _to("locker_id", "locker.id"),
    _to("parcel_id", "parcel.id"),
    Index(None, "group_id"),
    Index(None, "parcel_id", "kind"),
    Index(None, "locker_id", "state"),
)

sealed_code = Table(
    "sealed_code",
    metadata,
    name_of("group_id", key=True),
    name_of("parcel_id"),
    name_of("locker_id"),
    blob("code_sealed"),
    at("created_at"),
    _to("parcel_id", "parcel.id"),
    Index(None, "parcel_id"),
)

prepared_code = Table(
    "prepared_code",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    blob("sealed"),
    at("created_at"),
    _to("locker_id", "locker.id"),
    Index(None, "locker_id"),
)

courier = Table(
    "courier",
    metadata,
    name_of("id", key=True),
    name_of("name"),
    name_of("email", null=True),
    name_of("phone", null=True),
    name_of("language"),
    flag("active"),
    at("created_at"),
    word("kind", CourierKind),
)

shift = Table(
    "shift",
    metadata,
    name_of("id", key=True),
    name_of("courier_id"),
    *each(at, "starts_at", "ends_at"),
    *each(real, "start_lon", "start_lat", "end_lon", "end_lat"),
    *each(number, "parcels_max", "weight_g_max", "volume_l_max", "loads_max", "reload_s"),
    *each(at, "break_from", "break_to", null=True),
    number("break_s"),
    text("skills"),
    _to("courier_id", "courier.id"),
    Index(None, "starts_at"),
    Index(None, "courier_id"),
)

plan = Table(
    "plan",
    metadata,
    name_of("id", key=True),
    name_of("day"),
    name_of("planner"),
    at("made_at"),
    flag("current"),
    number("cost_cents"),
    number("distance_m"),
    number("duration_s"),
    partial("uq_plan_one_current", "day", where="current", unique=True),
)

route = Table(
    "route",
    metadata,
    name_of("id", key=True),
    name_of("plan_id"),
    name_of("courier_id"),
    name_of("shift_id"),
    at("starts_at"),
    at("ends_at"),
    number("distance_m"),
    at("started_at", null=True),
    _to("plan_id", "plan.id"),
    _to("courier_id", "courier.id"),
    _to("shift_id", "shift.id"),
    Index(None, "plan_id"),
    Index(None, "courier_id", "starts_at"),
)

stop = Table(
    "stop",
    metadata,
    name_of("id", key=True),
    name_of("route_id"),
    number("position"),
    word("kind", StopKind),
    name_of("locker_id", null=True),
    text("address"),
    real("lon"),
    real("lat"),
    at("eta"),
    number("service_s"),
    _to("route_id", "route.id"),
    _to("locker_id", "locker.id"),
    Index(None, "route_id", "position"),
)

stop_task = Table(
    "stop_task",
    metadata,
    name_of("id", key=True),
    name_of("stop_id"),
    name_of("parcel_id"),
    word("task", Task),
    word("state", TaskState),
    at("done_at", null=True),
    _to("stop_id", "stop.id"),
    _to("parcel_id", "parcel.id"),
    Index(None, "stop_id"),
    Index(None, "parcel_id", "state"),
)

unplanned = Table(
    "unplanned",
    metadata,
    name_of("id", key=True),
    name_of("plan_id"),
    name_of("parcel_id"),
    text("reason"),
    _to("plan_id", "plan.id"),
    _to("parcel_id", "parcel.id"),
    Index(None, "plan_id"),
)

attempt = Table(
    "attempt",
    metadata,
    name_of("id", key=True),
    name_of("parcel_id"),
    name_of("courier_id"),
    name_of("stop_id", null=True),
    at("at"),
    name_of("reason"),
    text("note"),
    real("lon", null=True),
    real("lat", null=True),
    name_of("outcome"),
    _to("parcel_id", "parcel.id"),
    Index(None, "parcel_id"),
)
