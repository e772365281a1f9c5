"""What an order to open many doors says and what has become of it, door by door, as the locker's journal tells."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cloud.domain.errors import NotFoundError
from cloud.domain.locker import Locker
from cloud.services.ports import EventLog, LoggedEvent, UnitOfWork
from cloud.services.records import CommandState
from cloud.services.records_bulk import BulkOpening
from cloud.services.records_ops import Account, CommandSent
from contract import events as told
from contract.bulk import BulkOrder, read_order
from contract.codec import CodecError, decode_entry

PAGE = 500  # entries; sixty doors make about four each, so that most orders are told in one reading
UNTIL_END_MAX = 20_000  # entries; an order can follow a backlog, and a busy locker's week without a link is 10,000
AFTER_END_MAX = 1_000  # entries; the last door is shut soon after, and one whose sensor is broken is never told so
CLOCK_SLACK_MS = 600_000  # entries are found by when they came, and a server's clock can be set back in between


class Stage(StrEnum):
    """Where an order is: waiting for signatures, with the locker, or over."""

    ASKED = "asked"
    SIGNED = "signed"
    SENT = "sent"
    ENDED = "ended"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class DoorStage(StrEnum):
    """What became of one door."""

    WAITING = "waiting"
    RELEASED = "released"
    OPEN = "open"
    CLOSED = "closed"
    UNCLEAR = "unclear"
    NOT_OPENED = "not_opened"
    LEFT = "left"


UNSETTLED = {DoorStage.RELEASED, DoorStage.OPEN}
TELLING = frozenset(
    kind.__name__
    for kind in (
        *(told.ReleaseIntended, told.DoorOpened, told.DoorClosed, told.OpenNotDetected, told.ReleaseIndeterminate),
        *(told.BulkEnded, told.CommandRefused),
    )
)


@dataclass(frozen=True, slots=True)
class BulkView:
    """``doors`` are in the order's order; ``names`` are of the accounts that took part."""

    opening: BulkOpening
    order: BulkOrder
    locker: Locker
    command: CommandSent | None
    stage: Stage
    doors: dict[str, DoorStage]
    names: dict[str, str]

    @property
    def is_over(self) -> bool:
        return self.stage not in (Stage.ASKED, Stage.SIGNED, Stage.SENT)


def bulk_view(uow: UnitOfWork, locker_id: str, opening_id: str, now: datetime) -> BulkView:
    """Read one order; raises ``NotFoundError`` when it is none of this locker's."""
    opening = uow.need(BulkOpening, opening_id)
    if opening.locker_id != locker_id:
        raise NotFoundError("bulk opening", opening_id)
    order, command = read_order(opening.order), uow.get(CommandSent, opening.id)
    people = {opening.asked_by, opening.first_by, opening.second_by, opening.withdrawn_by} - {None}
    names = {one.id: one.name for one in uow.find(Account, id=tuple(str(one) for one in people))}
    stage = _stage(opening, command, now)
    doors = _doors(uow, opening, order)
    return BulkView(opening, order, uow.need(Locker, locker_id), command, stage, doors, names)


def _stage(opening: BulkOpening, command: CommandSent | None, now: datetime) -> Stage:
    if opening.withdrawn_at is not None:
        return Stage.WITHDRAWN
    if command is not None:
        ends = {
            CommandState.DONE: Stage.ENDED,
            CommandState.REFUSED: Stage.REFUSED,
            CommandState.EXPIRED: Stage.EXPIRED,
        }
        return ends.get(command.state, Stage.SENT)
    if now >= opening.expires_at:
        return Stage.EXPIRED
    return Stage.ASKED if opening.first_at is None else Stage.SIGNED


def _doors(uow: UnitOfWork, opening: BulkOpening, order: BulkOrder) -> dict[str, DoorStage]:
    doors = dict.fromkeys(order.compartments, DoorStage.WAITING)
    if opening.second_at is None:
        return doors
    cause, ours, left = bytes.fromhex(opening.id), set[bytes](), UNTIL_END_MAX
    for logged in _since(uow.log, opening.locker_id, round(opening.second_at.timestamp() * 1000) - CLOCK_SLACK_MS):
        left -= 1
        entry = _entry(logged.entry) if logged.kind in TELLING else None
        if entry is not None and _ends(entry, cause):
            left = min(left, AFTER_END_MAX)
        if entry is not None:
            _take(doors, entry, cause, ours)
        if left <= 0 or (left <= AFTER_END_MAX and not UNSETTLED & set(doors.values())):
            break
    return doors


def _since(log: EventLog, locker: str, since_ms: int) -> Iterator[LoggedEvent]:
    """Go through what came from a locker since then, in its own order, however much has come since."""
    last, _ = log.heads([locker]).get(locker, (0, b""))
    at = bisect_left(range(last), since_ms, key=lambda before: _received_ms(log, locker, before))
    while page := log.after(locker, at, PAGE):
        yield from page
        at = page[-1].sequence


def _received_ms(log: EventLog, locker: str, before: int) -> int:
    return log.after(locker, before, 1)[0].received_ms


def _ends(entry: told.Entry, cause: bytes) -> bool:
    return isinstance(entry.event, told.BulkEnded | told.CommandRefused) and entry.event.command == cause


def _take(doors: dict[str, DoorStage], entry: told.Entry, cause: bytes, ours: set[bytes]) -> None:
    """Let one entry of the journal tell; ``ours`` are the intents of this order so far."""
    match entry.event:
        case told.ReleaseIntended(intent=intent, compartment=label) if entry.cause == cause:
            ours.add(intent)
            doors[label] = DoorStage.RELEASED
        case told.DoorOpened(compartment=label, caused_by=caused_by) if caused_by == cause:
            doors[label] = DoorStage.OPEN
        case told.DoorClosed(compartment=label) if doors.get(label) is DoorStage.OPEN:
            doors[label] = DoorStage.CLOSED
        case told.OpenNotDetected(intent=intent, compartment=label) if intent in ours:
            doors[label] = DoorStage.NOT_OPENED
        case told.ReleaseIndeterminate(intent=intent, compartment=label) if intent in ours:
            doors[label] = DoorStage.UNCLEAR
        case told.BulkEnded(command=command, left=left) if command == cause:
            doors.update(dict.fromkeys(left, DoorStage.LEFT))
        case _:
            pass


def _entry(raw: bytes) -> told.Entry | None:
    try:
        entry: Any = decode_entry(raw)
    except CodecError:
        return None
    return entry if isinstance(entry, told.Entry) else None
