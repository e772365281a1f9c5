"""Parcels become stops: a courier who stands before a locker serves everything meant for it, in one go.

Drop-offs and collections at one locker merge into one stop; parcels for one door with one promise, and one price of
being late, merge into one stop. What the locker cannot take (no compartment large enough is free) never joins a stop
and comes back with a reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloud.routing.plan import Unplanned, UnplannedReason
from cloud.routing.problem import (
    PARCELS_PER_STOP_MAX,
    SERVICE_S_MAX,
    Amounts,
    Costs,
    Place,
    Soft,
    Stop,
    StopId,
    StopKind,
    TimeWindow,
    total,
)
from contract.sizes import SizeClass

PART_MARK = "#"  # a load that needs a second van becomes locker:WAW01#2, #3 ...

STANDARD_COSTS = Costs(fixed_cents=2_000, per_hour_cents=2_800, per_km_cents=30)
"""A van and its driver in Warsaw, our assumption until somebody says better: 20 a day, 28 an hour, 0.30 a km."""


def site_stop_id(kind: StopKind, site_id: str, part: int = 1) -> StopId:
    """Return the id of the stop at a pick-up point; ``part`` counts vans if its load needs several."""
    return StopId(f"{kind}:{site_id}{f'{PART_MARK}{part}' if part > 1 else ''}")


def site_of(stop_id: StopId) -> str:
    """Return the pick-up point a stop's id names."""
    return str(stop_id).partition(":")[2].rpartition(PART_MARK)[0] or str(stop_id).partition(":")[2]


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Seconds at a stop: a part for arriving and a part for each parcel.

    Our assumptions until completed stops teach better (learned per area later): at a door, park, walk, ring, wait,
    hand over; at a locker, park, walk, sign in at the kiosk, then a door opened and closed for each parcel; at a
    counter, walk in, queue, and a scan for each.
    """

    home_base_s: int = 150
    home_per_parcel_s: int = 20
    locker_base_s: int = 120
    locker_per_drop_off_s: int = 25
    locker_per_collection_s: int = 20
    partner_base_s: int = 180
    partner_per_parcel_s: int = 10


@dataclass(frozen=True, slots=True)
class Site:
    """A pick-up point of the day. ``free`` counts compartments today's drop-offs may use, by size class.

    Compartments that today's collections will empty do not count: they are promised once seen empty. A partner's
    counter has ``free`` None: it takes what comes. ``windows`` are the opening hours of the day, empty for always;
    ``is_open`` False means that nothing can be brought or taken today. ``skills`` are what a courier needs there.
    """

    id: str
    place: Place
    kind: StopKind = StopKind.LOCKER
    free: Mapping[SizeClass, int] | None = None
    windows: tuple[TimeWindow, ...] = ()
    is_open: bool = True
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """What the planner has to know of a parcel."""

    ref: str
    weight_g: int = 0
    volume_cm3: int = 0
    priority: int = 0
    skills: frozenset[str] = frozenset()

    @property
    def amounts(self) -> Amounts:
        return Amounts(1, self.weight_g, self.volume_cm3)


@dataclass(frozen=True, slots=True)
class HomeDelivery:
    item: Item
    place: Place | None
    windows: tuple[TimeWindow, ...] = ()
    soft: Soft | None = None


@dataclass(frozen=True, slots=True)
class DropOff:
    item: Item
    site_id: str
    size: SizeClass = SizeClass.M


@dataclass(frozen=True, slots=True)
class Collection:
    item: Item
    site_id: str


@dataclass(frozen=True, slots=True)
class DayInput:
    """Everything due on one day. ``van`` is what the largest van holds; a site's load beyond it is a second stop."""

    sites: tuple[Site, ...] = ()
    homes: tuple[HomeDelivery, ...] = ()
    drop_offs: tuple[DropOff, ...] = ()
    collections: tuple[Collection, ...] = ()
    van: Amounts | None = None
    service: ServiceTimes = field(default_factory=ServiceTimes)


@dataclass(frozen=True, slots=True)
class DayStops:
    stops: tuple[Stop, ...]
    unplanned: tuple[Unplanned, ...]


def build_stops(day: DayInput) -> DayStops:
    """Merge the day's parcels into stops; every parcel is in exactly one stop or in ``unplanned``."""
    stops, unplanned = _home_stops(day)
    sites = {site.id: site for site in day.sites}
    visited = {one.site_id for one in day.drop_offs} | {one.site_id for one in day.collections}
    for site_id in sorted(visited):
        drop_offs = [one for one in day.drop_offs if one.site_id == site_id]
        collections = [one for one in day.collections if one.site_id == site_id]
        refusal = _site_refusal(site_id, sites.get(site_id))
        if refusal is not None:
            unplanned += [_left([*(one.item for one in drop_offs), *(one.item for one in collections)], *refusal)]
            continue
        site = sites[site_id]
        accepted, left = within_capacity(site, drop_offs)
        unplanned += left
        stops += _site_stops(day, site, accepted, collections)
    return DayStops(tuple(stops), tuple(unplanned))


