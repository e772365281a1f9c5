"""Reads beside the writer: each on a connection of its own that cannot write, seeing one consistent moment."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine

from cloud.services.ports import UnitOfWork
from cloud.store.unit_of_work import SqlUnitOfWork

T = TypeVar("T")


class Reader:
    """Runs reading units; safe to call from many threads at once."""

    def __init__(self, engine: Engine) -> None:
        """Read through ``engine`` (from ``database.open_readers``, or a test's memory database)."""
        self._engine = engine

    def read(self, unit: Callable[[UnitOfWork], T]) -> T:
        with self._engine.connect() as connection, connection.begin():
            return unit(SqlUnitOfWork(connection))
