"""One call of the API: who asks, with which right, and how its answer is remembered so that asking twice does once."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from cloud.api.problems import UnauthenticatedError
from cloud.api.sessions import COOKIE, Sessions
from cloud.domain.actors import Actor, Role, require
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.rim import Doing, Rim
from cloud.services import idempotency
from cloud.services.people import actor_of as actor_of_account
from cloud.services.people import api_key_of
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Account, ApiKey

PARTNER = "partner"  # the scope of a partner fleet's key: tariffs, offers, and what became of parcels
OPERATE = "operate"  # the scope of a key that acts for the operator: scripts, the demo, a console elsewhere
KEY_CHARACTERS_MAX = 100  # of an Idempotency-Key; a UUID has 36
REPLAYED = "Idempotency-Replayed"  # on an answer given before
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

T = TypeVar("T")

_BEARER = HTTPBearer(auto_error=False, description="A carrier's or operator's API key", scheme_name="ApiKey")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, description="From POST /v1/sessions", scheme_name="Session")
IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_CHARACTERS_MAX,
        description="The same key with the same body does the work once and gives the same answer.",
    ),
]


class _AnsweredBeforeError(Exception):
    """The same request came twice at once and the other one was quicker; carries its answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Call:
    """``digest`` tells one request under an idempotency key from another."""

    rim: Rim
    actor: Actor
    key: str | None = None
    digest: str = ""

    def as_actor(self, actor: Actor) -> "Call":
        return replace(self, actor=actor)

    async def look(self, unit: Callable[[UnitOfWork], Any]) -> Any:
        """Run a reading unit."""
        return await self.rim.look(unit)

    async def do(self, work: Callable[[UnitOfWork, Act], BaseModel | None], status: int = 200) -> Response:
        """Run ``work`` once, in one transaction with the memory of its answer, and answer with ``status``."""
        act = self.rim.act(self.actor)

        def unit(uow: UnitOfWork) -> tuple[int, bytes, bool]:
            if self.key is None:
                return status, _encoded(work(uow, act)), False
            known = idempotency.recall(uow, str(self.actor), self.key, self.digest)
            if known is not None:
                return known.status, self._unsealed(known.body), True
            body = _encoded(work(uow, act))
            sealed = self.rim.keys.box.seal(body, self._about())
            answer = idempotency.Answer(status, sealed)
            idempotency.remember(uow, act, (str(self.actor), self.key, self.digest), answer)
            return status, body, False

        answered, body, replayed = await self.rim.do(unit)
        return _response(answered, body, replayed=replayed)

    async def think(
        self, thought: Callable[[Doing[T]], Awaitable[T]], shape: Callable[[T], BaseModel], status: int = 200
    ) -> Response:
        """Answer with the ``shape`` of a thought; what was answered before is not thought about again.

        ``thought`` thinks outside of any transaction. It returns what the unit it hands to its argument returned, which
        is run in one transaction with the memory of the answer; a thought that came to nothing hands over none.
        """
        known = await self.rim.look(self._known)
        if known is not None:
            return known
        answers: list[Response] = []

        async def store(unit: Callable[[UnitOfWork], T]) -> T:
            found: list[T] = []

            def work(uow: UnitOfWork, _act: Act) -> BaseModel:
                found[:] = [unit(uow)]
                return shape(found[0])

            answer = await self.do(work, status)
            if was_replayed(answer):
                raise _AnsweredBeforeError(answer)
            answers.append(answer)
            return found[0]

        try:
            came_to = await thought(store)
        except _AnsweredBeforeError as before:
            return before.answer
        return answers[0] if answers else await self.do(lambda _uow, _act: shape(came_to), status)

    def _known(self, uow: UnitOfWork) -> Response | None:
        if self.key is None:
            return None
        known = idempotency.recall(uow, str(self.actor), self.key, self.digest)
        return None if known is None else _response(known.status, self._unsealed(known.body), replayed=True)

    def _about(self) -> str:
        return f"idempotency:{self.actor}:{self.key}"

    def _unsealed(self, sealed: bytes) -> bytes:
        return self.rim.keys.box.unseal(sealed, self._about())


def _response(status: int, body: bytes, *, replayed: bool) -> Response:
    headers = {REPLAYED: "true"} if replayed else {}
    if status == HTTPStatus.NO_CONTENT:
        return Response(status_code=status, headers=headers)
    return Response(body, status, headers, media_type="application/json")


