"""Which engine plans a day: the joint one for choices, several loads or many stops, VROOM the rest, or instead.

The joint engine gets most of the deadline and VROOM what is left: a worker that is killed, hangs or lies costs the day
its choices (everybody who may go to a locker is driven home) and never its plan. Why these two: ADR 0017.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cloud.routing import planner as port
from cloud.routing.checker import check
from cloud.routing.joint.day import JointDay, JointPlan, Running, Warm
from cloud.routing.matrices import TravelTimes
from cloud.routing.others import leave_to_others, ours_only
from cloud.routing.plan import Plan, Unplanned
from cloud.routing.problem import Problem, RouteCourierId
from cloud.routing.reloading import plan_loads
from cloud.routing.worker_wire import VROOM_STOPS_MAX
from cloud.services.gather_day import DayData

JOINT, VROOM = "joint", "vroom"
RESERVE_SHARE = 0.3  # of the deadline, kept for VROOM: enough for its first answer on the largest day it takes
RESERVE_S = 6.0  # enough on a day of a fifth of that, a worker's start included; a smaller day leaves no more unused
JOINT_FROM = 300  # stops of a day without choices; below, VROOM's answer in a second or two is good enough to wait for

Force = Mapping[RouteCourierId, Sequence[Running]]


class DayPlanner(Protocol):
    """The joint engine as planning sees it."""

    @property
    def is_warm(self) -> bool: ...

    async def warm_up(self) -> None:
        """Have everything made that the first plan would wait for. Raises planner.PlannerError."""

    async def plan_day(
        self,
        day: JointDay,
        travel: TravelTimes,
        deadline_s: float,
        progress: port.ProgressCallback = port.silent,
        warm: Warm | None = None,
    ) -> JointPlan: ...


@dataclass(frozen=True, slots=True)
class AsPlanner:
    """The joint engine for a problem without choices, where a ``Planner`` is asked for."""

    joint: DayPlanner

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: port.ProgressCallback = port.silent
    ) -> Plan:
        """Return its plan. Raises planner.PlannerError."""
        day = JointDay(problem.couriers, problem.stops, tariffs=problem.tariffs)
        return (await self.joint.plan_day(day, travel, deadline_s, progress)).plan


@dataclass(frozen=True, slots=True)
class Engines:
    """``joint`` is None where nobody installed it. Days without choices are its own from ``joint_from`` stops on."""

    vroom: port.Planner
    joint: DayPlanner | None = None
    joint_from: int = JOINT_FROM


@dataclass(frozen=True, slots=True)
class Answered:
    """``trouble`` says why the joint engine did not plan a day it should have planned."""

    data: DayData
    plan: Plan
    planner: str
    trouble: str = ""


async def answer_day(
    engines: Engines, data: DayData, travel: TravelTimes, asked: tuple[float, port.ProgressCallback, Force]
) -> Answered:
    """Plan a day by whichever engine it is for. Raises planner.PlannerError when no engine has an answer."""
    deadline_s, progress, in_force = asked
    trouble = ""
    day = _for_joint(engines, data)
    if day is not None and engines.joint is not None and engines.joint.is_warm:
        try:
            reserve_s = kept_for_vroom_s(deadline_s, len(data.problem.stops))
            found = await engines.joint.plan_day(day, travel, deadline_s - reserve_s, progress, in_force)
            return Answered(_chosen(data, found), found.plan, JOINT)
        except port.PlannerError as error:
            trouble = str(error)
            deadline_s = reserve_s
    plan = await plan_loads(engines.vroom, ours_only(data.problem), travel, deadline_s, progress)
    if data.others:
        plan = await asyncio.to_thread(_with_others, data.problem, travel, plan)
    return Answered(data, plan, VROOM, trouble)


def kept_for_vroom_s(deadline_s: float, stops: int) -> float:
    """Return how much of the deadline is kept in case the joint engine has no answer: by the size of the day."""
    by_size_s = RESERVE_SHARE * deadline_s * stops / VROOM_STOPS_MAX
    return min(RESERVE_SHARE * deadline_s, max(RESERVE_S, by_size_s))


def _for_joint(engines: Engines, data: DayData) -> JointDay | None:
    """Return the day as the joint engine sees it, None if it is not for it."""
    has_loads = any(one.reload is not None for one in data.problem.couriers)  # VROOM knows one load at a time
    if data.joint is None and (has_loads or len(data.problem.stops) >= engines.joint_from):
        return JointDay(data.problem.couriers, data.problem.stops, tariffs=data.problem.tariffs)
    return data.joint


def _with_others(problem: Problem, travel: TravelTimes, ours: Plan) -> Plan:
    """Return the plan with what others do cheaper; ours as it is, should the checker ever refuse that."""
    plan = leave_to_others(problem, travel, ours)
    return ours if check(problem, travel, plan) else plan


def _chosen(data: DayData, found: JointPlan) -> DayData:
    """Return the day with the choices made; what the joint day never spoke of stays left behind with its reason."""
    spoken_of = {ref for stop in found.problem.stops for ref in stop.parcels}
    spoken_of |= {ref for one in found.plan.unplanned for ref in one.parcels}
    left = tuple(one for one in (_without(one, spoken_of) for one in data.left_behind) if one.parcels)
    decided = {ref: site for ref, site in found.decided.items() if site is not None}
    return replace(data, problem=found.problem, left_behind=left, decided=decided)


def _without(left: Unplanned, refs: set[str]) -> Unplanned:
    return replace(left, parcels=tuple(ref for ref in left.parcels if ref not in refs))
