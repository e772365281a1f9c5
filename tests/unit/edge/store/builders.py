"""Builders for the store's tests."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from contract.codec import decode_entry
from contract.events import DoorClosed, Entry, chain, genesis_hash
from contract.ids import BootId, CompartmentLabel, LockerId
from edge.store.chain import Mark
from edge.store.errors import StoreError, StoreFact
from edge.store.ports import Database, Row, SqlValue, Statement
from edge.store.sqlite_aio import AioDatabase
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Draft, Store

LOCKER = LockerId("WAW-01")
BOOT = BootId(b"b" * 16)
Open = Callable[[Path], Awaitable[Database]]


class Kept(NamedTuple):
    kind: str
    key: str | bytes
    value: bytes | None


async def sync(path: Path) -> Database:
    return SyncDatabase.open(path)


async def aio(path: Path) -> Database:
    return await AioDatabase.open(path)


def draft(number: int, boot: BootId = BOOT) -> Draft:
    return Draft(1_700_000_000_000 + number, "synced", boot, DoorClosed(CompartmentLabel(f"A{number:02d}")))


def drafts(count: int) -> list[Draft]:
    return [draft(number % 100) for number in range(count)]


async def all_entries(store: Store) -> list[bytes]:
    batch = await store.outbox(1_000_000, 1 << 30)
    return list(batch.entries) if batch else []


def sequences(entries: Sequence[bytes]) -> list[int]:
    decoded = [decode_entry(raw) for raw in entries]
    return [entry.sequence for entry in decoded if isinstance(entry, Entry)]


async def mark_at(store: Store, sequence: int) -> Mark:
    """Return the place after ``sequence`` of a journal nothing of which was acknowledged yet."""
    entries = await all_entries(store)
    return Mark(sequence, chain(genesis_hash(LOCKER), entries[:sequence]))


def tamper(path: Path, sql: str, *params: object) -> None:
    """Change the file behind the agent's back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql, params)
    connection.close()


class FailingDatabase:
    """A disk that fails every commit while ``fact`` is set; what it could read it still reads."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.fact: StoreFact | None = None

    async def transact(self, statements: Sequence[Statement]) -> None:
        if self.fact is not None:
            raise StoreError(self.fact, "as arranged")
        await self._inner.transact(statements)

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        return await self._inner.fetch(sql, params)

    async def close(self) -> None:
        await self._inner.close()
