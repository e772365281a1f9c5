"""Whether a journal is still what was written, row by row, and what it looks like once its damage is owned up to.

A flipped bit in a WAL can drop or alter committed rows while ``PRAGMA integrity_check`` still says ok; the chain of
hashes finds it. Pure: rows in, damage and repaired rows out.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from contract.codec import encode
from contract.events import AlarmRaised, Entry
from contract.ids import ID_BYTES, BootId
from contract.state import TimeQuality

GAP_ROWS_MAX = 1_000  # more rows missing in one place than this: the odd row's number is the damage, not the gap
DAMAGES_MAX = 10_000  # every one becomes an entry; past this the file is not a journal any more
ALARM_DAMAGED = "journal_damaged"
NO_BOOT = BootId(bytes(ID_BYTES))


class JournalRow(NamedTuple):
    """One row of the table: ``head`` is the chain's head after the entry ``raw``."""

    sequence: int
    raw: bytes
    head: bytes


class Mark(NamedTuple):
    """A place in the journal: after entry ``sequence`` this was the ``head``."""

    sequence: int
    head: bytes


class DamageKind(StrEnum):
    ALTERED = "altered"  # the entry's bytes are not those that were hashed
    HASH_ALTERED = "hash_altered"  # the entry is whole, only the stored head beside it is wrong
    MISSING = "missing"
    MISPLACED = "misplaced"  # a row whose number cannot be


@dataclass(frozen=True, slots=True)
class Damage:
    sequence: int
    kind: DamageKind


def link(head: bytes, entry: bytes) -> bytes:
    """Return the head after one more entry."""
    return hashlib.sha256(head + entry).digest()


class ChainInspector:
    """Fed all rows in order, says what is wrong with them. One row stays doubtful until the next one settles it."""

    def __init__(self, base: Mark) -> None:
        """Begin after ``base``, the last row that is no longer kept."""
        self.last = base
        self.damages: list[Damage] = []
        self._doubtful: tuple[JournalRow, bytes] | None = None

    def feed(self, rows: Iterable[JournalRow]) -> None:
        """Take the next rows."""
        for row in rows:
            self._settle(row)
            if len(self.damages) < DAMAGES_MAX:
                self._take(row)

    def finish(self) -> Mark:
        """Return the last place of the journal once no more rows follow."""
        self._settle(None)
        return self.last

    def _take(self, row: JournalRow) -> None:
        expected = link(self.last.head, row.raw)
        if row.sequence == self.last.sequence + 1:
            if expected == row.head:
                self.last = Mark(row.sequence, row.head)
            else:
                self._doubtful = (row, expected)
        elif row.sequence - self.last.sequence > GAP_ROWS_MAX or expected == row.head:
            self._note(row.sequence, DamageKind.MISPLACED)
        else:
            for sequence in range(self.last.sequence + 1, row.sequence):
                self._note(sequence, DamageKind.MISSING)
            self.last = Mark(row.sequence, row.head)

    def _settle(self, following: JournalRow | None) -> None:
        if self._doubtful is None:
            return
        (row, expected), self._doubtful = self._doubtful, None
        only_hash = following is not None and link(expected, following.raw) == following.head
        self._note(row.sequence, DamageKind.HASH_ALTERED if only_hash else DamageKind.ALTERED)
        self.last = Mark(row.sequence, expected if only_hash else row.head)

    def _note(self, sequence: int, kind: DamageKind) -> None:
        self.damages.append(Damage(sequence, kind))


def repaired(base: Mark, rows: Sequence[JournalRow], damages: Iterable[Damage], last: int) -> list[JournalRow]:
    """Return the rows ``base.sequence + 1 .. last``, gapless and chained anew.

    An entry whose bytes cannot be believed is replaced by an alarm that says so in its place: the sequence stays
    gapless, the cloud learns what was lost, and nothing invented passes for a fact.
    """
    lost = {damage.sequence: damage.kind for damage in damages if damage.kind is not DamageKind.HASH_ALTERED}
    kept = {row.sequence: row.raw for row in rows if row.sequence not in lost}
    head, result = base.head, []
    for sequence in range(base.sequence + 1, last + 1):
        entry = kept.get(sequence) or damage_entry(sequence, lost.get(sequence, DamageKind.MISSING))
        head = link(head, entry)
        result.append(JournalRow(sequence, entry, head))
    return result


def damage_entry(sequence: int, kind: DamageKind) -> bytes:
    """Return the entry that stands where one was lost; when that happened nobody can say."""
    return encode(Entry(sequence, 0, TimeQuality.UNTRUSTED, NO_BOOT, AlarmRaised(ALARM_DAMAGED, f"{kind} {sequence}")))
