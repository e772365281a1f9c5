"""The locker's memory: journal (= audit log = outbox), the controller's records and the time, one writer.

What one decision changes is one transaction; nothing is visible, and no lock moves, before it is committed.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from contract.codec import CodecError, decode_entry, encode
from contract.events import AlarmRaised, Entry, Event, genesis_hash
from contract.ids import BootId, LockerId
from edge.store import opening, statements
from edge.store.chain import Damage, JournalRow, Mark, link
from edge.store.opening import KeptTime
from edge.store.ports import Change, Database, Row, SqlValue, Statement
from edge.store.seal import opened as opened_seal

AUDIT_ENTRIES_KEPT = 10_000  # about a week of a busy locker in 4 MB; the cloud keeps all of it
PRUNE_SLACK = 500  # pruning rewrites the base and the pages before it, so not with every acknowledgement
TIME_STEP_MS = 60_000  # a time floor a minute old is as good as a new one
TIME_ALONE_MS = 600_000  # with nothing else to commit it may age ten minutes: 144 commits a day cost a card nothing


class Acknowledged(StrEnum):
    """What an acknowledgement turned out to be."""

    ADVANCED = "advanced"
    STALE = "stale"
    AHEAD = "ahead"  # the cloud has entries that this journal has lost
    FORKED = "forked"  # the cloud has other entries under the same numbers


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact on its way into the journal, before it has a number; ``at_ms`` is Unix time as the locker knows it."""

    at_ms: int
    quality: str
    boot: BootId
    event: Event
    cause: bytes | None = None


@dataclass(frozen=True, slots=True)
class OutboxBatch:
    """Consecutive unacknowledged entries; ``previous_hash`` is the head before the first."""

    first_sequence: int
    previous_hash: bytes
    entries: tuple[bytes, ...]

    @property
    def last_sequence(self) -> int:
        return self.first_sequence + len(self.entries) - 1


