"""The recipient's page: one parcel, the whole chain, no account; whoever has the signed link is the recipient."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from cloud.api.live import AGAIN_MS, SILENCE_S, message
from cloud.api.problems import status_of
from cloud.domain.actors import Role, actor
from cloud.domain.errors import DomainError, InvalidError, OverloadedError
from cloud.domain.parcel import ParcelState
from cloud.domain.positions import CourierPosition, may_be_seen
from cloud.domain.windows import Window
from cloud.hub import HubFullError
from cloud.services import opt_in, reissue_code
from cloud.services.eta import Expected, expected_parcel
from cloud.services.extend_deadline import extend_deadline
from cloud.services.offers_view import BroughtBy, brought_by
from cloud.services.ports import Act, UnitOfWork
from cloud.services.tracking_token import PURPOSE, TOKEN_CHARACTERS_MAX, parcel_of
from cloud.services.window_wish import wish, wishes_for
from cloud.web import maps
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.tracking_view import View, scope_of, van_moved, view_of
from cloud.web.words import words_of
from cloud.window_offers import keep_window, windows_for

PAUSE_S = 1.0  # between two looks for one page, however many commits there are
ANY_LOCKER = "any"
COMING = (ParcelState.PLANNED, ParcelState.OUT_FOR_DELIVERY)  # in these a recipient wants to know when
_INTERESTING = frozenset(
    {
        "Parcel",
        "HistoryEntry",
        "Stop",
        "StopTask",
        "Route",
        "Plan",
        "Consent",
        "Locker",
        "IssuedGrant",
        "Offer",
        "ParcelChange",
    }
)

Token = Annotated[str, Path(min_length=1, max_length=TOKEN_CHARACTERS_MAX)]
Verb = Callable[[UnitOfWork, Act, str], Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    view: View
    expected: Expected | None = None
    brought: BroughtBy | None = None
    wishes: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Page:
    """What every request for a recipient's page needs."""

    frame: Frame

    def parcel_id_of(self, token: str) -> str:
        return parcel_of(token, self.frame.rim.keys.box.derive(PURPOSE))

    def act_of(self, parcel_id: str) -> Act:
        return self.frame.rim.act(actor(Role.RECIPIENT, parcel_id))

    async def show(self, request: Request, token: str, problem: Problem | None = None, status: int = 200) -> Response:
        parcel_id = self.parcel_id_of(token)
        act = self.act_of(parcel_id)
        zone = self.frame.rim.locality.zone

        def unit(uow: UnitOfWork) -> _Seen:
            view = view_of(uow, act, parcel_id)
            if view.parcel.state not in COMING:
                return _Seen(view)
            told, brought = expected_parcel(uow, parcel_id, act.now, zone), brought_by(uow, parcel_id)
            return _Seen(view, told, brought, wishes_for(uow, act, parcel_id, zone))

        seen: _Seen = await self.frame.rim.look(unit)
        view = seen.view
        told = request.query_params.get("told", "")
        windows = await windows_for(self.frame.rim, act, parcel_id)
        prices = [one.price_cents for one in windows]
        van = van_said(self.frame, request, view)
        content = {
            "view": view,
            "expected": seen.expected,
            "brought": seen.brought,
            "wishes": seen.wishes,
            "token": token,
            "drawing": drawing_of(view, van),
            "van_said": van,
            "told": told if told in TOLD else "",
            "windows": windows,
            "windows_best": prices.index(min(prices)) if prices else None,
        }
        return self.frame.page(request, "tracking.html", status, problem=problem, **content)

    async def carry_out(self, request: Request, token: str, told: str, verb: Verb) -> Response:
        """Do what the recipient asks and show what came of it; ``verb`` is told the parcel's id."""
        fields = await fields_of(request)
        parcel_id = self.parcel_id_of(token)
        act = self.act_of(parcel_id)
        try:
            await self.frame.rim.do(lambda uow: verb(uow, act, parcel_id))
        except DomainError as error:
            return await self.show(request, token, self.frame.problem(request, error, fields), status_of(error))
        return see_other(f"/t/{token}?told={told}#told")


