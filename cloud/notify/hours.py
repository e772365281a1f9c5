"""Opening hours as people say them: kept as OpenStreetMap writes them (``Mo-Fr 08:00-20:00``), read in any language."""

import re
from datetime import date

from babel.dates import format_skeleton, get_day_names

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CLOSED = {"en": "closed", "pl": "zamknięte", "de": "geschlossen"}
ALWAYS = {"en": "day and night", "pl": "całą dobę", "de": "rund um die Uhr"}
HOLIDAYS = {"en": "public holidays", "pl": "święta", "de": "Feiertage"}
_DATE = re.compile(rf"(\d{{4}}) ({'|'.join(MONTHS)}) (\d\d?)")
_DAY = re.compile(rf"\b({'|'.join(DAYS)})\b")
_RANGE = re.compile(r"(?<=[\w.])-(?=\w)")


def hours_said(text: str, language: str) -> str:
    """Return opening hours with the days, dates and words of ``language``; an unknown one reads English."""
    spoken = language if language in CLOSED else "en"
    if text == "24/7":
        return ALWAYS[spoken]
    names = get_day_names("abbreviated", locale=spoken)
    said = _RANGE.sub("\N{EN DASH}", text)
    said = _DAY.sub(lambda found: names[DAYS.index(found[1])], said)
    said = re.sub(r"\bPH\b", HOLIDAYS[spoken], said)
    said = re.sub(r"\b(off|closed)\b", CLOSED[spoken], said)
    return _DATE.sub(lambda found: _day(found, spoken), said)


def _day(found: re.Match[str], language: str) -> str:
    try:
        day = date(int(found[1]), 1 + MONTHS.index(found[2]), int(found[3]))
    except ValueError:  # the 31st of June stays as somebody wrote it
        return found[0]
    return str(format_skeleton("yMMMEd", day, locale="en_GB" if language == "en" else language))
