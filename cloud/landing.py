"""Landing a file: read in a thread, written in batches, so that neither the loop nor the writer is held for long."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cloud.background import Progress
from cloud.domain.actors import Actor
from cloud.intake.findings import FINDINGS_MAX, FileRefusedError, Finding
from cloud.intake.lockers_geojson import LockerRow, read_lockers
from cloud.intake.parcels_csv import Locale, ParcelRow, read_parcels
from cloud.intake.shifts_csv import ShiftRow, read_shifts
from cloud.rim import Rim
from cloud.services.import_lockers import import_lockers
from cloud.services.import_parcels import import_parcels
from cloud.services.import_shifts import import_shifts
from cloud.services.imports import ImportSource
from cloud.services.ports import Act, UnitOfWork

BATCH = 500  # rows in one unit of work: some 20 ms of the writer's time

LOCKERS = "lockers"
PARCELS = "parcels"
SHIFTS = "shifts"
Item = ParcelRow | LockerRow | ShiftRow | Finding


@dataclass(frozen=True, slots=True)
class File:
    """An opened file: its items still to come, and about how many there are."""

    items: Iterator[Item]
    about: int


def open_file(rim: Rim, kind: str, raw: bytes) -> File:
    """Read up to the first row; raises ``FileRefusedError`` when nothing of the file can be used."""
    items: Iterator[Item]
    if kind == LOCKERS:
        items, about = read_lockers(raw), raw.count(b'"Feature"')
    elif kind == SHIFTS:
        items, about = read_shifts(raw), raw.count(b"\n")
    else:
        items, about = read_parcels(raw, Locale(rim.locality.zone, rim.locality.region)), raw.count(b"\n")
    first = next(items, None)
    return File(_with(first, items) if first is not None else items, about)


async def land(rim: Rim, who: Actor, source: ImportSource, file: File, progress: Progress) -> str:
    """Land all batches and return what became of them, in a sentence."""
    progress.total = file.about
    listed = 0
    while True:
        rows, found, ended = await asyncio.to_thread(_batch, file.items)
        shown = found[: max(0, FINDINGS_MAX - listed)]
        listed += len(shown)
        act = rim.act(who)
        await rim.do(_unit(act, source, rows, _counted(found, shown)))
        progress.done += len(rows) + len({one.line for one in found})
        if ended:
            return f"{progress.done} rows read"


def _unit(
    act: Act, source: ImportSource, rows: Sequence[Item], found: Sequence[Finding]
) -> Callable[[UnitOfWork], object]:
    lockers = [row for row in rows if isinstance(row, LockerRow)]
    parcels = [row for row in rows if isinstance(row, ParcelRow)]
    shifts = [row for row in rows if isinstance(row, ShiftRow)]
    if source.kind == LOCKERS:
        return lambda uow: import_lockers(uow, act, source, lockers, found)
    if source.kind == SHIFTS:
        return lambda uow: import_shifts(uow, act, source, shifts, found)
    return lambda uow: import_parcels(uow, act, source, parcels, found)


def _counted(found: Sequence[Finding], shown: Sequence[Finding]) -> Sequence[Finding]:
    """Keep one finding a row beyond the limit, so that the count of refused rows stays right."""
    if len(shown) == len(found):
        return found
    lines = {one.line: one for one in found}
    return (*shown, *(one for line, one in lines.items() if line not in {seen.line for seen in shown}))


def _batch(items: Iterator[Item]) -> tuple[list[Item], list[Finding], bool]:
    rows: list[Item] = []
    found: list[Finding] = []
    taken = 0
    try:
        for item in islice(items, BATCH):
            taken += 1
            if isinstance(item, Finding):
                found.append(item)
            else:
                rows.append(item)
    except FileRefusedError as error:  # it broke in the middle: what was read so far stands
        found.append(error.finding)
        return rows, found, True
    return rows, found, taken < BATCH


def _with(first: Item, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest
