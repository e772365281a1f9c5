"""Delivery windows: what was promised, whether an arrival keeps it, and how late it would be."""

from datetime import datetime, timedelta
from typing import NamedTuple

from cloud.domain.errors import InvalidError

WINDOW_MIN = timedelta(minutes=15)  # shorter promises no van keeps
WINDOW_MAX = timedelta(hours=24)  # longer is no promise


class Window(NamedTuple):
    """Both ends belong to it."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        return self.begins <= at <= self.ends

    def late_by(self, at: datetime) -> timedelta:
        return max(timedelta(0), at - self.ends)

    def within(self, day: "Window") -> "Window | None":
        """Return the part inside ``day``, or None when they do not meet."""
        begins, ends = max(self.begins, day.begins), min(self.ends, day.ends)
        return Window(begins, ends) if begins < ends else None


def promised(begins: datetime | None, ends: datetime | None) -> Window | None:
    """Return the window a parcel was promised, None for any time; raises ``InvalidError`` for half or absurd ones."""
    if begins is None and ends is None:
        return None
    if begins is None or ends is None:
        raise InvalidError("window", "a window needs a beginning and an end")
    if not WINDOW_MIN <= ends - begins <= WINDOW_MAX:
        raise InvalidError("window", f"a window lasts between {WINDOW_MIN} and {WINDOW_MAX}, not {ends - begins}")
    return Window(begins, ends)
