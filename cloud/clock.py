"""The cloud's only look at the wall clock. Everything else is told what time it is."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands until it is moved; ships with the product for tests and simulated days."""

    def __init__(self, at: datetime) -> None:
        """Stand at ``at``."""
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        self._at = at
