"""A partner's counter on a phone or tablet: scan a parcel in, hand one over, give one back, close for the day.

Every page works with a hand scanner, which types and presses Enter, and offers the camera where a browser can read
codes. There is no way to work without a connection here: what the pages cannot tell the cloud has not happened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.parcel import Parcel
from cloud.services.counter_codes import hand_over
from cloud.services.counter_desk import Arrival, TakenIn, give_back, report_mistake, take_in
from cloud.services.counter_hours import close_on, open_on, set_intake
from cloud.services.counter_shelf import set_shelf
from cloud.services.counter_staff import workplace
from cloud.services.counter_view import CounterView, counter_view
from cloud.services.ports import Act, UnitOfWork
from cloud.showing import shown
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of, signed_in
from cloud.web.sign_in import COUNTER_HOME
from contract.sizes import SizeClass

IN, OUT, BACK, SHELF = "/counter/in", "/counter/out", "/counter/back", "/counter/shelf"
PASS_MAX = 4_296  # characters a QR code can carry
Fields = dict[str, str]
Verb = Callable[[UnitOfWork, Act, str, Fields], Any]


@dataclass(frozen=True)
class Desk:
    """What every request from a counter needs."""

    frame: Frame

    async def show(self, request: Request, name: str, status: int = 200, **content: Any) -> Response:
        """Return a page of the counter, which may use the camera to read codes."""
        who = await staff_of(request)
        act = self.frame.rim.act(who)
        view: CounterView = await self.frame.rim.look(lambda uow: counter_view(uow, act, workplace(who.name)))
        answer = self.frame.page(request, f"counter_{name}.html", status, view=view, who=who, here=name, **content)
        answer.headers["Permissions-Policy"] = "geolocation=(), camera=(self), microphone=()"
        return answer

    async def carry_out(self, request: Request, name: str, verb: Verb, then: str) -> Response:
        """Do what staff said; ``verb`` is told the counter and the form's fields. A refusal is shown where they are."""
        who, fields = await staff_of(request), await fields_of(request)
        act = self.frame.rim.act(who)
        try:
            done = await self.frame.rim.do(lambda uow: verb(uow, act, workplace(who.name), fields))
        except DomainError as error:
            return await self.refused(request, name, error, fields)
        return see_other(then.format(done=done))

    async def refused(self, request: Request, name: str, error: DomainError, typed: Fields) -> Response:
        problem: Problem = self.frame.problem(request, error, typed)
        return await self.show(request, name, status_of(error), **_EMPTY[name], problem=problem)

    async def own_parcel(self, request: Request, name: str) -> Parcel | None:
        """Return the parcel an address speaks of, if it is or was this counter's."""
        who, parcel_id = await staff_of(request), request.query_params.get(name, "")
        found: Parcel | None = await self.frame.rim.look(lambda uow: uow.get(Parcel, parcel_id[:32]))
        return found if found is not None and found.locker_id == workplace(who.name) else None


_EMPTY: dict[str, dict[str, Any]] = {
    "in": {"taken": None, "arrival": None},
    "out": {"answer": None, "handed": None},
    "back": {"given": None},
    "shelf": {"told": None},
}


def create(frame: Frame) -> APIRouter:
    """Return the counter's pages."""
    router, desk = router_of(frame), Desk(frame)
    _arrivals(router, desk)
    _hand_overs(router, desk)
    _returns(router, desk)
    _shelf(router, desk)
    return router


