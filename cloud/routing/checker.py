"""Recomputes a plan from the problem and the travel times alone, so that no engine has to be believed.

Nothing here is shared with the code that builds plans: the arithmetic is done a second time on purpose. A plan leaves
the planner only if this module finds nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import atan2, cos, hypot, radians, sin

from cloud.routing.plan import Outside, Plan, Route, Step, StepKind
from cloud.routing.problem import (
    Amounts,
    Break,
    Courier,
    Place,
    Problem,
    Stop,
    StopId,
    StopKind,
    Tariff,
    TimeWindow,
    Travel,
)


class Fault(StrEnum):
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    SHAPE = "shape"
    TRAVEL = "travel"
    TIME = "time"
    WINDOW = "window"
    SERVICE = "service"
    BREAK = "break"
    SHIFT = "shift"
    LOAD = "load"
    CAPACITY = "capacity"
    RELOAD = "reload"
    SKILL = "skill"
    LIMIT = "limit"
    LOCKED = "locked"
    COST = "cost"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Violation:
    fault: Fault
    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def check(problem: Problem, travel: Travel, plan: Plan) -> tuple[Violation, ...]:
    """Return everything wrong with the plan; nothing means feasible, complete and honestly priced."""
    unknown = travel.missing(problem.places())
    if unknown:
        return (Violation(Fault.UNKNOWN, "travel times", f"know nothing of {len(unknown)} places of the problem"),)
    found = list(_accounted_for(problem, plan))
    couriers, stops = problem.courier_by_id(), problem.stop_by_id()
    for route in plan.routes:
        courier = couriers.get(route.courier_id)
        if courier is not None:
            found += check_route(stops, travel, courier, route)
    found += _outside(problem, plan)
    parts = (*(route.cost_cents for route in plan.routes), *(one.price_cents for one in plan.outside))
    if plan.cost_cents != sum(parts):
        found.append(Violation(Fault.COST, "plan", f"says {plan.cost_cents} cents; its parts add up to {sum(parts)}"))
    return tuple(found)


def check_route(stops: Mapping[StopId, Stop], travel: Travel, courier: Courier, route: Route) -> tuple[Violation, ...]:
    """Return everything wrong with one route, taken by itself."""
    where = f"courier {courier.id}"
    visited = tuple(stops[stop_id] for stop_id in route.stop_ids() if stop_id in stops)
    if not visited or len(visited) != len(route.stop_ids()):
        return (Violation(Fault.UNKNOWN, where, "visits no stop, or one that is not in the problem"),)
    view = _View(where, courier, route, visited)
    checks = (_legs, _clocks, _windows, _breaks, _reloads, _span, _loads, _skills, _limits, _locked, _price)
    shape = tuple(_shape(view, travel))
    if shape:  # the other checks read the steps as the shape promises them
        return shape
    return tuple(violation for one in checks for violation in one(view, travel))


@dataclass(frozen=True, slots=True)
class _View:
    """One route with the stops it visits, in its order."""

    where: str
    courier: Courier
    route: Route
    stops: tuple[Stop, ...]

    @property
    def only_locked(self) -> bool:
        """Everything on this route was committed before planning: that it breaks a limit is a fact, not a choice."""
        return len(self.stops) <= len(self.courier.locked)

    @property
    def last_locked_step(self) -> int:
        positions = [number for number, step in enumerate(self.route.steps) if step.kind is StepKind.STOP]
        locked = min(len(self.courier.locked), len(positions))
        return positions[locked - 1] if locked else -1

    def reloads(self) -> list[Step]:
        return [step for step in self.route.steps if step.kind is StepKind.RELOAD]

    def stop_steps(self) -> Iterator[tuple[int, Step, Stop]]:
        steps = [(number, step) for number, step in enumerate(self.route.steps) if step.kind is StepKind.STOP]
        for (number, step), stop in zip(steps, self.stops, strict=True):
            yield number, step, stop

    def says(self, fault: Fault, sentence: str) -> Violation:
        return Violation(fault, self.where, sentence)


def _accounted_for(problem: Problem, plan: Plan) -> Iterator[Violation]:
    known = {stop.id for stop in problem.stops}
    couriers = problem.courier_by_id()
    for courier_id, times in Counter(route.courier_id for route in plan.routes).items():
        if courier_id not in couriers:
            yield Violation(Fault.UNKNOWN, f"courier {courier_id}", "is not in the problem")
        if times > 1:
            yield Violation(Fault.DUPLICATE, f"courier {courier_id}", f"has {times} routes")
    planned = Counter(stop_id for route in plan.routes for stop_id in route.stop_ids())
    left = Counter(one.stop_id for one in plan.unplanned if one.stop_id is not None)
    given = Counter(one.stop_id for one in plan.outside)
    for stop_id in sorted(known | set(planned) | set(left) | set(given)):
        times = planned[stop_id] + left[stop_id] + given[stop_id]
        if stop_id not in known:
            yield Violation(Fault.UNKNOWN, f"stop {stop_id}", "is not in the problem")
        elif times == 0:
            yield Violation(Fault.MISSING, f"stop {stop_id}", "is neither planned nor named as left behind")
        elif times > 1:
            yield Violation(Fault.DUPLICATE, f"stop {stop_id}", f"appears {times} times")
    driving = {route.courier_id: route for route in plan.routes}
    for courier in problem.couriers:
        if courier.locked and courier.id not in driving:
            yield Violation(Fault.LOCKED, f"courier {courier.id}", f"lost {len(courier.locked)} locked stops")


def _outside(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Check what is left to partners: allowed at all, at their price, within their promise, no more than they take."""
    stops, tariffs = problem.stop_by_id(), {one.id: one for one in problem.tariffs}
    committed = {stop_id for courier in problem.couriers for stop_id in courier.locked}
    given: Counter[str] = Counter()
    for one in plan.outside:
        where = f"stop {one.stop_id}"
        stop, tariff = stops.get(one.stop_id), tariffs.get(one.by)
        if stop is None or tariff is None:
            yield Violation(Fault.UNKNOWN, where, f"is left to {one.by}, and one of the two is not in the problem")
            continue
        given[tariff.id] += stop.deliveries.parcels
        yield from (Violation(fault, where, sentence) for fault, sentence in _left(stop, tariff, one))
        if one.stop_id in committed:
            yield Violation(Fault.LOCKED, where, f"is locked to a courier and left to {one.by}")
    for tariff in problem.tariffs:
        if given[tariff.id] > tariff.parcels_max:
            sentence = f"gets {given[tariff.id]} parcels; it takes {tariff.parcels_max}"
            yield Violation(Fault.CAPACITY, f"partner {tariff.id}", sentence)


