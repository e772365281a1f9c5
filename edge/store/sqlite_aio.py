"""The database of a real locker: aiosqlite's thread waits for the disk while the loop goes on watching the doors."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

import aiosqlite

from edge.store.errors import store_error
from edge.store.ports import Row, SqlValue, Statement
from edge.store.statements import PRAGMAS, readable

ROWS_AT_ONCE = 64  # aiosqlite asks for it; we only ever fetch whole pages


class AioDatabase:
    """A ``Database`` on aiosqlite. Close it: its thread outlives whoever forgets."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, path: Path | str) -> "AioDatabase":
        """Open or create the file; raises ``StoreError``."""
        failures: list[sqlite3.Error] = []
        connection = await aiosqlite.Connection(partial(_connect, path, failures), iter_chunk_size=ROWS_AT_ONCE)
        if failures:
            await connection.close()
            raise store_error(failures[0]) from failures[0]
        return cls(connection)

    async def transact(self, statements: Sequence[Statement]) -> None:
        # Statements of one text go to the thread together: a decision costs four hand-overs, not one per row.
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")
            for sql, alike in groupby(statements, key=lambda statement: statement.sql):
                await self._run(sql, [statement.params for statement in alike])
            await self._connection.execute_fetchall("COMMIT")
        except sqlite3.Error as error:
            await self._connection.rollback()
            raise store_error(error) from error
        except BaseException:  # cancelled half way: leave no open transaction to whoever comes next
            await self._connection.rollback()
            raise

    async def _run(self, sql: str, params: list[tuple[SqlValue, ...]]) -> None:
        if len(params) == 1:
            await self._connection.execute_fetchall(sql, params[0])
        else:
            await self._connection.executemany(sql, params)

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        try:
            return [tuple(row) for row in await self._connection.execute_fetchall(sql, params)]
        except sqlite3.Error as error:
            raise store_error(error) from error

    async def close(self) -> None:
        await self._connection.close()


def _connect(path: Path | str, failures: list[sqlite3.Error]) -> sqlite3.Connection:
    """Open the file on aiosqlite's thread.

    A failure is noted and not raised: aiosqlite would leave its thread to answer a loop that may be closed by then.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.text_factory = readable
        for pragma in PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error as error:
        failures.append(error)
    return connection or sqlite3.connect(":memory:")  # something it can close
