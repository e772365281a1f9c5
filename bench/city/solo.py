"""One planner on one generated day, in a process of its own: ``bench.child`` starts it and measures its memory."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

from bench.child import own_peak_mb
from bench.city import pyvrp
from bench.city.day import City, decided, joint_day, make_city, travel_times
from cloud.engines import Engines, answer_day
from cloud.routing.checker import check
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import PlannerError, silent
from cloud.routing.problem import Problem
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from cloud.services.gather_day import DayData, DaySpan

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
SPAN = DaySpan(date(2026, 11, 23), MIDNIGHT, MIDNIGHT + timedelta(days=1))

Planned = tuple[Problem, Plan, str, float]
"""Also the engine's name, and the seconds it took once its machine code was there."""
Method = Callable[[City, TravelTimes, float, int], Awaitable[Planned]]


async def product(city: City, travel: TravelTimes, seconds: float, cores: int) -> Planned:
    """Plan as the service does: whichever engine it is for."""
    day = joint_day(city)
    data = DayData(SPAN, decided(city), (), (), day if day.choices else None)
    async with VroomPlanner(VroomOptions(threads=cores)) as vroom_, JointPlanner(JointOptions(threads=cores)) as joint_:
        await joint_.warm_up()
        began = time.monotonic()
        answered = await answer_day(Engines(vroom_, joint_), data, travel, (seconds, silent, {}))
        took = time.monotonic() - began
    return answered.data.problem, answered.plan, answered.planner, took


async def joint(city: City, travel: TravelTimes, seconds: float, cores: int) -> Planned:
    """Plan by the joint engine, whatever the service would choose."""
    async with JointPlanner(JointOptions(threads=cores)) as planner:
        await planner.warm_up()
        began = time.monotonic()
        found = await planner.plan_day(joint_day(city), travel, seconds)
        took = time.monotonic() - began
    return found.problem, found.plan, "joint", took


async def vroom(city: City, travel: TravelTimes, seconds: float, cores: int) -> Planned:
    """Plan by VROOM alone: its first answer at exploration 0, the last one at 1 if it gets that far."""
    problem, began = decided(city), time.monotonic()
    async with VroomPlanner(VroomOptions(threads=cores)) as planner:
        plan = await planner.plan(problem, travel, seconds)
    return problem, plan, "vroom", time.monotonic() - began


async def peer(city: City, travel: TravelTimes, seconds: float, _: int) -> Planned:
    """Plan by PyVRP, which uses one core."""
    problem, began = decided(city), time.monotonic()
    plan = pyvrp.plan(problem, travel, seconds)
    return problem, plan, "pyvrp", time.monotonic() - began


METHODS: dict[str, Method] = {"product": product, "joint": joint, "pyvrp": peer, "vroom": vroom}


async def measure(ask: dict[str, float | int | str]) -> dict[str, object]:
    """Make the day, plan it, have the plan checked, and say what it costs."""
    city = make_city(int(ask["parcels"]), int(ask["seed"]), float(ask["choice"]))
    day = joint_day(city)
    travel = travel_times(tuple(dict.fromkeys((*day.places(), *decided(city).places()))))
    method, seconds, cores = METHODS[str(ask["method"])], float(ask["seconds"]), int(ask["cores"])
    try:
        problem, plan, engine, took = await method(city, travel, seconds, cores)
    except PlannerError as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}
    left = sum(len(one.parcels) for one in plan.unplanned)
    return {
        "engine": engine,
        "stops": len(problem.stops),
        "wall_s": round(took, 1),
        "cents": plan.cost_cents,
        "vans": len(plan.routes),
        "left": left,
        "cents_a_parcel": round(plan.cost_cents / max(1, len(city.parcels) - left), 2),
        "km": round(sum(route.distance_m for route in plan.routes) / 1_000),
        "memory_mb": own_peak_mb(),
        "faults": [str(one) for one in check(problem, travel, plan)[:3]],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))), flush=True)
