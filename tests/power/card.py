"""A locker's card with a morning on it, as files that can be cut short and have their bits flipped."""

import hashlib
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contract.events import DoorClosed
from contract.ids import BootId, CompartmentLabel, LockerId
from edge.store.chain import Mark
from edge.store.errors import StoreError
from edge.store.opening import KeptTime
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Draft, Store
from tests.unit.edge.store.builders import Open, sync

LOCKER = LockerId("WAW-01")
BOOT = BootId(b"b" * 16)
PAGE, WAL_HEADER, FRAME_HEADER = 4096, 32, 24  # sqlite.org/fileformat2.html, section 4
START_MS = 1_700_000_000_000
COMMITS = 60
ACKNOWLEDGED = 20  # entries of the first commits that the cloud has


@dataclass(frozen=True, slots=True)
class One:
    """A record to keep or to forget."""

    kind: str
    key: str | bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Memory:
    """All that an agent knows after opening a card."""

    head: Mark
    acknowledged: Mark
    time: KeptTime
    records: frozenset[tuple[str, str | bytes, bytes]]
    entries: tuple[bytes, ...]


class Verdict(StrEnum):
    """What became of a card that was tampered with."""

    UNCHANGED = "everything is as it was"
    SAID = "the agent says what is damaged"
    UNUSABLE = "the agent says that the card cannot be used"
    SHORTER = "an earlier moment, whole: the cloud's number is higher"
    SILENT = "something else is served and nobody says so"


async def opened(folder: Path, open_database: Open = sync) -> tuple[Memory, bool]:
    """Open a card and return what it says, and whether the agent says that something is damaged."""
    database = await open_database(folder / "locker.db")
    try:
        store = await Store.open(database, LOCKER)
        records = frozenset(await store.records())
        batch = await store.outbox(1 << 20, 1 << 30)
        entries = batch.entries if batch else ()
        told = bool(store.damages or store.broken)
        return Memory(store.head, store.acknowledged, store.time, records, entries), told
    finally:
        await database.close()


async def begin(folder: Path) -> Path:
    """Let a new card see its first commits and nothing more: no checkpoint has made a database of its log yet."""
    work = folder / "new"
    work.mkdir()
    database = SyncDatabase.open(work / "locker.db")
    store = await Store.open(database, LOCKER)
    await store.save(_changes(0), _drafts(0), KeptTime(0, START_MS))
    copied(work, folder / "card")
    await database.close()
    return folder / "card"


async def write(folder: Path) -> list[tuple[int, Memory]]:
    """Live through a morning; return what is known after each commit, and how long the WAL is then.

    The first half is moved into the database by a checkpoint, as SQLite does every thousand pages.
    """
    moments: list[tuple[int, Memory]] = []
    work, half = folder / "work", COMMITS // 2
    work.mkdir()
    database = SyncDatabase.open(work / "locker.db")
    store = await Store.open(database, LOCKER)
    for number in range(COMMITS):
        await store.save(_changes(number), _drafts(number), KeptTime(0, START_MS + number * 61_000))
        if number == half:
            await store.acknowledge(Mark(ACKNOWLEDGED, await _head_at(store, ACKNOWLEDGED)))
            await database.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
            moments.clear()
        copied(work, folder / "seen")
        moments.append(((work / "locker.db-wal").stat().st_size, (await opened(folder / "seen"))[0]))
    copied(work, folder / "card")
    await database.close()
    return moments


def copied(source: Path, target: Path) -> Path:
    """Copy a card while it is in use, as it would be found after the power went."""
    target.mkdir(exist_ok=True)
    for name in ("locker.db", "locker.db-wal"):
        shutil.copy(source / name, target / name)
    (target / "locker.db-shm").unlink(missing_ok=True)
    return target


async def judged(folder: Path, known: tuple[Memory, frozenset[Memory]], open_database: Open = sync) -> Verdict:
    """Say what a card in ``folder`` has come to; ``known`` is what it said whole, and what at earlier moments."""
    whole, earlier = known
    try:
        memory, told = await opened(folder, open_database)
    except StoreError:
        return Verdict.UNUSABLE
    if told:
        return Verdict.SAID
    if memory == whole:
        return Verdict.UNCHANGED
    return Verdict.SHORTER if memory in earlier else Verdict.SILENT


def _drafts(number: int) -> list[Draft]:
    door = DoorClosed(CompartmentLabel(f"A{number % 24 + 1:02d}"))
    return [Draft(START_MS + number * 61_000, "synced", BOOT, door) for _ in range(number % 3 + 1)]


def _changes(number: int) -> list[One]:
    """Return what a decision keeps: a compartment, a grant that comes, and every third time one that goes."""
    name = hashlib.sha256(b"%d" % number).digest()
    gone = hashlib.sha256(b"%d" % (number - 3)).digest()[:16]
    return [
        One("compartment", f"A{number % 24 + 1:02d}", name[:20]),
        One("grant", name[:16], name * 3),
        *([One("grant", gone, None)] if number % 3 == 0 else []),
    ]


async def _head_at(store: Store, sequence: int) -> bytes:
    batch = await store.outbox(sequence, 1 << 30)
    assert batch is not None
    head = batch.previous_hash
    for raw in batch.entries:
        head = hashlib.sha256(head + raw).digest()
    return head
