"""Opening many doors, for operators: signing keys, asking, signing, what became of every door; a technician's QR."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId, PathLocker
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.locker import Locker, LockerStatus, is_counter, require_machine
from cloud.services import operator_keys, queries
from cloud.services.bulk_open import BulkWish, ask_bulk, in_maintenance, open_request, sign_bulk, withdraw_bulk
from cloud.services.bulk_view import BulkView, bulk_view
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_bulk import BulkOpening, OperatorKeyRecord, OperatorListRecord
from cloud.services.records_ops import Account
from cloud.services.technician_pass import PASS_LIFE, technician_pass
from cloud.web.console_view import wall_of
from cloud.web.courier import qr_image
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of, signed_in
from cloud.web.sign_in import CONSOLE_HOME
from contract.bulk import BULK_DOORS_MAX, BULK_REASON_CHARACTERS, OrderSignature
from contract.ids import KeyId
from provisioning.operators.lists import fingerprint

KEYS = "/console/keys"
RECENT = 5
PathKey = Annotated[str, Path(pattern=r"^op-[0-9a-f]{16}$")]
Fields = dict[str, str]
Verb = Callable[[UnitOfWork, Act, Fields], object]
Place = tuple[str, str]  # locker and order
CarryOut = Callable[[Request, Place, Verb], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class KeyLine:
    key: OperatorKeyRecord
    owner: str
    fingerprint: str
    is_mine: bool

    @property
    def state(self) -> str:
        if self.key.revoked_at is not None:
            return "revoked"
        return "waiting" if self.key.confirmed_at is None else "confirmed"


@dataclass(frozen=True, slots=True)
class KeysView:
    """``pinned`` of ``lockers`` have the newest list."""

    lines: list[KeyLine]
    newest: OperatorListRecord | None
    pinned: int
    lockers: int


@dataclass(frozen=True, slots=True)
class SiteView:
    page: queries.LockerPage
    on: bool
    standing: BulkOpening | None
    recent: list[BulkView]

    @property
    def wall(self) -> list[list[Any]]:
        return wall_of(self.page.compartments)


def create(frame: Frame) -> APIRouter:
    """Return the pages of opening in bulk."""
    router = router_of(frame)
    for add in (_keys, _site, _order, _technician):
        add(router, frame)
    return router


async def _operator(request: Request) -> Actor:
    return await signed_in(request, CONSOLE_HOME, Role.OPERATOR)


def _keys(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    async def show(request: Request, who: Actor, problem: Problem | None = None, status: int = 200) -> Response:
        view = await rim.look(lambda uow: keys_view(uow, who.name))
        return frame.page(request, "console_keys.html", status, view=view, who=who, area="", problem=problem)

    async def carry_out(request: Request, verb: Verb) -> Response:
        who, fields = await _operator(request), await fields_of(request)
        act = rim.act(who)
        try:
            await rim.do(lambda uow: verb(uow, act, fields))
        except DomainError as error:
            return await show(request, who, frame.problem(request, error, fields), status_of(error))
        return see_other(KEYS)

    @router.get(KEYS)
    async def get_keys(request: Request) -> Response:
        return await show(request, await _operator(request))

    @router.post(KEYS)
    async def post_key(request: Request) -> Response:
        return await carry_out(
            request, lambda uow, act, given: operator_keys.register_key(uow, act, bytes_of(given, "public_key"))
        )

    @router.post(KEYS + "/list")
    async def post_list(request: Request) -> Response:
        root = rim.network.root_of_trust
        return await carry_out(
            request,
            lambda uow, act, given: operator_keys.bring_list(uow, act, rim.keys, bytes_of(given, "statement"), root),
        )

    @router.post(KEYS + "/{key_id}/confirm")
    async def post_confirm(request: Request, key_id: PathKey) -> Response:
        return await carry_out(request, lambda uow, act, _: operator_keys.confirm_key(uow, act, key_id))

    @router.post(KEYS + "/{key_id}/revoke")
    async def post_revoke(request: Request, key_id: PathKey) -> Response:
        return await carry_out(request, lambda uow, act, _: operator_keys.revoke_key(uow, act, key_id))


def _site(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    async def show(request: Request, locker_id: str, problem: Problem | None = None, status: int = 200) -> Response:
        who, now = await _operator(request), rim.clock.now()
        view = await rim.look(lambda uow: site_view(uow, locker_id, now))
        limits = {"doors_max": BULK_DOORS_MAX, "reason": BULK_REASON_CHARACTERS}
        content: dict[str, Any] = {"view": view, "limits": limits, "who": who, "area": "fleet", "problem": problem}
        return frame.page(request, "console_bulk.html", status, **content)

    @router.get("/console/lockers/{locker_id}/bulk")
    async def get_site(request: Request, locker_id: PathLocker) -> Response:
        return await show(request, locker_id)

    @router.post("/console/lockers/{locker_id}/bulk")
    async def post_wish(request: Request, locker_id: PathLocker) -> Response:
        who, fields = await _operator(request), await fields_of(request)
        labels = tuple(fields.get("doors", "").upper().replace(",", " ").split())
        wish, act = BulkWish(locker_id, labels, fields.get("reason", "")), rim.act(who)
        try:
            asked = await rim.do(lambda uow: ask_bulk(uow, act, wish))
        except DomainError as error:
            return await show(request, locker_id, frame.problem(request, error, fields), status_of(error))
        return see_other(f"/console/lockers/{locker_id}/bulk/{asked.id}")


def _order(router: APIRouter, frame: Frame) -> None:
    rim = frame.rim

    async def show(
        request: Request, at: tuple[str, str], problem: Problem | None = None, status: int = 200
    ) -> Response:
        who, now = await _operator(request), rim.clock.now()

        def unit(uow: UnitOfWork) -> tuple[BulkView, list[str]]:
            good = [one.key.id for one in key_lines(uow, who.name) if one.is_mine and one.state == "confirmed"]
            return bulk_view(uow, *at, now), good

        view, good = await rim.look(unit)
        content: dict[str, Any] = {
            "view": view,
            "keys": good,
            "order": base64.b64encode(view.opening.order).decode(),
            "may_sign": view.opening.first_by != who.name,
            "on": in_maintenance(view.locker, now),
        }
        return frame.page(request, "console_bulk_order.html", status, who=who, area="fleet", problem=problem, **content)

    async def carry_out(
        request: Request, at: tuple[str, str], verb: Callable[[UnitOfWork, Act, Fields], object]
    ) -> Response:
        who, fields = await _operator(request), await fields_of(request)
        act = rim.act(who)

        def unit(uow: UnitOfWork) -> None:
            bulk_view(uow, *at, act.now)
            verb(uow, act, fields)

        try:
            await rim.do(unit)
        except DomainError as error:
            return await show(request, at, frame.problem(request, error, fields), status_of(error))
        return see_other("/console/lockers/{}/bulk/{}".format(*at))

    @router.get("/console/lockers/{locker_id}/bulk/{opening_id}")
    async def get_order(request: Request, locker_id: PathLocker, opening_id: PathId) -> Response:
        return await show(request, (locker_id, opening_id))

    _order_verbs(router, frame, carry_out)


def _order_verbs(router: APIRouter, frame: Frame, carry_out: CarryOut) -> None:
    rim = frame.rim

    @router.post("/console/lockers/{locker_id}/bulk/{opening_id}/sign")
    async def post_signature(request: Request, locker_id: PathLocker, opening_id: PathId) -> Response:
        def sign(uow: UnitOfWork, act: Act, given: Fields) -> None:
            signature = OrderSignature(KeyId(given.get("key_id", "")), bytes_of(given, "signature"))
            sign_bulk(uow, act, rim.keys, opening_id, signature)

        return await carry_out(request, (locker_id, opening_id), sign)

    @router.post("/console/lockers/{locker_id}/bulk/{opening_id}/withdraw")
    async def post_withdrawal(request: Request, locker_id: PathLocker, opening_id: PathId) -> Response:
        return await carry_out(
            request, (locker_id, opening_id), lambda uow, act, _: withdraw_bulk(uow, act, opening_id)
        )


def _technician(router: APIRouter, frame: Frame) -> None:
    """Add the page of a technician's pass: asking for the page makes none, for browsers fetch links nobody pressed."""
    rim, address = frame.rim, "/console/lockers/{locker_id}/technician"

    async def show(request: Request, locker_id: str, make: Callable[[UnitOfWork, Act], str] | None) -> Response:
        who = await signed_in(request, CONSOLE_HOME, Role.OPERATOR, Role.INSTALLER)
        locker, act = await rim.look(lambda uow: uow.need(Locker, locker_id)), rim.act(who)
        require_machine(locker)
        image = qr_image(await rim.do(lambda uow: make(uow, act))) if make else None
        content: dict[str, Any] = {"locker": locker, "image": image, "until": act.now + PASS_LIFE, "life": PASS_LIFE}
        return frame.page(request, "console_technician.html", who=who, area="fleet", **content)

    @router.get(address)
    async def get_pass(request: Request, locker_id: PathLocker) -> Response:
        return await show(request, locker_id, None)

    @router.post(address)
    async def post_pass(request: Request, locker_id: PathLocker) -> Response:
        return await show(request, locker_id, lambda uow, act: technician_pass(uow, act, rim.keys, locker_id))


