"""An event loop whose time is an integer that jumps to the next thing to do: an idle hour costs nothing.

ADR 0010. Nothing here waits, opens a socket or starts a thread, so the same coroutines always run in the same order.
"""

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

NS = 1_000_000_000
RESOLUTION_S = 1e-6  # asyncio compares floats; a microsecond is far above their grain at any time a world reaches

T = TypeVar("T")


class StalledError(RuntimeError):
    """Nothing is ready and nothing is due: every coroutine waits for another one."""


class VirtualTask(asyncio.Task[Any]):
    """A task whose hash is its number: TaskGroup keeps tasks in a set, and addresses differ between processes."""

    made = 0

    def __init__(self, coroutine: Coroutine[Any, Any, Any], **options: Any) -> None:
        """Take the next number."""
        VirtualTask.made += 1
        self._number = VirtualTask.made
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Jump:
    """Takes the selector's place: instead of waiting, time moves on."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StalledError("nothing will ever happen again")
        if timeout > 0:
            self._loop.jump()
        return []

    def close(self) -> None:
        """Nothing is open."""


class VirtualLoop(base_events.BaseEventLoop):
    """Runs coroutines as asyncio does, but for the clock and the threads."""

    def __init__(self) -> None:
        """Begin at time 0."""
        super().__init__()
        self.now_ns = 0
        self.steps = 0
        self._selector = _Jump(self)
        self._clock_resolution = RESOLUTION_S
        self.set_task_factory(_make_task)  # type: ignore[arg-type]  # typeshed asks for a generic task
        VirtualTask.made = 0

    def time(self) -> float:
        return self.now_ns / NS

    @property
    def now_ms(self) -> int:
        return self.now_ns // 1_000_000

    def jump(self) -> None:
        """Go to the moment of the next timer."""
        when_ns = round(self._scheduled[0].when() * NS)  # type: ignore[attr-defined]  # asyncio's own heap of timers
        self.now_ns = max(self.now_ns, when_ns)

    def run_in_executor(  # type: ignore[override]  # one element less of generality
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Do at once, in this thread, what would be done in another one."""
        del executor
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], context: Context | None = None
) -> VirtualTask:
    return VirtualTask(coroutine, loop=loop, context=context)
