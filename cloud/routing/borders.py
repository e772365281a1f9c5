"""Routes on which parcels come aboard on the way: nothing passes a border, so only what is before the next one moves.

A border is a stop at the depot for the next load, or where another van is met. The part up to it is a route of its
own that ends there; what is behind keeps its order and is timed anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from cloud.routing.matrices import TravelTimes
from cloud.routing.planner import Planner
from cloud.routing.problem import Courier, Stop, StopId, Travel
from cloud.routing.reorder import Reordered, reordered
from cloud.routing.repair import Repaired, in_order, repair

Borders = Collection[StopId]


def parted(stops: Sequence[Stop], borders: Borders) -> tuple[tuple[Stop, ...], tuple[Stop, ...]]:
    """Return what comes before the next border, and the rest from it on.

    A border that is driven to already is passed as good as any first stop: it stays the first.
    """
    first = next((number for number, stop in enumerate(stops) if number and stop.id in borders), len(stops))
    return tuple(stops[:first]), tuple(stops[first:])


def repaired_before(courier: Courier, stops: Sequence[Stop], borders: Borders, travel: Travel) -> Repaired:
    """Return the route with what comes before the next border repaired, all of it timed."""
    head, tail = parted(stops, borders)
    found = repair(_up_to(courier, tail), head, travel)
    return in_order(courier, (*found.order, *tail), travel) if tail else found


async def reordered_before(
    planner: Planner, courier: Courier, stops: Sequence[Stop], borders: Borders, travel: TravelTimes
) -> Reordered | None:
    """Return a cheaper order of what comes before the next border, None if there is none that makes nobody later."""
    head, tail = parted(stops, borders)
    found = await reordered(planner, _up_to(courier, tail), head, travel)
    if found is None or not tail:
        return found
    known = {stop.id: stop for stop in head}
    order = [*(known[one] for one in found.route.stop_ids()), *tail]
    before, after = in_order(courier, stops, travel), in_order(courier, order, travel)
    return None if len(after.late) > len(before.late) else Reordered(after.route, found.longer_m)


def _up_to(courier: Courier, tail: Sequence[Stop]) -> Courier:
    return replace(courier, end=tail[0].place) if tail else courier
