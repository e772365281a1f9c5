"""Partners' counters for an operator: open one, its hours and closings, its shelf, and who works there."""

import base64
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId, PathLocker
from cloud.api.sign_in import door_keeper_of
from cloud.domain.actors import Actor, Role
from cloud.domain.closings import usual
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.locker import Locker, LockerStatus, PointKind
from cloud.intake.lockers_geojson import LockerRow
from cloud.services.counter_hours import close_on, open_on, set_hours, set_intake
from cloud.services.counter_open import open_counter
from cloud.services.counter_shelf import set_shelf
from cloud.services.counter_staff import create_staff, end_account
from cloud.services.counter_view import CounterView, counter_view
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Account
from cloud.web import maps
from cloud.web.console import staff_of
from cloud.web.counter import count_in, day_in
from cloud.web.courier import place_of
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of
from contract.ids import IdError, locker_id
from contract.sizes import SizeClass

LIST = "/console/counters"
COUNTERS_MAX = 500  # on one page; a larger network looks for one in the fleet's table
STAFF_MAX = 100  # of one counter
PASSWORD_BYTES = 10  # 80 bits, in four groups of four characters that can be read out
GROUP = 4
NAME_MAX, ADDRESS_MAX = 100, 200
Fields = dict[str, str]
Verb = Callable[[UnitOfWork, Act, Fields], Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One counter of the list with how many people may sign in there."""

    view: CounterView
    staff: int

    @property
    def state(self) -> str:
        counter = self.view.counter
        if counter.status is not LockerStatus.ACTIVE:
            return "new"
        if not counter.intake_open:
            return "full"
        return "closed" if self.view.is_closed_today else "takes"


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody new at a counter; the password is shown this once."""

    login: str
    password: str


@dataclass(frozen=True)
class CountersPage:
    """What every request of the two pages needs."""

    frame: Frame

    async def show_list(self, request: Request, problem: Problem | None = None, status: int = 200) -> Response:
        who, rim = await staff_of(request), self.frame.rim
        act = rim.act(who)
        lines = await rim.look(lambda uow: lines_of(uow, act))
        points = [maps.locker_point(one.view.counter, href=f"{LIST}/{one.view.counter.id}") for one in lines]
        content = {"lines": lines, "drawing": maps.drawing(points), "can_change": who.may_be(Role.OPERATOR)}
        content["sizes"] = tuple(SizeClass)
        return self.frame.page(
            request, "console_counters.html", status, who=who, area="fleet", problem=problem, **content
        )

    async def show(self, request: Request, counter_id: str, status: int = 200, **more: Any) -> Response:
        who, rim = await staff_of(request), self.frame.rim
        act = rim.act(who)

        def unit(uow: UnitOfWork) -> tuple[Line, list[Account]]:
            theirs = uow.find(Account, order="name id", limit=STAFF_MAX, counter_id=counter_id, disabled_at=None)
            return Line(counter_view(uow, act, counter_id), len(theirs)), theirs

        line, people = await rim.look(unit)
        content = {"line": line, "view": line.view, "people": people, "can_change": who.may_be(Role.OPERATOR)}
        content |= {"sizes": tuple(SizeClass), "hours": usual(line.view.counter.opening_hours)}
        content |= {"sign_in_at": f"{rim.locality.base_url}/counter"}
        content |= {"told": request.query_params.get("told", ""), "invited": None} | more
        return self.frame.page(request, "console_counter.html", status, who=who, area="fleet", **content)

    async def carry_out(self, request: Request, counter_id: str, told: str, verb: Verb) -> Response:
        who, rim = await staff_of(request), self.frame.rim
        fields, act = await fields_of(request), rim.act(who)
        try:
            await rim.do(lambda uow: verb(uow, act, fields))
        except DomainError as error:
            return await self.refused(request, counter_id, error, fields)
        return see_other(f"{LIST}/{counter_id}?told={told}#told")

    async def refused(self, request: Request, counter_id: str, error: DomainError, fields: Fields) -> Response:
        problem = self.frame.problem(request, error, fields)
        return await self.show(request, counter_id, status_of(error), problem=problem)


def lines_of(uow: UnitOfWork, act: Act) -> tuple[Line, ...]:
    """Return every counter with what lies there."""
    counters = uow.find(Locker, order="name id", limit=COUNTERS_MAX, kind=PointKind.COUNTER)
    names = tuple(one.id for one in counters)
    staff = Counter(one.counter_id for one in uow.find(Account, counter_id=names, disabled_at=None)) if names else {}
    return tuple(Line(counter_view(uow, act, one), staff.get(one, 0)) for one in names)


def create(frame: Frame) -> APIRouter:
    """Return the list, each counter's page, and what is asked of it."""
    router, page = router_of(frame), CountersPage(frame)
    _changes(router, page)
    _people(router, page)

    @router.get(LIST)
    async def get_counters(request: Request) -> Response:
        return await page.show_list(request)

    @router.get(LIST + "/{counter_id}")
    async def get_counter(request: Request, counter_id: PathLocker) -> Response:
        return await page.show(request, counter_id)

    @router.post(LIST)
    async def post_counter(request: Request) -> Response:
        who, fields = await staff_of(request), await fields_of(request)
        act, zone = frame.rim.act(who), frame.rim.locality.zone.key
        try:
            row = row_in(fields)
            await frame.rim.do(lambda uow: open_counter(uow, act, row, zone))
        except DomainError as error:
            return await page.show_list(request, frame.problem(request, error, fields), status_of(error))
        return see_other(f"{LIST}/{row.id}?told=made#told")

    return router


def _changes(router: APIRouter, page: CountersPage) -> None:
    @router.post(LIST + "/{counter_id}/hours")
    async def post_hours(request: Request, counter_id: PathLocker) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            set_hours(uow, act, counter_id, fields.get("hours", ""))

        return await page.carry_out(request, counter_id, "hours", verb)

    @router.post(LIST + "/{counter_id}/intake")
    async def post_intake(request: Request, counter_id: PathLocker) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            set_intake(uow, act, counter_id, is_open=fields.get("open") == "yes")

        return await page.carry_out(request, counter_id, "intake", verb)

    @router.post(LIST + "/{counter_id}/closings")
    async def post_closing(request: Request, counter_id: PathLocker) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            closed = fields.get("closed") == "yes"
            (close_on if closed else open_on)(uow, act, counter_id, day_in(fields.get("day", "")))

        return await page.carry_out(request, counter_id, "closings", verb)

    @router.post(LIST + "/{counter_id}/places")
    async def post_places(request: Request, counter_id: PathLocker) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            set_shelf(uow, act, counter_id, dict(shelf_in(fields)))

        return await page.carry_out(request, counter_id, "places", verb)


def _people(router: APIRouter, page: CountersPage) -> None:
    rim = page.frame.rim

    @router.get(LIST + "/{counter_id}/staff")
    async def get_staff(counter_id: PathLocker) -> Response:
        """Lead whoever loads the page again, or follows what changes on it, to one without a password."""
        return see_other(f"{LIST}/{counter_id}")

    @router.post(LIST + "/{counter_id}/staff")
    async def post_staff(request: Request, counter_id: PathLocker) -> Response:
        """Invite somebody: their password is on the page that answers, and nowhere else."""
        who: Actor = await staff_of(request)
        fields, act = await fields_of(request), rim.act(who)
        password = password_of(act.ids.bytes(PASSWORD_BYTES))
        try:
            account = account_in(act, counter_id, fields)
            hashed = await door_keeper_of(request).hashed(password)
            await rim.do(lambda uow: create_staff(uow, act, rim.keys, replace(account, password_hash=hashed)))
        except DomainError as error:
            return await page.refused(request, counter_id, error, fields)
        return await page.show(request, counter_id, invited=Invited(account.login, password), problem=None)

    @router.post(LIST + "/{counter_id}/staff/{account_id}/end")
    async def post_end(request: Request, counter_id: PathLocker, account_id: PathId) -> Response:
        def verb(uow: UnitOfWork, act: Act, _: Fields) -> None:
            end_account(uow, act, counter_id, account_id)

        return await page.carry_out(request, counter_id, "ended", verb)


def row_in(fields: Fields) -> LockerRow:
    """Return the counter somebody typed; raises ``InvalidError`` with the field that cannot be read."""
    try:
        number = locker_id(fields.get("id", "").strip().upper())
    except IdError as error:
        raise InvalidError("id", str(error)) from error
    lon, lat = place_of(fields)
    if lon is None or lat is None:
        raise InvalidError("place", "tap where it is on the map, or write its longitude and latitude")
    name, address = fields.get("name", "").strip()[:NAME_MAX], fields.get("address", "").strip()[:ADDRESS_MAX]
    if not name or not address:
        raise InvalidError("name", "a counter has a name and an address that people find")
    return LockerRow(
        line=1,
        id=number,
        name=name,
        lon=lon,
        lat=lat,
        address=address,
        opening_hours=fields.get("hours", ""),
        model="",
        kind=PointKind.COUNTER,
        shelf=shelf_in(fields),
    )


def shelf_in(fields: Fields) -> tuple[tuple[SizeClass, int], ...]:
    return tuple((size, count_in(fields.get(size, ""))) for size in SizeClass)


def account_in(act: Act, counter_id: str, fields: Fields) -> Account:
    """Return the account of somebody new, without a password yet."""
    login, name = fields.get("login", "").strip().lower(), fields.get("name", "").strip()[:NAME_MAX]
    if not login or not name or len(login) > NAME_MAX or " " in login:
        raise InvalidError("login", "write a name and a sign-in name without spaces")
    return Account(
        id=act.ids.new(),
        login=login,
        name=name,
        password_hash="",  # made after the form was found good: hashing takes its time
        roles=Role.STAFF,
        courier_id=None,
        created_at=act.now,
        disabled_at=None,
        counter_id=counter_id,
    )


def password_of(chance: bytes) -> str:
    """Return a first password that can be read out: groups of letters and digits without 0, 1, 8 and 9."""
    text = base64.b32encode(chance).decode().lower()
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))
