"""A card that fails under SQLite itself: the agent's statements on a real file, through a VFS whose system calls break.

Nothing here stands in for the database. SQLite decides what a failed write or flush means, rolls back, and reports its
own error codes; only the calls below it lie, as those of a dying card do. (apsw is SQLite with its VFS open to Python.)
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from edge.store.errors import StoreError, store_error
from edge.store.ports import Row, SqlValue, Statement
from edge.store.statements import PRAGMAS

IO_CODES = {
    "write": apsw.SQLITE_IOERR_WRITE,
    "flush": apsw.SQLITE_IOERR_FSYNC,
    "read": apsw.SQLITE_IOERR_READ,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
}


@dataclass(slots=True)
class Sickness:
    """Which call fails, from how many of them on; ``calls`` counts those of that kind."""

    call: str = ""
    from_call: int = 0
    calls: int = 0
    failed: int = 0

    def strike(self, call: str) -> None:
        """Raise what the system would, if it is this call's turn."""
        if call != self.call:
            return
        self.calls += 1
        if self.calls >= self.from_call:
            self.failed += 1
            error = apsw.IOError(f"the card fails at {call}")
            error.extendedresult = IO_CODES[call]  # type: ignore[attr-defined]  # how apsw is told which error it was
            raise error

    def begin(self, call: str, from_call: int = 1) -> None:
        """Fall sick at the ``from_call``-th call of this kind from now."""
        self.call, self.from_call, self.calls, self.failed = call, from_call, 0, 0

    def end(self) -> None:
        self.call = ""


class _File(apsw.VFSFile):
    def __init__(self, sickness: Sickness, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        self._sickness = sickness
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        self._sickness.strike("write")
        super().xWrite(data, offset)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - apsw's name
        self._sickness.strike("read")
        return super().xRead(amount, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's name
        self._sickness.strike("flush")
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's name
        self._sickness.strike("truncate")
        super().xTruncate(newsize)


class _Card(apsw.VFS):
    def __init__(self, name: str, sickness: Sickness) -> None:
        self._sickness = sickness
        super().__init__(name, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> _File:  # noqa: N802 - apsw's name
        return _File(self._sickness, name, flags)


class SickDatabase:
    """The store's ``Database`` over apsw: the same statements and transactions as the product's two."""

    def __init__(self, path: Path) -> None:
        """Open or create the file on a healthy card of its own."""
        self.sickness = Sickness()
        name = f"card of {path}"
        self._card = _Card(name, self.sickness)  # lives as long as the connection does
        self.connection = apsw.Connection(str(path), vfs=name)
        for pragma in PRAGMAS:
            self.connection.execute(pragma).fetchall()

    async def transact(self, statements: Sequence[Statement]) -> None:
        try:
            if len(statements) == 1:
                self.connection.execute(*statements[0])
                return
            self.connection.execute("BEGIN IMMEDIATE")
            for sql, params in statements:
                self.connection.execute(sql, params)
            self.connection.execute("COMMIT")
        except apsw.Error as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise _as_store_error(error) from error

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        try:
            return list(self.connection.execute(sql, params))
        except apsw.Error as error:
            raise _as_store_error(error) from error

    async def close(self) -> None:
        self.connection.close()


def _as_store_error(error: apsw.Error) -> StoreError:
    """Say what SQLite said, by the product's own reading of its codes."""
    told = sqlite3.OperationalError(str(error))
    told.sqlite_errorcode = getattr(error, "extendedresult", -1)
    return store_error(told)
