"""Which locker for this parcel, now that this courier has it in the van: the one whose detour and walk cost least.

Choosing the nearest locker and driving there at once costs 11 to 24 % more than deciding with the route in view. Every
candidate is either ranked with its price or refused with a reason; the route with the drop-off in it comes along, ready
to drive, and has passed the checker.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from cloud.routing.checker import check_route
from cloud.routing.insertion import detours, slacks_s
from cloud.routing.lateness import softened
from cloud.routing.plan import Route, StepKind
from cloud.routing.problem import (
    HORIZON_S_MAX,
    Break,
    Courier,
    Place,
    Reload,
    Stop,
    StopId,
    StopKind,
    TimeWindow,
    Travel,
)
from cloud.routing.schedule import Visit, earliest_route
from cloud.routing.stops import Item, ServiceTimes, site_stop_id
from contract.sizes import SizeClass

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1 of GRS 80
WALK_DETOUR = 1.3  # footpaths are straighter than roads (1.4); our assumption
CANDIDATES_MAX = 100  # lockers one recipient could walk to; the densest city has about 30 within 2 km
TRIES_MAX = 40  # positions tried exactly per locker, cheapest first; the first to keep all promises wins
SPEED_M_S = 7.0  # what a second of driving costs in kilometres, near enough to sort by
SECONDS_PER_MINUTE = 60
ANY_TIME = TimeWindow(0, HORIZON_S_MAX)
WEIGHT_LOW_G = 10_000  # heavier is not lifted above the shoulder: a low compartment, if the locker has one free


class Refusal(StrEnum):
    NO_CONSENT = "no_consent"
    NOT_WANTED = "not_wanted"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    TOO_FAR_TO_WALK = "too_far_to_walk"
    TOO_BIG = "too_big"
    TOO_HEAVY = "too_heavy"
    NO_LOW_COMPARTMENT = "no_low_compartment"
    FULL = "full"
    NOT_ON_ROUTE = "not_on_route"
    TOO_COSTLY = "too_costly"


@dataclass(frozen=True, slots=True)
class Compartments:
    """Compartments of one size class that will be free when the courier comes. ``inside_mm`` in any order."""

    size: SizeClass
    free: int
    low_free: int = 0
    inside_mm: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    id: str
    place: Place
    compartments: tuple[Compartments, ...]
    windows: tuple[TimeWindow, ...] = ()
    kind: StopKind = StopKind.LOCKER
    is_open: bool = True
    quarantined: bool = False
    weight_g_max: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """The parcel and what its recipient agreed to. ``sites`` None: any locker; else only those named."""

    item: Item
    size: SizeClass
    home: Place
    consent: bool
    walk_m_max: int = 2_000  # the farthest neighbour the largest network offers on its own
    sites: frozenset[str] | None = None
    needs_low: bool = False
    dimensions_mm: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What the choice weighs: a recipient's walk against the courier's detour, and the time at the locker."""

    walk_cents_per_km: int = 60  # our assumption: a kilometre's walk there and back is worth a minute of a van
    service: ServiceTimes = field(default_factory=ServiceTimes)
    priced_max: int = CANDIDATES_MAX  # candidates that are scheduled exactly, the most promising ones first
    detour_cents_max: int | None = None  # a longer one is refused; None for whatever it costs


