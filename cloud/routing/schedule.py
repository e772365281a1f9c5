"""Turns an order of stops into times: one definition of when a courier is where, whatever engine chose the order.

The courier leaves as late as the end of the route allows (waiting at home is not paid), drives, waits for windows and
takes breaks in their windows, at the roadside if need be. The end of a route never gets earlier by leaving later, so
the latest departure is found by halving; that holds for several windows and for interrupted legs alike, and for what
being late costs: driving on at once is the best a given order can do about it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cloud.routing.plan import Route, Step, StepKind, cost_cents, late_cents
from cloud.routing.problem import (
    Amounts,
    Break,
    Courier,
    Place,
    Reload,
    Stop,
    StopId,
    StopKind,
    TimeWindow,
    Travel,
    required_breaks,
    total,
)

Visit = Stop | Break | Reload
Halt = Stop | Reload  # what is driven to; a break is taken wherever the van is


@dataclass(slots=True)
class _Clock:
    """Where the pen is while a route is written down: the only mutable thing here, and it never leaves this module."""

    now_s: int
    place: Place | None
    load: Amounts
    steps: list[Step]
    leg_s: int = 0  # what is left to drive towards the next place
    late_stops: int = 0
    late_breaks: int = 0
    late_reloads: int = 0
    parcels: int = 0  # brought or taken so far
    late: int = 0  # cents a minute x seconds behind the end people would like

    @property
    def on_time(self) -> bool:
        return not self.late_stops and not self.late_breaks and not self.late_reloads


def schedule(courier: Courier, order: Sequence[Visit], travel: Travel) -> Route:
    """Return the route over this order of stops and breaks, trailing breaks that are not owed left out.

    The route may be late: whether it is allowed is the checker's to say.
    """
    order = without_idle_breaks(courier, order, travel)
    earliest = _drive(courier, order, travel, courier.shift.start_s)
    if courier.under_way or courier.locked or not earliest.on_time:
        return _as_route(courier, earliest)
    low_s, high_s = courier.shift.start_s, max(courier.shift.start_s, courier.shift.end_s)
    best = earliest
    while low_s < high_s:  # invariant: leaving at low_s ends no later than leaving at the shift's start
        middle_s = (low_s + high_s + 1) // 2
        tried = _drive(courier, order, travel, middle_s)
        if tried.on_time and tried.now_s == earliest.now_s and tried.late == earliest.late:
            low_s, best = middle_s, tried
        else:
            high_s = middle_s - 1
    return _as_route(courier, best)


def earliest_route(courier: Courier, order: Sequence[Visit], travel: Travel) -> Route:
    """Return the route that leaves when the shift begins and takes the order as it is."""
    return _as_route(courier, _drive(courier, order, travel, courier.shift.start_s))


def halts_of(route: Route, stops: Mapping[StopId, Stop], courier: Courier) -> list[Halt]:
    """Return a route's order without its breaks."""
    found: list[Halt] = []
    for step in route.steps:
        if step.kind is StepKind.STOP:
            found.append(stops[StopId(step.ref)])
        elif step.kind is StepKind.RELOAD and courier.reload is not None:
            found.append(courier.reload)
    return found


def without_idle_reloads(order: Sequence[Halt]) -> list[Halt]:
    """Drop every reload that nothing is brought before or after."""
    kept: list[Halt] = []
    for one in order:
        if isinstance(one, Stop) or (kept and isinstance(kept[-1], Stop)):
            kept.append(one)
    return kept if not kept or isinstance(kept[-1], Stop) else kept[:-1]


def with_breaks(courier: Courier, stops: Sequence[Halt], travel: Travel) -> list[Visit]:
    """Return the stops with the courier's breaks put in as late as their windows allow, in their order."""
    open_ended = replace(courier, end=None)  # a break may be taken on the way home: home is no reason to take it early
    order: list[Visit] = []
    waiting = [pause for pause in courier.breaks if pause.windows[-1].end_s > courier.shift.start_s]
    for stop in stops:
        while waiting:
            stop_first = _drive(open_ended, [*order, stop, *waiting], travel, courier.shift.start_s)
            break_first = _drive(open_ended, [*order, waiting[0], stop, *waiting[1:]], travel, courier.shift.start_s)
            if stop_first.late_breaks <= break_first.late_breaks:
                break
            order.append(waiting.pop(0))
        order.append(stop)
    return [*order, *waiting]


def without_idle_breaks(courier: Courier, order: Sequence[Visit], travel: Travel) -> list[Visit]:
    """Drop breaks at the end that are not owed because the route is over before their window closes."""
    kept = list(order)
    while kept and isinstance(kept[-1], Break):
        shorter = kept[:-1]
        clock = _drive(courier, shorter, travel, courier.shift.start_s)
        if kept[-1] in required_breaks(courier, courier.shift.start_s, clock.now_s):
            break
        kept = shorter
    return kept


def _drive(courier: Courier, order: Sequence[Visit], travel: Travel, depart_s: int) -> _Clock:
    loads = _loads(order)
    clock = _Clock(depart_s, courier.start, next(loads), [])
    if courier.start is not None:
        clock.steps.append(Step(StepKind.START, "", courier.start, depart_s, 0, 0, 0, 0, clock.load))
    upcoming = _next_places(courier, order)
    for visit, target in zip(order, upcoming, strict=True):
        if isinstance(visit, Break):
            _pause(clock, visit, _leg(clock, target, travel))
        elif isinstance(visit, Reload):
            _reload(clock, visit, next(loads), travel)
        else:
            _arrive(clock, visit, _taken_over(visit, order), travel)
    if courier.end is not None:
        _finish(clock, courier.end, travel)
    return clock


