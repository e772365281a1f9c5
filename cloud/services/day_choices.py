"""The day for the planner that also chooses places: who may go to which lockers, and what each way costs besides.

A recipient who wants *any* locker nearby leaves the choice to us; one who is to get a locker only if nobody is at home
does so after an attempt has failed. What is promised to a locker already has that locker as its only choice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cloud.domain.assignment import Agreement, Scope, obstacles, wanted_size
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.places import distance_m
from cloud.routing.joint.day import Choice, JointDay, Offer
from cloud.routing.others import is_passing
from cloud.routing.problem import Courier, Place, Soft, Stop, StopId, Tariff, TimeWindow
from cloud.routing.stops import Collection, DayInput, HomeDelivery, Item, Site, build_stops
from cloud.services.many import CHUNK
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Consent
from contract.sizes import SizeClass

OFFERS_MAX = 6  # lockers put to the planner for one parcel: the farther ones are on nobody's way either
WALK_CENTS_PER_KM = 60  # a kilometre's walk there and back, as in cloud.routing.locker_choice.Tariff
FAILED_CENTS = 150  # what a failed attempt costs on average beside the visit: bench failed-attempt measures it
FAILURE_SHARE = 0.08  # of attempts at a door, our assumption until the KPIs say better
FAILED_BEFORE_SHARE = 0.3  # of attempts at a door where nobody was at home the last time


Around = tuple[Sequence[Site], Sequence[Collection]]
"""The day's pick-up points, and what is to be collected there."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Everybody who could bring something: couriers of ours and on their way, and partner fleets."""

    couriers: tuple[Courier, ...]
    tariffs: tuple[Tariff, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """One parcel of the day as gather_day knows it."""

    parcel: Parcel
    item: Item
    windows: tuple[TimeWindow, ...] = ()
    soft: Soft | None = None

    @property
    def home(self) -> Place:
        return Place(self.parcel.lon, self.parcel.lat)

    @property
    def size(self) -> SizeClass:
        return wanted_size(self.parcel) or SizeClass.XL


def joint_day(uow: UnitOfWork, act: Act, due: Sequence[Due], around: Around, hands: Hands) -> JointDay | None:
    """Return the day with its choices, None if there are none: no locker to choose, nobody else who could bring it."""
    sites, collections = around
    open_sites = {site.id: site for site in sites if site.is_open}
    offers = _offers(uow, act, due, open_sites)
    if not offers and not hands.tariffs and not any(is_passing(one) for one in hands.couriers):
        return None
    promised = [one for one in due if one.parcel.state is ParcelState.ASSIGNED_TO_LOCKER]
    homes = [one for one in due if one.parcel.state is not ParcelState.ASSIGNED_TO_LOCKER]
    fixed = tuple(
        HomeDelivery(one.item, one.home, one.windows, one.soft) for one in homes if one.parcel.id not in offers
    )
    stops = build_stops(DayInput(sites=tuple(sites), homes=fixed, collections=tuple(collections))).stops
    choices = [_choice(one, offers[one.parcel.id]) for one in homes if one.parcel.id in offers]
    choices += [
        Choice(one.item, sites=(Offer(one.parcel.locker_id or ""),), size=one.size)
        for one in promised
        if one.parcel.locker_id in open_sites
    ]
    named = {offer.site_id for choice in choices for offer in choice.sites}
    used = tuple(open_sites[one] for one in sorted(named))
    return JointDay(hands.couriers, tuple(map(_own_name, stops)), tuple(choices), used, tariffs=hands.tariffs)


def _own_name(stop: Stop) -> Stop:
    """Name a stop that only collects otherwise than the drop-offs the planner may make at the same locker."""
    is_home = str(stop.id).startswith("home:")
    return stop if is_home else replace(stop, id=StopId(f"collect:{stop.id}"))


def _choice(due: Due, offers: tuple[Offer, ...]) -> Choice:
    failed = due.parcel.state is ParcelState.DELIVERY_FAILED
    risk = round(FAILED_CENTS * (FAILED_BEFORE_SHARE if failed else FAILURE_SHARE))
    return Choice(due.item, due.home, due.windows, risk, offers, due.size, due.soft)


def _offers(uow: UnitOfWork, act: Act, due: Iterable[Due], sites: Mapping[str, Site]) -> dict[str, tuple[Offer, ...]]:
    """Return for each parcel that may go to several places its lockers, the nearest first."""
    free = [one for one in due if one.parcel.state is not ParcelState.ASSIGNED_TO_LOCKER and one.parcel.locker_allowed]
    agreed = _agreements(uow, act, free)
    lockers = [one for one in uow.find(Locker, order="id", status=LockerStatus.ACTIVE) if one.id in sites]
    found = {}
    for one in free:
        offers = _near(one, agreed.get(one.parcel.id, ()), lockers) if one.parcel.id in agreed else ()
        if offers:
            found[one.parcel.id] = offers
    return found


def _near(due: Due, agreed: tuple[Agreement, ...], lockers: Iterable[Locker]) -> tuple[Offer, ...]:
    parcel = due.parcel
    walks = {one.id: distance_m(parcel.lon, parcel.lat, one.lon, one.lat) for one in lockers}
    reach = max(one.walk_m_max for one in agreed)
    near = [one for one in lockers if walks[one.id] <= reach and not obstacles(parcel, one, agreed, walks[one.id])]
    near.sort(key=lambda one: (walks[one.id], one.id))
    return tuple(Offer(one.id, round(walks[one.id] * WALK_CENTS_PER_KM / 1_000)) for one in near[:OFFERS_MAX])


def _agreements(uow: UnitOfWork, act: Act, due: Sequence[Due]) -> dict[str, tuple[Agreement, ...]]:
    """Return what leaves the choice of a locker to us, by parcel."""
    failed = {one.parcel.id for one in due if one.parcel.state is ParcelState.DELIVERY_FAILED}
    ids = [one.parcel.id for one in due]
    found: dict[str, tuple[Agreement, ...]] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = tuple(ids[start : start + CHUNK])
        for one in uow.find(Consent, order="given_at", parcel_id=chunk, withdrawn_at=None):
            scope = Scope(one.scope)
            if scope is Scope.ANY_NEARBY or (scope is Scope.IF_ABSENT and one.parcel_id in failed):
                walk = one.walk_m_max or act.rules.walk_m_max
                agreement = Agreement(one.given_by, one.given_at, scope, one.locker_id, walk)
                found[one.parcel_id] = (*found.get(one.parcel_id, ()), agreement)
    return found
