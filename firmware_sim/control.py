"""The simulator's own page and its JSON: every cabinet drawn, every door to pull. On loopback, for people and tests.

Nobody but this machine is served, and a request from another site's page is refused: this opens doors, if only
simulated ones.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from microdot import Microdot, Request, Response
from microdot.microdot import HTTPException

from edge.kiosk.pages import load_pages
from firmware_sim.deeds import (
    Break,
    Close,
    Deed,
    LockerPicture,
    Lockers,
    Look,
    Outcome,
    Power,
    Pull,
    PutIn,
    Restart,
    TakeOut,
    UnknownLockerError,
    Uplink,
)
from firmware_sim.locker import LockerStartError
from firmware_sim.physics import CabinetError

LOOPBACK = "127.0.0.1"
OUR_NAMES = frozenset({LOOPBACK, "localhost"})
PICTURE_EVERY_S = 0.25  # four pictures a second look alive; fifty lockers make 100 kB of each
SILENCE_S_MAX = 5.0
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"

Body = TypeVar("Body")
Handler = Callable[..., Awaitable[Response]]

_DEED = msgspec.json.Decoder(Deed)


class Fleet(msgspec.Struct, frozen=True):
    """The answer to ``GET /lockers``."""

    lockers: tuple[LockerPicture, ...]


class ParcelBody(msgspec.Struct, frozen=True):
    parcel: str


@asynccontextmanager
async def serving(lockers: Lockers, tcp_port: int) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port, which is a free one for 0."""
    site = _Site(lockers)
    await site.app.start_server(LOOPBACK, tcp_port, start_serving=False)
    server: asyncio.Server = site.app.server
    await server.start_serving()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        site.closing.set()
        server.close()
        await server.wait_closed()


class _Site:
    """The routes."""

    def __init__(self, lockers: Lockers) -> None:
        self.app, self.closing = Microdot(), asyncio.Event()
        self._lockers = lockers
        self._pages = load_pages(Path(__file__).parent / "static")
        app = self.app
        app.before_request(_refuse_strangers)
        app.after_request(_add_headers)
        app.get("/")(self._index)
        app.get("/static/<path:name>")(self._static)
        app.get("/lockers")(self._all)
        app.get("/events")(self._events)
        app.get("/lockers/<locker>")(self._one)
        app.post("/lockers/<locker>/deeds")(self._deed)
        app.post("/lockers/<locker>/uplink")(self._of_body(Uplink))
        app.post("/lockers/<locker>/power")(self._of_body(Power))
        app.post("/lockers/<locker>/restart")(self._restart)
        door = "/lockers/<locker>/doors/<label>"
        app.get(door)(self._of_label(Look))
        app.post(f"{door}/pull")(self._of_label(Pull))
        app.post(f"{door}/open")(self._of_label(Pull))
        app.post(f"{door}/close")(self._of_label(Close))
        app.post(f"{door}/take_out")(self._of_label(TakeOut))
        app.post(f"{door}/put_in")(self._put_in)
        app.post(f"{door}/faults")(self._faults)

    async def _index(self, _request: Request) -> Response:
        return self._page("index.html")

    async def _static(self, _request: Request, name: str) -> Response:
        return self._page(name)

    def _page(self, name: str) -> Response:
        page = self._pages.get(name)
        if page is None:
            return _problem(404, f"there is no page {name}")
        return Response(page.content, headers={"Content-Type": page.media_type, "Cache-Control": "no-store"})

    async def _all(self, _request: Request) -> Response:
        return _json(Fleet(await self._lockers.pictures()))

    async def _one(self, _request: Request, locker: str) -> Response:
        found = [one for one in await self._lockers.pictures() if one.id == locker]
        return _json(found[0]) if found else _problem(404, f"there is no locker {locker} here")

    async def _deed(self, request: Request, locker: str) -> Response:
        return await self._do(locker, _body(request, _DEED))

    async def _restart(self, _request: Request, locker: str) -> Response:
        return await self._do(locker, Restart())

    async def _put_in(self, request: Request, locker: str, label: str) -> Response:
        parcel = _body(request, msgspec.json.Decoder(ParcelBody)).parcel
        return await self._do(locker, PutIn(label, parcel))

    async def _faults(self, request: Request, locker: str, label: str) -> Response:
        wanted = _body(request, msgspec.json.Decoder(dict[str, Any]))
        try:
            deed = msgspec.convert({**wanted, "label": label, "deed": "break"}, Break)
        except msgspec.ValidationError as error:
            return _problem(400, str(error))
        return await self._do(locker, deed)

    def _of_body(self, kind: type[Uplink] | type[Power]) -> Handler:
        async def handle(request: Request, locker: str) -> Response:
            wanted = _body(request, msgspec.json.Decoder(dict[str, Any]))
            try:
                deed = msgspec.convert({**wanted, "deed": kind.__name__.lower()}, kind)
            except msgspec.ValidationError as error:
                return _problem(400, str(error))
            return await self._do(locker, deed)

        return handle

    def _of_label(self, kind: type[Look] | type[Pull] | type[Close] | type[TakeOut]) -> Handler:
        async def handle(_request: Request, locker: str, label: str) -> Response:
            return await self._do(locker, kind(label))

        return handle

    async def _do(self, locker: str, deed: Deed) -> Response:
        try:
            outcome: Outcome = await self._lockers.do(locker, deed)
        except UnknownLockerError as error:
            return _problem(404, str(error))
        except CabinetError as error:
            return _problem(409, str(error))
        except LockerStartError as error:
            return _problem(503, str(error))
        return _json(outcome)

    async def _events(self, _request: Request) -> Response:
        stream: Any = self._stream()  # microdot streams any async generator, and says bytes
        return Response(stream, headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})

    async def _stream(self) -> AsyncIterator[bytes]:
        """Send the whole picture whenever something in it has changed, and a sign of life in between."""
        shown, quiet_s = b"", 0.0
        while not self.closing.is_set():
            now = msgspec.json.encode(Fleet(await self._lockers.pictures()))
            if now != shown or quiet_s >= SILENCE_S_MAX:
                yield b"data: " + now + b"\n\n"
                shown, quiet_s = now, 0.0
            try:
                async with asyncio.timeout(PICTURE_EVERY_S):
                    await self.closing.wait()
            except TimeoutError:
                quiet_s += PICTURE_EVERY_S


async def _refuse_strangers(request: Request) -> Response | None:
    host = request.headers.get("Host", "")
    if host.partition(":")[0].lower() not in OUR_NAMES:
        return _problem(421, "the simulator's page is only for this machine")
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and urlsplit(origin).netloc != host:
        return _problem(403, "this came from another page")
    return None


async def _add_headers(_request: Request, response: Response) -> Response:
    response.headers.update({"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})
    return response


def _body(request: Request, decoder: "msgspec.json.Decoder[Body]") -> Body:
    try:
        return decoder.decode(request.body or b"{}")
    except msgspec.MsgspecError as error:
        raise HTTPException(400, str(error)) from None


def _json(record: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(record), status, {"Content-Type": "application/json"})


def _problem(status: int, detail: str) -> Response:
    return _json({"detail": detail}, status)
