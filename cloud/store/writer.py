"""The single writer: queued units of work, committed in groups, answered after the commit.

SQLite has one write lock; thirty-two threads fighting for it have a p99 over a second, one thread that commits in
groups does thirty thousand rows a second. Each unit runs in its own SAVEPOINT, so one that fails takes back only its
own work. A caller hears of success only when its group is on disk.

    run()/submit() -> queue -> [BEGIN IMMEDIATE; SAVEPOINT, unit, RELEASE; ...; COMMIT] -> futures
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Connection, Engine

from cloud.domain.errors import OverloadedError
from cloud.services.ports import UnitOfWork
from cloud.store.unit_of_work import SqlUnitOfWork

T = TypeVar("T")
Unit = Callable[[UnitOfWork], T]
Observer = Callable[[frozenset[str]], None]

QUEUE_MAX = 10_000  # about two seconds of work at full speed; whoever comes later is told so at once
GROUP_MAX = 500  # beyond this a larger group no longer spreads the flush measurably, it only delays the first answer
CLOSE_S = 30.0  # far longer than the longest group; then something hangs and the supervisor must know


class Writer(Protocol):
    """Runs units of work; each is durable when its answer arrives."""

    async def run(self, unit: Unit[T]) -> T: ...

    def submit(self, unit: Unit[T]) -> "Future[T]": ...

    def on_commit(self, observer: Observer) -> None:
        """Have ``observer`` told, in the writer's thread, the names of the record kinds each group changed."""


@dataclass(frozen=True, slots=True)
class _Queued:
    unit: Unit[Any]
    future: "Future[Any]"


@dataclass(frozen=True, slots=True)
class _Outcome:
    future: "Future[Any]"
    result: Any = None
    error: BaseException | None = None

    def resolve(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class ThreadWriter:
    """The ``Writer`` of a running cloud: one thread, one connection. Use as a context manager."""

    def __init__(self, engine: Engine) -> None:
        """Write through ``engine`` (from ``database.open_writer``)."""
        self._engine = engine
        self._queue: queue.Queue[_Queued | None] = queue.Queue(QUEUE_MAX)
        self._observers: list[Observer] = []
        self._thread = threading.Thread(target=self._work, name="latchmile-writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._queue.put(None)
        self._thread.join(CLOSE_S)

    def on_commit(self, observer: Observer) -> None:
        self._observers.append(observer)

    def submit(self, unit: Unit[T]) -> "Future[T]":
        """Queue ``unit``; raises ``OverloadedError`` when the queue is full or the writer has stopped."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # work that is queued will be done; a caller may only stop listening
        try:
            self._queue.put_nowait(_Queued(unit, future))
        except queue.Full:
            raise OverloadedError(f"{QUEUE_MAX} changes are waiting to be written; try again shortly") from None
        return future

    async def run(self, unit: Unit[T]) -> T:
        return await asyncio.wrap_future(self.submit(unit))

    def _work(self) -> None:
        with self._engine.connect() as connection:
            stopping = False
            while not stopping:
                group, stopping = self._next_group()
                if group:
                    self._write(connection, group)

    def _next_group(self) -> tuple[list[_Queued], bool]:
        group: list[_Queued] = []
        one = self._queue.get()
        while one is not None:
            group.append(one)
            if len(group) >= GROUP_MAX:
                return group, False
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _write(self, connection: Connection, group: list[_Queued]) -> None:
        try:
            outcomes, touched = write_group(connection, [(one.unit, one.future) for one in group])
        except Exception as error:  # noqa: BLE001 - the loop's edge: a group that cannot commit fails all its callers
            outcomes, touched = [_Outcome(one.future, error=error) for one in group], frozenset()
        tell(self._observers, touched)
        for outcome in outcomes:
            outcome.resolve()


class InlineWriter:
    """Runs each unit at once, in the caller's thread, in its own transaction: for tests and simulated worlds."""

    def __init__(self, engine: Engine) -> None:
        """Write through ``engine``."""
        self._engine = engine
        self._observers: list[Observer] = []

    def on_commit(self, observer: Observer) -> None:
        self._observers.append(observer)

    def submit(self, unit: Unit[T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._engine.connect() as connection:
            outcomes, touched = write_group(connection, [(unit, future)])
        tell(self._observers, touched)
        for outcome in outcomes:
            outcome.resolve()
        return future

    async def run(self, unit: Unit[T]) -> T:
        return self.submit(unit).result()

    def now(self, unit: Unit[T]) -> T:
        """Run ``unit`` and return its answer, or raise its error."""
        return self.submit(unit).result()


def tell(observers: Iterable[Observer], touched: frozenset[str]) -> None:
    """Tell what a committed group changed; an event loop that is closing cannot be woken, and need not be."""
    for observer in observers if touched else ():
        try:
            observer(touched)
        except RuntimeError:
            continue


def write_group(
    connection: Connection, group: list[tuple[Unit[Any], "Future[Any]"]]
) -> tuple[list[_Outcome], frozenset[str]]:
    """Run a group of units in one transaction and commit it; raises only when the whole group failed."""
    touched: set[str] = set()
    outcomes: list[_Outcome] = []
    with connection.begin():
        for unit, future in group:
            outcomes.append(_run_one(connection, unit, future, touched))
    return outcomes, frozenset(touched)


def _run_one(connection: Connection, unit: Unit[Any], future: "Future[Any]", touched: set[str]) -> _Outcome:
    uow = SqlUnitOfWork(connection)
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        result = unit(uow)
    except Exception as error:  # noqa: BLE001 - every failure belongs to its caller and must not sink the others
        connection.exec_driver_sql("ROLLBACK TO unit")
        connection.exec_driver_sql("RELEASE unit")
        return _Outcome(future, error=error)
    connection.exec_driver_sql("RELEASE unit")
    touched |= uow.touched
    return _Outcome(future, result=result)
