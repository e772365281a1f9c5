"""Partner fleets: who they are, what they ask for a parcel, and their answers to offers."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import ForbiddenError, InvalidError, LimitReachedError
from cloud.domain.outside import OfferStep, PartnerTariff
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import audit
from cloud.services.history import move
from cloud.services.many import by_id
from cloud.services.offer_steps import answerable, decline, take
from cloud.services.outside_load import load_of
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Errand, ErrandParcel, Offer, Partner

TARIFFS_MAX = 50  # of one partner for one day: a city's districts, by morning and afternoon
RADIUS_M_MAX = 100_000  # a region; farther is another depot's
CENTS_MAX = 100_000  # for one parcel; more is a mistyped price
PARCELS_MAX = 100_000  # as a shift's
WEIGHT_G_MAX = 100_000_000
ID_PATTERN = r"^[a-z][a-z0-9-]{1,29}$"  # a slug, and shorter than a courier's id so that neither is taken for the other
PROMISE_MAX = timedelta(hours=24)  # longer is no promise, as in cloud.domain.windows


@dataclass(frozen=True, slots=True)
class Quote:
    """What a partner asks for one offer, and when it would be there."""

    offer_id: str
    price_cents: int
    promise_from: datetime
    promise_to: datetime


def create_partner(uow: UnitOfWork, act: Act, partner: Partner) -> Partner:
    """Add a partner fleet under the name its API keys carry."""
    require(act.actor, Role.OPERATOR)
    if not re.fullmatch(ID_PATTERN, partner.id):
        raise InvalidError("id", "has 2 to 30 small letters, digits and hyphens, a letter first")
    uow.add(partner)
    audit.note(uow, act, "create_partner", f"partner:{partner.id}")
    return partner


def tariffs(uow: UnitOfWork, day: str) -> tuple[PartnerTariff, ...]:
    """Return the tariffs of a day with the parcels each still takes, without those used up."""
    active = {one.id for one in uow.find(Partner, active=True)}
    found = uow.find(PartnerTariff, order="partner_id id", day=day, withdrawn_at=None)
    left = (
        replace(one, parcels_max=one.parcels_max - load_of(uow, one.id).parcels)
        for one in found
        if one.partner_id in active
    )
    return tuple(one for one in left if one.parcels_max > 0)


def set_tariff(uow: UnitOfWork, act: Act, tariff: PartnerTariff) -> PartnerTariff:
    """Keep a tariff, new or changed; offers already made keep their price."""
    require(act.actor, Role.PARTNER, Role.OPERATOR)
    known = uow.get(PartnerTariff, tariff.id)
    owners = {tariff.partner_id} | ({known.partner_id} if known else set())
    if not act.actor.may_be(Role.OPERATOR, Role.SYSTEM) and owners != {act.actor.name}:
        raise ForbiddenError("this is another partner's tariff")
    uow.need(Partner, tariff.partner_id)
    _check(tariff)
    if known is not None:
        uow.remove(PartnerTariff, id=tariff.id)
    elif uow.count(PartnerTariff, partner_id=tariff.partner_id, day=tariff.day) >= TARIFFS_MAX:
        raise LimitReachedError(f"{TARIFFS_MAX} tariffs a day can be kept", timedelta(days=1))
    uow.add(tariff)
    audit.note(uow, act, "set_tariff", f"tariff:{tariff.id}", detail=f"{tariff.base_cents}+{tariff.per_km_cents}/km")
    return tariff


def accept_offer(uow: UnitOfWork, act: Act, offer_id: str) -> Offer:
    """Say yes at the price of the tariff; the parcels wait at the depot for the partner."""
    offer = answerable(uow, act, offer_id)
    return _accepted(uow, act, offer, (offer.price_cents, offer.promise_from, offer.promise_to))


def quote(uow: UnitOfWork, act: Act, asked: Quote) -> Offer:
    """Answer with another price or time: taken when it is worth it and keeps what was promised, else declined.

    What we would pay at most is what our own courier would cost; it is told to nobody.
    """
    offer = answerable(uow, act, asked.offer_id)
    errand = uow.need(Errand, offer.errand_id)
    why_not = _why_not(uow, errand, asked)
    if why_not:
        return decline(uow, act, offer.id, why_not)
    return _accepted(uow, act, offer, (asked.price_cents, asked.promise_from, asked.promise_to))


def _accepted(uow: UnitOfWork, act: Act, offer: Offer, terms: tuple[int, datetime, datetime]) -> Offer:
    price, begins, ends = terms
    after = take(
        uow,
        act,
        offer,
        OfferStep.ACCEPT,
        answered_at=act.now,
        price_cents=price,
        promise_from=begins,
        promise_to=ends,
    )
    names = [one.parcel_id for one in uow.find(ErrandParcel, order="parcel_id", errand_id=offer.errand_id)]
    for parcel in by_id(uow, Parcel, names).values():
        if parcel.state is not ParcelState.PLANNED:
            move(uow, act, parcel, "planned", state=advance(parcel.state, Wish.PLAN), detail=f"partner:{offer.asked}")
    audit.note(uow, act, "accept_offer", f"offer:{offer.id}", detail=f"{price} cents")
    return after


def _why_not(uow: UnitOfWork, errand: Errand, asked: Quote) -> str:
    if not timedelta(0) < asked.promise_to - asked.promise_from <= PROMISE_MAX:
        raise InvalidError("promise_to", f"a promise lasts up to {PROMISE_MAX}")
    if asked.price_cents > errand.own_cents:
        return "the price is above what it is worth to us"
    names = [one.parcel_id for one in uow.find(ErrandParcel, errand_id=errand.id)]
    for parcel in by_id(uow, Parcel, names).values():
        early = parcel.window_from is not None and asked.promise_from < parcel.window_from
        late = parcel.window_to is not None and asked.promise_to > parcel.window_to
        if early or late:
            return "the time does not keep the window that was promised"
    return ""


def _check(tariff: PartnerTariff) -> None:
    for name, most in (
        ("radius_m", RADIUS_M_MAX),
        ("parcels_max", PARCELS_MAX),
        ("weight_g_max", WEIGHT_G_MAX),
        ("base_cents", CENTS_MAX),
        ("per_km_cents", CENTS_MAX),
    ):
        if not 0 <= getattr(tariff, name) <= most:
            raise InvalidError(name, f"is between 0 and {most}")
    if not timedelta(0) < tariff.promise_to - tariff.promise_from <= PROMISE_MAX:
        raise InvalidError("promise_to", f"a promise lasts up to {PROMISE_MAX}")
