"""Days on which a counter stays shut though its hours say otherwise, written into those hours as OpenStreetMap does.

``Mo-Fr 08:00-18:00; 2026 Nov 27 off`` is read by planning, deadlines, pages and the public feed alike: a closing is no
second truth beside the opening hours.
"""

import re
from datetime import date, datetime, timedelta

from cloud.domain.errors import InvalidError
from cloud.domain.opening_hours import ALWAYS, TEXT_MAX, is_open, open_spans
from cloud.domain.windows import Window

AHEAD_MAX = timedelta(days=30)  # a holiday; a counter that closes for longer stops its intake
LOOKED_AHEAD = timedelta(days=14)  # a shop that opens on no day in a fortnight has no next opening
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RULE = re.compile(rf"; (\d{{4}}) ({'|'.join(_MONTHS)}) (\d{{2}}) off")


def usual(hours: str) -> str:
    """Return opening hours without single days off."""
    return _RULE.sub("", hours)


def days_off(hours: str) -> tuple[date, ...]:
    """Return the single days off, in order."""
    found = (date(int(year), _MONTHS.index(month) + 1, int(day)) for year, month, day in _RULE.findall(hours))
    return tuple(sorted(found))


def with_days_off(hours: str, days: tuple[date, ...]) -> str:
    """Return the usual ``hours`` with exactly these ``days`` off; raises ``InvalidError`` for too many."""
    rules = "".join(f"; {day.year} {_MONTHS[day.month - 1]} {day.day:02d} off" for day in sorted(set(days)))
    changed = usual(hours) + rules
    if len(changed) > TEXT_MAX:
        raise InvalidError("day", "so many single days do not fit into the opening hours; change those instead")
    return changed


def closed_on(hours: str, day: date, today: date) -> str:
    """Return ``hours`` with ``day`` off as well; days that have passed are forgotten."""
    if not today <= day <= today + AHEAD_MAX:
        raise InvalidError("day", f"a closing is for today or one of the next {AHEAD_MAX.days} days")
    return with_days_off(hours, (*(one for one in days_off(hours) if one >= today), day))


def open_again_on(hours: str, day: date, today: date) -> str:
    """Return ``hours`` in which ``day`` is as usual again."""
    return with_days_off(hours, tuple(one for one in days_off(hours) if one >= today and one != day))


def last_chance(hours: str, zone: str, deadline: datetime) -> datetime:
    """Return ``deadline``, or the end of the next opening when nobody could come in at that moment.

    A parcel that is due on a Sunday may be fetched until the shop closes on Monday. Where no opening follows within a
    fortnight the deadline stays: whoever waits for that shop waits for nothing.
    """
    if hours == ALWAYS or is_open(hours, zone, deadline):
        return deadline
    return next((one.ends for one in open_spans(hours, zone, Window(deadline, deadline + LOOKED_AHEAD))), deadline)
