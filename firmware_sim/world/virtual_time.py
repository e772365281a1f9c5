"""An event loop whose time is an integer that jumps to the next thing to do: an idle hour costs nothing.

ADR 0010. Nothing here waits, opens a socket or starts a thread, so the same coroutines always run in the same order.
"""

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
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


class _Handle(asyncio.Handle):
    """asyncio's handle without its debug mode: a world makes four hundred of them for every hour of a locker."""

    __slots__ = ()

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self._context = copy_context() if context is None else context
        self._callback = callback
        self._args = args
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]  # as asyncio does: let go of what it held


class _Timer(asyncio.TimerHandle):
    """The same for what is due at a time. Worlds compare times by the loop's whole nanoseconds."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self._when = when
        self._context = copy_context() if context is None else context
        self._callback = callback
        self._args = args
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]  # as asyncio does: let go of what it held


class VirtualLoop(base_events.BaseEventLoop):
    """Runs coroutines as asyncio does, but for the clock and the threads.

    Timers wait in a heap of their own, by whole nanoseconds and then by age: integers compare twenty times faster than
    asyncio's handles, and two that are due together always run in the order in which they were made.
    """

    def __init__(self, begin_s: float = 0.0) -> None:
        """Begin at ``begin_s``."""
        super().__init__()
        self.now_ns = round(begin_s * NS)
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
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
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, context)
        self._ready.append(handle)  # type: ignore[attr-defined]  # asyncio's own queue
        return handle

    def call_at(  # type: ignore[override]  # the same without type variables
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(when, callback, args, context)
        self._timers_made = number = self._timers_made + 1
        heappush(self._timers, (round(when * NS), number, timer))
        return timer

    def call_later(  # type: ignore[override]  # the same without type variables
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now_ns / NS + delay, callback, *args, context=context)

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
                if not handle._cancelled:  # noqa: SLF001 - a loop is what runs asyncio's handles
                    handle._run()  # noqa: SLF001 - as above; it tells whoever listens what went wrong
            if self._stopping:  # type: ignore[attr-defined]  # asyncio's own flag
                return

    def _jump(self) -> None:
        """Be at the time of the next timer that still counts."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:  # noqa: SLF001 - as above
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
