"""The last reckoning: what the lockers wrote down, what the cloud has, and what the cabinets really did, compared."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.codec import decode_entry
from contract.events import (
    CodeBurnt,
    DoorOpened,
    Entry,
    ParcelDroppedOff,
    ParcelPickedUp,
    ReleaseIntended,
    chain,
    genesis_hash,
)
from contract.ids import LockerId
from firmware_sim.truth import CabinetTruth

_SEQUENCE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Journal:
    """A locker's journal: numbers and exact bytes, the head behind the last one, and how far the cloud confirmed."""

    rows: tuple[tuple[int, bytes], ...]
    head: bytes
    acknowledged: int

    @property
    def entries(self) -> list[Entry]:
        found = [decode_entry(raw) for _, raw in self.rows]
        return [one for one in found if isinstance(one, Entry)]

    @property
    def events(self) -> list[Any]:
        return [one.event for one in self.entries]


def edge_journal(data: Path) -> Journal:
    """Read a locker's file."""
    with closing(_open(data / "locker.db")) as file:
        rows = file.execute("SELECT sequence, bytes, hash FROM entry ORDER BY sequence").fetchall()
        (mark,) = file.execute("SELECT value FROM meta WHERE name = 'acknowledged'").fetchone()
    sequence = int.from_bytes(mark[:_SEQUENCE_BYTES], "big")
    return Journal(tuple((number, raw) for number, raw, _ in rows), rows[-1][2], sequence)


def cloud_journal(database: Path, locker: str) -> Journal:
    """Read what the cloud has of one locker."""
    with closing(_open(database)) as file:
        rows = file.execute("SELECT sequence, entry FROM event WHERE locker_id = ? ORDER BY sequence", (locker,))
        entries = tuple((number, bytes(raw)) for number, raw in rows)
        asked = "SELECT through_sequence, head FROM ingest_head WHERE locker_id = ?"
        through, head = file.execute(asked, (locker,)).fetchone()
    return Journal(entries, head, through)


def check_agreement(locker: str, edge: Journal, cloud: Journal) -> None:
    """Nothing lost, nothing twice, nothing altered: both have the same bytes under the same numbers."""
    assert [number for number, _ in cloud.rows] == list(range(1, len(cloud.rows) + 1)), f"{locker}: a gap in the cloud"
    assert edge.rows == cloud.rows, f"{locker}: edge and cloud differ"
    assert edge.head == cloud.head == chain(genesis_hash(LockerId(locker)), [raw for _, raw in cloud.rows])
    assert edge.acknowledged <= cloud.acknowledged == len(edge.rows), "the card's mark follows with the next commit"


def check_doors(edge: Journal, cabinet: CabinetTruth) -> None:
    """Every pulse was intended and written down before; nothing was opened, burnt, dropped off or picked up twice."""
    assert cabinet.violations == ()
    intended = Counter(str(one.compartment) for one in edge.events if isinstance(one, ReleaseIntended))
    assert {one.label: one.pulses for one in cabinet.compartments if one.pulses} == dict(intended)
    assert not any(one.coil_on for one in cabinet.compartments)
    once: list[Counter[object]] = [
        Counter(one.intent for one in edge.events if isinstance(one, DoorOpened)),
        Counter(one.group for one in edge.events if isinstance(one, CodeBurnt)),
        Counter(one.parcel for one in edge.events if isinstance(one, ParcelDroppedOff)),
        Counter(one.parcel for one in edge.events if isinstance(one, ParcelPickedUp)),
    ]
    assert [what for counted in once for what, times in counted.items() if times > 1] == []


def bytes_of(folder: Path, *patterns: str) -> str:
    """Return everything in the files of a folder that fit, as one text to search."""
    files = sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})
    assert files, f"nothing in {folder} is called {' or '.join(patterns)}"
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
