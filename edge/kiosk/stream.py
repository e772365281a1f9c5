"""Screens as server-sent events (WHATWG HTML, section 9.2): the newest screen always wins, and silence is filled."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from typing import Any

import msgspec

from edge.locker_controller.screens import Screen

KEEPALIVE_S = 5.0  # the page shows "one moment" when it has heard nothing for three of these
PING = b"event: ping\ndata: {}\n\n"


class _Newest:
    """One place for one screen: a page that reads slowly skips to the newest instead of filling a queue."""

    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self._event = b""
        self._taken = b""

    async def follow(self, screens: AsyncIterator[Screen]) -> None:
        async for screen in screens:
            self._event = b"event: screen\ndata: " + msgspec.json.encode(screen) + b"\n\n"
            self.bell.set()

    def take(self) -> bytes:
        """Return the newest event, or nothing when the page has it already."""
        self.bell.clear()
        if self._event == self._taken:
            return b""
        self._taken = self._event
        return self._event


async def as_events(
    screens: AsyncIterator[Screen], ends: Sequence[Coroutine[Any, Any, Any]], keepalive_s: float = KEEPALIVE_S
) -> AsyncGenerator[bytes, None]:
    """Yield each new screen as an event and a ping after ``keepalive_s`` of silence, until one of ``ends`` happens."""
    newest = _Newest()
    followed = asyncio.create_task(newest.follow(screens))
    tasks = [followed, *map(asyncio.create_task, ends)]
    for task in tasks:
        task.add_done_callback(lambda _: newest.bell.set())
    try:
        while not any(task.done() for task in tasks):
            try:
                async with asyncio.timeout(keepalive_s):
                    await newest.bell.wait()
            except TimeoutError:
                yield PING
                continue
            if event := newest.take():
                yield event
        if followed.done():
            followed.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
