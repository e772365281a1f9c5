"""Planning a day at the rim: read the day, ask how far everything is, let VROOM think in its worker, store the answer.

When anything fails the plan in force stays in force, and an alarm says so.
"""

import logging
from datetime import date, datetime, time, timedelta

from cloud.background import JobFailedError, Progress
from cloud.domain.actors import SYSTEM, Actor
from cloud.rim import Rim
from cloud.routing import planner as port
from cloud.routing.matrices import MatrixError
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel.learned import hour_by_hour
from cloud.services.plan_routes import DaySpan, gather_day, store_plan
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import Alarm
from cloud.services.travel_knowledge import traffic

PLANNER = "vroom"
JOB = "plan"
MORNING = timedelta(hours=9)  # whose traffic a day's travel times are asked for: most stops are driven around then

_log = logging.getLogger(__name__)


def span_of(rim: Rim, day: date) -> DaySpan:
    """Return the service day: from midnight to midnight where the depot is."""
    zone = rim.locality.zone
    return DaySpan(day, datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone))


async def plan_day(rim: Rim, day: date, who: Actor, progress: Progress) -> str:
    """Plan ``day`` and return the plan's id; raises ``JobFailedError``."""
    act = rim.act(who)
    data = await rim.look(lambda uow: gather_day(uow, act, span_of(rim, day)))
    progress.total = len(data.problem.stops)
    deadline_s = rim.locality.plan_deadline.total_seconds()

    def tell(heard: port.Progress) -> None:
        progress.note = str(heard.phase)

    try:
        travel = await rim.travel.matrix(data.problem.places(), data.span.begins + MORNING)
        if travel.degraded:
            await _alarm(rim, "travel_times_degraded", day, travel.degraded)
        answer = await rim.planner.plan(data.problem, travel, deadline_s, tell)
    except (port.PlannerError, MatrixError, TravelServerError) as error:
        await _alarm(rim, "planning_failed", day, str(error))
        raise JobFailedError(f"there is no new plan for {day}; the one in force stays: {error}") from error
    known = await rim.look(traffic)
    timed = hour_by_hour(answer, data.problem.stops, known, data.span.begins, data.span.begins + MORNING)
    storing = rim.act(who)
    plan_id = await rim.do(lambda uow: store_plan(uow, storing, data, timed, PLANNER))
    progress.done = progress.total
    _log.info("planning.done", extra={"day": day.isoformat(), "routes": len(answer.routes)})
    return plan_id


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
