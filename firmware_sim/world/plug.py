"""Where the power may go: every commit, publish, acknowledgement and pin write passes here before and after it.

A dead plug lets nobody through. The coroutine that stood there stays there until its agent's tasks are collected, so
no half of a step happens after the cut, however long the cancelling takes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator


class _Passed:
    """What is awaited where the power stays, without a coroutine: nothing."""

    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value]  # an empty iterator is an empty generator to whoever awaits


_PASSED = _Passed()


class Plug:
    """The power of one boot."""

    def __init__(self, cut: Callable[[str], None]) -> None:
        """Call ``cut`` with the name of the moment at which the power goes."""
        self._cut = cut
        self._countdown: int | None = None
        self.dead = False

    def arm(self, moments: int) -> None:
        """Let the power go at the ``moments``-th moment from now (1: the next)."""
        self._countdown = moments

    def disarm(self) -> None:
        """Let the power stay after all."""
        self._countdown = None

    def pull(self) -> None:
        """Let the power go now, at a moment that has no name of its own."""
        self._countdown = None
        self.dead = True
        self._cut("")

    def passes(self, name: str) -> bool:
        """Say whether what happens at this moment still happens."""
        if not self.dead and self._countdown is not None:
            self._countdown -= 1
            if self._countdown <= 0:
                self._countdown = None
                self.dead = True
                self._cut(name)
        return not self.dead

    def moment(self, name: str) -> Awaitable[None]:
        """Go on, or never."""
        return _PASSED if self.passes(name) else asyncio.get_running_loop().create_future()
