"""Mail as its readers see it: what the cloud composes comes out of the box with its code and its QR code."""

import asyncio
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from cloud.notify.mail import compose
from cloud.notify.rendering import Facts, Secrets, render
from demo.mail_page import shown
from demo.mailbox import Mail, Mailbox, read_mail, receiving
from firmware_sim.scanner_eye import read_qr
from tests.contract.link_worlds import free_port

FACTS = Facts(barcode="LM2611230100001", locker="Centrum", address="Marszałkowska 107", carrier="carrier")
SENT = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
SECRETS = Secrets(code="482 019 352", capability="LM1:ABC")


def composed(language: str = "pl", secrets: Secrets = SECRETS) -> EmailMessage:
    message = render("ready_for_pickup", language, FACTS, secrets)
    return compose("Latchmile <lockers@example>", "ewa@people.example", message, "1", SENT)


def raw(language: str = "pl", secrets: Secrets = SECRETS) -> bytes:
    return composed(language, secrets).as_bytes()


def test_a_message_brings_code_barcode_place_and_qr() -> None:
    for language in ("en", "pl", "de"):
        mail = read_mail("1", raw(language))
        assert (mail.code, mail.barcode, mail.to) == ("482 019 352", FACTS.barcode, "ewa@people.example")
        assert "Centrum, " in mail.text
        assert mail.qr_png is not None
        assert read_qr(mail.qr_png) == "LM1:ABC"


def test_a_message_without_secrets_has_none() -> None:
    mail = read_mail("1", raw(secrets=Secrets()))
    assert (mail.code, mail.qr_png) == ("", None)


def test_the_page_carries_the_picture_itself() -> None:
    html = shown(read_mail("1", raw()))
    assert "data:image/png;base64," in html
    assert "cid:" not in html


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    Mailbox(tmp_path).take(raw())
    again = Mailbox(tmp_path)
    assert [mail.id for mail in again.mails] == ["000001"]
    assert again.take(raw()).id == "000002"


async def test_whoever_waits_gets_old_and_new_mail(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    box.take(raw())
    port = free_port()
    seen: list[Mail] = []
    async with receiving(box, port), asyncio.timeout(60):
        sending = asyncio.create_task(asyncio.to_thread(send, port))
        async for mail in box.follow():
            seen.append(mail)
            if len(seen) == 2:
                break
        await sending
    assert [mail.id for mail in seen] == ["000001", "000002"]


def send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as relay:
        relay.send_message(composed())
