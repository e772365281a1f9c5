"""Who drives on a day, for whoever plans it: the shifts in a table, one typed or a file of them, each to be changed."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile

from cloud.api.calls import check_origin, rim_of
from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Actor, Role, require
from cloud.domain.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from cloud.intake.findings import FileRefusedError
from cloud.landing import SHIFTS, land, open_file
from cloud.services.imports import ImportSource, begin
from cloud.services.people import BREAK_MAX, LOADS_MAX, RELOAD_MAX
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import JobRun
from cloud.services.shifts import add_shift, change_shift, take_back
from cloud.web.console import staff_of
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.sayings import said
from cloud.web.shifts_view import Fields, ShiftsView, day_in, example_of, shift_in, span_of, view_of
from cloud.web.words import words_of

PAGE = "/console/shifts"
TOLD = ("added", "changed", "taken_back")
MINUTE = timedelta(minutes=1)
FILE_FIELDS_MAX = 4  # beside the file: the day
Verb = Callable[[UnitOfWork, Act, Fields], object]
Day = Annotated[date | None, Query()]
Left = Annotated[int, Query(ge=0)]


@dataclass(frozen=True)
class ShiftsPage:
    """What every request of the page needs."""

    frame: Frame

    async def show(self, request: Request, day: date, status: int = 200, **more: Any) -> Response:
        who = await planner_of(request)
        change = more.pop("change", "")
        view = await self.read(who, day, change)
        content: dict[str, Any] = {"view": view, "day": day, "today": date.fromisoformat(self.frame.rim.today())}
        content |= {"before": day - timedelta(days=1), "after": day + timedelta(days=1), "told": "", "left": 0}
        content |= {"loads_max": LOADS_MAX, "reload_max": RELOAD_MAX // MINUTE, "break_max": BREAK_MAX // MINUTE}
        return self.frame.page(request, "console_shifts.html", status, who=who, area="plan", **content | more)

    async def read(self, who: Actor, day: date, change: str = "") -> ShiftsView:
        rim = self.frame.rim
        act, span = rim.act(who), span_of(day, rim.locality.zone)
        return await rim.look(lambda uow: view_of(uow, act, span, change))

    async def carry_out(self, request: Request, told: str, verb: Verb, change: str = "") -> Response:
        who, rim = await planner_of(request), self.frame.rim
        fields, act = await fields_of(request), rim.act(who)
        day = day_in(fields.get("day", ""))
        try:
            found = await rim.do(lambda uow: verb(uow, act, fields))
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as error:
            problem = self.frame.problem(request, error, fields)
            still = "" if isinstance(error, ConflictError) else change  # what has begun has no form any more
            return await self.show(request, day, status_of(error), problem=problem, change=still)
        left = f"&left={found}" if isinstance(found, int) else ""
        return see_other(f"{PAGE}?day={day.isoformat()}&told={told}{left}#told")

    async def take_file(self, request: Request) -> Response:
        """Take a file of shifts; its report is a page of its own."""
        who, rim = await planner_of(request), self.frame.rim
        raw, name, day = await file_of(request)
        try:
            if not raw:
                raise InvalidError("file", "choose a file first")
            file = await asyncio.to_thread(open_file, rim, SHIFTS, raw)
            zone, digest, act = rim.locality.zone.key, hashlib.sha256(raw).hexdigest(), rim.act(who)
            source = ImportSource(SHIFTS, name, digest, time_zone=zone, day=day.isoformat())
            run: JobRun = await rim.do(lambda uow: self._promise(uow, act, source))
        except FileRefusedError as error:
            words, found = words_of(language_of(request)), error.finding
            sentence = words.say("shifts.file_refused", line=found.line, why=said(words, found.reason))
            return await self.show(request, day, 422, problem=Problem(sentence, {}))
        except DomainError as error:
            return await self.show(request, day, status_of(error), problem=self.frame.problem(request, error))
        continued = replace(source, run_id=run.id)
        rim.background.enqueue(run, lambda progress: land(rim, who, continued, file, progress))
        return see_other(f"/console/imports/{run.id}")

    def _promise(self, uow: UnitOfWork, act: Act, source: ImportSource) -> JobRun:
        run = self.frame.rim.background.begun(f"import {source.kind}", begin(uow, act, source))
        uow.add(run)
        return run


def create(frame: Frame) -> APIRouter:
    """Return the page, what is asked of it, and its file."""
    router, page = router_of(frame), ShiftsPage(frame)
    rim = frame.rim

    @router.get(PAGE)
    async def get_shifts(request: Request, day: Day = None, told: str = "", left: Left = 0) -> Response:
        known = told if told in TOLD else ""
        return await page.show(request, day_of(frame, day), told=known, left=left)

    @router.get(PAGE + "/example.csv")
    async def get_example(request: Request, day: Day = None) -> Response:
        chosen = day_of(frame, day)
        view = await page.read(await planner_of(request), chosen)
        text = example_of(view, span_of(chosen, rim.locality.zone))
        named = {"Content-Disposition": f'attachment; filename="shifts-{chosen.isoformat()}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=named)

    @router.get(PAGE + "/{shift_id}")
    async def get_shift(request: Request, shift_id: PathId, day: Day = None) -> Response:
        return await page.show(request, day_of(frame, day), change=shift_id)

    @router.post(PAGE)
    async def post_shift(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            add_shift(uow, act, shift_in(fields, rim.locality.zone, act.ids.new()))

        return await page.carry_out(request, "added", verb)

    @router.post(PAGE + "/file")
    async def post_file(request: Request) -> Response:
        return await page.take_file(request)

    @router.post(PAGE + "/{shift_id}")
    async def post_change(request: Request, shift_id: PathId) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            change_shift(uow, act, shift_in(fields, rim.locality.zone, shift_id))

        return await page.carry_out(request, "changed", verb, shift_id)

    @router.post(PAGE + "/{shift_id}/take-back")
    async def post_take_back(request: Request, shift_id: PathId) -> Response:
        return await page.carry_out(request, "taken_back", lambda uow, act, _: take_back(uow, act, shift_id))

    return router


async def planner_of(request: Request) -> Actor:
    """Return the signed-in person who plans days; raises ``ForbiddenError`` for other staff."""
    who = await staff_of(request)
    require(who, Role.OPERATOR, Role.PLANNER)
    return who


def day_of(frame: Frame, asked: date | None) -> date:
    return day_in(asked.isoformat()) if asked else date.fromisoformat(frame.rim.today())


async def file_of(request: Request) -> tuple[bytes, str, date]:
    """Return a form's file, its name and the day it is for."""
    check_origin(rim_of(request), request)
    async with request.form(max_files=1, max_fields=FILE_FIELDS_MAX) as form:
        sent, day = form.get("file"), form.get("day")
        raw, name = (await sent.read(), sent.filename or "") if isinstance(sent, UploadFile) else (b"", "")
        return raw, name[:200], day_in(day if isinstance(day, str) else "")
