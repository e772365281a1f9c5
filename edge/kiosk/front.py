"""The kiosk's way to the locker while there may be no locker yet: a store that cannot be opened must not mean a page
that cannot be loaded.
"""  # noqa: D205 - one sentence, two lines

import asyncio
from collections.abc import AsyncIterator

from contract.ids import CompartmentLabel
from edge.kiosk.port import Entry, KioskPort
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import OutOfOrder, Screen, Why


class Front:
    """A ``KioskPort`` that is out of order until the locker behind it is there."""

    def __init__(self) -> None:
        """Begin with nobody behind it."""
        self._locker: KioskPort | None = None
        self._reason: str = Why.STARTING
        self._changed = asyncio.Event()

    def closed(self, reason: str) -> None:
        """Say why nobody is served."""
        self._reason = reason
        self._wake()

    def open(self, locker: KioskPort) -> None:
        """Let ``locker`` serve from now on."""
        self._locker = locker
        self._wake()

    async def enter_code(self, typed: str) -> Entry:
        return "locked" if self._locker is None else await self._locker.enter_code(typed)

    async def scan(self, text: str) -> None:
        if self._locker is not None:
            await self._locker.scan(text)

    async def answer(self, answer: Answer, label: CompartmentLabel | None) -> None:
        if self._locker is not None:
            await self._locker.answer(answer, label)

    def screen(self) -> Screen:
        return OutOfOrder(self._reason) if self._locker is None else self._locker.screen()

    async def watch(self) -> AsyncIterator[Screen]:
        while self._locker is None:
            changed = self._changed
            yield self.screen()
            await changed.wait()
        async for screen in self._locker.watch():
            yield screen

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
