"""A day as plain numbers, so that every engine, the checker and the tests argue about exactly the same thing.

Times are whole seconds from the plan's own zero (millisecond timestamps overflow VROOM's 32 bits without a word),
distances whole metres, money whole cents, places (longitude, latitude). ``validation.validate`` says what is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType, Protocol

StopId = NewType("StopId", str)
RouteCourierId = NewType("RouteCourierId", str)
TariffId = NewType("TariffId", str)

HORIZON_S_MAX = (
    7 * 24 * 3600
)  # a plan covers a day; a week leaves room for night shifts and still fits 32 bits a hundredfold
STOPS_MAX = 10_000  # the largest city day we measured has 6,262
COURIERS_MAX = 1_000  # 10,000 stops at ten a courier, the shortest route worth a shift
WINDOWS_MAX = 10  # opening hours of a week's day never come in more pieces
BREAKS_MAX = 5  # a working day's lunch and pauses
RELOADS_MAX = 9  # a cargo bike that takes thirty parcels comes back every hour
SKILLS_MAX = 64  # distinct skills in one problem; we know of heavy, cold, id_check
TARIFFS_MAX = 200  # of partner fleets for one day: a handful of partners with their districts, mornings and evenings
PARCELS_PER_STOP_MAX = 500  # the largest locker walls have fewer compartments
SERVICE_S_MAX = 4 * 3600  # longer at one stop is a shift, not a stop
PARCELS_MAX = 100_000  # parcels in one van or stop, far beyond any
WEIGHT_G_MAX = 100_000_000  # 100 t
VOLUME_CM3_MAX = 1_000_000_000  # 1,000 m3
COST_CENTS_MAX = 10_000_000  # 100,000 in the fleet's currency for one hour, km or day: beyond any tariff
DISTANCE_M_MAX = 10_000_000  # a quarter of the way round the Earth
PRIORITY_MAX = 100  # VROOM's own range
UNREACHABLE_S = 10_000_000  # 115 days, longer than any horizon: what a provider says of a place off the road
ID_CHARS_MAX = 100  # longest id we make is 40; VROOM's and the plan page's tables stay readable


class Place(NamedTuple):
    """A point in degrees, longitude first as in GeoJSON (RFC 7946)."""

    lon: float
    lat: float


class Amounts(NamedTuple):
    """What is carried, in the three ways a van can be full."""

    parcels: int = 0
    weight_g: int = 0
    volume_cm3: int = 0

    def plus(self, other: "Amounts") -> "Amounts":
        return Amounts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: "Amounts") -> "Amounts":
        return Amounts(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def fits(self, capacity: "Amounts") -> bool:
        return all(mine <= limit for mine, limit in zip(self, capacity, strict=True))


NOTHING = Amounts()


def total(amounts: Iterable[Amounts]) -> Amounts:
    result = NOTHING
    for one in amounts:
        result = result.plus(one)
    return result


def highest(amounts: Iterable[Amounts]) -> Amounts:
    """Return the largest value of each dimension, nothing for no amounts."""
    result = NOTHING
    for one in amounts:
        result = Amounts(*map(max, result, one))
    return result


class TimeWindow(NamedTuple):
    """Both ends belong to the window. For a stop or a break it says when *service may begin*."""

    start_s: int
    end_s: int


class StopKind(StrEnum):
    HOME = "home"
    LOCKER = "locker"
    PARTNER = "partner"
    COLLECTION = "collection"  # only collecting, at a locker or a partner's counter
    MEETING = "meeting"  # where another van stands, whose parcels are taken over


@dataclass(frozen=True, slots=True)
class Soft:
    """The soft end of a window: beginning after ``end_s`` costs so much for each minute, seconds in part."""

    end_s: int
    per_minute_cents: int


@dataclass(frozen=True, slots=True)
class Stop:
    """One place where one courier stops once, however many parcels it is for.

    ``windows`` empty means any time. ``deliveries`` leave the van here, ``collections`` enter it. ``skills`` are all
    needed. ``priority`` 0 to 100: the higher, the later it is dropped when not everything fits. ``parcels`` are the
    caller's own references, carried through unread. Windows are hard; with ``soft`` (and one window) the last part of
    it has a price. ``out_of`` names the van its deliveries are still in: they come aboard at a ``MEETING`` of the same
    name, which comes before on the route and has no amounts of its own.
    """

    id: StopId
    place: Place
    windows: tuple[TimeWindow, ...] = ()
    service_s: int = 0
    deliveries: Amounts = NOTHING
    collections: Amounts = NOTHING
    skills: frozenset[str] = frozenset()
    priority: int = 0
    kind: StopKind = StopKind.HOME
    parcels: tuple[str, ...] = ()
    soft: Soft | None = None
    out_of: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A pause that must begin in one of its windows; it may be taken at the roadside, between two stops."""

    id: str
    windows: tuple[TimeWindow, ...]
    duration_s: int


