"""Whether the touch screen still paints: doors may work behind a frozen picture, and nobody there can tell us.

The page says so itself, each time from within a painted frame. One that never spoke is not missed: a locker may have no
screen at all.
"""

import asyncio
from collections.abc import Awaitable, Callable

LOOK_S = 10.0  # as often as the page speaks
LOOKS_MAX = 12  # two minutes: a reload, a restart of the browser or a slow card is no frozen screen
SILENT, BACK = "screen_silent", "screen_back"

RaiseAlarm = Callable[[str, str], Awaitable[None]]


class ScreenWatch:
    """Notices that the page has fallen silent, and that it speaks again."""

    def __init__(self) -> None:
        """Begin without a page."""
        self._first = asyncio.Event()
        self._painted = False

    def painted(self) -> None:
        """Note that the page has just painted a frame."""
        self._painted = True
        self._first.set()

    async def run(self, raise_alarm: RaiseAlarm) -> None:
        """Watch until cancelled; each silence is one alarm, and so is its end."""
        await self._first.wait()
        looks = 0
        while True:
            await asyncio.sleep(LOOK_S)
            painted, self._painted = self._painted, False
            if painted and looks >= LOOKS_MAX:
                await raise_alarm(BACK, "the touch screen paints again")
            looks = 0 if painted else looks + 1
            if looks == LOOKS_MAX:
                await raise_alarm(SILENT, f"nothing painted for {LOOKS_MAX * LOOK_S:.0f} s")
