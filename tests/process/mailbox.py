"""The recipients' mail: an SMTP server that keeps every message, and an eye for the code and the QR code in it."""

import email
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from firmware_sim.scanner_eye import read_qr
from tests.process.programs import until

_CODE = re.compile(r"\b(\d{3} \d{3} \d{3})\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as its reader sees it; ``picture`` is the QR code, which only who shows it has to read."""

    to: str
    subject: str
    text: str
    code: str | None
    picture: bytes | None

    @property
    def qr(self) -> str | None:
        return read_qr(self.picture) if self.picture else None


@dataclass  # no slots: aiosmtpd looks at every attribute, and Debian 12's Python then trips over the missing weak one
class Mailbox:
    """Use as a context manager: serves on ``port`` meanwhile."""

    port: int
    letters: list[Letter] = field(default_factory=list)
    _server: Any = None

    def __enter__(self) -> Self:
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take a message in."""
        message = email.message_from_bytes(cast("bytes", envelope.content), policy=default)
        self.letters.append(_read(message))
        return "250 kept"

    def to(self, address: str, about: str = "") -> list[Letter]:
        """Return the letters to ``address`` whose subject speaks of ``about``."""
        return [one for one in self.letters if one.to == address and about in one.subject]

    async def letter(self, address: str, about: str) -> Letter:
        """Wait for a letter."""
        return (await until(lambda: self.to(address, about), f"a letter to {address} about {about!r}"))[0]


def _read(message: EmailMessage) -> Letter:
    plain = message.get_body(("plain",))
    text = plain.get_content() if plain is not None else ""
    found = _CODE.search(text)
    pictures = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "image/png"]
    picture = cast("bytes", pictures[0]) if pictures else None
    return Letter(str(message["To"]), str(message["Subject"]), text, found[1] if found else None, picture)
