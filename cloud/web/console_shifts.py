"""Who drives on a day, for whoever plans it: the shifts in a table, one typed or a file of them, each to be changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cloud.api.imports import SHIFTS_BYTES_MAX
from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Actor, Role, require
from cloud.domain.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from cloud.intake.findings import FileRefusedError
from cloud.landing import SHIFTS
from cloud.services.imports import ImportSource
from cloud.services.people import BREAK_MAX, LOADS_MAX, RELOAD_MAX
from cloud.services.ports import Act, UnitOfWork
from cloud.services.shifts import add_shift, change_shift, take_back
from cloud.web.bring import bring, brought, problem_of
from cloud.web.console import staff_of
from cloud.web.frame import Frame, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.shifts_view import Fields, ShiftsView, day_in, example_of, shift_in, span_of, view_of

PAGE = "/console/shifts"
TOLD = ("added", "changed", "taken_back")
MINUTE = timedelta(minutes=1)
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
        sent = await brought(request, SHIFTS_BYTES_MAX)
        day = day_in(sent.fields.get("day", ""))
        zone = rim.locality.zone.key
        source = ImportSource(SHIFTS, sent.name, sent.digest, time_zone=zone, day=day.isoformat())
        try:
            return await bring(rim, who, source, sent.raw)
        except (FileRefusedError, DomainError) as error:
            status = status_of(error) if isinstance(error, DomainError) else 422
            return await self.show(request, day, status, problem=problem_of(self.frame, request, error, {}))


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
