"""Free flow from any provider, in the traffic that completed stops taught; and a plan's times hour by hour."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan, Route, Step, StepKind
from cloud.routing.problem import UNREACHABLE_S, Place, Stop
from cloud.routing.travel.congestion import AREA_LAT, AREA_LON, Traffic, area_of
from cloud.routing.travel_times import TravelTimesProvider

FREE_FLOW_HOUR = 12  # at which every provider's own hour factor is 1
ROWS = 256  # origins computed at once

ReadTraffic = Callable[[], Awaitable[Traffic]]


def hour_of_week(at: datetime) -> int:
    """Return 0 for Monday's first hour to 167; ``at`` in local time, as rush hour is local."""
    return at.weekday() * 24 + at.hour


@dataclass(frozen=True, slots=True)
class LearnedTimes:
    """``base`` is asked for free flow; ``traffic`` for what is known of the hours now."""

    base: TravelTimesProvider
    traffic: ReadTraffic

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        free = await self.free_flow(places, depart_at)
        known = await self.traffic()
        return await asyncio.to_thread(in_hour, free, known, hour_of_week(depart_at))

    async def free_flow(self, places: Sequence[Place], day: datetime) -> TravelTimes:
        return await self.base.matrix(places, day.replace(hour=FREE_FLOW_HOUR))


def in_hour(free: TravelTimes, traffic: Traffic, hour: int) -> TravelTimes:
    """Return free-flow times as they are in an hour of the week, each leg by the area its middle lies in."""
    durations = free.durations_s.astype(np.float64)
    degrees = np.asarray(free.places, dtype=np.float64).reshape(-1, 2)
    for first in range(0, len(free.places), ROWS):
        rows = slice(first, first + ROWS)
        middle = (degrees[rows, None, :] + degrees[None, :, :]) / 2
        durations[rows] *= _factors(np.floor(middle / (AREA_LON, AREA_LAT)).astype(np.int64), traffic, hour)
    lost = free.durations_s >= UNREACHABLE_S
    slowed = np.where(lost, UNREACHABLE_S, np.minimum(np.ceil(durations), UNREACHABLE_S))
    return replace(free, durations_s=slowed.astype(np.uint32))


def _factors(areas: NDArray[np.int64], traffic: Traffic, hour: int) -> NDArray[np.float64]:
    """Return the factor of each cell of the grid that ``areas`` names, by one small table over the learned ones."""
    usual = float(traffic.hours[hour])
    if not traffic.areas:
        return np.full(areas.shape[:2], usual)
    known = np.array(list(traffic.areas), dtype=np.int64)
    low = known.min(axis=0)
    table = np.full(tuple(known.max(axis=0) - low + 3), usual)
    for area, factors in traffic.areas.items():
        table[area.x - low[0] + 1, area.y - low[1] + 1] = factors[hour]
    x, y = (np.clip(areas[..., axis] - low[axis] + 1, 0, table.shape[axis] - 1) for axis in (0, 1))
    found: NDArray[np.float64] = table[x, y]
    return found


def hour_by_hour(plan: Plan, stops: Iterable[Stop], traffic: Traffic, zero: datetime, planned_for: datetime) -> Plan:
    """Return the plan with each leg driven in the traffic of its own hour, in the same order.

    The plan's second 0 is ``zero``, and it was made with one hour's times, those of ``planned_for``. Waiting for a
    window takes up what it can. What people are told comes from here; feasibility and cost stay the planner's.
    """
    hour = hour_of_week(planned_for)
    by_id = {str(stop.id): stop for stop in stops}
    routes = tuple(_route(route, by_id, traffic, hour, zero) for route in plan.routes)
    return Plan(routes, plan.unplanned, plan.cost_cents)


def _route(route: Route, stops: Mapping[str, Stop], traffic: Traffic, hour: int, zero: datetime) -> Route:
    steps: list[Step] = [route.steps[0]]
    here = route.steps[0].place
    for step in route.steps[1:]:
        left_s = steps[-1].leave_s
        area = area_of(here or step.place or Place(0, 0), step.place or here or Place(0, 0))
        now = hour_of_week(zero + timedelta(seconds=left_s))
        drive_s = round(step.drive_s * traffic.factor(area, now) / traffic.factor(area, hour))
        arrival_s = left_s + drive_s
        wait_s = max(0, _begin_s(step, stops, arrival_s) - arrival_s)
        steps.append(replace(step, arrival_s=arrival_s, wait_s=wait_s, drive_s=drive_s))
        here = step.place or here
    return replace(route, steps=tuple(steps), drive_s=sum(step.drive_s for step in steps))


def _begin_s(step: Step, stops: Mapping[str, Stop], arrival_s: int) -> int:
    """Return when work may begin: in the window it was planned in, at once when that is lost."""
    if step.kind is not StepKind.STOP:
        return max(arrival_s, step.begin_s if step.kind is StepKind.BREAK else arrival_s)
    open_from = [window.start_s for window in stops[step.ref].windows if window.start_s <= step.begin_s <= window.end_s]
    return max([arrival_s, *open_from])