class Store:
    """All that survives a power cut. Its methods may be called from any task of the loop; one runs at a time."""

    def __init__(self, database: Database, locker: LockerId, opened: opening.Opened) -> None:
        """Take over an opened journal; use ``open``."""
        self.locker = locker
        self._database = database
        self._head, self._base, self._acknowledged = opened.head, opened.base, opened.acknowledged
        self._mark_owed = False
        self._time = opened.time
        self._damages, self._doubted = opened.damages, opened.doubted
        self._broken: tuple[tuple[str, str | bytes], ...] = ()
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def open(cls, database: Database, locker: LockerId) -> "Store":
        """Make or check the schema, verify the chain and repair what is damaged; raises ``StoreError``."""
        return cls(database, locker, await opening.open_journal(database, Mark(0, genesis_hash(locker))))

    @property
    def head(self) -> Mark:
        """The last committed entry's place."""
        return self._head

    @property
    def acknowledged(self) -> Mark:
        """The last entry the cloud has committed, as far as it told us."""
        return self._acknowledged

    @property
    def time(self) -> KeptTime:
        """What was last kept about the time."""
        return self._time

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What was wrong with the journal when it was opened; it has been repaired and should be reported."""
        return self._damages

    @property
    def doubted(self) -> str:
        """The alarm that has not been journalled since the journal was moved: what is remembered may not be so."""
        return self._doubted

    async def records(self) -> list[tuple[str, str | bytes, bytes]]:
        """Return every record kept: kind, key, value. Those that are not what was written go to ``broken``."""
        rows = [(row, _record(row)) for row in await self._database.fetch(statements.SELECT_RECORDS)]
        self._broken = tuple((str(row[0]), _name(row[1])) for row, record in rows if record is None)
        return [record for _, record in rows if record is not None]

    @property
    def broken(self) -> tuple[tuple[str, str | bytes], ...]:
        """Kind and key, as far as they can be read, of the records whose seal was broken at the last look."""
        return self._broken

    async def save(self, changes: Collection[Change], drafts: Sequence[Draft], time: KeptTime | None = None) -> None:
        """Commit records and entries of one decision together; raises ``StoreError`` and then nothing has changed.

        ``time`` goes along when it has moved enough to be worth the card's wear, and what has been acknowledged always.
        """
        if not changes and not drafts and _apart_ms(time or self._time, self._time) < TIME_ALONE_MS:
            return  # four ticks a second have nothing to say
        async with self._one_at_a_time:
            rows = _numbered(self._head, drafts)
            work = [*statements.append(rows), *statements.put_changes(changes)]
            told = any(isinstance(one.event, AlarmRaised) and one.event.alarm == self._doubted for one in drafts)
            if told:
                work.append(statements.forget_meta(opening.META_DOUBTED))
            time = time or self._time
            if _apart_ms(time, self._time) < (TIME_STEP_MS if work else TIME_ALONE_MS):
                time = self._time
            else:
                work.append(opening.put_time(time))
            if not work:
                return
            if self._mark_owed:
                work.append(opening.put_mark(opening.META_ACKNOWLEDGED, self._acknowledged))
            await self._database.transact(work)
            self._mark_owed = False
            self._doubted = "" if told else self._doubted
            self._time = time
            if rows:
                self._head = Mark(rows[-1].sequence, rows[-1].head)

    async def probe(self) -> None:
        """Commit something that changes nothing, to learn whether the store works again; raises ``StoreError``."""
        async with self._one_at_a_time:
            await self._database.transact([opening.put_time(self._time)])

    async def outbox(self, entries_max: int, bytes_max: int) -> OutboxBatch | None:
        """Return the oldest unacknowledged entries within both limits (always at least one), or ``None``."""
        async with self._one_at_a_time:
            start = self._acknowledged
            if start.sequence >= self._head.sequence:
                return None
            rows = await self._page(start.sequence, entries_max)
            return OutboxBatch(start.sequence + 1, start.head, tuple(_within(rows, bytes_max)))

    async def acknowledge(self, through: Mark) -> Acknowledged:
        """Note that the cloud has committed everything up to ``through``; old entries beyond the audit are dropped.

        The mark goes to the card with the next commit, whatever that is for: should the power go before, the cloud is
        sent once more what it has, and a card has half as much to write.
        """
        async with self._one_at_a_time:
            if through.sequence <= self._acknowledged.sequence:
                return Acknowledged.STALE
            if through.sequence > self._head.sequence:
                return Acknowledged.AHEAD
            if await self._hash_at(through.sequence) != through.head:
                return Acknowledged.FORKED
            base = await self._prune_point(through)
            if base is not None:
                mark = opening.put_mark(opening.META_ACKNOWLEDGED, through)
                await self._database.transact([mark, *_prune(base)])
                self._base = base
            self._acknowledged, self._mark_owed = through, base is None
            return Acknowledged.ADVANCED

    async def rebase(self, cloud: Mark, boot: BootId, alarm: str) -> None:
        """Continue after ``cloud``, because this file lost entries that the cloud has (a restored or torn disk).

        Entries of this ``boot`` cannot be in the cloud and follow under new numbers; earlier ones are a prefix of what
        the cloud holds and leave the journal. What is remembered is ``doubted`` until ``alarm`` has been journalled,
        also when the power goes before that.
        """
        async with self._one_at_a_time:
            fresh = [entry async for entry in self._entries_of(boot)]
            rows = _renumbered(cloud, fresh)
            marks = [opening.put_mark(name, cloud) for name in (opening.META_BASE, opening.META_ACKNOWLEDGED)]
            doubt = statements.put_meta(opening.META_DOUBTED, alarm.encode())
            await self._database.transact([statements.forget_after(0), *marks, doubt, *statements.append(rows)])
            self._doubted, self._mark_owed = alarm, False
            self._base = self._acknowledged = cloud
            self._head = Mark(rows[-1].sequence, rows[-1].head) if rows else cloud

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def _page(self, after: int, limit: int) -> list[JournalRow]:
        return await opening.page(self._database, after, limit)

    async def _entries_of(self, boot: BootId) -> "opening.Entries":
        after = self._acknowledged.sequence
        while rows := await self._page(after, opening.PAGE_ROWS):
            after = rows[-1].sequence
            for row in rows:
                entry = _decoded(row.raw)
                if entry is not None and entry.boot == boot:
                    yield entry

    async def _hash_at(self, sequence: int) -> bytes | None:
        if sequence == self._head.sequence:
            return self._head.head
        rows = await self._page(sequence - 1, 1)
        return rows[0].head if rows and rows[0].sequence == sequence else None

    async def _prune_point(self, through: Mark) -> Mark | None:
        target = through.sequence - AUDIT_ENTRIES_KEPT
        if target - self._base.sequence < PRUNE_SLACK:
            return None
        known = await self._hash_at(target)
        return None if known is None else Mark(target, known)


def _apart_ms(one: KeptTime, other: KeptTime) -> int:
    return max(abs(one.signed_ms - other.signed_ms), abs(one.wall_ms - other.wall_ms))


def _prune(base: Mark) -> list[Statement]:
    return [opening.put_mark(opening.META_BASE, base), statements.forget_through(base.sequence)]


def _numbered(head: Mark, drafts: Iterable[Draft]) -> list[JournalRow]:
    entries = (Entry(0, draft.at_ms, draft.quality, draft.boot, draft.event, draft.cause) for draft in drafts)
    return _renumbered(head, entries)


def _renumbered(head: Mark, entries: Iterable[Entry]) -> list[JournalRow]:
    rows = []
    for sequence, entry in enumerate(entries, head.sequence + 1):
        raw = encode(msgspec.structs.replace(entry, sequence=sequence))
        head = Mark(sequence, link(head.head, raw))
        rows.append(JournalRow(sequence, raw, head.head))
    return rows


def _within(rows: Iterable[JournalRow], bytes_max: int) -> list[bytes]:
    taken: list[bytes] = []
    total = 0
    for row in rows:
        total += len(row.raw)
        if taken and total > bytes_max:
            break
        taken.append(row.raw)
    return taken


def _decoded(raw: bytes) -> Entry | None:
    try:
        entry = decode_entry(raw)
    except CodecError:
        return None
    return entry if isinstance(entry, Entry) else None


def _record(row: Row) -> tuple[str, str | bytes, bytes] | None:
    kind, key, kept = row
    if not isinstance(kind, str) or not isinstance(key, str | bytes) or not isinstance(kept, bytes):
        return None
    value = opened_seal(kind, key, kept)
    return None if value is None else (kind, key, value)


def _name(key: SqlValue) -> str | bytes:
    return key if isinstance(key, str | bytes) else str(key)
