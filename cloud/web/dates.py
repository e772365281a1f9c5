"""Times as people say them, in their language and where the locker stands."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from babel import dates, units

from cloud.notify.hours import hours_said

DASH, JOINER = "\N{EN DASH}", "\N{WORD JOINER}"
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dates:
    """``now`` is the moment the page was made."""

    language: str
    zone: tzinfo
    now: datetime
    just_now: str = ""

    @property
    def locale(self) -> str:
        """Return English as Europe writes it: 23 Nov, not Nov 23."""
        return "en_GB" if self.language == "en" else self.language

    def clock(self, at: datetime) -> str:
        return dates.format_time(at, "HH:mm", tzinfo=self.zone, locale=self.language)

    def seconds(self, at: datetime) -> str:
        return dates.format_time(at, "HH:mm:ss", tzinfo=self.zone, locale=self.language)

    def exact(self, at: datetime) -> str:
        return f"{self._skeleton('MMMd', at)} {self.seconds(at)}"

    def moment(self, at: datetime) -> str:
        """Return the time, and the day unless it is today."""
        if self._local(at).date() == self._local(self.now).date():
            return self.clock(at)
        return f"{self._skeleton('MMMEd', at)}, {self.clock(at)}"

    def day(self, at: datetime) -> str:
        weekday = dates.format_datetime(at, "EEEE", tzinfo=self.zone, locale=self.locale)
        return f"{weekday}, {self._skeleton('MMMMd', at)}"

    def date(self, day: date) -> str:
        """Return a day of the calendar, short, with its year."""
        return str(dates.format_skeleton("yMMMEd", day, locale=self.locale))

    def iso(self, text: str) -> str:
        """Return the day that is stored as ``2026-11-23``."""
        return self.date(date.fromisoformat(text))

    def hours(self, text: str) -> str:
        """Return opening hours; a span of them never breaks over two lines."""
        return hours_said(text, self.language).replace(DASH, f"{JOINER}{DASH}{JOINER}")

    def readable(self, text: str) -> str:
        """Return ``text`` with the moments in it said as people say them."""
        return _ISO.sub(lambda found: self.moment(datetime.fromisoformat(found[0])), text)

    def first_in(self, text: str) -> datetime | None:
        """Return the first moment that stands in ``text``."""
        found = _ISO.search(text)
        return datetime.fromisoformat(found[0]) if found else None

    def span(self, length: timedelta) -> str:
        """Return a length in its two largest units, such as ``1 day 4 hr``."""
        rest = max(length, timedelta(0))
        if rest >= _DAY:
            parts = [("day", rest // _DAY), ("hour", rest % _DAY // _HOUR)]
        else:
            parts = [("hour", rest // _HOUR), ("minute", rest % _HOUR // _MINUTE)]
        shown = [(unit, count) for unit, count in parts if count] or [parts[-1]]
        return " ".join(self._unit(unit, count) for unit, count in shown)

    def ago(self, at: datetime) -> str:
        """Return how long ago in one unit, such as ``3 minutes ago``; ``just_now`` for the last minute."""
        if abs(at - self.now) < _MINUTE:
            return self.just_now
        return dates.format_timedelta(at - self.now, add_direction=True, locale=self.language)

    def _skeleton(self, fields: str, at: datetime) -> str:
        """Return the fields of ``at`` in the order and with the signs of the language (CLDR's skeletons)."""
        return str(dates.format_skeleton(fields, at, tzinfo=self.zone, locale=self.locale))

    def _unit(self, unit: str, count: int) -> str:
        return str(units.format_unit(count, f"duration-{unit}", "short", locale=self.language))

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)
