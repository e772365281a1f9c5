"""The courier's day on a phone: where next, what to do there, and one tap when nobody opens."""

import base64
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from cloud.api.problems import status_of
from cloud.api.shapes import PathId, PathLocker
from cloud.choosing import ranked_for
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, ForbiddenError, InvalidError
from cloud.services.come_aboard import Aboard, come_aboard
from cloud.services.complete_stop import bring_back, deliver_home, say_inside
from cloud.services.eta import Expected, expected
from cloud.services.ports import Act, UnitOfWork
from cloud.services.report_failed_attempt import FailedAttempt, report_failed_attempt
from cloud.services.start_route import start_route
from cloud.web.courier_view import REASONS, AttemptView, DayView, PassView, attempt_view, day_view, pass_view
from cloud.web.frame import STATIC, Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of, signed_in
from cloud.web.sign_in import COURIER_HOME
from cloud.web.words import words_of

DAY = "/courier/day"
NOTE_MAX = 500
QR_BORDER = 4  # modules of quiet zone that ISO/IEC 18004 asks for
Fields = dict[str, str]
Verb = Callable[[UnitOfWork, Act, Fields], Any]


@dataclass(frozen=True)
class CourierPage(ABC):
    """What every request of a courier's needs; ``home`` is where a report ends."""

    frame: Frame
    home: ClassVar[str]

    @abstractmethod
    async def show(self, request: Request, who: Actor, problem: Problem | None = None, status: int = 200) -> Response:
        """Return the page as it is now, with what went wrong."""

    async def carry_out(
        self, request: Request, verb: Verb, then: str = "", tell: Callable[[str], None] | None = None
    ) -> Response:
        """Do what the courier reports; ``verb`` is told the form's fields, ``tell`` what it returned."""
        who = await courier_of(request)
        fields, act = await fields_of(request), self.frame.rim.act(who)
        try:
            found = await self.frame.rim.do(lambda uow: verb(uow, act, fields))
        except DomainError as error:
            return await self.show(request, who, self.frame.problem(request, error, fields), status_of(error))
        if tell is not None:
            tell(found)
        return see_other(then or self.home)


@dataclass(frozen=True)
class Phone(CourierPage):
    """The day's page."""

    home = DAY

    async def show(self, request: Request, who: Actor, problem: Problem | None = None, status: int = 200) -> Response:
        rim = self.frame.rim

        def unit(uow: UnitOfWork) -> tuple[DayView, Mapping[str, Expected]]:
            view = day_view(uow, who.name, span_of(self.frame))
            route = view.day.route
            return view, expected(uow, route, rim.clock.now(), rim.locality.zone) if route else {}

        view, told = await rim.look(unit)
        words = words_of(language_of(request))
        content = {"view": view, "expected": told, "drawing": view.drawing(words), "reasons": REASONS, "who": who}
        page = self.frame.page(request, "courier_day.html", status, problem=problem, words=words, **content)
        page.headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=()"  # barcodes, jams
        return page


def create(frame: Frame) -> APIRouter:
    """Return the courier's pages."""
    router, phone = router_of(frame), Phone(frame)
    _reports(router, phone)
    _attempts(router, phone)

    @router.get(DAY)
    async def get_day(request: Request) -> Response:
        return await phone.show(request, await courier_of(request))

    @router.get("/courier/lockers/{locker_id}")
    async def get_pass(request: Request, locker_id: PathLocker) -> Response:
        who, rim = await courier_of(request), frame.rim
        act = rim.act(who)

        def unit(uow: UnitOfWork) -> PassView:
            return pass_view(uow, act, rim.keys, (who.name, locker_id), span_of(frame))

        view = await rim.look(unit)
        images = [qr_image(text) for text in view.texts]
        return frame.page(request, "courier_pass.html", view=view, passes=images, locker_id=locker_id, who=who)

    @router.get("/courier/keep.js")
    async def get_keep() -> Response:
        headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/courier/"}
        return frame.guarded(FileResponse(STATIC / "keep.js", media_type="text/javascript", headers=headers))

    return router


