"""What if: a question about a day, how far its answer has come, and the answer as plots, a table and a map."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.plans import job_shape
from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Actor, Role, require
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.locker import Locker
from cloud.rim import Rim
from cloud.scenarios import JOB, answer_scenario
from cloud.services import scenarios
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import JobRun, Model
from cloud.services.scenarios import AS_IT_IS, DOORS, NEW_LOCKERS_MAX, Answer, Question
from cloud.web import maps
from cloud.web.console import staff_of
from cloud.web.console_view import names_of
from cloud.web.frame import D3, Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.words import Words, words_of

PERCENT, METRES_PER_KM = 100, 1_000
DIGITS_MAX = 3  # of a percentage or a number of lockers typed by a person


def create(frame: Frame) -> APIRouter:
    """Return the pages of questions."""
    router, rim = router_of(frame), frame.rim

    async def show(request: Request, problem: Problem | None = None, status: int = 200) -> Response:
        who = await staff_of(request)
        act = rim.act(who)

        def unit(uow: UnitOfWork) -> dict[str, Any]:
            models = [one.name for one in uow.find(Model, order="name")]
            return {"asked": scenarios.latest(uow, act), "models": models, "names": names_of(uow)}

        content = await rim.look(unit)
        content["today"] = date.fromisoformat(rim.today())
        content |= {"can_ask": who.may_be(Role.OPERATOR, Role.PLANNER), "new_max": NEW_LOCKERS_MAX}
        return frame.page(request, "console_scenarios.html", status, who=who, area="costs", problem=problem, **content)

    @router.get("/console/scenarios")
    async def get_scenarios(request: Request) -> Response:
        return await show(request)

    @router.post("/console/scenarios")
    async def post_scenario(request: Request) -> Response:
        who, fields = await staff_of(request), await fields_of(request)
        require(who, Role.OPERATOR, Role.PLANNER)
        try:
            question = question_of(fields)
            run = rim.background.begun(JOB, rim.ids.new())
            act = rim.act(who)

            def unit(uow: UnitOfWork) -> None:
                scenarios.ask(uow, act, run.id, question)
                uow.add(run)

            await rim.do(unit)
        except DomainError as error:
            return await show(request, frame.problem(request, error, fields), status_of(error))
        rim.background.enqueue(run, lambda progress: answer_scenario(rim, run.id, question, who, progress))
        return see_other(f"/console/scenarios/{run.id}")

    @router.get("/console/scenarios/{scenario_id}")
    async def get_scenario(request: Request, scenario_id: PathId) -> Response:
        who = await staff_of(request)
        content = await _content(rim, scenario_id, who, words_of(language_of(request)))
        return frame.page(request, "console_scenario.html", who=who, area="costs", **content)

    return router


async def _content(rim: Rim, scenario_id: str, who: Actor, words: Words) -> dict[str, Any]:
    act = rim.act(who)

    def unit(uow: UnitOfWork) -> tuple[scenarios.Asked, JobRun | None, list[Locker]]:
        return scenarios.asked(uow, act, scenario_id), uow.get(JobRun, scenario_id), uow.find(Locker, order="id")

    asked, run, lockers = await rim.look(unit)
    answer = asked.answer
    return {
        "asked": asked,
        "job": job_shape(run, rim.background.progress(scenario_id)) if run else None,
        "saved": saved_cents(answer),
        "plots": plots(answer, words),
        "has_plots": D3.is_file(),
        "drawing": drawing(answer, lockers),
    }


def question_of(fields: Mapping[str, str]) -> Question:
    """Return what a form asks; raises ``InvalidError`` for what no service could read."""
    try:
        day = date.fromisoformat(fields.get("day", ""))
    except ValueError as error:
        raise InvalidError("day", "write a day such as 2026-11-23") from error
    share = _whole("opt_in", fields.get("opt_in", ""))
    lockers = _whole("new_lockers", fields.get("new_lockers", ""))
    return Question(day, None if share is None else share / PERCENT, lockers or 0, fields.get("model", "") or "M20")


def _whole(name: str, text: str) -> int | None:
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= DIGITS_MAX):
        raise InvalidError(name, "write a whole number, or leave it empty")
    return int(typed)


def saved_cents(answer: Answer | None) -> int | None:
    """Return what the day's lockers saved against bringing everything to the door."""
    as_it_is, doors = (answer.way(AS_IT_IS), answer.way(DOORS)) if answer else (None, None)
    return doors.cents - as_it_is.cents if as_it_is and doors else None


def plots(answer: Answer | None, words: Words) -> str:
    """Return what the plots are drawn from, named in the reader's words."""
    lines = [
        {
            "name": words.word("scenario_way", one.name),
            "cents_per_parcel": one.cents / max(1, one.parcels),
            "km": one.metres / METRES_PER_KM,
        }
        for one in (answer.ways if answer else ())
    ]
    return json.dumps({"ways": lines}, ensure_ascii=False)


def drawing(answer: Answer | None, lockers: list[Locker]) -> str:
    """Return the map: lockers there are, and where new ones are suggested."""
    points = [maps.locker_point(one, href=f"/console/lockers/{one.id}") for one in lockers]
    new = answer.new_lockers if answer else ()
    points += [
        maps.point("locker", (one.lon, one.lat), f"{number}", text=str(number), state="new")
        for number, one in enumerate(new, start=1)
    ]
    return maps.drawing(points)
