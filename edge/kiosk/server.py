"""The touch screen's page, served to the machine itself: a screen is whatever the controller says it is.

Only loopback, and even there nobody is trusted blindly: a ``Host`` that is not ours is refused (DNS rebinding), a body
must say that it is JSON and come from our own page, and everything is forbidden to caches. A pick-up code travels in
a body, never in an address.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from microdot import Microdot, Request, Response
from microdot.microdot import HTTPException

from contract.ids import CompartmentLabel
from edge.kiosk.pages import Page, load_pages
from edge.kiosk.port import About, KioskPort
from edge.kiosk.stream import as_events
from edge.locker_controller.inputs import Answer

LOOPBACK = "127.0.0.1"
OUR_NAMES = frozenset({LOOPBACK, "localhost"})
BODY_BYTES_MAX = 8 * 1024  # the longest honest body is a QR code's text: 4,296 characters
TYPED_CHARACTERS_MAX = 32  # nine digits, with whatever people put between them
STREAMS_MAX = 8  # one page, its reloads and a technician's look
CLOSE_S_MAX = 2.0  # a stop of the agent must not hang on a page that stopped reading
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Body = TypeVar("Body")


class CodeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answer: Answer
    label: CompartmentLabel | None = None


@asynccontextmanager
async def serving(
    port: KioskPort, about: Callable[[], About], tcp_port: int, painted: Callable[[], None] | None = None
) -> AsyncIterator[int]:
    """Serve the page on loopback while the block runs; yields the TCP port, which is a free one for 0.

    ``painted`` is called whenever the page says that it has just painted a frame.
    """
    site = _Site(port, about, painted)
    await site.app.start_server(LOOPBACK, tcp_port, start_serving=False)
    server: asyncio.Server = site.app.server
    await server.start_serving()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        # Streams end first: since Python 3.12 closing waits for every open connection.
        await site.end_streams()
        server.close()
        await server.wait_closed()


class _Site:
    """The routes over one port."""

    def __init__(self, port: KioskPort, about: Callable[[], About], painted: Callable[[], None] | None) -> None:
        self.app = Microdot()
        self._on_painted = painted
        self._closing = asyncio.Event()
        self._port, self._about = port, about
        self._pages = load_pages()
        self._streams: set[asyncio.Task[Any] | None] = set()
        self._add_routes()

    async def end_streams(self) -> None:
        """Let every open stream finish; one whose page no longer reads is left behind after ``CLOSE_S_MAX``."""
        self._closing.set()
        if streams := {task for task in self._streams if task is not None}:
            await asyncio.wait(streams, timeout=CLOSE_S_MAX)

    def _add_routes(self) -> None:
        app = self.app
        app.before_request(_refuse_strangers)
        app.after_request(_add_headers)
        app.after_error_request(_add_headers)
        app.get("/")(self._index)
        app.get("/static/<path:name>")(self._static)
        app.get("/config")(self._config)
        app.get("/screen")(self._screen)
        app.get("/events")(self._events)
        app.post("/code")(self._code)
        app.post("/scan")(self._scan)
        app.post("/answer")(self._answer)
        app.post("/painted")(self._painted)

    async def _index(self, _request: Request) -> Response:
        return _page(self._pages["index.html"])

    async def _static(self, _request: Request, name: str) -> Response:
        page = self._pages.get(name)
        return _page(page) if page else _problem(404, "no such page")

    async def _config(self, _request: Request) -> Response:
        return _json(self._about())

    async def _screen(self, _request: Request) -> Response:
        return _json(self._port.screen())

    async def _events(self, request: Request) -> Response:
        if len(self._streams) >= STREAMS_MAX:
            return _problem(503, "too many pages are open")
        stream: Any = self._stream(request)  # microdot streams any async generator, and says bytes
        return Response(stream, headers={"Content-Type": "text/event-stream"})

    async def _code(self, request: Request) -> Response:
        code = _body(request, CodeBody).code
        # More than a person types is no attempt, and must not reach Argon2id.
        entry = "slip" if len(code) > TYPED_CHARACTERS_MAX else await self._port.enter_code(code)
        return _json({"entry": entry})

    async def _scan(self, request: Request) -> Response:
        await self._port.scan(_body(request, ScanBody).text)
        return Response(status_code=204)

    async def _answer(self, request: Request) -> Response:
        body = _body(request, AnswerBody)
        await self._port.answer(body.answer, body.label)
        return Response(status_code=204)

    async def _painted(self, _request: Request) -> Response:
        if self._on_painted is not None:
            self._on_painted()
        return Response(status_code=204)

    async def _stream(self, request: Request) -> AsyncIterator[bytes]:
        task = asyncio.current_task()
        self._streams.add(task)
        try:
            # The page says nothing more on this connection: the end of it is the end of the page.
            ends = (self._closing.wait(), request.sock[0].read(1))
            async with aclosing(as_events(self._port.watch(), ends)) as events:
                async for event in events:
                    yield event
        finally:
            self._streams.discard(task)


async def _refuse_strangers(request: Request) -> Response | None:
    """Answer whoever is not our own page; None lets the request pass."""
    if _name(request.headers.get("Host", "")) not in OUR_NAMES:
        return _problem(421, "this page is only for the locker itself")
    if request.method != "POST":
        return None
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers["Host"]:
        return _problem(403, "this came from another page")
    if (request.content_type or "").partition(";")[0].strip() != "application/json":
        return _problem(415, "a body of application/json is wanted")
    if request.content_length > BODY_BYTES_MAX:
        return _problem(413, f"a body has at most {BODY_BYTES_MAX} bytes")
    return None


async def _add_headers(_request: Request, response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _name(host: str) -> str:
    """Return the name in a ``Host`` header without its port; a forwarded port is no other machine."""
    return host.partition(":")[0].lower()


def _body(request: Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(request.body or b"", type=kind)
    except msgspec.MsgspecError:
        # Without msgspec's own words, which quote what somebody typed; an HTTPException is not printed either.
        raise HTTPException(400, "the body is not what this address takes") from None


def _json(record: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(record), status, {"Content-Type": "application/json"})


def _page(page: Page) -> Response:
    return Response(page.content, headers={"Content-Type": page.media_type})


def _problem(status: int, detail: str) -> Response:
    return _json({"detail": detail}, status)
