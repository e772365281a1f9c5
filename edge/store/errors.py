"""What a disk can do to us, as facts: the agent says which, and never pulses on an intent it could not store."""

import sqlite3
from enum import StrEnum


class StoreFact(StrEnum):
    """What is wrong with the store, as far as SQLite could tell."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    IO_FAILED = "io_failed"
    BUSY = "busy"
    CORRUPT = "corrupt"
    CANNOT_OPEN = "cannot_open"
    TOO_NEW = "too_new"
    OTHER = "other"


_FACTS = {
    sqlite3.SQLITE_FULL: StoreFact.DISK_FULL,
    sqlite3.SQLITE_READONLY: StoreFact.READ_ONLY,
    sqlite3.SQLITE_IOERR: StoreFact.IO_FAILED,
    sqlite3.SQLITE_BUSY: StoreFact.BUSY,
    sqlite3.SQLITE_LOCKED: StoreFact.BUSY,
    sqlite3.SQLITE_CORRUPT: StoreFact.CORRUPT,
    sqlite3.SQLITE_NOTADB: StoreFact.CORRUPT,
    sqlite3.SQLITE_CANTOPEN: StoreFact.CANNOT_OPEN,
    sqlite3.SQLITE_PERM: StoreFact.READ_ONLY,
}
_PRIMARY = 0xFF  # SQLite's extended result codes keep the primary code in the lowest byte (sqlite.org/rescode.html)


class StoreError(Exception):
    """The store did not keep what it was given; nothing of the transaction counts."""

    def __init__(self, fact: StoreFact, detail: str) -> None:
        """Keep the ``fact`` for decisions and SQLite's own words as ``detail`` for the installer."""
        super().__init__(f"store: {fact}: {detail}")
        self.fact, self.detail = fact, detail


def store_error(error: sqlite3.Error) -> StoreError:
    """Turn what sqlite3 raised into the fact behind it."""
    code = getattr(error, "sqlite_errorcode", None)
    fact = StoreFact.OTHER if code is None else _FACTS.get(code & _PRIMARY, StoreFact.OTHER)
    return StoreError(fact, str(error))
