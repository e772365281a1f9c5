"""Between our day and VROOM's: what VROOM cannot say (locked prefixes, breaks nobody owes) is folded into what it can.

A courier with a locked prefix becomes a vehicle that starts where and when the prefix ends, with what is left of the
limits. Room in that van is counted twice: once for what is aboard from there on, once for what was aboard during the
prefix, because deliveries for later already rode along.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud.routing.matrices import TravelTimes, assert_ready
from cloud.routing.plan import Plan, Route
from cloud.routing.problem import (
    NOTHING,
    Amounts,
    Break,
    Courier,
    Problem,
    RouteCourierId,
    Stop,
    StopId,
    TimeWindow,
    highest,
    reach_m,
    total,
)
from cloud.routing.schedule import Visit, earliest_route, schedule, with_breaks
from cloud.routing.validation import loads_along
from cloud.routing.worker_wire import Job, Pause, Vehicle, VehicleOrder


class AnswerError(Exception):
    """An answer names what was never asked, or names it twice."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a courier is committed to: the order up to now, and the state it leaves the courier in."""

    order: tuple[Visit, ...]
    begin_s: int
    breaks: tuple[Break, ...]
    route: Route | None


@dataclass(frozen=True, slots=True)
class Translation:
    """The day in VROOM's words, and the way back. ``drivers[i]`` is who vehicle i stands for, with its breaks."""

    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    stops: tuple[Stop, ...]
    drivers: tuple[tuple[Courier, tuple[Break, ...]], ...]
    prefixes: dict[RouteCourierId, Prefix]


def translate(problem: Problem, travel: TravelTimes) -> Translation:
    """Return the request's jobs and vehicles. The problem must be valid and the matrix know its places."""
    assert_ready("durations_s", travel.durations_s)
    assert_ready("distances_m", travel.distances_m)
    stops = problem.stop_by_id()
    locked = {stop_id for courier in problem.couriers for stop_id in courier.locked}
    free = tuple(stop for stop in problem.stops if stop.id not in locked)
    skills = {name: number for number, name in enumerate(sorted(problem.skills()), 1)}
    prefixes = {
        courier.id: _prefix(courier, [stops[stop_id] for stop_id in courier.locked], travel)
        for courier in problem.couriers
    }
    vehicles, drivers = [], []
    for courier in problem.couriers:
        made = _vehicle(courier, prefixes[courier.id], [stops[one] for one in courier.locked], (skills, travel))
        if made is not None:
            vehicles.append(made[0])
            drivers.append((courier, made[1]))
    jobs = tuple(_job(stop, skills, travel) for stop in free)
    return Translation(jobs, tuple(vehicles), free, tuple(drivers), prefixes)


def assemble(problem: Problem, travel: TravelTimes, translation: Translation, answer: Sequence[VehicleOrder]) -> Plan:
    """Turn an answer into a plan with times of our own, unplanned stops left without explanation.

    Raises AnswerError for numbers that were never asked or come twice.
    """
    orders = _orders(translation, answer)
    routes = []
    for courier in problem.couriers:
        order = [*translation.prefixes[courier.id].order, *orders.get(courier.id, ())]
        if any(isinstance(visit, Stop) for visit in order):
            routes.append(schedule(courier, order, travel))
    return Plan(tuple(routes), (), sum(route.cost_cents for route in routes))


def left_out(problem: Problem, plan: Plan) -> list[StopId]:
    planned = {stop_id for route in plan.routes for stop_id in route.stop_ids()}
    planned |= {one.stop_id for one in plan.outside}
    return [stop.id for stop in problem.stops if stop.id not in planned]


def _orders(translation: Translation, answer: Sequence[VehicleOrder]) -> dict[RouteCourierId, list[Visit]]:
    orders: dict[RouteCourierId, list[Visit]] = {}
    seen: set[int] = set()
    for given in answer:
        if not 0 <= given.vehicle < len(translation.drivers):
            raise AnswerError(f"vehicle {given.vehicle} of {len(translation.drivers)}")
        courier, breaks = translation.drivers[given.vehicle]
        if courier.id in orders:
            raise AnswerError(f"vehicle {given.vehicle} twice")
        visits = orders.setdefault(courier.id, [])
        jobs = [number for number in given.order if number > 0]
        pauses = [-number for number in given.order if number < 0]
        if seen.intersection(jobs) or len(set(given.order)) != len(given.order):
            raise AnswerError(f"a job or break twice on vehicle {given.vehicle}")
        if 0 in given.order or max(jobs, default=0) > len(translation.stops) or max(pauses, default=0) > len(breaks):
            raise AnswerError(f"an unknown job or break on vehicle {given.vehicle}")
        seen.update(jobs)
        if jobs:  # a vehicle that only rests stays at home
            visits += [translation.stops[number - 1] if number > 0 else breaks[-number - 1] for number in given.order]
    return orders


