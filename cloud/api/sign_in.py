"""Signing in and out, and the accounts and keys an operator makes for others.

Passwords are Argon2id (argon2-cffi's defaults: RFC 9106, low-memory choice); an unknown name takes as long as a wrong
password. After five misses a name or an address waits, doubling up to a quarter of an hour.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from cloud.api.calls import OPERATE, PARTNER, Call, check_origin_if_given, needs, rim_of
from cloud.api.problems import UnauthenticatedError
from cloud.api.sessions import COOKIE, SESSION_LIFE, Sessions
from cloud.api.shapes import Asked, Id, LockerName, Name, PathId, Told
from cloud.domain.actors import Role
from cloud.domain.errors import InvalidError, LimitReachedError
from cloud.services.accounts import end_account, standing_accounts
from cloud.services.counter_staff import create_staff
from cloud.services.people import actor_of, create_account, create_api_key
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier
from cloud.services.records_ops import Account

FREE_MISSES = 5
WAIT_FIRST = timedelta(seconds=10)
WAIT_MAX = timedelta(minutes=15)
NAMES_MAX = 10_000  # names and addresses with misses, about 2 MB; the one longest silent is forgotten first
HASHES_AT_ONCE = 2  # 64 MiB and 50 ms of a core each
PASSWORD_MIN, PASSWORD_MAX = 10, 200  # NIST SP 800-63B asks for at least 8 and to allow at least 64
SCOPES = ("parcels", PARTNER, OPERATE)

_hasher = PasswordHasher()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$WM051sl1pSONPqpju/WxBg$COoiK+wQDvl2rz5rPAgrp1He+esLJACpYMikjWyK1TA"
router = APIRouter(prefix="/v1", tags=["people"])
Managing = Annotated[Call, needs(Role.OPERATOR)]
Listing = Annotated[Call, needs(Role.OPERATOR, changing=False)]
Anybody = Annotated[Call, needs(*Role, changing=False)]
StaffRole = Literal[Role.OPERATOR, Role.SUPPORT, Role.INSTALLER, Role.PLANNER, Role.COURIER, Role.STAFF]
Login = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._@-]*$")]
Password = Annotated[SecretStr, Field(min_length=1, max_length=PASSWORD_MAX)]


class SignInAsked(Asked):
    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password


class WhoShape(Told):
    """Who is signed in; ``name`` is the account's, or the courier's id."""

    name: str
    roles: list[str]


class AccountAsked(Asked):
    login: Login
    name: Name
    password: Annotated[SecretStr, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
    roles: Annotated[list[StaffRole], Field(min_length=1, max_length=5)]
    courier_id: Id | None = None
    counter_id: LockerName | None = None


class AccountShape(Told):
    id: str
    login: str
    name: str
    roles: str
    courier_id: str | None
    counter_id: str | None


class AccountsShape(Told):
    accounts: list[AccountShape]


class KeyAsked(Asked):
    """``parcels``: announce and see the carrier's parcels. ``operate``: everything an operator may.

    ``partner``: a partner fleet's own tariffs and offers; ``carrier`` is the partner's id then.
    """

    carrier: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
    scopes: Annotated[list[Annotated[str, Field(pattern=f"^({'|'.join(SCOPES)})$")]], Field(min_length=1, max_length=2)]


class KeyShape(Told):
    """``secret`` is shown once and never again."""

    id: str
    prefix: str
    carrier: str
    scopes: str
    expires_at: datetime | None
    secret: str


@dataclass(slots=True)
class _Misses:
    count: int
    until: datetime


@dataclass(slots=True)
class Guard:
    """Counts misses by name and by address; in memory, since a restart costs an attacker more than it gives."""

    _seen: OrderedDict[str, _Misses] = field(default_factory=OrderedDict)

    def check(self, keys: tuple[str, ...], now: datetime) -> None:
        """Raise ``LimitReachedError`` while one of ``keys`` has to wait."""
        for key in keys:
            found = self._seen.get(key)
            if found is not None and now < found.until:
                raise LimitReachedError("too many failed sign-ins", found.until - now)

    def missed(self, keys: tuple[str, ...], now: datetime) -> None:
        for key in keys:
            count = self._seen.pop(key, _Misses(0, now)).count + 1
            wait = timedelta(0)
            if count >= FREE_MISSES:
                wait = min(WAIT_MAX, WAIT_FIRST * (1 << min(count - FREE_MISSES, 10)))
            self._seen[key] = _Misses(count, now + wait)
        while len(self._seen) > NAMES_MAX:
            self._seen.popitem(last=False)

    def passed(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._seen.pop(key, None)


@dataclass(slots=True)
class DoorKeeper:
    """What signing in needs beside the rim: the guard and the places for hashing."""

    guard: Guard = field(default_factory=Guard)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HASHES_AT_ONCE))

    async def is_right(self, password_hash: str, password: str) -> bool:
        async with self.places:
            return await asyncio.to_thread(_verifies, password_hash, password)

    async def hashed(self, password: str) -> str:
        async with self.places:
            return await asyncio.to_thread(_hasher.hash, password)


def _verifies(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


async def sign_in(request: Request, login: str, password: str) -> tuple[Account, str]:
    """Return the account and its cookie; raises ``UnauthenticatedError`` or ``LimitReachedError``. Pages use it too."""
    rim, keeper = rim_of(request), door_keeper_of(request)
    name = login.strip().lower()
    keys = (f"login:{name}", f"from:{request.client.host if request.client else ''}")
    now = rim.clock.now()
    keeper.guard.check(keys, now)
    account = await rim.look(lambda uow: uow.first(Account, login=name, disabled_at=None))
    is_right = await keeper.is_right(account.password_hash if account else _NOBODYS, password)
    if account is None or not is_right:
        keeper.guard.missed(keys, now)
        raise UnauthenticatedError("name or password is wrong")
    keeper.guard.passed(keys[:1])
    return account, Sessions(rim.keys.box).seal(account.id, now)


def set_cookie(request: Request, response: Response, cookie: str) -> None:
    """Give the session to the browser: out of reach of scripts, and never sent from other sites' pages."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=rim_of(request).locality.base_url.startswith("https:"),
    )


