"""Runs units of work on the tables in memory: whole or not at all, each at once, in the caller's thread."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from cloud.domain.errors import DomainError
from cloud.services.ports import UnitOfWork
from cloud.store.memory import MemoryTables, MemoryUnitOfWork
from cloud.store.memory_shelf import take_back
from cloud.store.reader import Reader
from cloud.store.writer import Observer, Unit, tell

T = TypeVar("T")


class MemoryWriter:
    """A ``Writer`` like ``InlineWriter``, over ``MemoryTables``."""

    def __init__(self, tables: MemoryTables) -> None:
        """Write to ``tables``."""
        self._tables = tables
        self._observers: list[Observer] = []

    def on_commit(self, observer: Observer) -> None:
        self._observers.append(observer)

    def submit(self, unit: Unit[T]) -> "Future[T]":
        """Run ``unit`` and return its answer or refusal in a future; any other error is raised here, to its caller."""
        future: Future[T] = Future()
        try:
            future.set_result(self.now(unit))
        except (DomainError, IntegrityError) as error:
            future.set_exception(error)
        return future

    async def run(self, unit: Unit[T]) -> T:
        return self.now(unit)

    def now(self, unit: Unit[T]) -> T:
        """Run ``unit`` and return its answer; one that raises leaves nothing behind."""
        uow = MemoryUnitOfWork(self._tables)
        try:
            result = unit(uow)
        except BaseException:
            take_back(uow.undo)
            raise
        tell(self._observers, frozenset(uow.touched))
        return result


class MemoryReader(Reader):
    """Reads the tables in memory; what a unit may write all the same is taken back."""

    def __init__(self, tables: MemoryTables) -> None:
        """Read ``tables``."""
        self._tables = tables

    def read(self, unit: Callable[[UnitOfWork], T]) -> T:
        uow = MemoryUnitOfWork(self._tables)
        try:
            return unit(uow)
        finally:
            take_back(uow.undo)
