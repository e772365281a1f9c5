"""Who may sign in to this cloud: an operator lets somebody in, and lets somebody in no more."""

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.api.sign_in import door_keeper_of
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, InvalidError
from cloud.services.accounts import end_account, runs_the_fleet, standing_accounts
from cloud.services.people import create_account
from cloud.services.ports import Act
from cloud.services.records_ops import Account
from cloud.web.console_counters import NAME_MAX, PASSWORD_BYTES, Fields, Invited, password_of
from cloud.web.frame import Frame, see_other
from cloud.web.route import fields_of, router_of, signed_in
from cloud.web.sign_in import CONSOLE_HOME, STAFF

ACCOUNTS = "/console/accounts"
LOGIN_MAX = 60


@dataclass(frozen=True, slots=True)
class Line:
    """``is_last`` is the only operator left, whose account stays."""

    account: Account
    is_mine: bool
    is_last: bool

    @property
    def roles(self) -> list[str]:
        return self.account.roles.split()

    @property
    def has_keys(self) -> bool:
        return runs_the_fleet(self.account)


@dataclass(frozen=True)
class AccountsPage:
    """What every request of the page needs."""

    frame: Frame

    async def show(self, request: Request, status: int = 200, **more: Any) -> Response:
        who, rim = await operator_of(request), self.frame.rim
        act = rim.act(who)
        accounts = await rim.look(lambda uow: standing_accounts(uow, act))
        content: dict[str, Any] = {
            "lines": lines_of(accounts, who.name),
            "roles": STAFF,
            "told": request.query_params.get("told", ""),
            "sign_in_at": f"{rim.locality.base_url}{CONSOLE_HOME}",
            "invited": None,
        }
        return self.frame.page(request, "console_accounts.html", status, who=who, area="", **content | more)

    async def refused(self, request: Request, error: DomainError, fields: Fields) -> Response:
        return await self.show(request, status_of(error), problem=self.frame.problem(request, error, fields))


def create(frame: Frame) -> APIRouter:
    """Return the page and what it sends."""
    router, page = router_of(frame), AccountsPage(frame)
    rim = frame.rim

    @router.get(ACCOUNTS)
    async def get_accounts(request: Request) -> Response:
        return await page.show(request)

    @router.post(ACCOUNTS)
    async def post_account(request: Request) -> Response:
        """Let somebody in: their password is on the page that answers, and nowhere else."""
        who, fields = await operator_of(request), await fields_of(request)
        act = rim.act(who)
        password = password_of(act.ids.bytes(PASSWORD_BYTES))
        try:
            account = account_in(act, fields)
            hashed = await door_keeper_of(request).hashed(password)
            await rim.do(lambda uow: create_account(uow, act, replace(account, password_hash=hashed)))
        except DomainError as error:
            return await page.refused(request, error, fields)
        return await page.show(request, invited=Invited(account.login, password))

    @router.post(ACCOUNTS + "/{account_id}/end")
    async def post_end(request: Request, account_id: PathId) -> Response:
        who, fields = await operator_of(request), await fields_of(request)
        act = rim.act(who)
        try:
            await rim.do(lambda uow: end_account(uow, act, account_id))
        except DomainError as error:
            return await page.refused(request, error, fields)
        return see_other(f"{ACCOUNTS}?told=ended#told")

    return router


async def operator_of(request: Request) -> Actor:
    """Return the signed-in operator: nobody else lets people in."""
    return await signed_in(request, CONSOLE_HOME, Role.OPERATOR)


def lines_of(accounts: list[Account], mine: str) -> tuple[Line, ...]:
    operators = [one.id for one in accounts if runs_the_fleet(one)]
    return tuple(Line(one, one.id == mine, operators == [one.id]) for one in accounts)


def account_in(act: Act, fields: Fields) -> Account:
    """Return the account somebody typed, without a password yet; raises ``InvalidError``."""
    login, name = fields.get("login", "").strip().lower(), fields.get("name", "").strip()[:NAME_MAX]
    if not login or not name or len(login) > LOGIN_MAX or " " in login:
        raise InvalidError("login", "write a name and a sign-in name without spaces")
    if fields.get("role", "") not in STAFF:
        raise InvalidError("role", "choose what they are to do")
    return Account(
        id=act.ids.new(),
        login=login,
        name=name,
        password_hash="",  # made after the form was found good: hashing takes its time
        roles=fields["role"],
        courier_id=None,
        created_at=act.now,
        disabled_at=None,
    )
