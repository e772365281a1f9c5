"""The demo's hurried clock: a morning at the depot that began at some real moment, and a speed."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class DayClock:
    """Maps the day's times to real ones. Before ``start`` it stands at the morning."""

    morning: datetime
    speed: float
    began_s: float | None = None

    def start(self) -> None:
        self.began_s = time.monotonic()

    def now(self) -> datetime:
        return self.morning + timedelta(seconds=self.passed_s() * self.speed)

    def passed_s(self) -> float:
        """Return the real seconds since the start."""
        return 0.0 if self.began_s is None else time.monotonic() - self.began_s

    def real_s(self, span: timedelta) -> float:
        """Return how many real seconds a span of the day takes."""
        return span.total_seconds() / self.speed

    async def wait_until(self, at: datetime, over: asyncio.Event) -> bool:
        """Sleep until the day's time is ``at``; false when everything is ``over`` before."""
        return await slept(max(0.0, self.real_s(at - self.now())), over)


async def slept(seconds: float, over: asyncio.Event) -> bool:
    """Sleep; false when everything is ``over`` before."""
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return True
    return False
