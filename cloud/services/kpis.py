"""What days cost and how well they went: by day, courier, locker and area, from what was really driven and done.

A started route's cost, way and time are spread evenly over its stops and there over the parcels, so that every view of
the same days adds up to the same total. Paid time is the planned one, longer when the last stop was done later.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import InvalidError
from cloud.domain.locker import Locker
from cloud.domain.outside import OfferKind
from cloud.domain.parcel import Parcel
from cloud.routing.plan import cost_cents
from cloud.routing.problem import Costs
from cloud.routing.stops import STANDARD_COSTS
from cloud.services.kpis_others import ByPartner, Paid, by_partners, crowd_days, paid_by_route
from cloud.services.many import by_id
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import BRINGS, Attempt, Courier, Plan, Route, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.records_outside import Partner

DAYS_MAX = 92  # a quarter; at 1,000 parcels a day that is 92,000 tasks, a second's work
CO2_G_PER_KM = 250  # a diesel van of 3.5 t, rounded; our assumption
EARTH_M_PER_DEGREE = 111_195.0  # one degree of a great circle on the sphere of mean radius 6,371.0 km
ATTEMPTS_BEFORE = timedelta(days=14)  # a failed parcel is brought again, or back, well within two weeks
AREA_DEGREES = 0.02  # about 2 km north to south: a district, not a street
OWN = "own"


@dataclass(slots=True)
class Tally:
    """Sums over parcels. ``promised`` had a window, ``kept`` were brought inside it.

    ``way_unknown`` counts those whose kilometres nobody has said: they are missing from ``metres``, and are no zero.
    ``co2_apart_g`` is what partners say of their CO2 beyond (or below) a van's on the same way.
    """

    parcels: int = 0
    to_lockers: int = 0
    failed: int = 0
    at_first: int = 0
    promised: int = 0
    kept: int = 0
    stops: float = 0.0
    cents: float = 0.0
    metres: float = 0.0
    seconds: float = 0.0
    walk_m: float = 0.0
    way_unknown: int = 0
    co2_apart_g: float = 0.0

    def add(self, other: "Tally") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Kpi:
    """One line of a view; shares are None where there is nothing to share out."""

    key: str
    name: str
    tally: Tally = field(default_factory=Tally)

    @property
    def cents_per_parcel(self) -> float | None:
        return _share(self.tally.cents, self.tally.parcels)

    @property
    def cents_per_stop(self) -> float | None:
        return _share(self.tally.cents, self.tally.stops)

    @property
    def first_attempt(self) -> float | None:
        return _share(self.tally.at_first, self.tally.parcels + self.tally.failed)

    @property
    def on_time(self) -> float | None:
        return _share(self.tally.kept, self.tally.promised)

    @property
    def locker_share(self) -> float | None:
        return _share(self.tally.to_lockers, self.tally.parcels)

    @property
    def walk_m(self) -> float | None:
        return _share(self.tally.walk_m, self.tally.to_lockers)

    @property
    def is_way_known(self) -> bool:
        """Whether there is any way to speak of: false where all of it was gone by others who did not say how far."""
        tally = self.tally
        return tally.way_unknown == 0 or tally.way_unknown < tally.parcels + tally.failed

    @property
    def co2_g(self) -> float:
        """CO2 of the way that is known."""
        return self.tally.metres * CO2_G_PER_KM / 1_000 + self.tally.co2_apart_g


@dataclass(frozen=True, slots=True)
class Report:
    """The same days from five sides; ``total`` is what each of them adds up to.

    ``by_whom``: our own couriers, crowd couriers on their way, partner fleets.
    """

    total: Kpi
    by_day: tuple[Kpi, ...]
    by_courier: tuple[Kpi, ...]
    by_locker: tuple[Kpi, ...]
    by_area: tuple[Kpi, ...]
    by_whom: tuple[Kpi, ...]


@dataclass(frozen=True, slots=True)
class _Driven:
    """One parcel's task at one stop of a started route, or at a partner's, with its part of what that cost."""

    day: str
    courier: str
    by: str
    locker_id: str | None
    task: Task
    parcel: Parcel
    tally: Tally


@dataclass(frozen=True, slots=True)
class _Days:
    """Everything read for a span of days."""

    plans: Mapping[str, Plan]
    routes: Sequence[Route]
    stops: Mapping[str, list[Stop]]
    tasks: Mapping[str, list[StopTask]]
    parcels: Mapping[str, Parcel]
    attempted: frozenset[str]
    lockers: Mapping[str, Locker]
    paid: Mapping[str, Paid]


def kpis(uow: UnitOfWork, act: Act, first: date, last: date, costs: Costs = STANDARD_COSTS) -> Report:
    """Return the report of the days from ``first`` to ``last``, both included; raises ``InvalidError``."""
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise InvalidError("to", f"choose 1 to {DAYS_MAX} days, the later one second")
    days = _read(uow, first, last)
    driven = [one for route in days.routes for one in _driven(days, route, costs)]
    driven += [_by_partner(one) for one in by_partners(uow, _names(first, last))]
    couriers = {one.id: one.name for one in by_id(uow, Courier, {one.courier for one in driven}).values()}
    lockers = {name: locker.name for name, locker in days.lockers.items()}
    couriers |= {one.id: one.name for one in by_id(uow, Partner, {one.courier for one in driven}).values()}
    dropped = [one for one in driven if one.task is not Task.DELIVER]
    total = Kpi("total", "total")
    for one in driven:
        total.tally.add(one.tally)
    return Report(
        total,
        _view(driven, lambda one: one.day, {}),
        _view(driven, lambda one: one.courier, couriers),
        _view(dropped, lambda one: one.locker_id or "", lockers),
        _view(driven, _area, {}),
        _view(driven, lambda one: one.by, {}),
    )


def _names(first: date, last: date) -> tuple[str, ...]:
    return tuple((first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1))


def _read(uow: UnitOfWork, first: date, last: date) -> _Days:
    names = _names(first, last)
    plans = {plan.id: plan for plan in uow.find(Plan, day=(*names, *crowd_days(names)))}
    routes = uow.find(Route, order="starts_at id", plan_id=tuple(plans)) if plans else []
    routes = [route for route in routes if route.started_at is not None]
    stops: defaultdict[str, list[Stop]] = defaultdict(list)
    tasks: defaultdict[str, list[StopTask]] = defaultdict(list)
    parcels: dict[str, Parcel] = {}
    for route in routes:  # one route at a time: a quarter's stops in one list would pass the store's limit of rows
        stops[route.id] = uow.find(Stop, order="position", route_id=route.id)
        found = uow.find(StopTask, stop_id=tuple(stop.id for stop in stops[route.id])) if stops[route.id] else []
        for task in found:
            tasks[task.stop_id].append(task)
        parcels |= by_id(uow, Parcel, {task.parcel_id for task in found})
    attempted = frozenset(_attempted(uow, routes, first))
    lockers = {one.id: one for one in uow.find(Locker)}
    return _Days(plans, routes, stops, tasks, parcels, attempted, lockers, paid_by_route(uow, routes))


def _attempted(uow: UnitOfWork, routes: Sequence[Route], first: date) -> Iterable[str]:
    """Yield the parcels these couriers did not get rid of at a first attempt, also in the days just before."""
    since = datetime.combine(first, time(), UTC) - ATTEMPTS_BEFORE
    for courier in sorted({route.courier_id for route in routes}):
        yield from (one.parcel_id for one in uow.find(Attempt, courier_id=courier, at=From(since)))


def _driven(days: _Days, route: Route, costs: Costs) -> Iterable[_Driven]:
    """Yield what was done on a route, each with its part of the route's cost."""
    stops = [stop for stop in days.stops[route.id] if _counts(stop) and _ended(days, stop)]
    if not stops:
        return
    done = [task.done_at for stop in stops for task in days.tasks[stop.id] if task.done_at]
    begins = route.started_at or route.starts_at
    seconds = max((route.ends_at - route.starts_at).total_seconds(), (max(done) - begins).total_seconds())
    cents, metres = cost_cents(costs, round(seconds), route.distance_m, len(stops)), route.distance_m
    by, paid = OWN, days.paid.get(route.id)
    if paid is not None:  # who is on the way anyway is paid for parcels, and drives only the detour for us
        by, cents, metres, seconds = str(OfferKind.CROWD), paid.cents, paid.metres, 0.0
    day = days.plans[route.plan_id].day.partition("/")[0]
    for stop in stops:
        ended = _ended(days, stop)
        part = 1 / (len(stops) * max(1, len(ended)))
        for task in ended:
            parcel = days.parcels[task.parcel_id]
            tally = _done(days, stop, task, parcel)
            tally.stops, tally.seconds = 1 / len(ended), part * seconds
            tally.cents, tally.metres = part * cents, part * metres
            yield _Driven(day, route.courier_id, by, stop.locker_id, task.task, parcel, tally)


