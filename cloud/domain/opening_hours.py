"""When a locker's door to the street is open, read from what operators really write.

OpenStreetMap's ``opening_hours`` is read by opening-hours-py, an implementation of the full specification. InPost's
Polish short form (``PN-PT 10-19 SB 10-14``) is brought to that form first.
"""

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State, validate

from cloud.domain.errors import InvalidError
from cloud.domain.windows import Window

TEXT_MAX = 255  # the longest value OpenStreetMap stores
ALWAYS = "24/7"
_DAYS = {"PN": "Mo", "WT": "Tu", "SR": "We", "ŚR": "We", "CZ": "Th", "PT": "Fr", "SB": "Sa", "ND": "Su"}
_DAY = "|".join(_DAYS)
_CLOCK = r"\d{1,2}(?::\d{2})?"
_RULE = re.compile(rf"({_DAY})(?:\s*-\s*({_DAY}))?\s+({_CLOCK})\s*-\s*({_CLOCK})")
_RULES = re.compile(rf"(?:{_RULE.pattern}[\s;,]*)+")


def normal(text: str) -> str:
    """Return opening hours in OpenStreetMap's form; raises ``InvalidError`` for what neither form allows."""
    given = " ".join(text.split())
    if not given or len(given) > TEXT_MAX:
        raise InvalidError("opening_hours", f"needs 1 to {TEXT_MAX} characters such as 24/7 or Mo-Fr 08:00-20:00")
    candidate = _from_polish(given.upper()) if _RULES.fullmatch(given.upper()) else given
    if not validate(candidate):
        raise InvalidError("opening_hours", f"{given!r} is not of the form Mo-Fr 08:00-20:00; Sa 10:00-14:00")
    return candidate


def open_spans(hours: str, zone: str, span: Window) -> tuple[Window, ...]:
    """Return when it is open within ``span``; ``hours`` is what ``normal`` returned, ``zone`` an IANA name."""
    local = ZoneInfo(zone)
    intervals = _parsed(hours, zone).intervals(span.begins.astimezone(local), span.ends.astimezone(local))
    return tuple(
        Window(max(begins.astimezone(span.begins.tzinfo), span.begins), min(_end(ends, span), span.ends))
        for begins, ends, state, _comment in intervals
        if state == State.OPEN
    )


def is_open(hours: str, zone: str, at: datetime) -> bool:
    return _parsed(hours, zone).is_open(at.astimezone(ZoneInfo(zone)))


@lru_cache(4096)
def _parsed(hours: str, zone: str) -> OpeningHours:
    return OpeningHours(hours, timezone=ZoneInfo(zone))


def _end(ends: datetime | None, span: Window) -> datetime:
    return span.ends if ends is None else ends.astimezone(span.ends.tzinfo)


def _from_polish(text: str) -> str:
    rules = []
    for first, last, opens, closes in _RULE.findall(text):
        days = _DAYS[first] + (f"-{_DAYS[last]}" if last else "")
        rules.append(f"{days} {_clock(opens)}-{_clock(closes)}")
    return "; ".join(rules)


def _clock(text: str) -> str:
    hour, _, minute = text.partition(":")
    return f"{int(hour):02d}:{minute or '00'}"
