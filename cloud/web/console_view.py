"""What the operator's pages add to the services' queries: totals, the drawing of a wall, sentences for events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import msgspec

from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker, is_counter, is_silent
from cloud.services.certificates import ending_soon
from cloud.services.ports import FleetRow, LoggedEvent, UnitOfWork
from cloud.services.records import CommandState, Courier
from cloud.services.records_ops import Account, CommandSent
from contract.codec import CodecError, decode_entry
from contract.events import Entry
from contract.sizes import SizeClass
from contract.state import DoorLevel, TimeQuality

ENDED_BADLY = (CommandState.REFUSED, CommandState.NOT_OPENED, CommandState.EXPIRED)


@dataclass(frozen=True, slots=True)
class FleetLine:
    """One locker in the fleet: the services' row, its own record, and what is free by size.

    ``certificate_until`` only where it should have been renewed by now.
    """

    row: FleetRow
    locker: Locker
    free: Mapping[SizeClass, int]
    now: datetime
    certificate_until: datetime | None = None

    @property
    def certificate_ended(self) -> bool:
        return self.certificate_until is not None and self.certificate_until <= self.now

    @property
    def presence(self) -> str:
        if self.locker.status != "active":
            return str(self.locker.status)
        if is_counter(self.locker):
            return "counter"
        if self.row.online:
            return "online"
        return "silent" if is_silent(self.locker, self.now) else "away"

    @property
    def fill_percent(self) -> int:
        return round(100 * self.row.occupied / self.row.compartments) if self.row.compartments else 0

    @property
    def is_troubled(self) -> bool:
        return bool(self.row.alarms or self.row.out_of_service or self.presence in {"silent", "quarantined"})


@dataclass(frozen=True, slots=True)
class Totals:
    lockers: int
    online: int
    compartments: int
    occupied: int
    out_of_service: int
    waiting: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline: a journal entry with its fields as text."""

    at: datetime
    kind: str
    compartment: str | None
    parcel_id: str | None
    fields: Mapping[str, str]
    quality: str
    sequence: int

    @property
    def is_untimed(self) -> bool:
        """Whether the locker did not know the time for certain."""
        return self.quality == TimeQuality.UNTRUSTED


def fleet_lines(rows: Sequence[FleetRow], uow: UnitOfWork, now: datetime) -> list[FleetLine]:
    """Return the fleet, troubled lockers first, then by name."""
    lockers = {one.id: one for one in uow.find(Locker)}
    free = uow.reads.free_by_size()
    ends = ending_soon(uow, now)
    lines = [
        FleetLine(row, lockers[row.locker_id], free.get(row.locker_id, {}), now, ends.get(row.locker_id))
        for row in rows
    ]
    return sorted(lines, key=lambda line: (not line.is_troubled, line.row.name, line.row.locker_id))


def totals_of(rows: Iterable[FleetRow]) -> Totals:
    all_rows = list(rows)
    return Totals(
        lockers=len(all_rows),
        online=sum(row.online for row in all_rows),
        compartments=sum(row.compartments for row in all_rows),
        occupied=sum(row.occupied for row in all_rows),
        out_of_service=sum(row.out_of_service for row in all_rows),
        waiting=sum(row.parcels_waiting for row in all_rows),
        alarms=sum(row.alarms for row in all_rows),
    )


def wall_of(compartments: Sequence[Compartment]) -> list[list[Compartment]]:
    """Return the wall column by column: the label's letters are the column, its number the place from the top."""
    ordered = sorted(compartments, key=lambda one: _place(one.label))
    return [list(column) for _, column in groupby(ordered, key=lambda one: _place(one.label)[0])]


def _place(label: str) -> tuple[str, int]:
    letters = label.rstrip("0123456789")
    return letters, int(label.removeprefix(letters) or 0)


def state_of(compartment: Compartment) -> str:
    """Return the one word that matters most about a compartment now."""
    if compartment.door == DoorLevel.OPEN:
        return "open"
    if compartment.status is not CompartmentStatus.IN_SERVICE:
        return "out"
    if compartment.contents is Contents.OCCUPIED:
        return "occupied"
    return "empty" if compartment.contents is Contents.EMPTY else "unknown"


def happenings(events: Iterable[LoggedEvent]) -> list[Happening]:
    return [_happening(one) for one in events]


def clock_quality(events: Sequence[Happening]) -> str:
    """Return how well the locker knew the time when it last wrote something down, whenever it thought that was."""
    return max(events, key=lambda one: one.sequence).quality if events else ""


def _happening(logged: LoggedEvent) -> Happening:
    fields, quality = _said(logged.entry)
    return Happening(
        at=datetime.fromtimestamp(logged.at_ms / 1000, UTC),
        kind=logged.kind,
        compartment=logged.compartment,
        parcel_id=logged.parcel_id,
        fields=fields,
        quality=quality,
        sequence=logged.sequence,
    )


def _said(raw: bytes) -> tuple[dict[str, str], str]:
    """Decode what is shown; an entry of a newer agent shows its kind only."""
    try:
        entry = decode_entry(raw)
    except CodecError:
        return {}, ""
    if not isinstance(entry, Entry):
        return {}, ""
    fields = msgspec.structs.asdict(entry.event)
    return {name: str(value) for name, value in fields.items() if isinstance(value, str | int)}, entry.quality


@dataclass(frozen=True, slots=True)
class CommandStep:
    name: str
    at: datetime | None
    done: bool


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command with its steps; ``bad`` is how it ended when it did not end well."""

    sent: CommandSent

    @property
    def bad(self) -> CommandState | None:
        return self.sent.state if self.sent.state in ENDED_BADLY else None

    @property
    def is_over(self) -> bool:
        return self.sent.state in (*ENDED_BADLY, CommandState.OPENED, CommandState.DONE)

    @property
    def steps(self) -> list[CommandStep]:
        """Return every step; one that was never heard of is known to have happened when a later one did."""
        one = self.sent
        last = ("opened", one.opened_at) if one.kind == "remote_open" else ("done", one.ended_at)
        if one.state in ENDED_BADLY:
            last = (str(one.state), one.ended_at)
        named = [("queued", one.issued_at), ("sent", one.sent_at), ("accepted", one.accepted_at), last]
        heard = max(place for place, (_, at) in enumerate(named) if at is not None)
        implied = heard if one.state is not CommandState.EXPIRED else 0
        return [CommandStep(name, at, done=at is not None or place < implied) for place, (name, at) in enumerate(named)]


def names_of(uow: UnitOfWork) -> dict[str, str]:
    """Return the names of everybody who can sign in and of every courier, by what stands in the audit log."""
    return {one.id: one.name for one in uow.find(Courier)} | {one.id: one.name for one in uow.find(Account)}