def _ended(days: _Days, stop: Stop) -> list[StopTask]:
    """Return what somebody stood there for; what was called off beforehand cost no stop."""
    return [task for task in days.tasks[stop.id] if task.state in (TaskState.DONE, TaskState.FAILED)]


def _counts(stop: Stop) -> bool:
    """Whether a stop is for somebody: where parcels come aboard, the time and the way are those of all the others."""
    return stop.kind in (StopKind.HOME, StopKind.LOCKER)


def _by_partner(one: ByPartner) -> _Driven:
    """Return what a partner did; its hours are its own, its kilometres are what it says."""
    tally = Tally(stops=one.stop_share, cents=one.cents, failed=int(not one.brought))
    parcel, tally.metres, tally.way_unknown = one.parcel, one.way_m or 0, int(one.way_m is None)
    if one.way_m is not None and one.co2_g is not None:
        tally.co2_apart_g = one.co2_g - one.way_m * CO2_G_PER_KM / 1_000
    if one.brought:
        tally.parcels = tally.at_first = 1
        if parcel.window_from and parcel.window_to and one.at:
            tally.promised, tally.kept = 1, int(parcel.window_from <= one.at <= parcel.window_to)
    return _Driven(one.day, one.partner, str(OfferKind.PARTNER), None, Task.DELIVER, parcel, tally)


