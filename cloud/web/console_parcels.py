"""Parcels for support: find one, see everything that happened to it, help its recipient."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Role
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.locker import Locker
from cloud.domain.parcel import IN_LOCKER, TERMINAL, Parcel
from cloud.services import queries, reissue_code
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import Act, UnitOfWork
from cloud.services.tracking_token import PURPOSE, token_for
from cloud.web.console import staff_of
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of

TEXT_MAX = 100
LATEST_SHOWN = 25  # before anybody typed anything
LATEST = "-updated_at id"
Fields = dict[str, str]
Verb = Callable[[UnitOfWork, Act, Fields], Any]


@dataclass(frozen=True)
class Desk:
    """What every request about one parcel needs."""

    frame: Frame

    async def show(
        self, request: Request, parcel_id: str, problem: Problem | None = None, status: int = 200
    ) -> Response:
        who, rim = await staff_of(request), self.frame.rim

        def unit(uow: UnitOfWork) -> tuple[queries.ParcelPage, Locker | None, bool]:
            page = queries.parcel_page(uow, parcel_id)
            locker = uow.get(Locker, page.parcel.locker_id) if page.parcel.locker_id else None
            return page, locker, queries.tracking(uow, parcel_id).has_code

        page, locker, has_code = await rim.look(unit)
        content = {
            "page": page,
            "locker": locker,
            "has_code": has_code,
            "link": f"/t/{token_for(parcel_id, rim.keys.box.derive(PURPOSE))}",
            "can_help": who.may_be(Role.OPERATOR, Role.SUPPORT),
            "can_extend": page.parcel.state in IN_LOCKER,
            "can_cancel": page.parcel.state not in TERMINAL,
            "told": request.query_params.get("told", ""),
        }
        page_of = self.frame.page
        return page_of(request, "console_parcel.html", status, who=who, area="parcels", problem=problem, **content)

    async def carry_out(self, request: Request, parcel_id: str, told: str, verb: Verb) -> Response:
        """Do what support asks and show what came of it; ``verb`` is told the form's fields."""
        who = await staff_of(request)
        fields, act = await fields_of(request), self.frame.rim.act(who)
        try:
            await self.frame.rim.do(lambda uow: verb(uow, act, fields))
        except DomainError as error:
            return await self.show(request, parcel_id, self.frame.problem(request, error, fields), status_of(error))
        return see_other(f"/console/parcels/{parcel_id}?told={told}")


def create(frame: Frame) -> APIRouter:
    """Return search, a parcel's page, and what support may do."""
    router, desk, rim = router_of(frame), Desk(frame), frame.rim
    _help(router, desk)

    @router.get("/console/parcels")
    async def get_search(request: Request, q: str = "") -> Response:
        who = await staff_of(request)
        text, act = q.strip()[:TEXT_MAX], rim.act(who)

        def unit(uow: UnitOfWork) -> tuple[list[Parcel], dict[str, int]]:
            found = queries.search(uow, act, text) if text else uow.find(Parcel, order=LATEST, limit=LATEST_SHOWN)
            return found, uow.reads.count_by_state()

        parcels, counts = await rim.look(unit)
        content: dict[str, Any] = {"text": text, "parcels": parcels, "counts": counts}
        return frame.page(request, "console_parcels.html", who=who, area="parcels", **content)

    @router.get("/console/parcels/{parcel_id}")
    async def get_parcel(request: Request, parcel_id: PathId) -> Response:
        return await desk.show(request, parcel_id)

    return router


def _help(router: APIRouter, desk: Desk) -> None:
    keys = desk.frame.rim.keys

    @router.post("/console/parcels/{parcel_id}/resend")
    async def post_resend(request: Request, parcel_id: PathId) -> Response:
        return await desk.carry_out(
            request, parcel_id, "sent", lambda uow, act, _: reissue_code.resend_code(uow, act, parcel_id)
        )

    @router.post("/console/parcels/{parcel_id}/reissue")
    async def post_reissue(request: Request, parcel_id: PathId) -> Response:
        return await desk.carry_out(
            request, parcel_id, "new_code", lambda uow, act, _: reissue_code.reissue_code(uow, act, keys, parcel_id)
        )

    @router.post("/console/parcels/{parcel_id}/extend")
    async def post_extend(request: Request, parcel_id: PathId) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            extend_deadline(uow, act, keys, parcel_id, hours_of(fields.get("hours", "")))

        return await desk.carry_out(request, parcel_id, "extended", verb)

    @router.post("/console/parcels/{parcel_id}/cancel")
    async def post_cancel(request: Request, parcel_id: PathId) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            reason = fields.get("reason", "").strip()
            if not reason:
                raise InvalidError("reason", "say why")
            cancel_parcel(uow, act, keys, parcel_id, reason)

        return await desk.carry_out(request, parcel_id, "cancelled", verb)


def hours_of(text: str) -> timedelta:
    """Return a length of time typed in whole hours; its limits are the service's."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4):  # noqa: PLR2004 - 9,999 hours is over a year
        raise InvalidError("hours", "write a whole number of hours")
    return timedelta(hours=int(text))
