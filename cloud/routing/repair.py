"""A running route that has become late: promises that can still be kept are, by moving as few stops as it takes.

What is lost is brought as little late as its price says (``lateness``), never at anybody else's cost.

In the loop's own thread, without a solver: what cannot wait for one is that people are told the truth. A worker may
find a better order afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud.routing.checker import check_route
from cloud.routing.insertion import positions_by_detour, slacks_s
from cloud.routing.lateness import other_orders, softened
from cloud.routing.plan import Route, StepKind
from cloud.routing.problem import Courier, Stop, StopId, TimeWindow, Travel
from cloud.routing.schedule import earliest_route

MOVES_MAX = 40  # late stops that are tried elsewhere; a route with more is not repaired but planned anew
TRIES_MAX = 20  # positions tried exactly for each, those that add least driving first


@dataclass(frozen=True, slots=True)
class Repaired:
    """``late`` begin outside their windows whatever is tried; they stay on the route and people must be told."""

    order: tuple[Stop, ...]
    route: Route
    late: tuple[StopId, ...]


def repair(courier: Courier, order: Sequence[Stop], travel: Travel) -> Repaired:
    """Return the order with every late stop put where it is in time and makes no other late, if there is such a place.

    Where there is none it goes where it is late for the least.

    Stops of ``courier.locked`` stay where they are. The clock runs from ``courier.shift.start_s``.
    """
    kept = tuple(order)
    late = _late(courier, kept, travel)
    for stop in sorted(late, key=lambda one: one.windows[-1].end_s)[:MOVES_MAX]:
        kept = _moved(courier, kept, stop, travel)
    return in_order(courier, kept, travel)


def in_order(courier: Courier, order: Sequence[Stop], travel: Travel) -> Repaired:
    """Return this very order with its times, and what is late in it."""
    route = earliest_route(courier, order, travel)
    return Repaired(tuple(order), route, tuple(one.id for one in _late(courier, order, travel)))


def delayed(courier: Courier, by_s: int) -> Courier:
    """Return the courier who can go on only in ``by_s`` seconds."""
    start_s = courier.shift.start_s + by_s
    return replace(courier, shift=TimeWindow(start_s, max(start_s, courier.shift.end_s)))


def _moved(courier: Courier, order: tuple[Stop, ...], stop: Stop, travel: Travel) -> tuple[Stop, ...]:
    """Return the order with ``stop`` in the cheapest place where it and all others in time so far are in time."""
    if stop.id in courier.locked:
        return order
    rest = tuple(one for one in order if one.id != stop.id)
    forgiven = _forgiving(courier, rest, travel)
    slacks = slacks_s(courier, forgiven, earliest_route(courier, forgiven, travel))
    for position in positions_by_detour(courier, forgiven, stop, slacks, travel)[:TRIES_MAX]:
        tried = (*forgiven[:position], stop, *forgiven[position:])
        route = earliest_route(courier, tried, travel)
        if not check_route({one.id: one for one in tried}, travel, courier, route):
            return (*rest[:position], stop, *rest[position:])
    return _least_late(courier, order, stop, travel)


def _least_late(courier: Courier, order: tuple[Stop, ...], stop: Stop, travel: Travel) -> tuple[Stop, ...]:
    """Return the order with a stop whose promise is lost where that costs least, nobody in time made late for it."""
    forgiven = _forgiving(courier, order, travel)
    known, names = {one.id: one for one in order}, tuple(one.id for one in order)
    least = earliest_route(courier, forgiven, travel).cost_cents
    lost = next(one for one in forgiven if one.id == stop.id)
    for _, route in other_orders(courier, forgiven, lost, travel):
        if route.cost_cents < least:
            names, least = route.stop_ids(), route.cost_cents
    return tuple(known[one] for one in names)


def _forgiving(courier: Courier, order: tuple[Stop, ...], travel: Travel) -> tuple[Stop, ...]:
    """Take the windows off what is late anyway: moving one stop need not heal the others."""
    late = {one.id for one in _late(courier, order, travel)}
    return tuple(softened(one, courier.shift.end_s) if one.id in late else one for one in order)


def _late(courier: Courier, order: Sequence[Stop], travel: Travel) -> list[Stop]:
    route = earliest_route(courier, order, travel)
    begins = {step.ref: step.begin_s for step in route.steps if step.kind is StepKind.STOP}
    return [
        stop
        for stop in order
        if stop.windows and not any(one.start_s <= begins[stop.id] <= one.end_s for one in stop.windows)
    ]