@dataclass(frozen=True, slots=True)
class Remaining:
    """The courier's rest of the day: starting where they are, now (``shift.start_s``), the order they mean to drive."""

    courier: Courier
    order: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A locker that can take it. ``order`` and ``route`` are the rest of the day with the drop-off in it.

    Stops that were late already have a price instead of an end, which ``detour_cents`` knows of; breaks have lost their
    windows. Nothing else on the route changed.
    """

    site_id: str
    score_cents: int
    detour_cents: int
    detour_m: int
    detour_s: int
    walk_m: int
    arrival_s: int
    order: tuple[Visit, ...]
    route: Route


@dataclass(frozen=True, slots=True)
class Refused:
    site_id: str
    reason: Refusal
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    ranked: tuple[Ranked, ...]
    refused: tuple[Refused, ...]


def choose_locker(
    wish: Wish, candidates: Sequence[Candidate], remaining: Remaining, travel: Travel, tariff: Tariff | None = None
) -> Choice:
    """Rank the candidates by detour plus walk, cheapest first; equal ones by id, so that the answer is always the same.

    Of more than ``tariff.priced_max`` the least promising are neither ranked nor refused. ``travel`` must know the
    candidates' places beside the route's. Raises ValueError beyond CANDIDATES_MAX.
    """
    if len(candidates) > CANDIDATES_MAX:
        raise ValueError(f"{len(candidates)} candidate lockers; at most {CANDIDATES_MAX}")
    tariff = tariff or Tariff()
    remaining = _forgiving(remaining, earliest_route(remaining.courier, remaining.order, travel))
    base = earliest_route(remaining.courier, remaining.order, travel)
    slacks = slacks_s(remaining.courier, remaining.order, base)
    search = _Search(wish, remaining, travel, tariff, slacks, _lost_behind(remaining.order, base))
    ranked: list[Ranked] = []
    refused = [refusal for refusal in (refusal_of(wish, candidate) for candidate in candidates) if refusal is not None]
    for candidate in _promising(search, candidates, {one.site_id for one in refused}):
        found = _cheapest(search, candidate)
        if found is None:
            sentence = "The courier cannot stop there today and still keep every promise on the route."
            refused.append(Refused(candidate.id, Refusal.NOT_ON_ROUTE, sentence))
            continue
        priced = _priced(wish, candidate, base, found, tariff)
        if tariff.detour_cents_max is not None and priced.detour_cents > tariff.detour_cents_max:
            sentence = f"Stopping there today costs {priced.detour_cents} cents; at most {tariff.detour_cents_max}."
            refused.append(Refused(candidate.id, Refusal.TOO_COSTLY, sentence))
        else:
            ranked.append(priced)
    ranked.sort(key=lambda one: (one.score_cents, one.detour_s, one.walk_m, one.site_id))
    return Choice(tuple(ranked), tuple(refused))


def _promising(search: "_Search", candidates: Sequence[Candidate], refused: set[str]) -> list[Candidate]:
    """Return as many candidates as are to be priced, those with the least driving and walking added first."""
    left = [one for one in candidates if one.id not in refused]
    if len(left) <= search.tariff.priced_max:
        return left

    def guess(candidate: Candidate) -> float:
        added_cents = min((cents for cents, _ in _added(search, candidate)), default=float(HORIZON_S_MAX))
        return added_cents + walk_m(search.wish.home, candidate.place) * search.tariff.walk_cents_per_km / 1_000

    return sorted(left, key=guess)[: search.tariff.priced_max]


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same while the candidates are tried.

    ``lost`` is by position what a minute costs those behind it whose promises are lost anyway.
    """

    wish: Wish
    remaining: Remaining
    travel: Travel
    tariff: Tariff
    slacks: list[int]
    lost: list[int]