def _left(stop: Stop, tariff: Tariff, one: Outside) -> Iterator[tuple[Fault, str]]:
    if stop.kind is not StopKind.HOME or any(stop.collections) or stop.skills:
        yield Fault.OUTSIDE, "is more than a delivery to a door"
    away_m = _great_circle_m(tariff.centre, stop.place)
    if away_m > tariff.radius_m + 1:
        yield Fault.OUTSIDE, f"is {away_m:.0f} m from the centre of {tariff.id}, which serves {tariff.radius_m} m"
    if stop.deliveries.weight_g > tariff.weight_g_max:
        yield Fault.CAPACITY, f"weighs {stop.deliveries.weight_g} g; {tariff.id} takes {tariff.weight_g_max} g"
    if one.promise != tariff.promise:
        yield Fault.WINDOW, f"is promised for {tuple(one.promise)}; {tariff.id} promises {tuple(tariff.promise)}"
    starts, ends = tariff.promise
    if stop.windows and not any(window.start_s <= starts and ends <= window.end_s for window in stop.windows):
        yield Fault.WINDOW, f"would be delivered between {starts} s and {ends} s, outside its windows"
    exact = tariff.base_cents + tariff.per_km_cents * away_m / 1000
    cheapest, dearest = exact - 0.001, exact + 1.001  # rounded up, give or take the noise of two formulas
    if not cheapest * stop.deliveries.parcels <= one.price_cents <= dearest * stop.deliveries.parcels:
        yield Fault.COST, f"costs {one.price_cents} cents at {tariff.id}; it is {exact:.2f} a parcel"


