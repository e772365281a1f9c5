"""What a storm came to: journals, cabinets, the cloud's tables and people's memory, held against each other.

Unlike the reckoning of one journey it counts instead of asserting, so that one run tells everything that is wrong.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.events import (
    CodeBurnt,
    DoorOpened,
    LockReleased,
    ParcelDroppedOff,
    ParcelPickedUp,
    ReleaseFailed,
    ReleaseIntended,
    chain,
    genesis_hash,
)
from contract.ids import LockerId
from firmware_sim.truth import CabinetTruth
from tests.process.ledger import Journal
from tests.process.torture.goods import Goods, Parcel

IN_LOCKER = ("ready_for_pickup", "expired")


@dataclass(frozen=True, slots=True)
class Known:
    """A parcel as the cloud knows it; ``drops`` and ``picks`` count lines of its history."""

    id: str
    state: str
    locker: str
    compartment: str
    drops: int
    picks: int


@dataclass(slots=True)
class Findings:
    """What is wrong, by kind. Everything empty is the only good outcome."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    """Doors that moved without an intent, laws of the cabinet that were broken."""
    misplaced: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        """Return every finding with its kind."""
        kinds = ("lost", "doubled", "forbidden", "misplaced")
        return [f"{kind}: {one}" for kind in kinds for one in getattr(self, kind)]


def compare_journals(locker: str, edge: Journal, cloud: Journal, found: Findings) -> None:
    """Hold a locker's journal, which may have been pruned at its old end, against the cloud's whole one."""
    numbers = [number for number, _ in cloud.rows]
    if numbers != list(range(1, len(numbers) + 1)):
        found.lost.append(f"{locker}: the cloud's sequences have gaps")
    known = dict(cloud.rows)
    for number, raw in edge.rows:
        if number not in known:
            found.lost.append(f"{locker}: entry {number} is not in the cloud")
        elif known[number] != raw:
            found.lost.append(f"{locker}: entry {number} is another one in the cloud")
    if numbers and edge.rows and numbers[-1] > edge.rows[-1][0]:
        found.doubled.append(f"{locker}: the cloud has entries after {edge.rows[-1][0]} which the locker never wrote")
    head = chain(genesis_hash(LockerId(locker)), [raw for _, raw in cloud.rows])
    if not edge.head == cloud.head == head:
        found.lost.append(f"{locker}: the heads differ")
    if edge.rows and not edge.acknowledged <= cloud.acknowledged == edge.rows[-1][0]:  # the card's mark may lag
        found.lost.append(f"{locker}: acknowledged through {edge.acknowledged}, the cloud says {cloud.acknowledged}")


def compare_doors(locker: str, events: list[Any], cabinet: CabinetTruth, found: Findings) -> None:
    """Hold what a cabinet did against what was written down, which a kill may have kept from being done."""
    found.forbidden.extend(f"{locker}: {one}" for one in cabinet.violations)
    intended = Counter(str(one.compartment) for one in events if isinstance(one, ReleaseIntended))
    for one in cabinet.compartments:
        if one.pulses > intended[one.label]:
            found.forbidden.append(f"{locker}: {one.label} pulsed {one.pulses} times, {intended[one.label]} intended")
        if one.coil_on:
            found.forbidden.append(f"{locker}: the coil of {one.label} is on")
    found.doubled.extend(f"{locker}: {one}" for one in _twice(events))


def cut_short(events: list[Any]) -> int:
    """Return how many releases a kill cut short, between the intent's commit and the word that the pulse is over.

    Few of them end as "nobody knows": with the current the hook lets go, and after the restart the sensor tells.
    """
    over = {one.intent for one in events if isinstance(one, LockReleased | ReleaseFailed)}
    return sum(isinstance(one, ReleaseIntended) and one.intent not in over for one in events)


def _twice(events: list[Any]) -> Iterator[str]:
    names: list[tuple[str, Iterator[object]]] = [
        ("opened for one intent", (one.intent for one in events if isinstance(one, DoorOpened) and one.intent)),
        ("code burnt", (one.group for one in events if isinstance(one, CodeBurnt))),
        ("dropped off", (one.parcel for one in events if isinstance(one, ParcelDroppedOff))),
        ("picked up", (one.parcel for one in events if isinstance(one, ParcelPickedUp))),
    ]
    for name, things in names:
        for thing, times in Counter(things).items():
            if times > 1:
                yield f"{name} {times} times: {thing.hex() if isinstance(thing, bytes) else thing}"


def compare_parcels(
    goods: Goods, known: Mapping[str, Known], cabinets: Mapping[str, CabinetTruth], found: Findings
) -> None:
    """Hold what people were told and where parcels are against what the cloud says."""
    inside: dict[str, list[tuple[str, str]]] = {}
    for locker, cabinet in cabinets.items():
        for one in cabinet.compartments:
            if one.contents:
                inside.setdefault(one.contents, []).append((locker, one.label))
    for barcode, places in inside.items():
        if len(places) > 1 or goods.parcels[barcode].fetched:
            found.misplaced.append(f"{barcode}: in {places}, fetched {goods.parcels[barcode].fetched}")
    for parcel in goods.parcels.values():
        place = inside.get(parcel.barcode, [("", "")])[0]
        _compare_parcel(parcel, known.get(parcel.barcode), place, found)


def _compare_parcel(parcel: Parcel, known: Known | None, place: tuple[str, str], found: Findings) -> None:
    name = parcel.barcode
    if known is None:
        found.lost.append(f"{name}: promised, and the cloud has never heard of it")
        return
    if parcel.told_in and not known.drops:
        found.lost.append(f"{name}: the kiosk said dropped off in {parcel.told_in}, the cloud says {known.state}")
    if parcel.told_out and not known.picks:
        found.lost.append(f"{name}: the kiosk said picked up, the cloud says {known.state}")
    if known.drops > 1 or known.picks > 1:
        found.doubled.append(f"{name}: {known.drops} drop-offs and {known.picks} pick-ups in its history")
    says = (known.locker, known.compartment) if known.state in IN_LOCKER else ("", "")
    if says != place and not (parcel.stuck and place[0]):
        found.misplaced.append(f"{name}: lies in {place}, the cloud says {says} ({known.state})")
    if parcel.fetched and known.state != "picked_up":
        found.misplaced.append(f"{name}: its recipient has it, the cloud says {known.state}")


def known_parcels(database: Path) -> dict[str, Known]:
    """Read what the cloud knows of every parcel, by barcode."""
    asked = """
        SELECT barcode, id, state, coalesce(locker_id, ''), coalesce(compartment, ''),
               (SELECT count(*) FROM parcel_history WHERE parcel_id = parcel.id AND happened = 'dropped_off'),
               (SELECT count(*) FROM parcel_history WHERE parcel_id = parcel.id AND happened = 'picked_up')
        FROM parcel
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        return {row[0]: Known(*row[1:]) for row in file.execute(asked)}
