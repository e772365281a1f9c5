"""A locker without doors: shows the screens it is told to and remembers what people did. For tests and for design."""

import asyncio
from collections.abc import AsyncIterator

from contract.codes import CodeError, parse_code
from contract.ids import CompartmentLabel
from edge.kiosk.port import Entry
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Idle, Screen

Answered = tuple[Answer, CompartmentLabel | None]


class FakeLocker:
    """Fits ``KioskPort``. ``locked`` makes every code bounce as it does during a lockout."""

    def __init__(self, screen: Screen | None = None) -> None:
        self.codes: list[str] = []
        self.scans: list[str] = []
        self.answers: list[Answered] = []
        self.locked = False
        self._screen: Screen = screen or Idle(online=True, full=False)
        self._changed = asyncio.Condition()

    async def enter_code(self, typed: str) -> Entry:
        if self.locked:
            return "locked"
        try:
            self.codes.append(parse_code(typed))
        except CodeError:
            return "slip"
        return "accepted"

    async def scan(self, text: str) -> None:
        async with self._changed:
            self.scans.append(text)
            self._changed.notify_all()

    async def answer(self, answer: Answer, label: CompartmentLabel | None) -> None:
        async with self._changed:
            self.answers.append((answer, label))
            self._changed.notify_all()

    async def heard(self, answers: int) -> list[Answered]:
        """Wait until people gave so many answers: a tap is on its way for a while after the finger left the glass."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.answers) >= answers)
        return self.answers

    async def scanned(self, scans: int) -> list[str]:
        """Wait until so many codes came from the scanner."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.scans) >= scans)
        return self.scans

    def screen(self) -> Screen:
        return self._screen

    async def show(self, screen: Screen) -> None:
        """Change the screen, as the controller's loop would."""
        async with self._changed:
            self._screen = screen
            self._changed.notify_all()

    async def watch(self) -> AsyncIterator[Screen]:
        shown: Screen | None = None
        while True:
            async with self._changed:
                while self._screen is shown:
                    await self._changed.wait()
                shown = self._screen
            yield shown
