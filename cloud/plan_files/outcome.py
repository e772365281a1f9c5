"""What a plan became, in names and numbers a report can show: the same for a day of files and for an instance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from cloud.plan_files.day import NamedDay
from cloud.routing.joint.day import JointPlan
from cloud.routing.joint.instance import Answer, Instance, answer_cost, route_cost
from cloud.routing.others import is_passing
from cloud.routing.plan import Outside, Route, Step, StepKind
from cloud.routing.problem import Stop, StopKind
from cloud.routing.stops import Site

CO2_G_PER_KM = 250  # a diesel van of 3.5 t, rounded; our assumption, --co2-g-per-km says better
NAME_CHARS_MAX = 80  # of a stop in a table


class Ground(StrEnum):
    """Places on Earth are (longitude, latitude) and costs cents; on a plane they are (x, y) and costs lengths."""

    EARTH = "earth"
    PLANE = "plane"


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StopLine:
    """One stop of a route. Times in seconds since midnight (an instance: since its zero), ``metres`` from the last."""

    number: int
    kind: str
    name: str
    place: Point
    arrive_s: int
    begin_s: int
    leave_s: int
    parcels: tuple[str, ...]
    metres: int


class By(StrEnum):
    """Who brings it: a courier of ours, somebody who is on the way anyway, a partner fleet."""

    OWN = "own"
    CROWD = "crowd"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class LeftLine:
    """A stop left to a partner fleet, for its price and within its promise."""

    partner: str
    name: str
    place: Point
    parcels: tuple[str, ...]
    cost: int
    promise: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ReloadLine:
    """The van is loaded again behind stop number ``behind``."""

    behind: int
    place: Point
    arrive_s: int
    begin_s: int
    leave_s: int


@dataclass(frozen=True, slots=True)
class RouteLine:
    """One courier's day; ``cost`` in cents (an instance: in its own units)."""

    courier: str
    depart_s: int
    end_s: int
    metres: int
    drive_s: int
    cost: int
    path: tuple[Point, ...]
    stops: tuple[StopLine, ...]
    by: By = By.OWN
    reloads: tuple[ReloadLine, ...] = ()

    @property
    def parcels(self) -> int:
        return sum(len(stop.parcels) for stop in self.stops)


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A locker of the day: how many parcels it gets of how many compartments."""

    id: str
    name: str
    place: Point
    parcels: int
    compartments: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The same day decided in another way."""

    name: str
    cost: int
    metres: int
    hours: float
    stops: int
    routes: int
    parcels: int
    crowd: int = 0
    partner: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """What all routes of an instance come to, rounded once: the rounded routes may add up to something else."""

    cost: int
    metres: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole plan."""

    title: str
    ground: Ground
    engine: str
    seconds: float
    routes: tuple[RouteLine, ...]
    unplanned: tuple[tuple[str, str], ...] = ()
    sites: tuple[SiteLine, ...] = ()
    compared: tuple[Compared, ...] = ()
    co2_g_per_km: int = CO2_G_PER_KM
    notes: tuple[str, ...] = field(default=())
    left: tuple[LeftLine, ...] = ()
    sums: Sums | None = None

    @property
    def parcels(self) -> int:
        return sum(route.parcels for route in self.routes) + sum(len(one.parcels) for one in self.left)

    @property
    def cost(self) -> int:
        if self.sums is not None:
            return self.sums.cost
        return sum(route.cost for route in self.routes) + sum(one.cost for one in self.left)

    def brought_by(self, by: By) -> tuple[int, int]:
        """Return how many parcels they bring and what they get for it."""
        if by is By.PARTNER:
            return sum(len(one.parcels) for one in self.left), sum(one.cost for one in self.left)
        theirs = [route for route in self.routes if route.by is by]
        return sum(route.parcels for route in theirs), sum(route.cost for route in theirs)

    @property
    def metres(self) -> int:
        """Return how far our own vans drive; who is on the way anyway and partner fleets do not count."""
        if self.sums is not None:
            return self.sums.metres
        return sum(route.metres for route in self.routes if route.by is By.OWN)

    @property
    def stops(self) -> int:
        return sum(len(route.stops) for route in self.routes) + len(self.left)

    @property
    def hours(self) -> float:
        """Return the hours we pay for."""
        return sum(route.end_s - route.depart_s for route in self.routes if route.by is By.OWN) / 3600

    @property
    def locker_share(self) -> float:
        kinds = Counter(dict.fromkeys(StopKind, 0))
        for route in self.routes:
            for stop in route.stops:
                kinds[StopKind(stop.kind)] += len(stop.parcels)
        return (kinds[StopKind.LOCKER] + kinds[StopKind.PARTNER]) / max(1, self.parcels)


def compared(name: str, outcome: Outcome) -> Compared:
    """Return the numbers of one way to decide a day."""
    totals = (outcome.cost, outcome.metres, round(outcome.hours, 2), outcome.stops, len(outcome.routes))
    crowd, partner = (outcome.brought_by(by)[0] for by in (By.CROWD, By.PARTNER))
    return Compared(name, *totals, outcome.parcels, crowd, partner)


def of_day(title: str, day: NamedDay, found: JointPlan, seconds: float) -> Outcome:
    """Return what a planned day became."""
    stops = found.problem.stop_by_id()
    routes = tuple(_route(day, route, [stops[one] for one in route.stop_ids()]) for route in found.plan.routes)
    brought = Counter(site for site in found.decided.values() if site)
    sites = tuple(
        SiteLine(
            site.id, day.sites.get(site.id, site.id), site.place, brought[site.id], sum((site.free or {}).values())
        )
        for site in day.joint.sites
    )
    unplanned = tuple((", ".join(one.parcels) or str(one.stop_id), one.sentence) for one in found.plan.unplanned)
    left = tuple(_left(day, one, stops[one.stop_id]) for one in found.plan.outside)
    return Outcome(title, Ground.EARTH, "joint", seconds, routes, unplanned, sites, left=left)


def _left(day: NamedDay, one: Outside, stop: Stop) -> LeftLine:
    place = (stop.place.lon, stop.place.lat)
    return LeftLine(one.by, _name(day, stop), place, stop.parcels, one.price_cents, (one.promise[0], one.promise[1]))


def _room(site: Site) -> int:
    return sum((site.free or {}).values())


def _route(day: NamedDay, route: Route, stops: Sequence[Stop]) -> RouteLine:
    steps = [step for step in route.steps if step.kind is StepKind.STOP]
    lines = tuple(
        _stop(day, number, step, stop) for number, (step, stop) in enumerate(zip(steps, stops, strict=True), start=1)
    )
    path = tuple((step.place.lon, step.place.lat) for step in route.steps if step.place is not None)
    totals = (route.depart_s, route.end_s, route.distance_m, route.drive_s, route.cost_cents)
    passing = {courier.id for courier in day.joint.couriers if is_passing(courier)}
    by = By.CROWD if route.courier_id in passing else By.OWN
    return RouteLine(route.courier_id, *totals, path, lines, by, _reloads(route))


def _reloads(route: Route) -> tuple[ReloadLine, ...]:
    stops, found = 0, list[ReloadLine]()
    for step in route.steps:
        stops += step.kind is StepKind.STOP
        if step.kind is StepKind.RELOAD and step.place is not None:
            times = (step.arrival_s, step.begin_s, step.leave_s)
            found.append(ReloadLine(stops, (step.place.lon, step.place.lat), *times))
    return tuple(found)


def _stop(day: NamedDay, number: int, step: Step, stop: Stop) -> StopLine:
    times = (step.arrival_s, step.begin_s, step.leave_s)
    return StopLine(
        number, stop.kind, _name(day, stop), (stop.place.lon, stop.place.lat), *times, stop.parcels, step.distance_m
    )


def _name(day: NamedDay, stop: Stop) -> str:
    if stop.kind in (StopKind.LOCKER, StopKind.PARTNER):
        site = str(stop.id).partition(":")[2].partition("#")[0]
        return f"{site} {day.sites.get(site, '')}".strip()[:NAME_CHARS_MAX]
    known = [day.parcels[ref].address for ref in stop.parcels if ref in day.parcels]
    return (known[0] if known else str(stop.id))[:NAME_CHARS_MAX]


def of_instance(instance: Instance, answer: Answer, engine: str, seconds: float) -> Outcome:
    """Return what an answer to a published instance is, in the source's own units."""
    routes = tuple(_driven(instance, vehicle, options) for vehicle, options in answer.routes)
    left = tuple((instance.customers[one].name, "stays behind") for one in answer.absent)
    cost = answer_cost(instance, answer)
    driven = sum(_length(instance, vehicle, options) for vehicle, options in answer.routes)
    note = f"{len(routes)} vehicles, distance {cost / instance.scale:,.3f} in the source's units"
    sums = Sums(_unit(instance, cost), _unit(instance, driven))
    return Outcome(instance.name, Ground.PLANE, engine, seconds, routes, left, notes=(note,), sums=sums)


