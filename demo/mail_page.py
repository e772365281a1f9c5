"""The page that shows everybody's mail, as a phone would: a list, and a message with its code and its QR code."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from microdot import Microdot, Request, Response

from demo.mailbox import Mail, Mailbox
from edge.kiosk.pages import load_pages

LOOPBACK = "127.0.0.1"
SHOWN_MAX = 300  # a list that a thumb can still scroll
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'"
)
# A message may look as it likes and do nothing: no script, no picture from elsewhere. Links open beside the page.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox"
)


class Line(msgspec.Struct, frozen=True):
    """One message in the list."""

    id: str
    to: str
    subject: str
    sent: str
    has_code: bool


@asynccontextmanager
async def serving(mailbox: Mailbox, port: int) -> AsyncIterator[None]:
    """Serve the page on loopback while the block runs."""
    site = _Site(mailbox)
    await site.app.start_server(LOOPBACK, port, start_serving=False)
    server: asyncio.Server = site.app.server
    await server.start_serving()
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


class _Site:
    def __init__(self, mailbox: Mailbox) -> None:
        self.app = Microdot()
        self._mailbox = mailbox
        self._pages = load_pages(Path(__file__).parent / "static")
        self.app.get("/")(self._index)
        self.app.get("/static/<path:name>")(self._static)
        self.app.get("/mails.json")(self._list)
        self.app.get("/mails/<mail_id>")(self._message)

    async def _index(self, _request: Request) -> Response:
        return self._page("mails.html")

    async def _static(self, _request: Request, name: str) -> Response:
        return self._page(name)

    def _page(self, name: str) -> Response:
        page = self._pages.get(name)
        if page is None:
            return Response("there is no such page", 404)
        headers = {"Content-Type": page.media_type, "Content-Security-Policy": PAGE_POLICY}
        return Response(page.content, headers=headers)

    async def _list(self, _request: Request) -> Response:
        newest = self._mailbox.mails[: -SHOWN_MAX - 1 : -1]
        lines = [Line(one.id, one.to, one.subject, one.sent, bool(one.code)) for one in newest]
        return Response(msgspec.json.encode(lines), headers={"Content-Type": "application/json"})

    async def _message(self, _request: Request, mail_id: str) -> Response:
        mail = self._mailbox.find(mail_id)
        if mail is None:
            return Response("this message is gone", 404)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": MESSAGE_POLICY}
        return Response(shown(mail), headers=headers)


def shown(mail: Mail) -> str:
    """Return the message's HTML with its picture inside and links that leave the frame."""
    html = mail.html or f"<pre>{mail.text}</pre>"
    if mail.qr_png is not None:
        picture = base64.b64encode(mail.qr_png).decode()
        html = html.replace("cid:capability@latchmile", f"data:image/png;base64,{picture}")
    return html.replace("<head>", '<head><base target="_blank">', 1)