def _great_circle_m(here: Place, there: Place) -> float:
    """Return the great circle by the chord's half angle (Vincenty's formula on a sphere)."""
    lon, lat_a, lat_b = (radians(angle) for angle in (there.lon - here.lon, here.lat, there.lat))
    across = hypot(cos(lat_b) * sin(lon), cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(lon))
    along = sin(lat_a) * sin(lat_b) + cos(lat_a) * cos(lat_b) * cos(lon)
    return 6_371_008.8 * atan2(across, along)


def _detour_limit_m(courier: Courier, travel: Travel) -> int | None:
    if courier.detour_m_max is None or courier.start is None or courier.end is None:
        return courier.detour_m_max
    return travel.distance_m(courier.start, courier.end) + courier.detour_m_max


def _shape(view: _View, _: Travel) -> Iterator[Violation]:
    kinds = [step.kind for step in view.route.steps]
    start, end = view.courier.start, view.courier.end
    if (kinds[0] is StepKind.START) != (start is not None) or (
        start is not None and view.route.steps[0].place != start
    ):
        yield view.says(Fault.SHAPE, "does not begin where the courier starts")
    if (kinds[-1] is StepKind.END) != (end is not None) or (end is not None and view.route.steps[-1].place != end):
        yield view.says(Fault.SHAPE, "does not end where the courier ends")
    if kinds.count(StepKind.START) > 1 or kinds.count(StepKind.END) > 1:
        yield view.says(Fault.SHAPE, "starts or ends more than once")
    numbers = [
        number
        for step in view.route.steps
        for number in (step.arrival_s, step.wait_s, step.service_s, step.drive_s, step.distance_m, *step.load)
    ]
    if any(type(number) is not int or number < 0 for number in numbers):
        yield view.says(Fault.SHAPE, "holds a number that is negative or not whole")
    depot = view.courier.reload.place if view.courier.reload else None
    if any(depot is None or step.place != depot for step in view.reloads()):
        yield view.says(Fault.SHAPE, "reloads where nothing is loaded")
    for _number, step, stop in view.stop_steps():
        if step.place != stop.place:
            yield view.says(Fault.SHAPE, f"visits {stop.id} at {step.place}, it is at {stop.place}")


def _legs(view: _View, travel: Travel) -> Iterator[Violation]:
    """Between two places the driving adds up to the matrix, breaks on the way or not."""
    here, driven_s = None, 0
    for step in view.route.steps:
        driven_s += step.drive_s
        if step.place is None:
            if step.distance_m:
                yield view.says(Fault.TRAVEL, f"break {step.ref} counts a distance of its own")
            continue
        due_s = 0 if here is None else travel.duration_s(here, step.place)
        due_m = 0 if here is None else travel.distance_m(here, step.place)
        if (driven_s, step.distance_m) != (due_s, due_m):
            yield view.says(
                Fault.TRAVEL,
                f"drives {driven_s} s and {step.distance_m} m to {step.ref or step.kind}, not {due_s} s and {due_m} m",
            )
        here, driven_s = step.place, 0
    if driven_s:
        yield view.says(Fault.TRAVEL, f"drives {driven_s} s to nowhere at the end")


def _clocks(view: _View, _: Travel) -> Iterator[Violation]:
    steps = view.route.steps
    for before, step in pairwise(steps):
        due_s = before.arrival_s + before.wait_s + before.service_s + step.drive_s
        if step.arrival_s != due_s:
            yield view.says(Fault.TIME, f"arrives at {step.ref or step.kind} at {step.arrival_s} s, not {due_s} s")
    for step in steps:
        if step.kind in {StepKind.START, StepKind.END} and (step.wait_s or step.service_s):
            yield view.says(Fault.TIME, f"waits or serves at its {step.kind}")


