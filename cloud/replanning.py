"""Better orders for routes that changed on the way: asked of the planner's worker beside everything else.

What could not wait was answered at once by insertion. Here the rest of one route is solved whole; the answer is adopted
only if it is cheaper, makes nobody later than promised, and the route is still the one it was asked about.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from cloud.domain.actors import SYSTEM
from cloud.rim import Rim
from cloud.routing.borders import reordered_before, repaired_before
from cloud.routing.jam import with_jams
from cloud.routing.matrices import MatrixError, TravelTimes
from cloud.routing.planner import PlannerError
from cloud.routing.problem import Place, StopId
from cloud.routing.reorder import STOPS_MIN
from cloud.routing.repair import Repaired
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel_times import VAN, great_circle
from cloud.services import reroute
from cloud.services.locker_question import NewOrder
from cloud.services.ports import UnitOfWork
from cloud.services.records import Route
from cloud.services.rest_of_day import Rest, new_order, read_rest

TRAVEL_S_MAX = 0.12  # of the 300 ms a courier waits at the door; a slower provider is answered for by the great circle

_log = logging.getLogger(__name__)


async def improve_for_ever(rim: Rim) -> None:
    """Think about routes as they are asked for, one after another, until cancelled."""
    while True:
        await improve(rim, await rim.replans.next())


async def improve(rim: Rim, route_id: str) -> bool:
    """Find a better order for the rest of a route and return whether one was adopted."""
    rest = await rim.look(lambda uow: _read(uow, rim, route_id))
    if rest is None or len(rest.stops) < STOPS_MIN:
        return False
    travel = await travel_now(rim, places_of(rest))
    try:
        found = await _solve(rim, rest, travel)
    except PlannerError as error:
        _log.warning("replanning.failed", extra={"route": route_id, "error": str(error)})
        return False
    return found is not None and await _adopt(rim, route_id, found)


async def travel_now(rim: Rim, places: Sequence[Place], patience_s: float = TRAVEL_S_MAX) -> TravelTimes:
    """Return travel times from now on with the jams that stand; the great circle's when the provider is too slow."""
    now = rim.clock.now()
    local = now.astimezone(rim.locality.zone)
    try:
        async with asyncio.timeout(patience_s):
            travel = await rim.travel.matrix(places, local)
    except (TimeoutError, MatrixError, TravelServerError):
        travel = great_circle(places, VAN, local.hour)
    return with_jams(travel, rim.replans.jams(now))


def places_of(rest: Rest) -> tuple[Place, ...]:
    """Return every place of the rest of a route."""
    ends = (place for place in (rest.courier.start, rest.courier.end) if place is not None)
    return tuple(sorted({*ends, *(stop.place for stop in rest.stops)}))


def repaired(rest: Rest, travel: TravelTimes, courier_from: int = 0) -> Repaired:
    """Return the rest in time as far as it can be, beginning in so many seconds; the next stop stays the next."""
    courier = replace(
        rest.courier, shift=rest.courier.shift._replace(start_s=courier_from), locked=locked(rest), under_way=True
    )
    return repaired_before(courier, rest.stops, rest.borders, travel)


def locked(rest: Rest) -> tuple[StopId, ...]:
    """Return the stop the courier is driving to: nobody is turned round on the road."""
    return tuple(stop.id for stop in rest.stops[:1])


def _read(uow: UnitOfWork, rim: Rim, route_id: str) -> Rest | None:
    route = uow.get(Route, route_id)
    if route is None or route.started_at is None:
        return None
    return read_rest(uow, rim.act(SYSTEM), reroute.with_stops(uow, route))


async def _solve(rim: Rim, rest: Rest, travel: TravelTimes) -> NewOrder | None:
    """Return a cheaper order of the rest, None if the worker finds none."""
    found = await reordered_before(rim.planner, rest.courier, rest.stops, rest.borders, travel)
    return new_order(rest, found.route, found.longer_m) if found else None


async def _adopt(rim: Rim, route_id: str, order: NewOrder) -> bool:
    def unit(uow: UnitOfWork) -> bool:
        left = reroute.with_stops(uow, uow.need(Route, route_id))
        ahead = [stop.id for stop in left.stops if reroute.is_open(left, stop)]
        same = order.stop_ids() == frozenset(ahead) and ahead[0] == order.stops[0].stop_id
        if same:
            reroute.resequence(uow, left, order)
        return same

    adopted = await rim.do(unit)
    _log.info("replanning.done", extra={"route": route_id, "adopted": adopted, "longer_m": order.longer_m})
    return adopted
