"""Planning a day at the rim: read the day, ask how far everything is, let a worker think, store the answer.

When anything fails the plan in force stays in force, and an alarm says so.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from cloud.background import JobFailedError, Progress
from cloud.domain.actors import SYSTEM, Actor
from cloud.engines import Answered, Engines, answer_day
from cloud.rim import Rim
from cloud.routing import planner as port
from cloud.routing.matrices import MatrixError, TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel.learned import hour_by_hour
from cloud.services.hand_to_others import own_part, tasks_for_others
from cloud.services.keep_decisions import BATCH, codes_wanted, in_force, keep_decisions, to_promise
from cloud.services.offers import OutsideTask, offer_tasks
from cloud.services.plan_routes import DayData, DaySpan, gather_day, store_plan
from cloud.services.ports import UnitOfWork
from cloud.services.prepare_codes import FreshCode, make_codes, store_codes
from cloud.services.records_ops import Alarm
from cloud.services.travel_knowledge import traffic

JOB = "plan"
MORNING = timedelta(hours=9)  # whose traffic a day's travel times are asked for: most stops are driven around then

_log = logging.getLogger(__name__)


def span_of(rim: Rim, day: date) -> DaySpan:
    """Return the service day: from midnight to midnight where the depot is."""
    zone = rim.locality.zone
    return DaySpan(day, datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone))


async def make_ready(rim: Rim) -> None:
    """Have the joint engine's machine code made beside the first requests; until it is, VROOM plans alone."""
    if rim.joint is not None:
        try:
            await rim.joint.warm_up()
        except (port.PlannerError, OSError) as error:
            _log.error("joint.not_ready", extra={"error": str(error)})


async def plan_day(rim: Rim, day: date, who: Actor, progress: Progress) -> str:
    """Plan ``day`` and return the plan's id; raises ``JobFailedError``."""
    act = rim.act(who)
    data = await rim.look(lambda uow: gather_day(uow, act, span_of(rim, day)))
    progress.total = len(data.problem.stops)
    deadline_s = rim.locality.plan_deadline.total_seconds()
    force = await rim.look(lambda uow: in_force(uow, data.span))

    def tell(heard: port.Progress) -> None:
        progress.note = _note(heard)

    try:
        travel = await rim.travel.matrix(_places(data), data.span.begins + MORNING)
        if travel.degraded:
            await _alarm(rim, "travel_times_degraded", day, travel.degraded)
        engines = Engines(rim.planner, rim.joint)
        answered = await answer_day(engines, data, travel, (deadline_s, tell, force))
    except (port.PlannerError, MatrixError, TravelServerError) as error:
        await _alarm(rim, "planning_failed", day, str(error))
        raise JobFailedError(f"there is no new plan for {day}; the one in force stays: {error}") from error
    if answered.trouble:
        await _alarm(
            rim, "joint_planning_failed", day, f"VROOM planned, and nobody's choice was used: {answered.trouble}"
        )
    progress.note = "storing"
    plan_id, left = await _store(rim, who, answered, travel)
    progress.done = progress.total
    said = {"day": day.isoformat(), "routes": len(answered.plan.routes), "planner": answered.planner, "offered": left}
    _log.info("planning.done", extra=said)
    return plan_id


async def _store(rim: Rim, who: Actor, answered: Answered, travel: TravelTimes) -> tuple[str, int]:
    """Keep what was chosen, a few promises at a time, store our own part of the plan, then offer others theirs.

    Return the plan's id and how many stops were offered.
    """
    data, begins = answered.data, answered.data.span.begins
    await _promise(rim, who, to_promise(data))
    known = await rim.look(traffic)
    ours = own_part(data, answered.plan)
    timed = hour_by_hour(ours, data.problem.stops, known, begins, begins + MORNING)
    tasks = await asyncio.to_thread(tasks_for_others, data, answered.plan, travel) if data.others else ()
    act = rim.act(who)
    plan_id = await rim.do(lambda uow: store_plan(uow, act, data, timed, answered.planner))
    offered = 0
    for start in range(0, len(tasks), BATCH):
        offered += await _offer(rim, who, tasks[start : start + BATCH])
    return plan_id, offered


async def _offer(rim: Rim, who: Actor, tasks: Sequence[OutsideTask]) -> int:
    act = rim.act(who)
    return len(await rim.do(lambda uow: offer_tasks(uow, act, tasks)))


async def _promise(rim: Rim, who: Actor, chosen: dict[str, str]) -> None:
    """Promise lockers beforehand, so that a plan only speaks of what is kept; codes are made outside the writer."""
    for locker_id, salt, count in await rim.look(lambda uow: codes_wanted(uow, rim.keys, chosen)):
        codes = await asyncio.to_thread(make_codes, count, salt, rim.ids)
        await _keep_codes(rim, locker_id, codes)
    pairs = list(chosen.items())
    for start in range(0, len(pairs), BATCH):
        await _keep(rim, who, pairs[start : start + BATCH])


async def _keep_codes(rim: Rim, locker_id: str, codes: Sequence[FreshCode]) -> None:
    act = rim.act(SYSTEM)
    await rim.do(lambda uow: store_codes(uow, act, rim.keys, locker_id, codes))


async def _keep(rim: Rim, who: Actor, pairs: Sequence[tuple[str, str]]) -> int:
    act = rim.act(who)
    return await rim.do(lambda uow: keep_decisions(uow, act, rim.keys, pairs))


def _places(data: DayData) -> tuple[Place, ...]:
    """Return every place of the day, those that may be chosen among them."""
    more = data.joint.places() if data.joint else ()
    return tuple(dict.fromkeys((*data.problem.places(), *more)))


def _note(heard: port.Progress) -> str:
    """Say how far the planner is, with the cost of the best plan so far in the fleet's currency."""
    return str(heard.phase) if heard.cost_cents is None else f"{heard.phase}, {heard.cost_cents / 100:.2f} so far"


async def _alarm(rim: Rim, kind: str, day: date, why: str) -> None:
    act = rim.act(SYSTEM)
    alarm = Alarm(
        id=act.ids.new(),
        locker_id=None,
        kind=kind,
        severity="warning",
        compartment=None,
        detail=f"{day}: {why}"[:1_000],
        raised_at=act.now,
        seen_by=None,
        seen_at=None,
        cleared_at=None,
    )

    def unit(uow: UnitOfWork) -> None:
        uow.add(alarm)

    await rim.do(unit)
    _log.error("planning.alarm", extra={"kind": kind, "day": day.isoformat(), "error": why})