def _done(days: _Days, stop: Stop, task: StopTask, parcel: Parcel) -> Tally:
    """Return what one task counts for; a collection costs, and brings no parcel to anybody."""
    tally = Tally()
    if task.task not in BRINGS:
        return tally
    if task.state is TaskState.FAILED:
        tally.failed = 1
        return tally
    tally.parcels, tally.at_first = 1, int(parcel.id not in days.attempted)
    if task.task is Task.DROP_OFF:
        tally.to_lockers, tally.walk_m = 1, walk_m((parcel.lon, parcel.lat), (stop.lon, stop.lat))
    elif parcel.window_from and parcel.window_to and task.done_at:
        tally.promised, tally.kept = 1, int(parcel.window_from <= task.done_at <= parcel.window_to)
    return tally


def walk_m(home: tuple[float, float], locker: tuple[float, float]) -> float:
    """Return the straight way in metres, on a plane that touches at home: right to a few metres within a city."""
    east = (locker[0] - home[0]) * math.cos(math.radians(home[1]))
    return EARTH_M_PER_DEGREE * math.hypot(east, locker[1] - home[1])


def _view(driven: Iterable[_Driven], key: Callable[[_Driven], str], names: Mapping[str, str]) -> tuple[Kpi, ...]:
    lines: dict[str, Kpi] = {}
    for one in driven:
        name = key(one)
        lines.setdefault(name, Kpi(name, names.get(name, name))).tally.add(one.tally)
    return tuple(lines[name] for name in sorted(lines))


def _area(one: _Driven) -> str:
    """Return the square a parcel's home lies in, by its south-western corner as (latitude, longitude)."""
    squares = (math.floor(round(value / AREA_DEGREES, 6)) for value in (one.parcel.lat, one.parcel.lon))
    south, west = (square * AREA_DEGREES for square in squares)
    return f"{south:.2f}, {west:.2f}"


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