def within_capacity(site: Site, drop_offs: Sequence[DropOff]) -> tuple[list[DropOff], list[Unplanned]]:
    """Split drop-offs into those that fit the free compartments together and those left behind with a reason.

    A parcel fits its own size class and every larger one, so a set fits exactly if for each class no more parcels need
    that class or larger than compartments of it are free (Hall's condition on nested sets). Such sets form a matroid:
    taking parcels by priority and keeping each that still fits leaves the least behind.
    """
    if site.free is None:
        return list(drop_offs), []
    accepted: list[DropOff] = []
    left: list[Unplanned] = []
    for one in sorted(drop_offs, key=lambda drop: (-drop.item.priority, drop.size.rank, drop.item.ref)):
        if _all_fit(site.free, [*(taken.size for taken in accepted), one.size]):
            accepted.append(one)
        else:
            sentence = f"Locker {site.id} has no free compartment of size {one.size} or larger left for it."
            left.append(_left([one.item], UnplannedReason.LOCKER_FULL, sentence))
    return accepted, left


def _all_fit(free: Mapping[SizeClass, int], sizes: Sequence[SizeClass]) -> bool:
    return all(
        sum(needed.at_least(size) for needed in sizes)
        <= sum(count for offered, count in free.items() if offered.at_least(size))
        for size in SizeClass
    )


def _home_stops(day: DayInput) -> tuple[list[Stop], list[Unplanned]]:
    unplanned = [
        _left([home.item], UnplannedReason.NO_PLACE, f"Parcel {home.item.ref} has an address without coordinates.")
        for home in day.homes
        if home.place is None
    ]
    doors: dict[tuple[Place, tuple[TimeWindow, ...], Soft | None], list[Item]] = {}
    for home in day.homes:
        if home.place is not None:
            doors.setdefault((home.place, home.windows, home.soft), []).append(home.item)
    stops = []
    for (place, windows, soft), items in doors.items():
        for part in _van_loads(items, day.van):
            service_s = day.service.home_base_s + day.service.home_per_parcel_s * len(part)
            stops.append(
                Stop(
                    StopId(f"home:{part[0].ref}"),
                    place,
                    windows,
                    min(service_s, SERVICE_S_MAX),
                    total(item.amounts for item in part),
                    skills=_skills(part),
                    priority=max(item.priority for item in part),
                    parcels=tuple(item.ref for item in part),
                    soft=soft,
                )
            )
    return stops, unplanned


def _site_stops(day: DayInput, site: Site, drop_offs: list[DropOff], collections: list[Collection]) -> list[Stop]:
    bring = _van_loads([one.item for one in drop_offs], day.van)
    take = _van_loads([one.item for one in collections], day.van)
    parts = max(len(bring), len(take))
    stops = []
    for number in range(parts):
        brought = bring[number] if number < len(bring) else []
        taken = take[number] if number < len(take) else []
        items = [*brought, *taken]
        stops.append(
            Stop(
                site_stop_id(site.kind, site.id, number + 1),
                site.place,
                site.windows,
                min(_site_service_s(day.service, site.kind, len(brought), len(taken)), SERVICE_S_MAX),
                total(item.amounts for item in brought),
                total(item.amounts for item in taken),
                _skills(items) | site.skills,
                max(item.priority for item in items),
                site.kind if brought else StopKind.COLLECTION,
                tuple(item.ref for item in items),
            )
        )
    return stops


def _site_service_s(service: ServiceTimes, kind: StopKind, drop_offs: int, collections: int) -> int:
    if kind is StopKind.PARTNER:
        return service.partner_base_s + service.partner_per_parcel_s * (drop_offs + collections)
    at_doors_s = service.locker_per_drop_off_s * drop_offs + service.locker_per_collection_s * collections
    return service.locker_base_s + at_doors_s


def _van_loads(items: Iterable[Item], van: Amounts | None) -> list[list[Item]]:
    """Cut the items into as few consecutive loads as fit one van (and one stop's limit) each."""
    loads: list[list[Item]] = []
    for item in items:
        if loads and len(loads[-1]) < PARCELS_PER_STOP_MAX // 2 and _fits(loads[-1], item, van):
            loads[-1].append(item)
        else:
            loads.append([item])
    return loads


def _fits(load: list[Item], item: Item, van: Amounts | None) -> bool:
    return van is None or total(one.amounts for one in (*load, item)).fits(van)


def _skills(items: Iterable[Item]) -> frozenset[str]:
    return frozenset().union(*(item.skills for item in items))


def _site_refusal(site_id: str, site: Site | None) -> tuple[UnplannedReason, str] | None:
    if site is None:
        return UnplannedReason.NO_PLACE, f"Pick-up point {site_id} is not known to the plan."
    if not site.is_open:
        return UnplannedReason.LOCKER_CLOSED, f"Pick-up point {site_id} takes no deliveries or collections today."
    return None


def _left(items: Sequence[Item], reason: UnplannedReason, sentence: str) -> Unplanned:
    return Unplanned(None, tuple(item.ref for item in items), reason, sentence)
