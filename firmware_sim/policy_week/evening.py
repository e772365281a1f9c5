"""The plan of the evening before: only the day's own parcels are known, and every locker is taken to be empty.

In the morning the product's engine goes on from it as it does from any plan in force. It is the same for all policies,
so what they cost differs by what they do and not by the luck of two searches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from cloud.routing.joint.day import JointDay, JointPlan, Running, Warm
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import StepKind
from cloud.routing.problem import RouteCourierId, StopId
from cloud.routing.stops import DropOff, Site, within_capacity
from cloud.routing.travel_times import VAN, great_circle
from firmware_sim.city_day import City, CityParcel, Rooms, joint_day, make_parcels

PLANNED_FOR_H = 9  # whose traffic a day's travel times are asked for, as cloud.planning does

PlanDay = Callable[[JointDay, TravelTimes, Warm], Awaitable[JointPlan]]


async def evening_plans(city: City, days: tuple[int, int, int], plan_day: PlanDay) -> tuple[Warm, ...]:
    """Return the plan of each day; ``days`` are how many, the parcels a day and the seed."""
    count, parcels, seed = days

    async def planned(number: int) -> Warm:
        day = joint_day(city, make_parcels(city, parcels, number, seed))
        return in_force(await plan_day(day, great_circle(day.places(), VAN, PLANNED_FOR_H), {}))

    return tuple(await asyncio.gather(*(planned(number) for number in range(count))))


def in_force(joint: JointPlan) -> Warm:
    """Return a plan as what the next one goes on from."""
    stops = joint.problem.stop_by_id()
    return {
        route.courier_id: tuple(
            Running(ref, joint.decided.get(ref), step.begin_s)
            for step in route.steps
            if step.kind is StepKind.STOP
            for ref in stops[StopId(step.ref)].parcels
        )
        for route in joint.plan.routes
    }


def with_room(warm: Warm, parcels: Mapping[str, CityParcel], rooms: Rooms) -> Warm:
    """Return the plan without what the lockers have no room for this morning."""
    goes = {one.ref: one.site_id for running in warm.values() for one in running if one.site_id is not None}
    held: set[str] = set()
    for site_id in sorted(set(goes.values())):
        theirs = [parcels[ref] for ref, where in goes.items() if where == site_id]
        drop_offs = [DropOff(one.item, site_id, one.size) for one in theirs]
        site = Site(site_id, theirs[0].home, free=rooms.get(site_id, {}))
        held |= {one.item.ref for one in within_capacity(site, drop_offs)[0]}
    return {
        RouteCourierId(courier): tuple(one for one in running if one.site_id is None or one.ref in held)
        for courier, running in warm.items()
    }
