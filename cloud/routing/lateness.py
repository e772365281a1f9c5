"""A promise that can no longer be kept has a price instead of an end: it is brought as little late as that is worth.

Taken off the stop, as a window that is lost anyway, nothing would draw it forward and it would end up last. VROOM knows
no soft ends (it sees the hard window only, and drives the shortest way): its answers are put right here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cloud.routing.checker import check_route
from cloud.routing.insertion import positions_by_detour, slacks_s
from cloud.routing.plan import Plan, Route, StepKind, late_cents
from cloud.routing.problem import Break, Courier, Problem, Soft, Stop, StopId, TimeWindow, Travel
from cloud.routing.schedule import Visit, earliest_route, schedule

LATE_CENTS_PER_MINUTE = 25  # about half of what a minute of the van costs (STANDARD_COSTS); our assumption
STOPS_MAX = 40  # late ones of one route that are tried elsewhere
TRIES_MAX = 20  # positions tried exactly for each, those that add least driving first


def softened(stop: Stop, until_s: int) -> Stop:
    """Return a stop whose windows are lost: open until ``until_s``, at a price from when it was promised."""
    if not stop.windows:
        return stop
    last_s = stop.windows[-1].end_s
    soft = stop.soft or Soft(last_s, LATE_CENTS_PER_MINUTE)
    return replace(stop, windows=(TimeWindow(stop.windows[0].start_s, max(until_s, last_s)),), soft=soft)


def late_price(route: Route, stops: Mapping[StopId, Stop]) -> int:
    """Return the cents of a route's cost that are the price of lateness, which nobody pays in money."""
    ends = {str(one.id): one.soft for one in stops.values()}
    steps = [(step.begin_s, ends.get(step.ref)) for step in route.steps if step.kind is StepKind.STOP]
    return late_cents(sum(max(0, begin_s - soft.end_s) * soft.per_minute_cents for begin_s, soft in steps if soft))


def least_late(problem: Problem, travel: Travel, plan: Plan) -> Plan:
    """Return the plan with every stop that has a soft end where on its route it costs least, hard rules kept."""
    stops = problem.stop_by_id()
    if not any(stop.soft for stop in problem.stops):
        return plan
    couriers = problem.courier_by_id()
    routes = tuple(_sooner(couriers[route.courier_id], route, stops, travel) for route in plan.routes)
    saved = sum(route.cost_cents for route in plan.routes) - sum(route.cost_cents for route in routes)
    return replace(plan, routes=routes, cost_cents=plan.cost_cents - saved)


def other_orders(
    courier: Courier, order: Sequence[Visit], stop: Stop, travel: Travel
) -> Iterator[tuple[tuple[Visit, ...], Route]]:
    """Yield the order with ``stop`` in other places where all rules are kept, with its route that leaves at once."""
    rest = tuple(one for one in order if one is not stop)
    known = {one.id: one for one in order if isinstance(one, Stop)}
    slacks = slacks_s(courier, rest, earliest_route(courier, rest, travel))
    for position in positions_by_detour(courier, rest, stop, slacks, travel)[:TRIES_MAX]:
        tried = (*rest[:position], stop, *rest[position:])
        route = earliest_route(courier, tried, travel)
        if not check_route(known, travel, courier, route):
            yield tried, route


def _sooner(courier: Courier, route: Route, stops: Mapping[StopId, Stop], travel: Travel) -> Route:
    order, best = tuple(_visits(courier, route, stops)), route
    soft = [one for one in order if isinstance(one, Stop) and one.soft and one.id not in courier.locked]
    for stop in soft[:STOPS_MAX]:
        for tried, _ in other_orders(courier, order, stop, travel):
            found = schedule(courier, tried, travel)
            if found.cost_cents < best.cost_cents and not check_route(dict(stops), travel, courier, found):
                order, best = tried, found
    return best


def _visits(courier: Courier, route: Route, stops: Mapping[StopId, Stop]) -> Iterator[Visit]:
    """Yield a route's order again: stops, breaks and loads."""
    breaks: Mapping[str, Break] = {one.id: one for one in courier.breaks}
    for step in route.steps:
        if step.kind is StepKind.STOP:
            yield stops[StopId(step.ref)]
        elif step.kind is StepKind.BREAK:
            yield breaks[step.ref]
        elif step.kind is StepKind.RELOAD and courier.reload is not None:
            yield courier.reload
