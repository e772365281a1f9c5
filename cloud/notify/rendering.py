"""A notification as a person reads it: subject, plain text and HTML in their language, code and QR where they belong.

Codes stand in the message body only, never in a subject (it shows on a locked phone) nor in a link.
"""

import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_datetime, format_skeleton
from jinja2 import Environment, PackageLoader, StrictUndefined

from cloud.notify.hours import hours_said
from cloud.notify.money import CENTS, money_said

LANGUAGES = ("en", "pl", "de")
TEMPLATES = (
    "attempt_failed_locker",
    "another_locker",
    "running_late",
    "not_today",
    "opted_in",
    "said_inside",
    "ready_for_pickup",
    "code_reissued",
    "reminder",
    "deadline_extended",
    "expired",
    "door_left_open",
    "picked_up",
    "returned",
    "missing",
    "cancelled",
    "window_agreed",
    "redirect_refused",
    "window_refused",
    "recall_refused",
)
SAY_WHERE = ("reminder",)  # where and until when, also once its code is no longer ours to tell
TO_COURIERS = ("crowd_offer",)  # these speak of offers, not of somebody's own parcel
_SPOKEN = {"en": "en_GB", "pl": "pl", "de": "de"}  # dates as Europe writes them: 23 November, not November 23
QR_CID = "capability@latchmile"
QR_NAME = "pick-up.png"
QR_SCALE = 6  # a phone shows some 65 modules at 6 pixels sharply, and a printed page still scans

_PAGES = Environment(loader=PackageLoader("cloud.notify", "."), autoescape=True, undefined=StrictUndefined)


class UnknownTemplateError(LookupError):
    """A notification that nobody wrote a text for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text may speak of; empty where it does not apply."""

    barcode: str = ""
    carrier: str = ""
    locker: str = ""
    locker_id: str = ""
    address: str = ""
    hours: str = ""
    deadline: datetime | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    zone: str = "UTC"
    link: str = ""
    price: str = ""
    currency: str = "EUR"
    why: str = ""
    at_counter: bool = False


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens the door: the code in three groups of three and the text of the capability QR."""

    code: str | None = None
    capability: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str
    html: str
    qr_png: bytes | None


def render(template: str, language: str, facts: Facts, secrets: Secrets) -> Message:
    """Return the message; raises ``UnknownTemplateError``. An unknown language reads English."""
    texts = _texts(language if language in LANGUAGES else LANGUAGES[0], at_counter=facts.at_counter)
    if template not in (*TEMPLATES, *TO_COURIERS):
        raise UnknownTemplateError(template)
    words = _words(facts, language)
    subject = str(texts[template]["subject"]).format_map(words)
    spoken = [one for one in texts[template]["body"] if facts.why or "{why}" not in one]
    paragraphs = [str(paragraph).format_map(words) for paragraph in spoken]
    shown = {
        "language": language,
        "subject": subject,
        "paragraphs": paragraphs,
        "texts": texts,
        "code": secrets.code,
        "qr": QR_CID if secrets.capability else None,
        "where": _where(facts) if secrets.code or template in SAY_WHERE else "",
        "hours": words["hours"],
        "deadline": words["deadline"],
        "link": facts.link,
        "link_label": texts["offer_label" if template in TO_COURIERS else "track_label"],
        "footer": texts["footer"] if secrets.code else "",  # it warns of giving a code away: only where there is one
    }
    html = _PAGES.get_template("message.html").render(shown)
    return Message(subject, _plain(shown), html, qr_png(secrets.capability) if secrets.capability else None)


def _where(facts: Facts) -> str:
    """Name the machine as it is painted, too: two of them may stand at one address under one name."""
    name = f"{facts.locker} ({facts.locker_id})" if facts.locker_id else facts.locker
    return ", ".join(filter(None, (name, facts.address if facts.address != facts.locker else "")))


def qr_png(text: str) -> bytes:
    """Draw a QR code as PNG, error correction M, with the quiet zone of four modules the standard asks for."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=QR_SCALE, border=4)
    return out.getvalue()


@cache
def _texts(language: str, *, at_counter: bool) -> Mapping[str, Any]:
    """Return a language's texts; at a partner's counter some are said otherwise, for people work there."""
    texts = _read(f"{language}.toml")
    return texts | _read(f"{language}.counter.toml") if at_counter else texts


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("cloud.notify").joinpath("texts", name).read_text("utf-8"))


def _words(facts: Facts, language: str) -> dict[str, str]:
    return {
        "barcode": facts.barcode,
        "carrier": facts.carrier,
        "locker": facts.locker,
        "address": facts.address,
        "hours": hours_said(facts.hours, language),
        "deadline": _moment(facts.deadline, facts.zone, language),
        "begins": _clock(facts.begins, facts.zone),
        "ends": _clock(facts.ends, facts.zone),
        "day": _day(facts.begins, facts.zone, language),
        "why": facts.why,
        "price": _price(facts, language),
    }


def _clock(at: datetime | None, zone: str) -> str:
    """Return an hour and minute where the parcel is, the same in all our languages."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M") if at else ""


def _moment(at: datetime | None, zone: str, language: str) -> str:
    """Return weekday, day and time where the parcel is, as the language writes them."""
    if at is None:
        return ""
    return f"{_day(at, zone, language)}, {_clock(at, zone)}"


def _day(at: datetime | None, zone: str, language: str) -> str:
    """Return weekday and day where the parcel is."""
    if at is None:
        return ""
    local, spoken = at.astimezone(ZoneInfo(zone)), _SPOKEN.get(language, _SPOKEN["en"])
    return f"{format_datetime(local, 'EEEE', locale=spoken)}, {format_skeleton('MMMMd', local, locale=spoken)}"


def _price(facts: Facts, language: str) -> str:
    """Return an amount that was written as ``3.00`` as the language writes it."""
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    return money_said(float(facts.price) * CENTS, facts.currency, spoken) if facts.price else ""


def _plain(shown: Mapping[str, Any]) -> str:
    """Return the paragraphs with an empty line between what belongs apart."""
    texts = shown["texts"]
    parts = [texts["greeting"], *shown["paragraphs"]]
    if shown["code"]:
        parts.append(f"{texts['code_label']}: {shown['code']}")
    if shown["qr"]:
        parts.append(texts["qr_plain"].format(picture=QR_NAME))
    if shown["where"]:
        until = f"\n{texts['until_label']}: {shown['deadline']}" if shown["deadline"] else ""
        hours = f" ({shown['hours']})" if shown["hours"] else ""
        parts.append(f"{texts['where_label']}: {shown['where']}{hours}{until}")
    if shown["link"]:
        parts.append(f"{shown['link_label']}: {shown['link']}")
    return "\n\n".join(filter(None, [*parts, shown["footer"]])) + "\n"
