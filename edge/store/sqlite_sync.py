"""The synchronous twin: the same statements on the caller's own thread, for a world whose time is virtual."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from edge.store.errors import store_error
from edge.store.ports import Row, SqlValue, Statement
from edge.store.statements import PRAGMAS, readable


class SyncDatabase:
    """A ``Database`` that never yields to the loop: nothing else runs between a call and its return."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path | str) -> "SyncDatabase":
        """Open or create the file (``:memory:`` works too); raises ``StoreError``."""
        try:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise store_error(error) from error
        try:
            connection.text_factory = readable
            for pragma in PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error as error:
            connection.close()
            raise store_error(error) from error
        return cls(connection)

    def image(self) -> "SyncDatabase":
        """Return a copy in memory."""
        copy = SyncDatabase.open(":memory:")
        self._connection.backup(copy._connection)  # noqa: SLF001 - another one of the same kind
        return copy

    def save_as(self, path: Path) -> None:
        """Write a copy into a new file."""
        with closing(sqlite3.connect(path)) as target:
            self._connection.backup(target)

    async def transact(self, statements: Sequence[Statement]) -> None:
        try:
            if len(statements) == 1:  # a transaction of its own, as SQLite has it
                self._connection.execute(*statements[0])
                return
            self._connection.execute("BEGIN IMMEDIATE")
            for sql, params in statements:
                self._connection.execute(sql, params)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._connection.rollback()
            raise store_error(error) from error

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise store_error(error) from error

    async def close(self) -> None:
        self._connection.close()