def _arrivals(router: APIRouter, desk: Desk) -> None:
    @router.get(IN)
    async def get_in(request: Request) -> Response:
        taken = await desk.own_parcel(request, "taken")
        asked = request.query_params.get("arrival", "")
        arrival = Arrival(asked) if asked in set(Arrival) else None
        return await desk.show(request, "in", taken=taken, arrival=arrival)

    @router.post(IN)
    async def post_in(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            found: TakenIn = take_in(uow, act, counter, fields.get("barcode", ""))
            return f"arrival={found.arrival}&taken={found.parcel_id or ''}"

        return await desk.carry_out(request, "in", verb, IN + "?{done}")


def _hand_overs(router: APIRouter, desk: Desk) -> None:
    @router.get(OUT)
    async def get_out(request: Request) -> Response:
        return await desk.show(request, "out", answer=None, handed=await desk.own_parcel(request, "handed"))

    @router.post(OUT)
    async def post_out(request: Request) -> Response:
        """Show what a code opens; the answer stands on this page only and in no address."""
        who, fields = await staff_of(request), await fields_of(request)
        try:
            answer = await shown(desk.frame.rim, who, workplace(who.name), fields.get("code", "")[:PASS_MAX])
        except DomainError as error:
            return await desk.refused(request, "out", error, {})
        return await desk.show(request, "out", answer=answer, handed=None)

    @router.post("/counter/hand-over")
    async def post_hand_over(request: Request) -> Response:
        keys = desk.frame.rim.keys

        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            return hand_over(uow, act, keys, counter, fields.get("proof", "")).id

        return await desk.carry_out(request, "out", verb, OUT + "?handed={done}")


def _returns(router: APIRouter, desk: Desk) -> None:
    frame = desk.frame

    @router.get(BACK)
    async def get_back(request: Request) -> Response:
        return await desk.show(request, "back", given=await desk.own_parcel(request, "given"))

    @router.post("/counter/back/{parcel_id}")
    async def post_back(request: Request, parcel_id: PathId) -> Response:
        """Give one parcel to the courier; a pass that was scanned stays there for the next one."""
        who, fields = await staff_of(request), await fields_of(request)
        act, what = frame.rim.act(who), (workplace(who.name), parcel_id)
        shown_pass = fields.get("pass", "").strip() or None
        try:
            given = await frame.rim.do(lambda uow: give_back(uow, act, frame.rim.keys, what, shown_pass))
        except DomainError as error:
            return await desk.refused(request, "back", error, fields)
        if shown_pass is None:
            return see_other(f"{BACK}?given={parcel_id}")
        return await desk.show(request, "back", given=given, problem=None, kept_pass=shown_pass)


def _shelf(router: APIRouter, desk: Desk) -> None:
    @router.get(SHELF)
    async def get_shelf(request: Request) -> Response:
        told = request.query_params.get("told")
        return await desk.show(request, "shelf", told=told if told in TOLD else None)

    @router.post("/counter/intake")
    async def post_intake(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            is_open = fields.get("open") == "yes"
            set_intake(uow, act, counter, is_open=is_open)
            return "takes" if is_open else "full"

        return await desk.carry_out(request, "shelf", verb, SHELF + "?told={done}")

    @router.post("/counter/closings")
    async def post_closing(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            closed = fields.get("closed") == "yes"
            (close_on if closed else open_on)(uow, act, counter, day_in(fields.get("day", "")))
            return "closed" if closed else "opened"

        return await desk.carry_out(request, "shelf", verb, SHELF + "?told={done}")

    @router.post("/counter/places")
    async def post_places(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            set_shelf(uow, act, counter, {size: count_in(fields.get(size, "")) for size in SizeClass})
            return "places"

        return await desk.carry_out(request, "shelf", verb, SHELF + "?told={done}")

    @router.post("/counter/mistakes")
    async def post_mistake(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, counter: str, fields: Fields) -> str:
            report_mistake(uow, act, counter, fields.get("parcel") or None, fields.get("words", ""))
            return "mistake"

        return await desk.carry_out(request, "shelf", verb, SHELF + "?told={done}")


TOLD = ("takes", "full", "closed", "opened", "places", "mistake")


async def staff_of(request: Request) -> Actor:
    return await signed_in(request, COUNTER_HOME, Role.STAFF)


def day_in(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError("day", "choose a day") from error


def count_in(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidError("shelf", "write whole numbers")
    return int(text[:6])