def _reports(router: APIRouter, phone: Phone) -> None:
    @router.post("/courier/routes/{route_id}/start")
    async def post_start(request: Request, route_id: PathId) -> Response:
        return await phone.carry_out(request, lambda uow, act, _: start_route(uow, act, route_id))

    @router.post("/courier/stops/{stop_id}/aboard")
    async def post_aboard(request: Request, stop_id: PathId) -> Response:
        """Take one parcel that was scanned, everything, or say that the rest stays behind."""

        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> str:
            which, is_rest = fields.get("parcel", "").strip()[:NOTE_MAX], "rest" in fields
            parcels = (which,) if which else () if is_rest else None
            return come_aboard(uow, act, Aboard(act.actor.name, stop_id, parcels, is_rest)).route_id

        return await phone.carry_out(request, verb, tell=phone.frame.rim.replans.ask)

    @router.post("/courier/parcels/{parcel_id}/delivered")
    async def post_delivered(request: Request, parcel_id: PathId) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            deliver_home(uow, act, parcel_id, fields.get("proof", "")[:NOTE_MAX])

        return await phone.carry_out(request, verb)

    @router.post("/courier/lockers/{locker_id}/inside/{parcel_id}")
    async def post_inside(request: Request, locker_id: PathLocker, parcel_id: PathId) -> Response:
        """Take the courier's word for a locker that is cut off."""
        then = f"/courier/lockers/{locker_id}"
        return await phone.carry_out(request, lambda uow, act, _: say_inside(uow, act, parcel_id), then)

    @router.post("/courier/parcels/{parcel_id}/back")
    async def post_back(request: Request, parcel_id: PathId) -> Response:
        return await phone.carry_out(request, lambda uow, act, _: bring_back(uow, act, parcel_id))


def _attempts(router: APIRouter, phone: Phone) -> None:
    frame, rim = phone.frame, phone.frame.rim

    @router.post("/courier/parcels/{parcel_id}/failed")
    async def post_failed(request: Request, parcel_id: PathId) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        act = rim.act(who)
        try:
            failed = failed_attempt(parcel_id, who.name, fields)
            ranked = await ranked_for(rim, act, failed)
            found = await rim.do(lambda uow: report_failed_attempt(uow, act, rim.keys, failed, ranked))
        except DomainError as error:
            return await phone.show(request, who, frame.problem(request, error, fields), status_of(error))
        return see_other(f"/courier/attempts/{found.attempt_id}")

    @router.get("/courier/attempts/{attempt_id}")
    async def get_attempt(request: Request, attempt_id: PathId) -> Response:
        who = await courier_of(request)

        def unit(uow: UnitOfWork) -> AttemptView:
            view = attempt_view(uow, attempt_id)
            if view.attempt.courier_id != who.name:
                raise ForbiddenError("this is another courier's")
            return view

        return frame.page(request, "courier_attempt.html", view=await rim.look(unit), who=who)


async def courier_of(request: Request) -> Actor:
    return await signed_in(request, COURIER_HOME, Role.COURIER)


def span_of(frame: Frame) -> tuple[datetime, datetime]:
    """Return when today begins and ends where the depot is."""
    today, zone = date.fromisoformat(frame.rim.today()), frame.rim.locality.zone
    return datetime.combine(today, time(), zone), datetime.combine(today + timedelta(days=1), time(), zone)


def failed_attempt(parcel_id: str, courier_id: str, fields: Fields) -> FailedAttempt:
    """Return what the courier tapped; the place counts only when the phone said a whole one."""
    reason = fields.get("reason", "")
    if reason not in REASONS:
        raise InvalidError("reason", "choose what happened at the door")
    lon, lat = place_of(fields)
    return FailedAttempt(parcel_id, courier_id, reason, fields.get("note", "").strip()[:NOTE_MAX], lon, lat)


def place_of(fields: Fields) -> tuple[float | None, float | None]:
    """Return where the phone says it is; half a place is none."""
    place = _degrees(fields.get("lon"), 180), _degrees(fields.get("lat"), 90)
    return place if None not in place else (None, None)


def _degrees(text: str | None, most: int) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if -most <= found <= most else None


def qr_image(text: str) -> str:
    """Return a QR code as an SVG in a data address: black on white whatever the page's colours are."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="l").save(drawn, kind="svg", border=QR_BORDER, dark="#000", light="#fff", omitsize=True)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
