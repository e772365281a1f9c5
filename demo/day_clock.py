"""The demo's hurried clock: a morning at the depot that began at some real moment, and a speed."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

HASTE = 600.0  # until something has arrived at a locker there is little to look at
LOOK_AGAIN_S = 0.5  # a wait notices this soon that the clock has slowed down


@dataclass(slots=True)
class DayClock:
    """Maps the day's times to real ones. Before ``start`` it stands at the morning.

    It hurries, at ``HASTE`` or ``speed`` if that is faster, until ``settle`` is called.
    """

    morning: datetime
    speed: float
    began_s: float | None = None
    _settled_s: float | None = None

    def start(self) -> None:
        self.began_s = time.monotonic()

    def settle(self) -> None:
        """Go on at ``speed``; the first call counts."""
        if self._settled_s is None:
            self._settled_s = self.passed_s()

    def now(self) -> datetime:
        passed_s = self.passed_s()
        hurried_s = passed_s if self._settled_s is None else min(self._settled_s, passed_s)
        return self.morning + timedelta(seconds=hurried_s * self._haste + (passed_s - hurried_s) * self.speed)

    def passed_s(self) -> float:
        """Return the real seconds since the start."""
        return 0.0 if self.began_s is None else time.monotonic() - self.began_s

    def real_s(self, span: timedelta) -> float:
        """Return how many real seconds a span of the day takes, as fast as the clock goes now."""
        return span.total_seconds() / (self._haste if self._settled_s is None else self.speed)

    async def wait_until(self, at: datetime, over: asyncio.Event) -> bool:
        """Sleep until the day's time is ``at``; false when everything is ``over`` before."""
        while (left_s := self.real_s(at - self.now())) > 0:
            if not await slept(min(left_s, LOOK_AGAIN_S), over):
                return False
        return not over.is_set()

    @property
    def _haste(self) -> float:
        return max(HASTE, self.speed)


async def slept(seconds: float, over: asyncio.Event) -> bool:
    """Sleep; false when everything is ``over`` before."""
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return True
    return False
