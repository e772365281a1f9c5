"""Offers as those see them who were asked, and errands as planners do. Addresses are shown to who has said yes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import ForbiddenError
from cloud.domain.outside import COMING, LIVE, TAKEN, CrowdTrip, OfferKind, PartnerTariff, away_m
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services.crowd_route import Spot, further_m
from cloud.services.many import by_id
from cloud.services.offer_steps import own_offer
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import Courier
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState, Offer, Partner
from cloud.services.reroute import DETOUR, SPEED_M_S

OFFERS_MAX = 200  # of one day for one of those asked; a person reads a dozen, a program asks again
ERRANDS_MAX = 1_000  # of one day; a tenth of the largest day's parcels
BACK = timedelta(days=16)  # offers are made on the day before at the earliest; a trip lies up to a fortnight ahead
STAFF = (Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.SYSTEM)
AREA_DIGITS = 2  # of a degree: about a kilometre, a district and not a door


@dataclass(frozen=True, slots=True)
class OfferView:
    """``parcels`` and the address are for those who have said yes; before that there is the area and the way.

    ``far_m`` is how much farther a crowd courier drives, or how far it is from the centre of a partner's area.
    """

    offer: Offer
    errand: Errand
    number: int
    weight_g: int
    far_m: int
    parcels: tuple[Parcel, ...]
    delivered: int

    @property
    def is_known(self) -> bool:
        return self.offer.state in TAKEN

    @property
    def area(self) -> Spot:
        return round(self.errand.lon, AREA_DIGITS), round(self.errand.lat, AREA_DIGITS)

    @property
    def spot(self) -> Spot:
        return (self.errand.lon, self.errand.lat) if self.is_known else self.area

    @property
    def earned_cents(self) -> int:
        """What is paid for so far: an equal part for every parcel that was delivered or lies in a locker."""
        return self.offer.price_cents * self.delivered // self.number if self.number else 0


@dataclass(frozen=True, slots=True)
class ErrandView:
    """An errand with its candidates in order, and by what names they are known."""

    errand: Errand
    parcels: tuple[Parcel, ...]
    offers: tuple[Offer, ...]
    names: dict[str, str]

    @property
    def current(self) -> Offer | None:
        """Whoever is asked now or has said yes."""
        return next((one for one in self.offers if one.state in LIVE or one.state in TAKEN), None)


def offers_of(uow: UnitOfWork, act: Act, asked: str, day: str) -> tuple[OfferView, ...]:
    """Return what somebody was offered of one day, the newest first."""
    require(act.actor, Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.SUPPORT, Role.PLANNER)
    if not act.actor.may_be(*STAFF) and act.actor.name != asked:
        raise ForbiddenError("this was offered to somebody else")
    made = uow.find(Offer, order="-made_at id", limit=OFFERS_MAX, asked=asked, made_at=From(act.now - BACK))
    errands = by_id(uow, Errand, (one.errand_id for one in made))
    return tuple(offer_view(uow, one, errands[one.errand_id]) for one in made if errands[one.errand_id].day == day)


def readable(uow: UnitOfWork, act: Act, offer_id: str) -> OfferView:
    """Return an offer for whoever was asked, or for staff."""
    offer = uow.need(Offer, offer_id) if act.actor.may_be(*STAFF) else own_offer(uow, act, offer_id)
    return offer_view(uow, offer, uow.need(Errand, offer.errand_id))


def offer_view(uow: UnitOfWork, offer: Offer, errand: Errand) -> OfferView:
    """Return one offer with what may be known of it."""
    theirs = uow.find(ErrandParcel, order="parcel_id", errand_id=errand.id)
    parcels = tuple(by_id(uow, Parcel, [one.parcel_id for one in theirs]).values())
    return OfferView(
        offer=offer,
        errand=errand,
        number=len(parcels),
        weight_g=sum(one.weight_g for one in parcels),
        far_m=_far_m(uow, offer, errand),
        parcels=parcels if offer.state in TAKEN else (),
        delivered=sum(one.state is ErrandState.DELIVERED for one in theirs) if offer.state in TAKEN else 0,
    )


def earned(views: Iterable[OfferView]) -> tuple[int, int]:
    """Return in cents what is earned, and what is still to come of what was accepted."""
    done = to_come = 0
    for view in views:
        done += view.earned_cents
        if view.offer.state in COMING:
            to_come += view.offer.price_cents - view.earned_cents
    return done, to_come


def errands_of(uow: UnitOfWork, act: Act, day: str) -> tuple[ErrandView, ...]:
    """Return a day's errands, the newest first."""
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    errands = uow.find(Errand, order="-created_at id", limit=ERRANDS_MAX, day=day)
    return errand_views(uow, errands)


def errand_views(uow: UnitOfWork, errands: Sequence[Errand]) -> tuple[ErrandView, ...]:
    """Return errands with everything a planner wants to know of them."""
    ids = tuple(one.id for one in errands)
    offers = uow.find(Offer, order="errand_id rank", errand_id=ids) if ids else []
    theirs = uow.find(ErrandParcel, order="errand_id parcel_id", errand_id=ids) if ids else []
    parcels = by_id(uow, Parcel, (one.parcel_id for one in theirs))
    asked = {one.asked for one in offers}
    names = {one.id: one.name for one in by_id(uow, Courier, asked).values()}
    names |= {one.id: one.name for one in by_id(uow, Partner, asked).values()}
    return tuple(
        ErrandView(
            errand,
            tuple(parcels[one.parcel_id] for one in theirs if one.errand_id == errand.id),
            tuple(one for one in offers if one.errand_id == errand.id),
            names,
        )
        for errand in errands
    )


@dataclass(frozen=True, slots=True)
class BroughtBy:
    """Who of the others brings a parcel, and when a partner promises to be there."""

    kind: OfferKind
    name: str
    begins: datetime
    ends: datetime


def brought_by(uow: UnitOfWork, parcel_id: str) -> BroughtBy | None:
    """Return who of the others brings a parcel; None when it is ours. Of a crowd courier the first name is said."""
    for one in uow.find(ErrandParcel, parcel_id=parcel_id, state=(ErrandState.OPEN, ErrandState.ABOARD)):
        yes = uow.first(Offer, errand_id=one.errand_id, state=COMING)
        if yes is not None:
            is_partner = yes.kind is OfferKind.PARTNER
            name = uow.need(Partner, yes.asked).name if is_partner else uow.need(Courier, yes.asked).name.split()[0]
            return BroughtBy(yes.kind, name, yes.promise_from, yes.promise_to)
    return None


def _far_m(uow: UnitOfWork, offer: Offer, errand: Errand) -> int:
    """Return about how far it is: by the great circle, stretched to roads."""
    if offer.kind is OfferKind.PARTNER:
        tariff = uow.get(PartnerTariff, offer.source_id)
        return round(away_m(tariff, errand.lon, errand.lat) * DETOUR) if tariff else 0
    return further_m(uow, uow.need(CrowdTrip, offer.source_id), (errand.lon, errand.lat), about)


def about(a: Spot, b: Spot) -> tuple[int, int]:
    """Return about how many metres and seconds it is by road."""
    metres = distance_m(*a, *b) * DETOUR
    return round(metres), round(metres / SPEED_M_S)