@dataclass(frozen=True, slots=True)
class Reload:
    """Coming back for more, ``times_max`` times at most: what was collected goes out, the next load comes in.

    It takes ``duration_s`` and must begin while the depot is open (one window, none for always).
    """

    place: Place
    times_max: int
    duration_s: int
    windows: tuple[TimeWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """What a courier costs. Hours are paid from leaving the start to the last arrival, waiting and breaks included."""

    fixed_cents: int = 0
    per_hour_cents: int = 0
    per_km_cents: int = 0
    per_stop_cents: int = 0
    per_parcel_cents: int = 0


@dataclass(frozen=True, slots=True)
class Courier:
    """Who drives, from where, until when, with what.

    ``start`` None: the day begins at the first stop; ``end`` None: it ends at the last one; one of them is needed.
    ``locked`` are stops already driven or committed: they stay first, in this order, whatever it costs; being late at
    them is a fact and no reason to refuse a plan. ``under_way`` means the clock runs already: no later departure.
    ``detour_m_max`` is what somebody who is on the way anyway drives more than from start to end at most (without an
    end: at all). ``None`` for a limit means no limit. With a ``reload`` the van may be loaded again on the way: all
    limits but the capacity are the whole day's, and locked stops are of the load that is being driven.
    """

    id: RouteCourierId
    start: Place | None
    end: Place | None
    shift: TimeWindow
    capacity: Amounts
    breaks: tuple[Break, ...] = ()
    skills: frozenset[str] = frozenset()
    costs: Costs = Costs()
    stops_max: int | None = None
    distance_m_max: int | None = None
    drive_s_max: int | None = None
    locked: tuple[StopId, ...] = ()
    under_way: bool = False
    detour_m_max: int | None = None
    reload: Reload | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A partner fleet that takes parcels to doors around ``centre``, each for a price and within ``promise``.

    A parcel costs ``base_cents`` plus ``per_km_cents`` for the great circle from the centre, rounded up. No more than
    ``parcels_max`` of the day and ``weight_g_max`` at one door.
    """

    id: TariffId
    centre: Place
    radius_m: int
    base_cents: int
    per_km_cents: int
    promise: TimeWindow
    parcels_max: int
    weight_g_max: int


class Travel(Protocol):
    """Travel times as those see them who only ask: matrices.TravelTimes is one. Raises KeyError for unknown places."""

    def duration_s(self, origin: Place, destination: Place) -> int: ...

    def distance_m(self, origin: Place, destination: Place) -> int: ...

    def missing(self, places: tuple[Place, ...]) -> tuple[Place, ...]: ...


@dataclass(frozen=True, slots=True)
class Problem:
    stops: tuple[Stop, ...]
    couriers: tuple[Courier, ...]
    tariffs: tuple[Tariff, ...] = ()

    def stop_by_id(self) -> dict[StopId, Stop]:
        return {stop.id: stop for stop in self.stops}

    def courier_by_id(self) -> dict[RouteCourierId, Courier]:
        return {courier.id: courier for courier in self.couriers}

    def skills(self) -> frozenset[str]:
        needed = (stop.skills for stop in self.stops)
        return frozenset[str]().union(*needed, *(courier.skills for courier in self.couriers))

    def places(self) -> tuple[Place, ...]:
        """Return every distinct place once, in a stable order: what a travel-time matrix has to be about."""
        seen: dict[Place, None] = {}
        for courier in self.couriers:
            for end in (courier.start, courier.end):
                if end is not None:
                    seen[end] = None
            if courier.reload is not None:
                seen[courier.reload.place] = None
        for stop in self.stops:
            seen[stop.place] = None
        return tuple(seen)


def reach_m(courier: Courier, travel: Travel) -> int | None:
    """Return how far the courier may drive in all, None for as far as the day lasts."""
    limits = [] if courier.distance_m_max is None else [courier.distance_m_max]
    if courier.detour_m_max is not None:
        start, end = courier.start, courier.end
        straight_m = 0 if start is None or end is None else travel.distance_m(start, end)
        limits.append(straight_m + courier.detour_m_max)
    return min(limits, default=None)


def required_breaks(courier: Courier, depart_s: int, end_s: int) -> tuple[Break, ...]:
    """Return the breaks a route over this span owes: those whose last possible beginning lies inside it.

    A courier who is home before a break's window closes takes it at home; one who leaves after it closed had it before.
    """
    return tuple(pause for pause in courier.breaks if depart_s < pause.windows[-1].end_s < end_s)