def was_replayed(answer: Response) -> bool:
    """Whether an answer was given before, so that what follows from it must not be done again."""
    return REPLAYED in answer.headers


def rim_of(request: Request) -> Rim:
    """Return the rim that ``create_app`` was given."""
    rim = request.app.state.rim
    assert isinstance(rim, Rim)  # noqa: S101 - create_app put it there
    return rim


def needs(*roles: Role, changing: bool = True) -> Any:
    """Return the dependency of an endpoint that only ``roles`` may call; it gives a ``Call``.

    An endpoint that is ``changing`` something takes an Idempotency-Key.
    """

    async def check(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        cookie: Annotated[str | None, Depends(_COOKIE)],
        idempotency_key: IdempotencyHeader = None,
    ) -> Call:
        who = await _who(rim_of(request), request, bearer, cookie)
        require(who, *roles)
        return await call_of(request, who, idempotency_key)

    async def check_looking(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        cookie: Annotated[str | None, Depends(_COOKIE)],
    ) -> Call:
        who = await _who(rim_of(request), request, bearer, cookie)
        require(who, *roles)
        return Call(rim_of(request), who)

    return Depends(check if changing else check_looking)


async def call_of(request: Request, who: Actor, key: str | None) -> Call:
    """Return the call ``who`` makes; reads the body to digest it when there is a key."""
    rim = rim_of(request)
    if key is None or request.method in SAFE_METHODS:
        return Call(rim, who)
    if not key.isprintable() or not key.isascii():
        raise InvalidError("Idempotency-Key", "use printable ASCII characters, for example a UUID")
    told = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Call(rim, who, key, hashlib.sha256(told).hexdigest())


async def actor_of(request: Request) -> Actor | None:
    """Return who is signed in by cookie, ``None`` for nobody; for pages, which send people to the sign-in."""
    cookie = request.cookies.get(COOKIE)
    return await _signed_in(rim_of(request), cookie) if cookie else None


async def _who(rim: Rim, request: Request, bearer: HTTPAuthorizationCredentials | None, cookie: str | None) -> Actor:
    if bearer is not None:
        return await _key_holder(rim, bearer.credentials)
    if cookie is None:
        raise UnauthenticatedError("sign in, or send an API key as: Authorization: Bearer KEY")
    found = await _signed_in(rim, cookie)
    if found is None:
        raise UnauthenticatedError("the session has ended; sign in again")
    check_origin(rim, request)
    return found


async def _signed_in(rim: Rim, cookie: str) -> Actor | None:
    account_id = Sessions(rim.keys.box).account_of(cookie, rim.clock.now())
    account = await rim.look(lambda uow: uow.get(Account, account_id)) if account_id else None
    return actor_of_account(account) if account is not None and account.disabled_at is None else None


async def _key_holder(rim: Rim, secret: str) -> Actor:
    now = rim.clock.now()
    try:
        key: ApiKey = await rim.look(lambda uow: api_key_of(uow, now, secret))
    except ForbiddenError as error:
        raise UnauthenticatedError(str(error)) from error
    if OPERATE in key.scopes.split():
        return Actor(f"key-{key.prefix}", frozenset({Role.OPERATOR}))
    return Actor(key.carrier, frozenset({Role.PARTNER if PARTNER in key.scopes.split() else Role.CARRIER}))


def check_origin(rim: Rim, request: Request) -> None:
    """Refuse a change that a foreign page makes in a signed-in person's name.

    Browsers say where a request comes from (Fetch Metadata, or Origin); a cookie alone changes nothing.
    """
    if request.method in SAFE_METHODS or request.headers.get("sec-fetch-site") == "same-origin":
        return
    ours = {_origin(rim.locality.base_url), f"{request.url.scheme}://{request.headers.get('host', '')}"}
    given = request.headers.get("origin", "")
    if not any(hmac.compare_digest(given.encode(), one.encode()) for one in ours):
        raise ForbiddenError("this request does not come from one of our own pages (Origin)")


def check_origin_if_given(rim: Rim, request: Request) -> None:
    """Check where no cookie is needed yet: a program may leave Origin out, a browser never does."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        check_origin(rim, request)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _encoded(shape: BaseModel | None) -> bytes:
    return b"" if shape is None else shape.model_dump_json().encode()
