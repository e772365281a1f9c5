"""Refusals as RFC 9457 problems: the one place where a domain error becomes an HTTP status.

Every problem says in ``detail`` what is wrong in a sentence a person may read, and carries the facts as members.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from cloud.domain import errors

MEDIA_TYPE = "application/problem+json"
OVERLOADED_AGAIN_S = 2  # the writer empties a full queue in about this time
ERRORS_MAX = 50  # fields named in one problem; a body that is wrong everywhere is wrong once
GIVEN_MAX = 80  # characters of a wrong value repeated to whoever sent it
NO_OBJECT = "a JSON object is required as the body, sent with Content-Type: application/json"

_STATUS: tuple[tuple[type[errors.DomainError], HTTPStatus], ...] = (
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.ForbiddenError, HTTPStatus.FORBIDDEN),
    (errors.BrokenChainError, HTTPStatus.CONFLICT),
    (errors.ConflictError, HTTPStatus.CONFLICT),
    (errors.InvalidError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.LimitReachedError, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.OverloadedError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_WHERE = {"body", "query", "path", "header", "cookie"}
_A_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")  # how Python shows a member of an enumeration; people read its value
_log = logging.getLogger(__name__)


RefusalPage = Callable[[Request, int], Response]


class PageRouter(APIRouter):
    """Pages for people, with the page that stands for a refusal which no page of theirs has answered."""

    refusal_page: RefusalPage | None = None


class UnauthenticatedError(Exception):
    """Nobody knows who asks; ``why`` says what was wrong with what was shown, if anything was."""


def install(app: FastAPI) -> None:
    """Have every error of ``app`` answered as a problem."""
    app.add_exception_handler(errors.DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnauthenticatedError, _unauthenticated)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _crashed)


def problem(status: int, kind: str, detail: str, members: Mapping[str, Any] | None = None) -> Response:
    """Return a problem; ``kind`` is its stable name, in kebab case."""
    document = {
        "type": f"urn:latchmile:problem:{kind}",
        "title": kind.replace("-", " "),
        "status": status,
        "detail": detail,
        **(members or {}),
    }
    return Response(msgspec.json.encode(document), status, media_type=MEDIA_TYPE)


def too_large(limit: int) -> Response:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", too_large_sentence(limit))


def too_large_sentence(limit: int) -> str:
    return f"the body is larger than {limit // 1024} kB"


def status_of(error: errors.DomainError) -> HTTPStatus:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def kind_of(error: errors.DomainError) -> str:
    """Return the error's own name in kebab case: ``NoCapacityError`` is ``no-capacity``."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).strip("-")


async def _domain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.DomainError)  # noqa: S101 - it is installed for nothing else
    answer = problem(status_of(error), kind_of(error), str(error), _members(error))
    if isinstance(error, errors.LimitReachedError):
        answer.headers["Retry-After"] = str(max(1, round(error.again_in.total_seconds())))
    if isinstance(error, errors.OverloadedError):
        answer.headers["Retry-After"] = str(OVERLOADED_AGAIN_S)
    return answer


def _members(error: errors.DomainError) -> dict[str, Any]:
    match error:
        case errors.ShiftOverlapsError():
            other = {"id": error.shift, "starts_at": error.begins.isoformat(), "ends_at": error.ends.isoformat()}
            return {"errors": [{"field": error.field, "reason": error.why}], "shift": other}
        case errors.InvalidError():
            return {"errors": [{"field": error.field, "reason": error.why}]}
        case errors.AssignmentRefusedError():
            return {"reasons": list(error.reasons)}
        case errors.NoCapacityError():
            return {"locker": error.locker, "size": error.size}
        case errors.TransitionRefusedError():
            return {"state": error.state}
        case _:
            return {}


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is installed for nothing else
    found = [_field_error(one) for one in error.errors()[:ERRORS_MAX]]
    first = found[0]
    detail = f"{first['field'] or 'the request'}: {first['reason']}"
    if len(found) > 1:
        detail += f" (and {len(found) - 1} more)"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, {"errors": found})


def _field_error(one: Mapping[str, Any]) -> dict[str, str]:
    """Name the field as the sender wrote it; the value is repeated only where it is short and no secret."""
    where: Sequence[Any] = one.get("loc", ())
    names = [str(part) for part in where if part not in _WHERE]
    reason = str(one.get("msg", "")).removeprefix("Value error, ")
    match one.get("type"), names:
        case "json_invalid", _:
            names, reason = [], f"is no JSON: {one.get('ctx', {}).get('error', 'it breaks off')}"
        case (("missing" | "dict_type" | "model_attributes_type"), []):
            reason = NO_OBJECT
        case (("too_short" | "too_long"), _) if isinstance(one.get("input"), str):
            reason = reason.replace("Value", "String").replace(" item", " character")
        case "literal_error" | "enum", _:
            reason = _A_MEMBER.sub(r"\1", reason)
    field = ".".join(names)
    given = one.get("input")
    shown = {} if not isinstance(given, int | float) else {"given": str(given)[:GIVEN_MAX]}
    return {"field": field, "reason": reason, **shown}


async def _unauthenticated(_request: Request, error: Exception) -> Response:
    answer = problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", str(error))
    answer.headers["WWW-Authenticate"] = 'Bearer realm="latchmile"'
    return answer


def _as_read(request: Request, answer: Response) -> Response:
    """Return a page in place of a problem where a person reads it: a browser, at no address of the API."""
    page: RefusalPage | None = getattr(request.app.state, "refusal_page", None)
    reads = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    return page(request, answer.status_code) if page and reads else answer


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is installed for nothing else
    try:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    except ValueError:
        kind = "refused"
    answer = problem(error.status_code, kind, str(error.detail))
    answer = _as_read(request, answer)
    answer.headers.update(error.headers or {})
    return answer


async def _crashed(request: Request, error: Exception) -> Response:
    """Say that it is our fault and nothing about it; the log has the rest."""
    _log.error("api.crashed", extra={"method": request.method, "route": _route_of(request)}, exc_info=error)
    said = "something is broken here; it has been written down"
    return _as_read(request, problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", said))


def _route_of(request: Request) -> str:
    """Return the route's pattern: a real path may carry a recipient's link."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