def create(frame: Frame) -> APIRouter:
    """Return the page, its live updates, and one POST for each thing a recipient may ask."""
    router, page, keys = router_of(frame), Page(frame), frame.rim.keys
    _windows(router, page)

    @router.get("/t/{token}")
    async def get_page(request: Request, token: Token) -> Response:
        return await page.show(request, token)

    @router.post("/t/{token}/locker")
    async def post_locker(request: Request, token: Token) -> Response:
        fields = await fields_of(request)
        locker = None if fields.get("locker", ANY_LOCKER) == ANY_LOCKER else fields["locker"]

        def verb(uow: UnitOfWork, act: Act, parcel_id: str) -> None:
            opt_in.withdraw(uow, act, parcel_id)  # the recipient's last word replaces every earlier one
            opt_in.opt_in(uow, act, keys, opt_in.OptIn(parcel_id, scope_of(fields.get("scope", "")), locker))

        return await page.carry_out(request, token, "consent", verb)

    @router.post("/t/{token}/withdraw")
    async def post_withdraw(request: Request, token: Token) -> Response:
        return await page.carry_out(request, token, "withdrawn", opt_in.withdraw)

    @router.post("/t/{token}/extend")
    async def post_extend(request: Request, token: Token) -> Response:
        return await page.carry_out(
            request, token, "extended", lambda uow, act, parcel_id: extend_deadline(uow, act, keys, parcel_id)
        )

    @router.post("/t/{token}/code")
    async def post_code(request: Request, token: Token) -> Response:
        return await page.carry_out(request, token, "sent", reissue_code.resend_code)

    @router.post("/t/{token}/new-code")
    async def post_new_code(request: Request, token: Token) -> Response:
        return await page.carry_out(
            request, token, "new_code", lambda uow, act, parcel_id: reissue_code.reissue_code(uow, act, keys, parcel_id)
        )

    @router.get("/t/{token}/live")
    async def get_live(token: Token) -> Response:
        parcel_id = page.parcel_id_of(token)
        return await streamed(_changes(frame, page.act_of(parcel_id), parcel_id))

    return router


def window_in(text: str) -> Window:
    """Read what a form's choice says: two moments, separated by a slash."""
    begins, _, ends = text.partition("/")
    try:
        return Window(datetime.fromisoformat(begins), datetime.fromisoformat(ends))
    except ValueError as error:
        raise InvalidError("window", "choose one of those that are offered") from error


def _windows(router: APIRouter, page: Page) -> None:
    @router.post("/t/{token}/window")
    async def post_window(request: Request, token: Token) -> Response:
        parcel_id, fields = page.parcel_id_of(token), await fields_of(request)
        try:
            await keep_window(page.frame.rim, page.act_of(parcel_id), parcel_id, window_in(fields.get("window", "")))
        except DomainError as error:
            return await page.show(request, token, page.frame.problem(request, error, fields), status_of(error))
        return see_other(f"/t/{token}?told=window#told")

    @router.post("/t/{token}/wish")
    async def post_wish(request: Request, token: Token) -> Response:
        """Ask whoever has the parcel for another window."""
        text, zone = (await fields_of(request)).get("window", ""), page.frame.rim.locality.zone
        return await page.carry_out(
            request, token, "wish", lambda uow, act, parcel_id: wish(uow, act, parcel_id, window_in(text), zone)
        )


async def streamed(stream: AsyncIterator[bytes]) -> Response:
    """Answer with a stream whose first part is made before the status: a full house is refused, not cut off."""
    first = await anext(stream)

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for part in stream:
            yield part

    return StreamingResponse(whole(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


TOLD = frozenset({"consent", "withdrawn", "extended", "sent", "new_code", "window", "wish"})


async def _changes(frame: Frame, act: Act, parcel_id: str) -> AsyncIterator[bytes]:
    """Say when this parcel's page would look different; other people's parcels make no sound here."""
    rim = frame.rim

    async def look(known: View | None, kinds: frozenset[str]) -> View:
        if known is None or kinds & _INTERESTING:
            return await rim.look(lambda uow: view_of(uow, rim.act(act.actor), parcel_id))
        is_near = CourierPosition.__name__ in kinds and may_be_seen(known.stops_before)
        return await rim.look(lambda uow: van_moved(uow, rim.act(act.actor), known)) if is_near else known

    try:
        with rim.hub.watching() as watcher:
            yield b"retry: %d\n\n" % AGAIN_MS
            known = await look(None, frozenset())
            async for kinds in watcher.changes(SILENCE_S):
                seen = await look(known, kinds)
                yield message(frozenset({"Parcel"})) if seen != known else b": still here\n\n"
                known = seen
                await asyncio.sleep(PAUSE_S if kinds else 0)
    except HubFullError as error:
        raise OverloadedError(str(error)) from error


def drawing_of(view: View, van: str) -> str:
    """Return the map: home, the parcel's locker or the lockers that could be chosen, and the van when it is near."""
    parcel = view.parcel
    points = [maps.point("home", (parcel.lon, parcel.lat), parcel.address)]
    if view.seen.locker is not None:
        points.append(maps.locker_point(view.seen.locker, state="chosen"))
    else:
        points += [maps.locker_point(offer.locker) for offer in view.offers]
    if view.van is not None:
        points.append(maps.point("van", (view.van.lon, view.van.lat), van))
    return maps.drawing(points)


def van_said(frame: Frame, request: Request, view: View) -> str:
    """Return where the van was as a sentence: what its marker is called, and what stands under the map."""
    if view.van is None:
        return ""
    words, left = words_of(language_of(request)), view.van.stops_before
    at = frame.dates_in(words).clock(view.van.at)
    key = "tracking.van_pick_up" if view.parcel.state is ParcelState.ASSIGNED_TO_LOCKER else "tracking.van"
    return words.say(key, at=at, count=left) if left else words.say(f"{key}_next", at=at)