def refusal_of(wish: Wish, candidate: Candidate) -> Refused | None:
    """Return the first rule that forbids this locker whatever the route, None if none does."""
    walk = walk_m(wish.home, candidate.place)
    fitting = [one for one in candidate.compartments if one.size.at_least(wish.size) and _holds(one, wish)]
    needs_low = wish.needs_low or (wish.item.weight_g > WEIGHT_LOW_G and _has_low(candidate))
    rules = (
        (wish.consent, Refusal.NO_CONSENT, "The recipient has not agreed to a locker."),
        (wish.sites is None or candidate.id in wish.sites, Refusal.NOT_WANTED, "The recipient chose other lockers."),
        (candidate.is_open, Refusal.CLOSED, "The locker takes nothing today."),
        (not candidate.quarantined, Refusal.QUARANTINED, "The locker is out of service."),
        (
            walk <= wish.walk_m_max,
            Refusal.TOO_FAR_TO_WALK,
            f"It is a walk of {walk} m; the recipient agreed to {wish.walk_m_max} m.",
        ),
        (
            candidate.weight_g_max is None or wish.item.weight_g <= candidate.weight_g_max,
            Refusal.TOO_HEAVY,
            f"A compartment there carries {candidate.weight_g_max} g; the parcel weighs {wish.item.weight_g} g.",
        ),
        (bool(fitting), Refusal.TOO_BIG, f"No compartment there is large enough for size {wish.size}."),
        (any(one.free for one in fitting), Refusal.FULL, f"No compartment of size {wish.size} or larger will be free."),
        (
            not needs_low or any(one.low_free for one in fitting),
            Refusal.NO_LOW_COMPARTMENT,
            "No low compartment large enough will be free, and this parcel needs one.",
        ),
    )
    return next((Refused(candidate.id, reason, sentence) for holds, reason, sentence in rules if not holds), None)


def walk_m(home: Place, site: Place) -> int:
    """Return metres on foot: the great circle (haversine, Sinnott 1984) stretched by WALK_DETOUR."""
    lon, lat = radians(site.lon - home.lon), radians(site.lat - home.lat)
    squared = sin(lat / 2) ** 2 + cos(radians(home.lat)) * cos(radians(site.lat)) * sin(lon / 2) ** 2
    return round(2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, squared))) * WALK_DETOUR)


def _holds(compartments: Compartments, wish: Wish) -> bool:
    if compartments.inside_mm is None or wish.dimensions_mm is None:
        return True  # then the size class alone decides
    sides = zip(sorted(wish.dimensions_mm), sorted(compartments.inside_mm), strict=True)
    return all(side <= room for side, room in sides)


def _has_low(candidate: Candidate) -> bool:
    return any(one.low_free for one in candidate.compartments)


def _cheapest(search: _Search, candidate: Candidate) -> tuple[tuple[Visit, ...], Route] | None:
    """Return the cheapest order that keeps every promise, the drop-off merged into a stop there or put in between."""
    courier = search.remaining.courier
    for order in _orders(search, candidate):
        route = earliest_route(courier, order, search.travel)
        stops = {visit.id: visit for visit in order if isinstance(visit, Stop)}
        if not check_route(stops, search.travel, courier, route):
            return order, route
    return None


def _orders(search: _Search, candidate: Candidate) -> Iterator[tuple[Visit, ...]]:
    """Yield the orders worth trying: first a merge, which costs no detour, then positions by the driving they add."""
    courier, order, item = search.remaining.courier, search.remaining.order, search.wish.item
    there = site_stop_id(candidate.kind, candidate.id)
    for position, visit in enumerate(order):
        if isinstance(visit, Stop) and visit.id == there and visit.id not in courier.locked:
            yield (*order[:position], _merged(visit, candidate, item, search.tariff), *order[position + 1 :])
    new = _drop_off(item, candidate, search.tariff)
    for _, position in _added(search, candidate)[:TRIES_MAX]:
        yield (*order[:position], new, *order[position:])


def _added(search: _Search, candidate: Candidate) -> list[tuple[float, int]]:
    """Return about how many cents a stop there adds and at which position, least first.

    Driving, and what is late anyway being later; how much of that waiting on the way absorbs is not asked.
    """
    new = _drop_off(search.wish.item, candidate, search.tariff)
    courier, order = search.remaining.courier, search.remaining.order
    second_cents = courier.costs.per_hour_cents / 3_600 + courier.costs.per_km_cents * SPEED_M_S / 1_000
    found = detours(courier, order, new, search.slacks, search.travel)
    if not any(search.lost):
        return [(added_s * second_cents, position) for added_s, position in found]

    def cents(added_s: int, position: int) -> float:
        return added_s * second_cents + (added_s + new.service_s) * search.lost[position] / SECONDS_PER_MINUTE

    return sorted((cents(*one), one[1]) for one in found)


