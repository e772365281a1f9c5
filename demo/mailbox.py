"""Everybody's mail in one place: an SMTP server that keeps what the cloud sends, as its readers find it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

LOOPBACK = "127.0.0.1"
MAIL_BYTES_MAX = 256 * 1024  # ours have about 12 kB, most of it the QR code
MAILS_MAX = 5_000  # on disk; a day of the demo sends some five hundred

_CODE = re.compile(r"\b(\d{3} \d{3} \d{3})\b")
_BARCODE = re.compile(r"\bLM\d{10,}\b")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as its reader sees it. ``code`` and ``qr_png`` are there when it brings them."""

    id: str
    to: str
    subject: str
    sent: str
    text: str
    html: str
    qr_png: bytes | None

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        return found.group(1) if found else ""

    @property
    def barcode(self) -> str:
        found = _BARCODE.search(self.text)
        return found.group(0) if found else ""


class Mailbox:
    """Keeps messages in ``folder``; whoever waits for one follows ``after``."""

    def __init__(self, folder: Path) -> None:
        """Read what is there already."""
        self._folder = folder
        paths = sorted(folder.glob("*.eml"))
        for old in paths[:-MAILS_MAX]:
            old.unlink()
        self.mails = [read_mail(path.stem, path.read_bytes()) for path in paths[-MAILS_MAX:]]
        self.next = int(self.mails[-1].id) + 1 if self.mails else 1
        self._came = asyncio.Event()

    def take(self, raw: bytes) -> Mail:
        """Keep one message."""
        mail = read_mail(f"{self.next:06d}", raw)
        self.next += 1
        (self._folder / f"{mail.id}.eml").write_bytes(raw)
        self.mails.append(mail)
        self._came.set()
        self._came = asyncio.Event()
        return mail

    def find(self, mail_id: str) -> Mail | None:
        return next((mail for mail in self.mails if mail.id == mail_id), None)

    async def follow(self) -> AsyncIterator[Mail]:
        """Yield every message there is, and then every one that comes."""
        place = 0
        while True:
            came = self._came
            while place < len(self.mails):
                yield self.mails[place]
                place += 1
            await came.wait()


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self._mailbox.take(bytes(envelope.content))
        return "250 kept"


@asynccontextmanager
async def receiving(mailbox: Mailbox, port: int) -> AsyncIterator[None]:
    """Take mail on loopback while the block runs."""
    loop = asyncio.get_running_loop()
    make = partial(SMTP, _Handler(mailbox), data_size_limit=MAIL_BYTES_MAX, enable_SMTPUTF8=True, loop=loop)
    server = await loop.create_server(make, LOOPBACK, port)
    try:
        yield
    finally:
        server.close()


def read_mail(mail_id: str, raw: bytes) -> Mail:
    """Parse one message."""
    message = message_from_bytes(raw, policy=policy.default)
    return Mail(
        id=mail_id,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        sent=str(message["Date"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        qr_png=next((_content(part) for part in message.walk() if part.get_content_type() == "image/png"), None),
    )


def _body(message: Message, kind: str) -> str:
    found = message.get_body((kind,)) if isinstance(message, EmailMessage) else None
    return str(found.get_content()) if found is not None else ""


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
