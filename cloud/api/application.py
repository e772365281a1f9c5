"""The HTTP application: JSON under /v1, and pages when they are given. It holds nothing but the rim."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.api import (
    bulk,
    changes,
    counters,
    couriers,
    crowd,
    enrolments,
    handing_over,
    health,
    imports,
    kpis,
    live,
    lockers,
    models,
    parcels,
    partners,
    plans,
    points,
    positions,
    problems,
    renewals,
    road,
    scenarios,
    settings,
    shifts,
    sign_in,
    tracking,
    webhooks,
)
from cloud.api.shapes import PROBLEMS
from cloud.rim import Rim

BODY_BYTES_MAX = 64 * 1024  # of everything but files; the largest honest JSON body has 2 kB
VERSION = version("latchmile")
ROUTERS = (
    sign_in.router,
    imports.router,
    parcels.router,
    tracking.router,
    lockers.router,
    models.router,
    bulk.router,
    enrolments.router,
    renewals.router,
    couriers.router,
    shifts.router,
    counters.router,
    positions.router,
    road.router,
    handing_over.router,
    crowd.router,
    partners.router,
    changes.router,
    webhooks.router,
    plans.router,
    kpis.router,
    settings.router,
    scenarios.router,
    points.router,
    live.router,
)
_LARGER = (
    ("/v1/imports/", imports.BODY_BYTES_MAX),
    ("/console/imports/file", imports.BODY_BYTES_MAX),
    ("/console/shifts/file", imports.SHIFTS_BYTES_MAX),
)
_SAY_IT_THEMSELVES = ("/console/imports/file", "/console/shifts/file")  # pages: a problem in JSON helps nobody there
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
_DESCRIPTION = "Parcel lockers: announce parcels, plan days, run lockers. Refusals are RFC 9457 problems."

Readiness = Callable[[], Mapping[str, bool]]


def create_app(rim: Rim, pages: problems.PageRouter | None = None, readiness: Readiness = dict) -> FastAPI:
    """Build the application; ``readiness`` tells what of the service is up, by name."""
    app = described()
    app.include_router(health.router)
    if pages is not None:
        app.include_router(pages)
        app.state.refusal_page = pages.refusal_page
    stand_behind(app, rim, readiness)
    return app


def stand_behind(app: FastAPI, rim: Rim, readiness: Readiness = dict) -> None:
    """Let ``app`` work with ``rim`` from now on, as if it had just been built; nobody is remembered at its door."""
    app.state.rim, app.state.readiness = rim, readiness
    app.state.door_keeper = sign_in.DoorKeeper()


def described() -> FastAPI:
    """Return the JSON half of the application without anything behind it: enough to describe it."""
    app = _Described(
        title="Latchmile",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(_Guarded)
    for router in ROUTERS:
        app.include_router(router, responses=PROBLEMS)
    return app


class _Described(FastAPI):
    """Says of its problems what they are: RFC 9457 has a media type of its own."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        shared = document["components"].setdefault("responses", {})
        for operations in document["paths"].values():
            for operation in operations.values():
                _share_problems(operation["responses"], shared)
        return document


def _share_problems(answers: dict[str, Any], shared: dict[str, Any]) -> None:
    """Write each problem's description once and refer to it."""
    for status, answer in answers.items():
        content = answer.get("content", {})
        if problems.MEDIA_TYPE in content and "application/json" in content:
            schema = content["application/json"]
            shared[f"Problem{status}"] = {**answer, "content": {problems.MEDIA_TYPE: schema}}
            answers[status] = {"$ref": f"#/components/responses/Problem{status}"}


class _Guarded:
    """Refuses bodies beyond the limit; gives every answer the headers that keep it private and what it says it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        limit = next((most for path, most in _LARGER if scope["path"].startswith(path)), BODY_BYTES_MAX)
        announced = Headers(scope=scope).get("content-length", "")
        size = int(announced) if announced.isdigit() else 0
        if size > limit and scope["path"] not in _SAY_IT_THEMSELVES:
            await problems.too_large(limit)(scope, receive, guarded)
        else:
            await self._app(scope, _limited(receive, limit, size if size > limit else 0), guarded)


def _limited(receive: Receive, limit: int, taken: int) -> Receive:
    """Return ``receive`` that ends a body which is longer than it may be, at once if it said so."""

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problems.too_large_sentence(limit))
        return message

    return limited
