"""The operator's lists: the day's plan with what was left out, alarms, the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Role, require
from cloud.domain.errors import DomainError
from cloud.domain.positions import CourierPosition
from cloud.planning import JOB, plan_day
from cloud.services import audit, queries
from cloud.services.by_whom import Hand, Share, hands_of, shares
from cloud.services.ports import Act, Before, UnitOfWork
from cloud.services.positions import known_of
from cloud.services.records import ENDS, Courier, Route, StopKind
from cloud.services.records_ops import Alarm, AuditEntry, JobRun, SupportCase
from cloud.services.see_alarm import see_alarm
from cloud.services.settle import settle_alarm, settle_case
from cloud.web import maps
from cloud.web.console import staff_of
from cloud.web.console_shifts import day_of
from cloud.web.console_view import names_of
from cloud.web.courier_view import StopCard
from cloud.web.dates import Dates
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.words import Words, words_of

ROWS_SHOWN = 100  # of a list on one page


@dataclass(frozen=True, slots=True)
class RouteView:
    route: Route
    courier: Courier | None
    cards: tuple[StopCard, ...]
    seen: CourierPosition | None = None

    @property
    def name(self) -> str:
        return self.courier.name if self.courier else self.route.courier_id

    @property
    def parcels(self) -> int:
        return sum(1 for card in self.cards for task, _ in card.view.tasks if task.task in ENDS)

    @property
    def loads(self) -> int:
        """How often the van is loaded."""
        return 1 + sum(1 for card in self.cards if card.stop.kind is StopKind.DEPOT)

    @property
    def done(self) -> int:
        return sum(1 for card in self.cards if not card.is_open)


@dataclass(frozen=True, slots=True)
class PlanView:
    page: queries.PlanPage | None
    routes: tuple[RouteView, ...]
    job: JobRun | None
    hands: tuple[Hand, ...] = ()

    @property
    def shares(self) -> tuple[Share, ...]:
        return shares(self.hands)

    def drawing(self, words: Words, dates: Dates) -> str:
        """Return all routes on one map, each in its own colour; what others bring in dashes and diamonds.

        Vans are where their couriers' phones last said they are.
        """
        lines, points = [], []
        for colour, one in enumerate(self.routes):
            lines.append(maps.line([(card.stop.lon, card.stop.lat) for card in one.cards], colour))
            for number, card in enumerate(one.cards, start=1):
                at = (card.stop.lon, card.stop.lat)
                is_locker = card.stop.locker_id is not None
                points.append(
                    maps.point("dot", at, f"{number}. {card.named(words)}", colour=colour % 6, locker=is_locker)
                )
        for hand in self.hands:
            spots = [(one.errand.lon, one.errand.lat) for one in hand.errands]
            if hand.start is not None:
                lines.append(maps.line([hand.start, *spots], dashed=True))
            points += [maps.point("dot", at, hand.name, state=f"of-{hand.kind}") for at in spots]
        for colour, one in enumerate(self.routes):
            if one.seen is not None:
                name = words.say("plan.van", name=one.name, ago=dates.ago(one.seen.at))
                points.append(maps.point("van", (one.seen.lon, one.seen.lat), name, colour=colour % 6))
        return maps.drawing(points, lines)


def create(frame: Frame) -> APIRouter:
    """Return the lists."""
    router = router_of(frame)
    for add in (_plan, _alarms, _audit):
        add(router, frame)
    return router


def _plan(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    async def show(request: Request, day: date, problem: Problem | None = None, status: int = 200) -> Response:
        who = await staff_of(request)
        act, may_see = rim.act(who), who.may_be(Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
        view = await rim.look(lambda uow: plan_view(uow, day, act.now if may_see else None))
        words = words_of(language_of(request))
        drawing = view.drawing(words, frame.dates_in(words))
        content = {"view": view, "drawing": drawing, "day": day, "today": date.fromisoformat(rim.today())}
        content |= {"before": day - timedelta(days=1), "after": day + timedelta(days=1)}
        content["can_plan"] = who.may_be(Role.OPERATOR, Role.PLANNER)
        return frame.page(request, "console_plan.html", status, who=who, area="plan", problem=problem, **content)

    @router.get("/console/plan")
    async def get_plan(request: Request, day: Annotated[date | None, Query()] = None) -> Response:
        return await show(request, day_of(frame, day))

    @router.post("/console/plan")
    async def post_plan(request: Request) -> Response:
        who, day = await staff_of(request), date.fromisoformat(rim.today())
        fields = await fields_of(request)
        require(who, Role.OPERATOR, Role.PLANNER)
        try:
            run = rim.background.begun(JOB, rim.ids.new())

            def unit(uow: UnitOfWork) -> None:
                uow.add(run)

            await rim.do(unit)
        except DomainError as error:
            return await show(request, day, frame.problem(request, error, fields), status_of(error))
        rim.background.enqueue(run, lambda progress: plan_day(rim, day, who, progress))
        return see_other("/console/plan")


def plan_view(uow: UnitOfWork, day: date, now: datetime | None = None) -> PlanView:
    """Read a day's plan with the couriers' names, and how planning last went; with ``now``, where the vans are."""
    page = queries.plan_page(uow, day.isoformat())
    couriers = {one.id: one for one in uow.find(Courier)} if page else {}
    routes = tuple(
        _route_view(uow, route, couriers.get(route.courier_id), tuple(StopCard(view, None) for view in stops), now)
        for route, stops in (page.routes if page else ())
    )
    job = uow.first(JobRun, order="-started_at", job=JOB)
    return PlanView(page, routes, job, hands_of(uow, day.isoformat()))


def _route_view(
    uow: UnitOfWork, route: Route, courier: Courier | None, cards: tuple[StopCard, ...], now: datetime | None
) -> RouteView:
    """Return a route, with its van while it is under way."""
    is_under_way = now is not None and route.started_at is not None and any(card.is_open for card in cards)
    seen = known_of(uow, now, route.courier_id) if now is not None and is_under_way else None
    return RouteView(route, courier, cards, seen)


def _alarms(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    @router.get("/console/alarms")
    async def get_alarms(request: Request) -> Response:
        who = await staff_of(request)

        def unit(uow: UnitOfWork) -> dict[str, Any]:
            before = Before(rim.clock.now())
            return {
                "live": uow.find(Alarm, order="-raised_at", cleared_at=None, limit=ROWS_SHOWN),
                "over": uow.find(Alarm, order="-cleared_at", cleared_at=before, limit=ROWS_SHOWN // 4),
                "cases": uow.find(SupportCase, order="-opened_at", closed_at=None, limit=ROWS_SHOWN),
                "names": names_of(uow),
            }

        return frame.page(request, "console_alarms.html", who=who, area="alarms", **await rim.look(unit))

    @router.post("/console/alarms/{alarm_id}/seen")
    async def post_seen(request: Request, alarm_id: PathId) -> Response:
        who = await staff_of(request)
        await fields_of(request)
        act = rim.act(who)
        await rim.do(lambda uow: see_alarm(uow, act, alarm_id))
        return see_other("/console/alarms")

    @router.post("/console/alarms/{alarm_id}/done")
    async def post_alarm_done(request: Request, alarm_id: PathId) -> Response:
        return await settled(request, lambda uow, act: settle_alarm(uow, act, alarm_id))

    @router.post("/console/cases/{case_id}/done")
    async def post_case_done(request: Request, case_id: PathId) -> Response:
        return await settled(request, lambda uow, act: settle_case(uow, act, case_id))

    async def settled(request: Request, verb: Callable[[UnitOfWork, Act], None]) -> Response:
        who = await staff_of(request)
        await fields_of(request)
        act = rim.act(who)
        await rim.do(lambda uow: verb(uow, act))
        return see_other("/console/alarms")


def _audit(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    @router.get("/console/audit")
    async def get_audit(
        request: Request,
        before: Annotated[int | None, Query(ge=1)] = None,
        check: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter, nobody calls this
    ) -> Response:
        who = await staff_of(request)
        require(who, Role.OPERATOR, Role.SUPPORT)

        def unit(uow: UnitOfWork) -> tuple[list[AuditEntry], int | None, dict[str, str]]:
            older = {"sequence": Before(before)} if before else {}
            broken = audit.check(uow) if check else None  # reads the whole log: only when asked
            return uow.find(AuditEntry, order="-sequence", limit=ROWS_SHOWN, **older), broken, names_of(uow)

        lines, broken, names = await rim.look(unit)
        content: dict[str, Any] = {
            "lines": lines,
            "broken": broken,
            "page_size": ROWS_SHOWN,
            "checked": check,
            "names": names,
        }
        return frame.page(request, "console_audit.html", who=who, area="audit", **content)