def _lost_behind(order: Sequence[Visit], base: Route) -> list[int]:
    """Return for each position what a minute later costs all behind it that are late for a price."""
    begins_s = {step.ref: step.begin_s for step in base.steps if step.kind is StepKind.STOP}
    cents, behind = 0, [0]
    for visit in reversed(order):
        if isinstance(visit, Stop) and visit.soft and begins_s[visit.id] >= visit.soft.end_s:
            cents += visit.soft.per_minute_cents
        behind.append(cents)
    return behind[::-1]


def _merged(stop: Stop, candidate: Candidate, item: Item, tariff: Tariff) -> Stop:
    return replace(
        stop,
        service_s=stop.service_s + _at_doors_s(candidate, tariff),
        deliveries=stop.deliveries.plus(item.amounts),
        parcels=(*stop.parcels, item.ref),
        skills=stop.skills | item.skills,
        priority=max(stop.priority, item.priority),
        kind=candidate.kind,
    )


def _drop_off(item: Item, candidate: Candidate, tariff: Tariff) -> Stop:
    service = tariff.service
    base_s = service.partner_base_s if candidate.kind is StopKind.PARTNER else service.locker_base_s
    return Stop(
        StopId(f"{site_stop_id(candidate.kind, candidate.id)}:{item.ref}"),
        candidate.place,
        candidate.windows,
        base_s + _at_doors_s(candidate, tariff),
        item.amounts,
        skills=item.skills,
        priority=item.priority,
        kind=candidate.kind,
        parcels=(item.ref,),
    )


def _at_doors_s(candidate: Candidate, tariff: Tariff) -> int:
    service = tariff.service
    return service.partner_per_parcel_s if candidate.kind is StopKind.PARTNER else service.locker_per_drop_off_s


def _forgiving(remaining: Remaining, base: Route) -> Remaining:
    """Give a price to what is late anyway, and no end: a drop-off may make nothing late, but need not heal it."""
    begins_s = {(step.kind, step.ref): step.begin_s for step in base.steps}

    def late(kind: StepKind, visit: Stop | Break) -> bool:
        begin_s = begins_s.get((kind, visit.id))
        windows = visit.windows if begin_s is not None else ()
        return bool(windows) and not any(window.start_s <= (begin_s or 0) <= window.end_s for window in windows)

    def forgiven(visit: Visit) -> Visit:
        if isinstance(visit, Stop):
            return softened(visit, HORIZON_S_MAX) if late(StepKind.STOP, visit) else visit
        if isinstance(visit, Reload):
            return replace(visit, windows=())
        return replace(visit, windows=(ANY_TIME,)) if late(StepKind.BREAK, visit) else visit

    breaks = tuple(
        replace(pause, windows=(ANY_TIME,)) if late(StepKind.BREAK, pause) else pause
        for pause in remaining.courier.breaks
    )
    return Remaining(replace(remaining.courier, breaks=breaks), tuple(forgiven(visit) for visit in remaining.order))


def _priced(
    wish: Wish, candidate: Candidate, base: Route, found: tuple[tuple[Visit, ...], Route], tariff: Tariff
) -> Ranked:
    order, route = found
    walk = walk_m(wish.home, candidate.place)
    detour_cents = route.cost_cents - base.cost_cents
    target = next(visit.id for visit in order if isinstance(visit, Stop) and wish.item.ref in visit.parcels)
    arrival_s = next(step.arrival_s for step in route.steps if step.ref == target)
    return Ranked(
        candidate.id,
        detour_cents + walk * tariff.walk_cents_per_km // 1000,
        detour_cents,
        route.distance_m - base.distance_m,
        route.drive_s - base.drive_s,
        walk,
        arrival_s,
        order,
        route,
    )