def bytes_of(fields: Mapping[str, str], name: str) -> bytes:
    """Return what a script of the page wrote into a form, base64."""
    try:
        return base64.b64decode(fields.get(name, ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError(name, "is not readable; load the page again") from error


def key_lines(uow: UnitOfWork, account_id: str) -> list[KeyLine]:
    keys = uow.find(OperatorKeyRecord, order="-registered_at id")
    names = {one.id: one.name for one in uow.find(Account, id=tuple({key.account_id for key in keys}))} if keys else {}
    return [
        KeyLine(key, names.get(key.account_id, ""), fingerprint(key.public_key), key.account_id == account_id)
        for key in keys
    ]


def keys_view(uow: UnitOfWork, account_id: str) -> KeysView:
    newest = operator_keys.newest_list(uow)
    lockers = [one for one in uow.find(Locker, status=LockerStatus.ACTIVE) if not is_counter(one)]
    pinned = sum(1 for one in lockers if newest is not None and one.operators_number == newest.number)
    return KeysView(key_lines(uow, account_id), newest, pinned, len(lockers))


def site_view(uow: UnitOfWork, locker_id: str, now: datetime) -> SiteView:
    page = queries.locker_page(uow, locker_id)
    recent = uow.find(BulkOpening, order="-asked_at", limit=RECENT, locker_id=locker_id)
    views = [bulk_view(uow, locker_id, one.id, now) for one in recent]
    return SiteView(page, in_maintenance(page.locker, now), open_request(uow, locker_id, now), views)
