"""E-mail over SMTP: the one channel that reaches everybody without an account."""

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Protocol

import aiosmtplib

from cloud.clock import Clock
from cloud.notify.outbox import SendError
from cloud.notify.rendering import QR_CID, QR_NAME, Message

SMTP_S_MAX = 20.0  # a mail server that takes longer is down for us; the notification is tried again later


class Sender(Protocol):
    """A channel. Raises ``SendError``; ``reference`` makes a repeated message recognisable to the mail program."""

    async def send(self, address: str, message: Message, reference: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    host: str
    port: int
    sender: str
    start_tls: bool | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    use_tls: bool = False  # from the first byte, which leaves nothing for ``start_tls``


class MailSender:
    """Sends each message in a connection of its own: some ten a second is what one mail relay accepts anyway."""

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        """Send through the relay of ``settings``."""
        self._settings, self._clock = settings, clock

    async def send(self, address: str, message: Message, reference: str) -> None:
        settings = self._settings
        try:
            await aiosmtplib.send(
                compose(settings.sender, address, message, reference, self._clock.now()),
                hostname=settings.host,
                port=settings.port,
                start_tls=settings.start_tls,
                username=settings.username,
                password=settings.password,
                use_tls=settings.use_tls,
                timeout=SMTP_S_MAX,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SendError(str(error)) from error


def compose(sender: str, address: str, message: Message, reference: str, at: datetime) -> EmailMessage:
    """Return the MIME message: plain text, HTML, and the QR code as an image inside the HTML.

    Sender and date are the two fields no mail may lack (RFC 5322, 3.6); what lacks one looks like spam.
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, message.subject
    domain = sender.rpartition("@")[2].rstrip("> ") or "localhost"
    mail["Message-ID"] = f"<{reference}@{domain}>" if reference else make_msgid(domain=domain)
    mail["Date"] = format_datetime(at)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    if message.qr_png:
        for part in mail.iter_parts():
            if part.get_content_type() == "text/html":
                part.add_related(message.qr_png, "image", "png", cid=f"<{QR_CID}>", filename=QR_NAME)
    return mail