def _prefix(courier: Courier, locked: list[Stop], travel: TravelTimes) -> Prefix:
    """Drive the locked stops, with the breaks that fall due on the way."""
    if not locked:
        return Prefix((), courier.shift.start_s, courier.breaks, None)
    open_ended = replace(courier, end=None)
    order = with_breaks(courier, locked, travel)
    last = max(number for number, visit in enumerate(order) if isinstance(visit, Stop))
    committed, waiting = order[: last + 1], [visit for visit in order[last + 1 :] if isinstance(visit, Break)]
    route = earliest_route(open_ended, committed, travel)
    while waiting and waiting[0].windows[-1].end_s <= route.end_s:
        committed = [*committed, waiting.pop(0)]
        route = earliest_route(open_ended, committed, travel)
    return Prefix(tuple(committed), route.end_s, tuple(waiting), route)


def _vehicle(
    courier: Courier, prefix: Prefix, locked: list[Stop], about: tuple[dict[str, int], TravelTimes]
) -> tuple[Vehicle, tuple[Break, ...]] | None:
    """Return the courier as VROOM sees it with the breaks by number, None for one who can take nothing more."""
    skills, travel = about
    if prefix.begin_s > courier.shift.end_s:
        return None
    start = locked[-1].place if locked else courier.start
    driven_m, driven_s = (prefix.route.distance_m, prefix.route.drive_s) if prefix.route else (0, 0)
    limits = (
        _rest(courier.stops_max, len(locked)),
        _rest(reach_m(courier, travel), driven_m),
        _rest(courier.drive_s_max, driven_s),
    )
    if any(limit is not None and limit < 0 for limit in limits) or limits[0] == 0:
        return None
    breaks, end_s = owed_breaks(prefix.breaks, TimeWindow(prefix.begin_s, courier.shift.end_s))
    aboard = total(stop.collections for stop in locked)
    peak = highest(loads_along(locked)) if locked else NOTHING
    vehicle = Vehicle(
        None if start is None else travel.index[start],
        None if courier.end is None else travel.index[courier.end],
        (*courier.capacity.minus(aboard), *courier.capacity.minus(peak)),
        tuple(skills[name] for name in sorted(courier.skills)),
        (prefix.begin_s, end_s),
        tuple(Pause(tuple(windows), pause.duration_s) for pause, windows in breaks),
        0 if locked else courier.costs.fixed_cents,
        courier.costs.per_hour_cents,
        courier.costs.per_km_cents,
        *limits,
    )
    return vehicle, tuple(pause for pause, _ in breaks)


def _rest(limit: int | None, used: int) -> int | None:
    return None if limit is None else limit - used


def owed_breaks(breaks: Sequence[Break], span: TimeWindow) -> tuple[list[tuple[Break, list[TimeWindow]]], int]:
    """Return the breaks a route within the span may owe, windows clipped to it, and the latest end to plan for.

    VROOM refuses the whole day ("inconsistent breaks") for one break that cannot be kept. Where one cannot, the route
    is planned to be over before that break's window closes: then it is not owed.
    """
    kept: list[tuple[Break, list[TimeWindow]]] = []
    free_s = span.start_s
    for pause in breaks:
        last_s = pause.windows[-1].end_s
        if not span.start_s < last_s < span.end_s:
            continue
        clipped = [
            TimeWindow(max(window.start_s, span.start_s), min(window.end_s, span.end_s - pause.duration_s))
            for window in pause.windows
        ]
        windows = [window for window in clipped if window.start_s <= window.end_s]
        begin_s = next((max(free_s, window.start_s) for window in windows if free_s <= window.end_s), None)
        if begin_s is None:
            return owed_breaks(breaks, TimeWindow(span.start_s, last_s))
        kept.append((pause, windows))
        free_s = begin_s + pause.duration_s
    return kept, span.end_s


def _job(stop: Stop, skills: dict[str, int], travel: TravelTimes) -> Job:
    return Job(
        travel.index[stop.place],
        stop.service_s,
        (*stop.deliveries, *stop.deliveries),
        (*stop.collections, *Amounts()),
        tuple(skills[name] for name in sorted(stop.skills)),
        stop.priority,
        tuple((window.start_s, window.end_s) for window in stop.windows),
    )
