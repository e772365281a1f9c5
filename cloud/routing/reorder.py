"""A cheaper order for the rest of one route, asked of a planner: taken only if worth it and nobody is later."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Route
from cloud.routing.planner import Planner
from cloud.routing.problem import Courier, Stop, StopId
from cloud.routing.replan import Position, replan_rest
from cloud.routing.schedule import earliest_route

DEADLINE_S = 8.0  # a courier is at the next stop in two minutes; later the answer is about another route
SAVED_CENTS_MIN = 20  # a courier's list is not turned over for less
STOPS_MIN = 3  # the first one is fixed, and one alone has no order


@dataclass(frozen=True, slots=True)
class Reordered:
    """The rest of the route in its new order, and by how much longer it is (shorter, mostly: below zero)."""

    route: Route
    longer_m: int


async def reordered(planner: Planner, courier: Courier, stops: Sequence[Stop], travel: TravelTimes) -> Reordered | None:
    """Return a cheaper order, None if the planner finds none; the first stop stays the first.

    The courier is where ``courier.start`` says, at ``courier.shift.start_s``. Raises planner.PlannerError.
    """
    if len(stops) < STOPS_MIN:
        return None
    position = Position(courier.shift.start_s, courier.start or stops[0].place, committed=(stops[0].id,))
    problem = replan_rest(courier, position, stops, travel).problem
    (rest,) = problem.couriers
    now = earliest_route(rest, problem.stops, travel)
    late_now = _late(courier, problem.stops, travel)
    plan = await planner.plan(problem, travel, DEADLINE_S)
    if len(plan.routes) != 1 or plan.unplanned:
        return None
    order = _ordered(problem.stops, plan.routes[0].stop_ids())
    route = earliest_route(rest, order, travel)
    is_worse = _late(courier, order, travel) > late_now
    if is_worse or (now.cost_cents - route.cost_cents < SAVED_CENTS_MIN and not late_now):
        return None
    return Reordered(route, route.distance_m - now.distance_m)


def _ordered(stops: Sequence[Stop], ids: Sequence[StopId]) -> list[Stop]:
    known = {stop.id: stop for stop in stops}
    return [known[one] for one in ids]


def _late(courier: Courier, order: Sequence[Stop], travel: TravelTimes) -> int:
    """Return how many stops an order serves outside the windows it could still keep."""
    begins = {step.ref: step.begin_s for step in earliest_route(courier, order, travel).steps}
    return sum(
        bool(stop.windows) and not any(one.start_s <= begins[stop.id] <= one.end_s for one in stop.windows)
        for stop in order
    )