def _windows(view: _View, _: Travel) -> Iterator[Violation]:
    committed = view.last_locked_step
    for number, step, stop in view.stop_steps():
        if step.service_s != stop.service_s:
            yield view.says(Fault.SERVICE, f"serves {stop.id} for {step.service_s} s, not {stop.service_s} s")
        begin_s = step.arrival_s + step.wait_s
        if number > committed and not _inside(begin_s, stop.windows):
            yield view.says(Fault.WINDOW, f"begins at {stop.id} at {begin_s} s, outside its windows")


def _inside(moment_s: int, windows: Sequence[TimeWindow]) -> bool:
    return not windows or any(window.start_s <= moment_s <= window.end_s for window in windows)


def _breaks(view: _View, _: Travel) -> Iterator[Violation]:
    known: dict[str, Break] = {pause.id: pause for pause in view.courier.breaks}
    taken: set[str] = set()
    committed = view.last_locked_step
    for number, step in enumerate(view.route.steps):
        if step.kind is not StepKind.BREAK:
            continue
        pause = known.get(step.ref)
        if pause is None or step.ref in taken:
            yield view.says(Fault.BREAK, f"takes break {step.ref}, which is unknown or already taken")
            continue
        taken.add(step.ref)
        begin_s = step.arrival_s + step.wait_s
        if step.service_s != pause.duration_s:
            yield view.says(Fault.BREAK, f"takes {step.service_s} s for break {step.ref} of {pause.duration_s} s")
        if number > committed and not _inside(begin_s, pause.windows):
            yield view.says(Fault.BREAK, f"begins break {step.ref} at {begin_s} s, outside its windows")
    depart_s, end_s = view.route.depart_s, view.route.end_s
    for pause in view.courier.breaks:
        if pause.id not in taken and not view.only_locked and depart_s < pause.windows[-1].end_s < end_s:
            yield view.says(Fault.BREAK, f"leaves out break {pause.id}")


def _reloads(view: _View, _: Travel) -> Iterator[Violation]:
    reload, steps = view.courier.reload, view.reloads()
    if reload is None:
        return
    for step in steps:
        if step.service_s != reload.duration_s or not _inside(step.arrival_s + step.wait_s, reload.windows):
            yield view.says(Fault.RELOAD, f"reloads from {step.begin_s} s on, too fast or with the depot shut")
    if len(steps) > reload.times_max:
        yield view.says(Fault.RELOAD, f"reloads {len(steps)} times; {reload.times_max} is the limit")
    if any(step.kind is StepKind.RELOAD for step in view.route.steps[: view.last_locked_step + 1]):
        yield view.says(Fault.LOCKED, "reloads between locked stops")


def _span(view: _View, _: Travel) -> Iterator[Violation]:
    shift, route = view.courier.shift, view.route
    if route.depart_s < shift.start_s:
        yield view.says(Fault.SHIFT, f"leaves at {route.depart_s} s, before the shift begins at {shift.start_s} s")
    if (view.courier.under_way or view.courier.locked) and route.depart_s != shift.start_s:
        yield view.says(Fault.SHIFT, f"leaves at {route.depart_s} s though under way since {shift.start_s} s")
    if route.end_s > shift.end_s and not view.only_locked:
        yield view.says(Fault.SHIFT, f"ends at {route.end_s} s, after the shift ends at {shift.end_s} s")


