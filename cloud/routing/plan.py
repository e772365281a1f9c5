"""A day's answer: who drives where when, what it costs, and why the rest stays behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cloud.routing.problem import Amounts, Costs, Place, RouteCourierId, StopId, TariffId, TimeWindow

CENTS_PER_UNIT = 3_600_000  # cost is summed in cents x seconds-per-hour x metres-per-km, so nothing is rounded twice
MINUTE_S = 60


class StepKind(StrEnum):
    START = "start"
    STOP = "stop"
    BREAK = "break"
    RELOAD = "reload"
    END = "end"


class UnplannedReason(StrEnum):
    """Closed set; the sentence beside it is for people, this is for counting."""

    NO_COURIER = "no_courier"
    NO_SKILL = "no_skill"
    EXCEEDS_CAPACITY = "exceeds_capacity"
    UNREACHABLE = "unreachable"
    WINDOW_MISSED = "window_missed"
    SHIFT_TOO_SHORT = "shift_too_short"
    TOO_FAR = "too_far"
    CROWDED_OUT = "crowded_out"
    LOCKER_FULL = "locker_full"
    LOCKER_CLOSED = "locker_closed"
    NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a route. Leaving time is ``arrival_s + wait_s + service_s``.

    ``drive_s`` is driven since the step before; a leg interrupted by a break is split over both. ``distance_m`` is the
    leg's whole length and stands at the place reached (0 at a break). ``load`` is what is in the van on leaving.
    ``ref`` is the stop's or the break's id, empty for start, reload and end.
    """

    kind: StepKind
    ref: str
    place: Place | None
    arrival_s: int
    wait_s: int
    service_s: int
    drive_s: int
    distance_m: int
    load: Amounts

    @property
    def begin_s(self) -> int:
        return self.arrival_s + self.wait_s

    @property
    def leave_s(self) -> int:
        return self.begin_s + self.service_s


@dataclass(frozen=True, slots=True)
class Route:
    courier_id: RouteCourierId
    steps: tuple[Step, ...]
    distance_m: int
    drive_s: int
    cost_cents: int

    @property
    def depart_s(self) -> int:
        return self.steps[0].arrival_s

    @property
    def end_s(self) -> int:
        return self.steps[-1].leave_s

    def stop_ids(self) -> tuple[StopId, ...]:
        return tuple(StopId(step.ref) for step in self.steps if step.kind is StepKind.STOP)


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Something left behind. ``stop_id`` is None where single parcels never became part of a stop."""

    stop_id: StopId | None
    parcels: tuple[str, ...]
    reason: UnplannedReason
    sentence: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A stop left to a partner fleet, for its price and its promise."""

    stop_id: StopId
    by: TariffId
    price_cents: int
    promise: TimeWindow


@dataclass(frozen=True, slots=True)
class Plan:
    """Only couriers who drive have a route; every stop is in one route, ``outside`` or in ``unplanned``."""

    routes: tuple[Route, ...]
    unplanned: tuple[Unplanned, ...]
    cost_cents: int
    outside: tuple[Outside, ...] = ()


def plan_cost(routes: Iterable[Route], outside: Iterable[Outside] = ()) -> int:
    """Return what the routes and what is left to others cost together."""
    return sum(route.cost_cents for route in routes) + sum(one.price_cents for one in outside)


def cost_cents(costs: Costs, paid_s: int, distance_m: int, stops: int, parcels: int = 0) -> int:
    """Return what a used courier costs, rounded once, half up."""
    exact = costs.per_hour_cents * paid_s * 1000 + costs.per_km_cents * distance_m * 3600
    pieces = costs.fixed_cents + costs.per_stop_cents * stops + costs.per_parcel_cents * parcels
    return pieces + (exact + CENTS_PER_UNIT // 2) // CENTS_PER_UNIT


def late_cents(late: int) -> int:
    """Return what a route's lateness costs, given in cents a minute x seconds (``Stop.soft``), rounded half up."""
    return (late + MINUTE_S // 2) // MINUTE_S
