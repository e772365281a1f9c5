"""An event loop whose time is an integer that jumps to the next thing to do: an idle hour costs nothing.

ADR 0010. Nothing here waits, opens a socket or starts a thread, so the same coroutines always run in the same order.
"""

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from heapq import heappop, heappush
from typing import Any, TypeVar

NS = 1_000_000_000
RESOLUTION_NS = 1_000  # asyncio's times are floats; a microsecond is far above their grain at any time a world reaches

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


class Timer(list[Any]):
    """What is to be called, with its arguments and, in a timer, its time: made in C, four hundred an hour and locker.

    A list and not asyncio's handle, whose own ``__init__`` and debug mode cost more than most of what is called.
    """

    __slots__ = ()

    def cancel(self) -> None:
        self[0] = self[1] = None  # as asyncio does: let go of what it held

    def cancelled(self) -> bool:
        return self[0] is None

    def when(self) -> float:
        return float(self[2])


class VirtualLoop(base_events.BaseEventLoop):
    """Runs coroutines as asyncio does, but for the clock and the threads.

    Timers wait in a heap of their own, by whole nanoseconds and then by age: integers compare twenty times faster than
    asyncio's handles, and two that are due together always run in the order in which they were made. No world sets a
    context variable, so nothing runs in a context of its own.
    """

    def __init__(self, begin_s: float = 0.0) -> None:
        """Begin at ``begin_s``."""
        super().__init__()
        self.now_ns = round(begin_s * NS)
        self._timers: list[tuple[int, int, Timer]] = []
        self._timers_made = 0
        self.set_task_factory(_make_task)  # type: ignore[arg-type]  # typeshed asks for a generic task
        VirtualTask.made = 0
        # Asked for at every future there is; as attributes they are answered without a frame of Python.
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]  # the same future
        self.get_debug = bool  # type: ignore[method-assign]  # no world is ever debugged by asyncio's own means

    def time(self) -> float:
        return self.now_ns / NS

    @property
    def now_ms(self) -> int:
        return self.now_ns // 1_000_000

    def call_soon(  # type: ignore[override]  # the same without type variables
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        del context
        handle = Timer((callback, args))
        self._ready.append(handle)  # type: ignore[attr-defined]  # asyncio's own queue
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # there is but one thread

    def call_at(  # type: ignore[override]  # the same without type variables
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        del context
        timer = Timer((callback, args, when))
        self._timers_made = number = self._timers_made + 1
        heappush(self._timers, (round(when * NS), number, timer))
        return timer

    def call_later(  # type: ignore[override]  # the same without type variables
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        del context
        when = self.now_ns / NS + delay
        timer = Timer((callback, args, when))
        self._timers_made = number = self._timers_made + 1
        heappush(self._timers, (round(when * NS), number, timer))
        return timer

    def _run_once(self) -> None:
        """Run what is ready; when nothing is, jump to the next timer; and so on until somebody stops the loop."""
        ready, timers = self._ready, self._timers  # type: ignore[attr-defined]  # asyncio's own queue
        while True:
            if not ready:
                self._jump()
            due_ns = self.now_ns + RESOLUTION_NS
            while timers and timers[0][0] <= due_ns:
                ready.append(heappop(timers)[2])
            for _ in range(len(ready)):
                handle = ready.popleft()
                callback = handle[0]
                if callback is not None:
                    callback(*handle[1])  # an error that no task keeps is the world's own, and ends it
            if self._stopping:  # type: ignore[attr-defined]  # asyncio's own flag
                return

    def _jump(self) -> None:
        """Be at the time of the next timer that still counts."""
        timers = self._timers
        while timers and timers[0][2][0] is None:
            heappop(timers)
        if timers:
            self.now_ns = max(self.now_ns, timers[0][0])
        elif not self._stopping:  # type: ignore[attr-defined]  # asyncio's own flag
            raise StalledError("nothing will ever happen again")

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