def _loads(order: Sequence[Visit]) -> Iterator[Amounts]:
    """Yield what is loaded at the start and at each reload: what goes out before the next one."""
    loaded: list[Amounts] = []
    for visit in order:
        if isinstance(visit, Reload):
            yield total(loaded)
            loaded = []
        elif isinstance(visit, Stop) and not visit.out_of:
            loaded.append(visit.deliveries)
    yield total(loaded)


def _taken_over(stop: Stop, order: Sequence[Visit]) -> Amounts:
    """Return what comes aboard at a meeting: all that this order brings out of that van."""
    if stop.kind is not StopKind.MEETING:
        return stop.collections
    return total(one.deliveries for one in order if isinstance(one, Stop) and one.out_of == stop.out_of)


def _next_places(courier: Courier, order: Sequence[Visit]) -> list[Place | None]:
    """For each visit, the place being driven to while it is pending: a stop's own, a break's the next one's."""
    target = courier.end
    places: list[Place | None] = []
    for visit in reversed(order):
        if not isinstance(visit, Break):
            target = visit.place
        places.append(target)
    return places[::-1]


def _leg(clock: _Clock, target: Place | None, travel: Travel) -> int:
    """Seconds left to drive towards ``target``; a leg begun before a break is not begun again."""
    if clock.steps and clock.steps[-1].kind is StepKind.BREAK:
        return clock.leg_s
    return 0 if clock.place is None or target is None else travel.duration_s(clock.place, target)


def _pause(clock: _Clock, pause: Break, leg_s: int) -> None:
    begin_s, on_time = _service_begin(pause.windows, clock.now_s)
    drive_s = min(leg_s, begin_s - clock.now_s)
    arrival_s = clock.now_s + drive_s
    clock.leg_s = leg_s - drive_s
    wait_s = begin_s - arrival_s
    clock.steps.append(
        Step(StepKind.BREAK, pause.id, None, arrival_s, wait_s, pause.duration_s, drive_s, 0, clock.load)
    )
    clock.now_s = begin_s + pause.duration_s
    clock.late_breaks += not on_time


def _reload(clock: _Clock, reload: Reload, load: Amounts, travel: Travel) -> None:
    on_time = _halt(clock, reload, (StepKind.RELOAD, "", reload.duration_s, load), travel)
    clock.late_reloads += not on_time


def _arrive(clock: _Clock, stop: Stop, taken: Amounts, travel: Travel) -> None:
    load = clock.load.minus(stop.deliveries).plus(taken)
    on_time = _halt(clock, stop, (StepKind.STOP, stop.id, stop.service_s, load), travel)
    clock.parcels += stop.deliveries.parcels + stop.collections.parcels
    clock.late_stops += not on_time
    if stop.soft is not None:
        clock.late += max(0, clock.steps[-1].begin_s - stop.soft.end_s) * stop.soft.per_minute_cents


def _halt(clock: _Clock, halt: Halt, what: tuple[StepKind, str, int, Amounts], travel: Travel) -> bool:
    """Drive there, wait and write down the step ``what`` (kind, ref, service, load on leaving); return if in time."""
    kind, ref, service_s, load = what
    drive_s = _leg(clock, halt.place, travel)
    distance_m = 0 if clock.place is None else travel.distance_m(clock.place, halt.place)
    arrival_s = clock.now_s + drive_s
    begin_s, on_time = _service_begin(halt.windows, arrival_s)
    clock.load = load
    clock.steps.append(
        Step(kind, ref, halt.place, arrival_s, begin_s - arrival_s, service_s, drive_s, distance_m, load)
    )
    clock.now_s, clock.place = begin_s + service_s, halt.place
    return on_time


def _finish(clock: _Clock, end: Place, travel: Travel) -> None:
    drive_s = _leg(clock, end, travel)
    distance_m = 0 if clock.place is None else travel.distance_m(clock.place, end)
    clock.now_s += drive_s
    clock.steps.append(Step(StepKind.END, "", end, clock.now_s, 0, 0, drive_s, distance_m, clock.load))


def _service_begin(windows: tuple[TimeWindow, ...], arrival_s: int) -> tuple[int, bool]:
    """Return when service can begin and whether that is in a window; too late for all of them means at once."""
    for window in windows:
        if arrival_s <= window.end_s:
            return max(arrival_s, window.start_s), True
    return arrival_s, not windows


def _as_route(courier: Courier, clock: _Clock) -> Route:
    steps = tuple(clock.steps)
    distance_m = sum(step.distance_m for step in steps)
    stops = sum(step.kind is StepKind.STOP for step in steps)
    paid_s = steps[-1].leave_s - steps[0].arrival_s if steps else 0
    cost = cost_cents(courier.costs, paid_s, distance_m, stops, clock.parcels)
    cost += late_cents(clock.late)
    return Route(courier.id, steps, distance_m, sum(step.drive_s for step in steps), cost)


def shifted(route: Route, by_s: int) -> Route:
    """Return the same route, everything ``by_s`` seconds later: for people running late, and for testing checkers."""
    return replace(route, steps=tuple(replace(step, arrival_s=step.arrival_s + by_s) for step in route.steps))
