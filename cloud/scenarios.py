"""What would this day have cost otherwise? The joint engine decides it several ways, as work in the background.

As it was, everything to the door, each to the nearest locker, or with something changed. The days compared differ in
nothing but that: the same parcels, couriers, travel times, seed and seconds. Every locker counts with all its
compartments, because what lay in them on a day long gone is not known any more.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.background import JobFailedError, Progress
from cloud.domain.actors import Actor
from cloud.plan_files.day import Assumptions, Files, NamedDay, day_of, to_doors, to_nearest
from cloud.plan_files.recorded import files_of
from cloud.plan_files.what_if import suggest, with_lockers, with_opt_in
from cloud.planning import MORNING, span_of
from cloud.rim import Rim
from cloud.routing import planner as port
from cloud.routing.joint.day import JointPlan
from cloud.routing.matrices import MatrixError
from cloud.routing.travel.errors import TravelServerError
from cloud.services.scenarios import (
    AS_IT_IS,
    CHANGED,
    DOORS,
    NEAREST,
    Answer,
    DayRecords,
    NewLocker,
    Question,
    Way,
    day_records,
    keep_answer,
)

JOB = "scenario"
DEADLINE_S = 20.0  # for each way to decide the day: up to four of them, and a plan may wait behind them
WALK_M = 800  # whom a locker reaches that is not there yet: about ten minutes on foot
PER_WAY = 100  # parts of progress

Ways = list[tuple[str, NamedDay]]


async def answer_scenario(rim: Rim, scenario_id: str, question: Question, who: Actor, progress: Progress) -> str:
    """Work a question out and keep the answer; return the scenario's id. Raises ``JobFailedError``."""
    if rim.joint is None or not rim.joint.is_warm:
        raise JobFailedError("the engine that compares days is not ready yet; ask again in a minute")
    act, span = rim.act(who), span_of(rim, question.day)
    records = await rim.look(lambda uow: day_records(uow, act, span, question))
    ways, new = ways_of(records, question, rim.locality.zone)
    progress.total = PER_WAY * len(ways)
    found = []
    for number, (name, day) in enumerate(ways):
        progress.done, progress.note = PER_WAY * number, name
        found.append(await _decided(rim, name, day, span.begins + MORNING, _teller(progress, name)))
    answer = Answer(tuple(found), new)
    await rim.do(lambda uow: keep_answer(uow, scenario_id, answer))
    progress.done = progress.total
    return scenario_id


def _teller(progress: Progress, name: str) -> port.ProgressCallback:
    """Return what hears of an engine: its phases move the bar, as it never says how much is left."""
    steps = {port.Phase.SOLVING: 10, port.Phase.IMPROVING: 30, port.Phase.CHECKING: 90}
    begun = progress.done

    def tell(heard: port.Progress) -> None:
        progress.done = max(progress.done, begun + steps.get(heard.phase, 0))
        progress.note = name if heard.cost_cents is None else f"{name}, {heard.cost_cents / 100:.2f} so far"

    return tell


async def _decided(rim: Rim, name: str, day: NamedDay, at: datetime, tell: port.ProgressCallback) -> Way:
    assert rim.joint is not None  # noqa: S101 - asked before
    try:
        travel = await rim.travel.matrix(day.joint.places(), at)
        found = await rim.joint.plan_day(day.joint, travel, DEADLINE_S, tell)
    except (port.PlannerError, MatrixError, TravelServerError) as error:
        raise JobFailedError(f"the day could not be decided as {name!r}: {error}") from error
    return way(name, found)


def way(name: str, found: JointPlan) -> Way:
    """Return a plan in the numbers a comparison shows."""
    routes = found.plan.routes
    stops = found.problem.stop_by_id()
    brought = [stops[one] for route in routes for one in route.stop_ids()]
    return Way(
        name=name,
        cents=found.plan.cost_cents,
        metres=sum(route.distance_m for route in routes),
        hours=round(sum(route.end_s - route.depart_s for route in routes) / 3600, 2),
        routes=len(routes),
        stops=len(brought),
        parcels=sum(len(stop.parcels) for stop in brought),
        to_lockers=sum(1 for site in found.decided.values() if site),
        unplanned=sum(max(1, len(one.parcels)) for one in found.plan.unplanned),
    )


def ways_of(records: DayRecords, question: Question, zone: ZoneInfo) -> tuple[Ways, tuple[NewLocker, ...]]:
    """Return the days to decide, what is asked about first, and where new lockers are suggested."""
    assumed = Assumptions(zone, WALK_M, question.model)

    def made(files: Files) -> NamedDay:
        return day_of(files, question.day, records.layouts, assumed)

    files = files_of(records, question.day, zone)
    given = made(files)
    ways: Ways = [(AS_IT_IS, given), (NEAREST, to_nearest(given)), (DOORS, to_doors(given))]
    if question.is_counterfactual:
        return ways, ()
    changed = files if question.opt_in is None else with_opt_in(files, question.opt_in)
    room = len(records.layouts[question.model].compartments)
    places = suggest(changed, question.new_lockers, WALK_M, room) if question.new_lockers else []
    changed = with_lockers(changed, [(one.lon, one.lat) for one in places], question.model)
    new = tuple(NewLocker(one.lon, one.lat, one.parcels) for one in places)
    return [(CHANGED, made(changed)), *ways], new
