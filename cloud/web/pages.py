"""All pages for people as one router; ``create_app(rim, create_pages(rim))`` serves them beside the API."""

from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import Path as FromPath
from fastapi import Request, Response
from fastapi.responses import FileResponse

from cloud.api.problems import PageRouter
from cloud.domain.errors import NotFoundError
from cloud.rim import Rim
from cloud.web import (
    console,
    console_accounts,
    console_bulk,
    console_costs,
    console_counters,
    console_hand_over,
    console_imports,
    console_lists,
    console_lockers,
    console_outside,
    console_parcels,
    console_scenarios,
    console_shifts,
    counter,
    courier,
    courier_road,
    crowd,
    sign_in,
    tracking,
)
from cloud.web.frame import D3, LEAFLET, STATIC, Frame, Tiles, see_other
from cloud.web.route import refused, router_of

KEPT_S = 86_400  # a day; the page's own files change their address with their content
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".geojson": "application/geo+json",
}
FileName = Annotated[str, FromPath(pattern=r"^[a-z][a-z0-9_-]*(/[a-z][a-z0-9_-]*)?(-2x)?\.(css|js|svg|png|geojson)$")]


def create_pages(rim: Rim, tiles: Tiles | None = None, leaflet: Path = LEAFLET) -> PageRouter:
    """Return the pages. Without ``tiles`` maps draw a quiet ground of their own and ask nobody for anything."""
    frame = Frame(rim, tiles, leaflet)
    router = router_of(frame)
    router.refusal_page = partial(refused, frame)

    @router.get("/")
    async def get_front(request: Request) -> Response:
        return frame.page(request, "front.html")

    @router.get("/static/{name:path}")
    async def get_file(request: Request, name: FileName) -> Response:
        return _file(frame, name, kept="v" in request.query_params)

    @router.get("/favicon.ico")
    async def get_icon() -> Response:
        return see_other("/static/mark.svg")

    people = (sign_in, tracking, courier, courier_road, crowd, counter)
    lists = (console_counters, console_hand_over, console_outside, console_scenarios, console_shifts, console_lists)
    for part in (
        *people,
        console,
        console_accounts,
        console_lockers,
        console_bulk,
        console_parcels,
        console_costs,
        console_imports,
        *lists,
    ):
        router.include_router(part.create(frame))
    for area in ("console", "counter", "courier", "t"):
        router.add_api_route(f"/{area}/{{rest:path}}", _nowhere, methods=["GET"])
    return router


async def _nowhere(rest: str) -> Response:
    """Answer an address of ours that leads nowhere with a page: the API's answer is for programs."""
    raise NotFoundError("page", rest)


def _file(frame: Frame, name: str, *, kept: bool) -> Response:
    folder, inside = (frame.leaflet, name.removeprefix("leaflet/")) if name.startswith("leaflet/") else (STATIC, name)
    path = D3 if name == "d3/d3.js" else folder / inside
    if not path.is_file():
        raise NotFoundError("file", name)
    fresh = f"public, max-age={KEPT_S}, immutable" if kept else "no-cache"
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": fresh})
