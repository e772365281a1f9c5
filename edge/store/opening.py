"""Opening a journal: make the schema, read the marks, verify every row kept, repair what does not hold.

What was acknowledged is safe in the cloud, so damage there only shortens the local audit. Damage after it is written
down in place (``chain.repaired``), in one transaction, before anything new is appended.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple

from contract.events import HASH_BYTES, Entry
from edge.store import statements
from edge.store.chain import DAMAGES_MAX, ChainInspector, Damage, DamageKind, JournalRow, Mark, repaired
from edge.store.errors import StoreError, StoreFact
from edge.store.ports import Database, Statement
from edge.store.seal import opened as opened_seal

META_BASE = "base"
META_ACKNOWLEDGED = "acknowledged"
META_TIME = "time"
META_DOUBTED = "doubted"  # the journal was moved behind the cloud's, and nobody has yet journalled what that means
PAGE_ROWS = 500  # 200 kB at a time, so that opening a long journal needs no long memory
_NUMBER_BYTES = 8

Entries = AsyncIterator[Entry]


class KeptTime(NamedTuple):
    """What a locker knows about the time across a power cut (Unix ms); see ``locker_controller.timekeeping``."""

    signed_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the journal stands. ``base`` is the last place no longer kept."""

    base: Mark
    acknowledged: Mark
    head: Mark
    time: KeptTime
    damages: tuple[Damage, ...]
    doubted: str = ""


async def open_journal(database: Database, genesis: Mark) -> Opened:
    """Open the journal that began at ``genesis``; raises ``StoreError`` when the file is not usable at all."""
    await _ensure_schema(database)
    meta = await _meta(database)
    base = _mark(meta.get(META_BASE), genesis)
    acknowledged = _mark(meta.get(META_ACKNOWLEDGED), base)
    time = _time(meta.get(META_TIME, b""))
    damages, last = await _inspect(database, base)
    if last.sequence < acknowledged.sequence:
        damages = (*damages, Damage(acknowledged.sequence, DamageKind.MISSING))
    doubted = meta.get(META_DOUBTED, b"").decode(errors="replace")
    if not damages:
        return Opened(base, acknowledged, last, time, (), doubted)
    base, head = await _repair(database, (base, acknowledged, last), damages)
    return Opened(base, acknowledged, head, time, damages, doubted)


async def page(database: Database, after: int, limit: int) -> list[JournalRow]:
    """Return up to ``limit`` journal rows after a sequence."""
    rows = await database.fetch(statements.SELECT_PAGE, (after, limit))
    return [JournalRow(*row) for row in rows]  # type: ignore[arg-type]  # the STRICT table's types


def put_mark(name: str, mark: Mark) -> Statement:
    """Remember a place in the journal."""
    return statements.put_meta(name, _number(mark.sequence) + mark.head)


def put_time(time: KeptTime) -> Statement:
    """Remember the time."""
    return statements.put_meta(META_TIME, _number(time.signed_ms) + _number(time.wall_ms))


def _number(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big")


def _time(kept: bytes) -> KeptTime:
    # Too short or empty reads as 0: a floor that was lost is a floor that never was.
    return KeptTime(int.from_bytes(kept[:_NUMBER_BYTES], "big"), int.from_bytes(kept[_NUMBER_BYTES:], "big"))


def _mark(kept: bytes | None, otherwise: Mark) -> Mark:
    if kept is None:
        return otherwise
    if len(kept) != _NUMBER_BYTES + HASH_BYTES:
        raise StoreError(StoreFact.CORRUPT, "a mark of the journal is damaged")
    return Mark(int.from_bytes(kept[:_NUMBER_BYTES], "big"), kept[_NUMBER_BYTES:])


async def _ensure_schema(database: Database) -> None:
    version = (await database.fetch(statements.SELECT_VERSION))[0][0]
    if version == 0:
        await database.transact(statements.schema())
    elif version == statements.UNSEALED_VERSION:
        meta, records = await database.fetch(statements.SELECT_META), await database.fetch(statements.SELECT_RECORDS)
        await database.transact(statements.seal_all(meta, records))  # type: ignore[arg-type]  # the STRICT tables' types
    elif version != statements.SCHEMA_VERSION:
        raise StoreError(StoreFact.TOO_NEW, f"the file has schema {version!r}, this agent {statements.SCHEMA_VERSION}")
    await _check_pages(database)


async def _check_pages(database: Database) -> None:
    """See that the file is a whole database with our tables; raises ``StoreError``."""
    said = await database.fetch(statements.CHECK)
    if said != [("ok",)]:
        raise StoreError(StoreFact.CORRUPT, str(said[0][0] if said else "the check said nothing"))
    if {row[0] for row in await database.fetch(statements.SELECT_SCHEMA)} != statements.TABLES:
        raise StoreError(StoreFact.CORRUPT, "the tables are not those that were made")


async def _meta(database: Database) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, kept in await database.fetch(statements.SELECT_META):
        value = opened_seal("meta", name, kept) if isinstance(name, str) and isinstance(kept, bytes) else None
        if value is None:
            raise StoreError(StoreFact.CORRUPT, f"the seal of {name!r} is broken")
        found[str(name)] = value
    return found


async def _inspect(database: Database, base: Mark) -> tuple[tuple[Damage, ...], Mark]:
    inspector = ChainInspector(base)
    after = base.sequence
    while rows := await page(database, after, PAGE_ROWS):
        inspector.feed(rows)
        after = rows[-1].sequence
        if len(inspector.damages) >= DAMAGES_MAX:
            raise StoreError(StoreFact.CORRUPT, "more of the journal is damaged than is whole")
    last = inspector.finish()
    return tuple(inspector.damages), last


async def _repair(database: Database, marks: tuple[Mark, Mark, Mark], damages: tuple[Damage, ...]) -> tuple[Mark, Mark]:
    base, acknowledged, last = marks
    if any(damage.sequence <= acknowledged.sequence for damage in damages):
        base = acknowledged
    rows = await _all_after(database, acknowledged.sequence)
    whole = repaired(acknowledged, rows, damages, last.sequence)
    await database.transact(
        [
            statements.forget_through(base.sequence),
            statements.forget_after(last.sequence),
            put_mark(META_BASE, base),
            put_mark(META_ACKNOWLEDGED, acknowledged),
            *statements.replace(whole),
        ]
    )
    return base, Mark(whole[-1].sequence, whole[-1].head) if whole else acknowledged


async def _all_after(database: Database, after: int) -> list[JournalRow]:
    found: list[JournalRow] = []
    while rows := await page(database, after, PAGE_ROWS):
        found += rows
        after = rows[-1].sequence
    return found
