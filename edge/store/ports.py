"""The database as the store needs it: whole transactions in, rows out. Every commit of the agent goes through here.

Because a transaction is a list of statements made by pure functions, the same list runs on aiosqlite's thread in a
locker, synchronously in a simulated world, and under a harness that stops the agent before or after any commit.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

SqlValue = str | bytes | int | float | None
Row = tuple[SqlValue, ...]


class Statement(NamedTuple):
    """One SQL statement and its parameters."""

    sql: str
    params: tuple[SqlValue, ...] = ()


class Database(Protocol):
    """One writer's connection to one SQLite file.

    ``transact`` has committed durably when it returns, and has done nothing when it raises ``StoreError``. One caller
    at a time: ``Journal`` sees to it.
    """

    async def transact(self, statements: Sequence[Statement]) -> None: ...

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]: ...

    async def close(self) -> None: ...


class Change(Protocol):
    """One record to keep (``value``) or to forget (``None``); the pure controller makes them."""

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str | bytes: ...

    @property
    def value(self) -> bytes | None: ...