def _loads(view: _View, _: Travel) -> Iterator[Violation]:
    """Every load leaves the depot with what it delivers, but for what another van still has until it is met."""
    due, met = list(view.stops), set[str]()
    aboard = _leaving_depot(view, 0)
    for number, step in enumerate(view.route.steps):
        if step.kind is StepKind.RELOAD:
            aboard, met = _leaving_depot(view, number + 1), set()
        elif step.kind is StepKind.STOP:
            stop = due.pop(0)
            if stop.kind is StopKind.MEETING:
                met.add(stop.out_of)
                taken = _sum(one.deliveries for one in view.stops if one.out_of == stop.out_of)
            else:
                taken = stop.collections
                if stop.out_of and stop.out_of not in met:
                    yield view.says(Fault.LOAD, f"brings {stop.id}, which is still in van {stop.out_of}")
            aboard = Amounts(*(aboard[axis] - stop.deliveries[axis] + taken[axis] for axis in range(3)))
        if step.load != aboard:
            yield view.says(Fault.LOAD, f"says {tuple(step.load)} is aboard after {step.ref or step.kind}")
        if any(aboard[axis] > view.courier.capacity[axis] for axis in range(3)):
            yield view.says(Fault.CAPACITY, f"carries {tuple(aboard)} after {step.ref or step.kind}")


def _leaving_depot(view: _View, first: int) -> Amounts:
    """Return what is brought from step ``first`` on until the van is loaded again."""
    ends = [number for number, step in enumerate(view.route.steps) if step.kind is StepKind.RELOAD and number >= first]
    last = ends[0] if ends else len(view.route.steps)
    return _sum(stop.deliveries for number, _, stop in view.stop_steps() if first <= number < last and not stop.out_of)


def _sum(amounts: Iterable[Amounts]) -> Amounts:
    return Amounts(*map(sum, zip(Amounts(), *amounts, strict=True)))


def _skills(view: _View, _: Travel) -> Iterator[Violation]:
    for stop in view.stops[len(view.courier.locked) :]:
        lacking = stop.skills - view.courier.skills
        if lacking:
            yield view.says(Fault.SKILL, f"lacks {', '.join(sorted(lacking))} for {stop.id}")


def _limits(view: _View, travel: Travel) -> Iterator[Violation]:
    limits = (
        ("stops", len(view.stops), view.courier.stops_max),
        ("metres", sum(step.distance_m for step in view.route.steps), view.courier.distance_m_max),
        ("seconds of driving", sum(step.drive_s for step in view.route.steps), view.courier.drive_s_max),
        ("metres in all", sum(step.distance_m for step in view.route.steps), _detour_limit_m(view.courier, travel)),
    )
    for unit, value, limit in limits:
        if limit is not None and value > limit and not view.only_locked:
            yield view.says(Fault.LIMIT, f"takes {value} {unit}; the limit is {limit}")


def _locked(view: _View, _: Travel) -> Iterator[Violation]:
    locked = view.courier.locked
    if tuple(stop.id for stop in view.stops[: len(locked)]) != locked:
        yield view.says(Fault.LOCKED, f"does not begin with its {len(locked)} locked stops")


def _price(view: _View, _: Travel) -> Iterator[Violation]:
    route, costs = view.route, view.courier.costs
    metres = sum(step.distance_m for step in route.steps)
    seconds = sum(step.drive_s for step in route.steps)
    if (route.distance_m, route.drive_s) != (metres, seconds):
        yield view.says(
            Fault.COST, f"says {route.distance_m} m and {route.drive_s} s; it is {metres} m and {seconds} s"
        )
    paid_s = route.end_s - route.depart_s
    thousandths = costs.per_hour_cents * paid_s / 3.6 + costs.per_km_cents * metres
    handled = sum(stop.deliveries.parcels + stop.collections.parcels for stop in view.stops)
    pieces = costs.per_stop_cents * len(view.stops) + costs.per_parcel_cents * handled
    soft = [(step.arrival_s + step.wait_s, stop.soft) for _, step, stop in view.stop_steps() if stop.soft]
    late = sum(max(0, begin_s - wish.end_s) * wish.per_minute_cents / 60 for begin_s, wish in soft)
    due = costs.fixed_cents + pieces + thousandths / 1000 + late
    if abs(route.cost_cents - due) > (
        1.000001 if late else 0.500001
    ):  # what is rounded, once or twice, and float noise
        yield view.says(Fault.COST, f"says {route.cost_cents} cents; it is {due:.2f}")