def door_keeper_of(request: Request) -> DoorKeeper:
    keeper = request.app.state.door_keeper
    assert isinstance(keeper, DoorKeeper)  # noqa: S101 - create_app put it there
    return keeper


@router.post("/sessions", status_code=201)
async def post_session(request: Request, response: Response, asked: SignInAsked) -> WhoShape:
    """Sign in; the session is a cookie for twelve hours."""
    check_origin_if_given(rim_of(request), request)
    account, cookie = await sign_in(request, asked.login, asked.password.get_secret_value())
    set_cookie(request, response, cookie)
    who = actor_of(account)
    return WhoShape(name=who.name, roles=sorted(who.roles))


@router.get("/sessions")
async def get_session(call: Anybody) -> WhoShape:
    """Return who asks."""
    return WhoShape(name=call.actor.name, roles=sorted(call.actor.roles))


@router.delete("/sessions", status_code=204)
async def delete_session(request: Request) -> Response:
    """Sign out: the browser forgets the cookie."""
    check_origin_if_given(rim_of(request), request)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.post("/accounts", status_code=201, response_model=AccountShape)
async def post_account(request: Request, call: Managing, asked: AccountAsked) -> Response:
    """Make an account for a person; a courier's needs the courier it belongs to, a counter's staff the counter.

    With the first account of its staff a counter begins to take parcels.
    """
    if (Role.COURIER in asked.roles) != (asked.courier_id is not None):
        raise InvalidError("courier_id", "is needed for a courier's account, and only there")
    if (Role.STAFF in asked.roles) != (asked.counter_id is not None):
        raise InvalidError("counter_id", "is needed for a counter's staff, and only there")
    keys = call.rim.keys
    password_hash = await door_keeper_of(request).hashed(asked.password.get_secret_value())

    def work(uow: UnitOfWork, act: Act) -> AccountShape:
        if asked.courier_id is not None:
            uow.need(Courier, asked.courier_id)
        account = Account(
            id=act.ids.new(),
            login=asked.login,
            name=asked.name,
            password_hash=password_hash,
            roles=" ".join(sorted(asked.roles)),
            courier_id=asked.courier_id,
            created_at=act.now,
            disabled_at=None,
            counter_id=asked.counter_id,
        )
        made = create_staff(uow, act, keys, account) if asked.counter_id else create_account(uow, act, account)
        return AccountShape.model_validate(made)

    return await call.do(work, 201)


@router.get("/accounts")
async def get_accounts(call: Listing) -> AccountsShape:
    """Return everybody who may sign in, by name."""
    act = call.rim.act(call.actor)
    found = await call.look(lambda uow: standing_accounts(uow, act))
    return AccountsShape(accounts=[AccountShape.model_validate(one) for one in found])


@router.delete("/accounts/{account_id}", status_code=204)
async def delete_account(call: Managing, account_id: PathId) -> Response:
    """End an account: sessions count no longer, signing keys are revoked, and the audit trail keeps the name.

    The last operator's account stays.
    """
    return await call.do(lambda uow, act: end_account(uow, act, account_id), 204)


@router.post("/api-keys", status_code=201, response_model=KeyShape)
async def post_api_key(call: Managing, asked: KeyAsked) -> Response:
    """Make a key for a machine, good for a year."""

    def work(uow: UnitOfWork, act: Act) -> KeyShape:
        made = create_api_key(uow, act, asked.carrier, tuple(asked.scopes))
        own = {name: getattr(made.key, name) for name in KeyShape.model_fields if hasattr(made.key, name)}
        return KeyShape(**own, secret=made.secret)

    return await call.do(work, 201)
