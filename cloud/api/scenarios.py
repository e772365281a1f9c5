"""Scenarios: ask what a day would have cost otherwise, and read the answer once the job is done."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cloud.api.calls import Call, needs, was_replayed
from cloud.api.couriers import day_span
from cloud.api.kpis import FirstDay, LastDay
from cloud.api.plans import job_shape
from cloud.api.shapes import Asked, JobShape, PathId, Told
from cloud.domain.actors import Role
from cloud.scenarios import JOB, answer_scenario
from cloud.services import scenarios
from cloud.services.ports import Act, UnitOfWork
from cloud.services.scenarios import NEW_LOCKERS_MAX, Question

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])
Asking = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]


class ScenarioAsked(Asked):
    """Without ``opt_in`` and ``new_lockers`` it asks what the lockers of the day saved."""

    day: date
    opt_in: Annotated[float | None, Field(ge=0, le=1)] = None
    new_lockers: Annotated[int, Field(ge=0, le=NEW_LOCKERS_MAX)] = 0
    model: Annotated[str, Field(min_length=1, max_length=100)] = "M20"


class WayShape(Told):
    """One way to decide the day; costs in the fleet's cents."""

    name: str
    cents: int
    metres: int
    hours: float
    routes: int
    stops: int
    parcels: int
    to_lockers: int
    unplanned: int


class NewLockerShape(Told):
    lon: float
    lat: float
    parcels: int


class AnswerShape(Told):
    ways: list[WayShape]
    new_lockers: list[NewLockerShape]


class ScenarioShape(Told):
    id: str
    day: date
    opt_in: float | None
    new_lockers: int
    model: str
    asked_by: str
    asked_at: datetime
    answer: AnswerShape | None


@router.post("", status_code=202, response_model=JobShape)
async def post_scenario(call: Asking, asked: ScenarioAsked) -> Response:
    """Begin to work a question out; the job, whose id is the scenario's, says how far it has come."""
    day_span(call, asked.day)
    rim, who = call.rim, call.actor
    question = Question(asked.day, asked.opt_in, asked.new_lockers, asked.model)
    run = rim.background.begun(JOB, rim.ids.new())

    def promise(uow: UnitOfWork, act: Act) -> JobShape:
        scenarios.ask(uow, act, run.id, question)
        uow.add(run)
        return job_shape(run, None)

    answer = await call.do(promise, 202)
    if not was_replayed(answer):
        rim.background.enqueue(run, lambda progress: answer_scenario(rim, run.id, question, who, progress))
    return answer


@router.get("/saved.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def get_saved(call: Seeing, first: FirstDay, last: LastDay) -> Response:
    """Return what lockers saved on each day that was compared, as CSV: with them, without any, the difference."""
    act = call.rim.act(call.actor)
    found: tuple[scenarios.Saved, ...] = await call.look(lambda uow: scenarios.saved_by_lockers(uow, act, first, last))
    lines = [f"{one.day},{one.with_lockers},{one.without},{one.saved}" for one in found]
    headers = {"Content-Disposition": f'attachment; filename="latchmile-saved-{first}-{last}.csv"'}
    text = "\r\n".join(["day,with_lockers_cents,without_cents,saved_cents", *lines, ""])
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{scenario_id}")
async def get_scenario(call: Seeing, scenario_id: PathId) -> ScenarioShape:
    """Return a question and, once its job is done, the answer."""
    act = call.rim.act(call.actor)
    found: scenarios.Asked = await call.look(lambda uow: scenarios.asked(uow, act, scenario_id))
    question = found.question
    return ScenarioShape(
        id=found.id,
        day=question.day,
        opt_in=question.opt_in,
        new_lockers=question.new_lockers,
        model=question.model,
        asked_by=found.asked_by,
        asked_at=found.asked_at,
        answer=_answer(found.answer) if found.answer else None,
    )


def _answer(found: scenarios.Answer) -> AnswerShape:
    ways = [WayShape.model_validate(one, from_attributes=True) for one in found.ways]
    return AnswerShape(
        ways=ways, new_lockers=[NewLockerShape(lon=o.lon, lat=o.lat, parcels=o.parcels) for o in found.new_lockers]
    )
