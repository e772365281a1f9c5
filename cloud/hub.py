"""Live updates inside one process: whoever watches is told *what kinds* of records a commit touched, nothing else.

A watcher then asks again as itself, so no update can show anybody what they may not read.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

WATCHERS_MAX = 1_000  # open pages at once; each costs a connection and a few kB


class HubFullError(Exception):
    """``WATCHERS_MAX`` pages are watching already."""


class Watcher:
    """Collects kinds until somebody asks; a slow page hears of ten commits at once, never late of each."""

    def __init__(self) -> None:
        """Know of nothing yet."""
        self._kinds: set[str] = set()
        self._changed = asyncio.Event()
        self._ended = False

    def end(self) -> None:
        """Have ``changes`` come to its end."""
        self._ended = True
        self._changed.set()

    def tell(self, kinds: frozenset[str]) -> None:
        self._kinds |= kinds
        self._changed.set()

    async def changes(self, silence_s: float) -> AsyncIterator[frozenset[str]]:
        """Yield what changed since the last time; an empty set after each ``silence_s`` in which nothing did."""
        while not self._ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(silence_s):
                    await self._changed.wait()
            kinds, self._kinds = frozenset(self._kinds), set()
            self._changed.clear()
            yield kinds


class Hub:
    """Give ``tell`` to ``Writer.on_commit``; it may be called in any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell watchers in ``loop``."""
        self._loop = loop
        self._watchers: set[Watcher] = set()

    def tell(self, kinds: frozenset[str]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, kinds)

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Watch for the length of the block."""
        if len(self._watchers) >= WATCHERS_MAX:
            raise HubFullError(f"{WATCHERS_MAX} pages are watching already")
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """Send every watcher home, so that a stopping service need not cut them off."""
        for watcher in self._watchers:
            watcher.end()

    def _tell(self, kinds: frozenset[str]) -> None:
        for watcher in self._watchers:
            watcher.tell(kinds)