def _length(instance: Instance, vehicle: int, options: Sequence[int]) -> int:
    """Return how far or long a vehicle drives, in the instance's own whole numbers."""
    van = instance.vehicles[vehicle]
    places = (van.start, *(instance.options[one].location for one in options), van.end)
    return sum(int(instance.time[here, there]) for here, there in pairwise(places))


def _driven(instance: Instance, vehicle: int, options: Sequence[int]) -> RouteLine:
    van = instance.vehicles[vehicle]
    points = instance.points
    now, here = van.early, van.start
    lines: list[StopLine] = []
    for number, option in enumerate((instance.options[one] for one in options), start=1):
        place = instance.locations[option.location]
        leg = int(instance.time[here, option.location])
        again = bool(lines) and option.location == here
        arrive = now + leg
        begin = arrive if again else max(arrive, place.ready)
        now = begin + (0 if again else place.prepare) + option.service
        kind = StopKind.HOME if place.room is None else StopKind.LOCKER
        customer = instance.customers[option.customer].name
        point = points[option.location] if points else (0.0, 0.0)
        times = (_unit(instance, arrive), _unit(instance, begin), _unit(instance, now))
        lines.append(StopLine(number, kind, place.name, point, *times, (customer,), _unit(instance, leg)))
        here = option.location
    back = int(instance.time[here, van.end])
    ends = (points[van.start], *(line.place for line in lines), points[van.end]) if points else ()
    driven = _unit(instance, _length(instance, vehicle, options))
    cost = _unit(instance, route_cost(instance, vehicle, options))
    span = (_unit(instance, van.early), _unit(instance, now + back))
    return RouteLine(van.name, *span, driven, driven, cost, ends, tuple(lines))


def _unit(instance: Instance, value: int) -> int:
    return round(value / instance.scale)
