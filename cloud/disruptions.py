"""The day does not go as planned: late, in a jam. Read, thought about in a thread, stored if still true.

Each ends with a route that can be driven and people who know; a worker then looks for a better order.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from cloud.domain.actors import SYSTEM, Role, require
from cloud.domain.errors import ConflictError, InvalidError, NotFoundError
from cloud.replanning import places_of, repaired, travel_now
from cloud.rim import Doing, Rim
from cloud.routing.jam import Jam, with_jams
from cloud.routing.matrices import TravelTimes
from cloud.routing.repair import Repaired
from cloud.services import reroute
from cloud.services.attention import alarm
from cloud.services.delays import Delay, Delayed, RouteChangedError, check_delay, check_driver, store_delay
from cloud.services.ports import NOT_NULL, Act, UnitOfWork
from cloud.services.records import Plan, Route
from cloud.services.rest_of_day import Rest, new_order, read_rest
from cloud.services.travel_knowledge import jams, keep_jams

TRIES_MAX = 3  # a route that changes between reading and writing three times in a row is being driven by two phones
JAM_LIFE_MAX = timedelta(hours=12)  # a road closed for longer belongs into the map
ROUTES_MAX = 1_000  # as many couriers as one problem may have
NOBODY = Delayed(0, 0)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the courier is, when the report says so; else ``services.positions`` may know."""

    lon: float | None = None
    lat: float | None = None

    def place(self) -> tuple[float, float] | None:
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Late:
    """A courier can go on in ``by``, from where they are."""

    courier_id: str
    by: timedelta
    where: Whereabouts


async def running_late(rim: Rim, act: Act, late: Late, do: Doing[Delayed] | None = None) -> Delayed:
    """Have the courier's arrivals told anew."""
    check_delay(late.by)
    by_s = int(late.by.total_seconds())

    def read(uow: UnitOfWork) -> Rest:
        left = reroute.route_of(uow, late.courier_id)
        if left is None:
            raise NotFoundError("route on the road of courier", late.courier_id)
        check_driver(act, left)
        return read_rest(uow, act, left, late.where.place())

    return await _again(rim, act, read, ("running_late", by_s), do or rim.do)


async def traffic_jam(rim: Rim, act: Act, jam: Jam, until: datetime) -> Delayed:
    """Remember a jam, and have every route that leads through it timed anew; returns how many people it delays."""
    require(act.actor, Role.COURIER, Role.OPERATOR, Role.PLANNER)
    if not act.now < until <= act.now + JAM_LIFE_MAX:
        raise InvalidError("until", f"in the future, at most {JAM_LIFE_MAX // timedelta(hours=1)} hours from now")
    rim.replans.report(jam, until, act.now)
    where = f"{jam.place.lat:.4f}, {jam.place.lon:.4f}, within {jam.radius_m} m"
    detail = f"{where}: {jam.delay_s // 60} min until {until.astimezone(rim.locality.zone):%H:%M}"
    standing = rim.replans.standing(act.now)

    def unit(uow: UnitOfWork) -> None:
        keep_jams(uow, act, standing)
        uow.add(alarm(act, (None, None), ("traffic_jam", "warning"), detail))

    await rim.do(unit)
    told = late = 0
    for route_id in await rim.look(_driving):
        found = await _in_jam(rim, route_id, jam)
        told, late = told + found.told, late + found.late
    return Delayed(told, late)


async def remember_jams(rim: Rim) -> None:
    """Know again, at a start, which jams couriers have reported."""
    rim.replans.remember(await rim.look(jams))


async def _in_jam(rim: Rim, route_id: str, jam: Jam) -> Delayed:
    act = rim.act(SYSTEM)  # a courier may say where it jams; what that means for others is ours to say

    def read(uow: UnitOfWork) -> Rest:
        return read_rest(uow, act, reroute.with_stops(uow, uow.need(Route, route_id)))

    if not _leads_through(await rim.look(read), jam):
        return NOBODY
    try:
        return await _again(rim, act, read, ("traffic_jam", 0), rim.do)
    except ConflictError:
        return NOBODY  # its courier is busy changing it; the jam counts at the next change


def _leads_through(rest: Rest, jam: Jam) -> bool:
    places = places_of(rest)
    none = np.zeros((len(places), len(places)), dtype=np.uint32)
    slower = with_jams(TravelTimes(places, none, none), (jam,))
    way = [rest.courier.start, *(stop.place for stop in rest.stops), rest.courier.end]
    return any(slower.duration_s(a, b) for a, b in pairwise(way) if a is not None and b is not None)


async def _again(
    rim: Rim, act: Act, read: Callable[[UnitOfWork], Rest], why: tuple[str, int], do: Doing[Delayed]
) -> Delayed:
    """Read, think, store; begin again when the route changed in between."""
    for _ in range(TRIES_MAX):
        rest = await rim.look(read)
        if not rest.stops:
            return NOBODY
        travel = await travel_now(rim, places_of(rest))
        delay = await asyncio.get_running_loop().run_in_executor(rim.readers, _think, rim, rest, travel, why)
        found = await _stored(act, delay, do)
        if found is not None:
            rim.replans.ask(delay.route_id)
            return found
    raise ConflictError("the route keeps changing; try again in a moment")


async def _stored(act: Act, delay: Delay, do: Doing[Delayed]) -> Delayed | None:
    """Return None when the route has changed since it was read."""
    try:
        return await do(lambda uow: store_delay(uow, act, delay))
    except RouteChangedError:
        return None


def _think(rim: Rim, rest: Rest, travel: TravelTimes, why: tuple[str, int]) -> Delay:
    reason, by_s = why
    found: Repaired = repaired(rest, travel, by_s)
    order = new_order(rest, found.route, 0)
    late = frozenset(rest.names[one] for one in found.late)
    return Delay(rest.left.route.id, reason, order, late, str(rim.locality.zone))


def _driving(uow: UnitOfWork) -> list[str]:
    """Return the routes on the road that have something left to do."""
    current = {plan.id for plan in uow.find(Plan, current=True)}
    routes = (
        uow.find(Route, order="id", limit=ROUTES_MAX, started_at=NOT_NULL, plan_id=tuple(current)) if current else []
    )
    return [route.id for route in routes if reroute.open_ids(reroute.with_stops(uow, route))]
