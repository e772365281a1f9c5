"""Record what lockers journalled: exactly once, in order, with everything that follows from it.

1. Read the heads of all lockers that speak in this group.
2. Continue each chain: skip what is known, refuse gaps and forks, hash the rest.
3. Append the new entries' exact bytes and set the heads.
4. Project: parcels, compartments, commands, promises, alarms, messages to people.

The caller commits; only then may it acknowledge ``through_sequence`` and ``head``. Batches of many lockers go in one
call, because statements cost more than rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud.domain.locker import Locker
from cloud.domain.opening_hours import ALWAYS
from cloud.domain.parcel import Parcel
from cloud.services import boots
from cloud.services import projection_doors as doors
from cloud.services import projection_messages as messages
from cloud.services import projection_parcels as parcels
from cloud.services.attention import alarm
from cloud.services.ports import Act, LoggedEvent, UnitOfWork
from cloud.services.projection import Projection, Seen
from cloud.services.records import GrantState, IssuedGrant
from cloud.services.records_ops import Alarm, CommandSent
from contract import events as told
from contract.codec import CodecError, decode_entry
from contract.events import Entry, EventBatch, UnknownEvent, chain, genesis_hash
from contract.ids import LockerId
from contract.state import TimeQuality

FORKED = "journal_forked"
UNREADABLE = "Unreadable"
LOOKED_BACK_MAX = 200  # a compartment's last week; what was before that is not what lies in it now
LEAVING = {
    "DropOffAbandoned": "drop-off cancelled",
    "ParcelCollected": "collected",
    "ParcelNotFound": "not found",
    "ParcelPickedUp": "picked up",
}
"""Events after which a compartment counts as empty, in words for the operator."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HANDLERS: dict[type[Any], Callable[[Projection, Seen, Any], None]] = {
    told.GrantsAccepted: messages.grants_accepted,
    told.MessageRefused: messages.message_refused,
    told.CommandAccepted: messages.command_accepted,
    told.CommandRefused: messages.command_refused,
    told.CommandDone: messages.command_done,
    told.BulkEnded: messages.bulk_ended,
    told.ConfigurationApplied: messages.configuration_applied,
    told.OperatorsPinned: messages.operators_pinned,
    told.CodeRefused: doors.code_refused,
    told.CodeBurnt: doors.code_burnt,
    told.OpenNotDetected: doors.open_not_detected,
    told.ReleaseFailed: doors.release_failed,
    told.ReleaseIndeterminate: doors.release_indeterminate,
    told.DoorOpened: doors.door_opened,
    told.DoorForced: doors.door_forced,
    told.DoorClosed: doors.door_closed,
    told.DoorLeftOpen: doors.door_left_open,
    told.SensorSuspected: doors.sensor_suspected,
    told.CompartmentWithdrawn: doors.withdrawn,
    told.CompartmentRestored: doors.restored,
    told.AlarmRaised: doors.alarm_raised,
    told.ParcelDroppedOff: parcels.dropped_off,
    told.DropOffAbandoned: parcels.drop_off_abandoned,
    told.DropOffRefused: parcels.drop_off_refused,
    told.ParcelPickedUp: parcels.picked_up,
    told.ParcelCollected: parcels.collected,
    told.ParcelNotFound: parcels.not_found,
    told.CollectionAbandoned: parcels.collection_abandoned,
    told.ProblemReported: parcels.problem_reported,
}
"""What each event changes. Not listed: events that are only history, which the log itself shows (a test says which)."""
_READ = frozenset({*HANDLERS, told.AgentStarted})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the cloud has of a locker after one batch. ``gap``: it began too late, send from ``through_sequence`` on.

    ``refused`` says why nothing of the batch was taken; a fork also raises an alarm. ``forgot``: the locker says in it
    that it has lost its memory, and is to be told again what holds (``send_again``).
    """

    locker_id: str
    through_sequence: int
    head: bytes
    added: int
    gap: bool = False
    refused: str | None = None
    forgot: bool = False


def record_events(uow: UnitOfWork, act: Act, batches: Sequence[EventBatch]) -> list[Recorded]:
    """Record verified batches, in the order given, and return one answer for each."""
    heads = uow.log.heads(tuple({batch.locker for batch in batches}))
    fresh: list[LoggedEvent] = []
    decoded: list[tuple[Seen, Any]] = []
    answers: list[Recorded] = []
    forked: set[str] = set()
    for batch in batches:
        answer, new = _continue(heads, batch)
        if not new and not answer.refused and _differs(uow, batch):
            answer = replace(answer, refused=FORKED)
        answers.append(answer)
        if answer.refused == FORKED:
            forked.add(batch.locker)
        for sequence, raw in new:
            seen, logged, event = _read(act, batch.locker, sequence, raw)
            fresh.append(logged)
            decoded.append((seen, event))
        if new:
            heads[batch.locker] = (answer.through_sequence, answer.head)
    moved = {one.locker_id: (one.through_sequence, one.head) for one in answers if one.added}
    uow.log.append(fresh)
    uow.log.set_heads(moved, act.now)
    if decoded:
        _project(uow, act, decoded)
    _raise_forks(uow, act, forked)
    forgot = {seen.locker_id for seen, event in decoded if _is_memory_lost(event)}
    return [replace(one, forgot=True) if one.locker_id in forgot else one for one in answers] if forgot else answers


def _is_memory_lost(event: Any) -> bool:
    return isinstance(event, told.AlarmRaised) and event.alarm in told.MEMORY_LOST


def _differs(uow: UnitOfWork, batch: EventBatch) -> bool:
    """Whether entries we have already say something else now: a card put back from a copy writes another story.

    Entries of the same group are not in the log yet; they were compared by their hashes just now.
    """
    last = batch.first_sequence + len(batch.entries) - 1
    kept = uow.log.entries(batch.locker, batch.first_sequence, last)
    return len(kept) == len(batch.entries) and tuple(kept) != tuple(batch.entries)


def _continue(heads: dict[str, tuple[int, bytes]], batch: EventBatch) -> tuple[Recorded, list[tuple[int, bytes]]]:
    through, head = heads.get(batch.locker) or (0, genesis_hash(batch.locker))
    last = batch.first_sequence + len(batch.entries) - 1
    if batch.first_sequence > through + 1:
        return Recorded(batch.locker, through, head, 0, gap=True), []
    if last <= through:
        return Recorded(batch.locker, through, head, 0), []
    known = through + 1 - batch.first_sequence
    if chain(batch.previous_hash, batch.entries[:known]) != head:
        return Recorded(batch.locker, through, head, 0, refused=FORKED), []
    new = batch.entries[known:]
    numbered = list(enumerate(new, start=through + 1))
    return Recorded(batch.locker, last, chain(head, new), len(new)), numbered


def _read(act: Act, locker: LockerId, sequence: int, raw: bytes) -> tuple[Seen, LoggedEvent, Any]:
    """Decode one entry; what cannot be read is kept all the same, it was signed and chained."""
    now_ms = (act.now - _EPOCH) // timedelta(milliseconds=1)
    try:
        entry = decode_entry(raw)
    except CodecError:
        entry = UnknownEvent(UNREADABLE)
    if isinstance(entry, Entry):
        event: Any = entry.event
        at_ms, cause, kind = entry.at_ms, entry.cause, type(event).__name__
        at = act.now if entry.quality == TimeQuality.UNTRUSTED or at_ms > now_ms else _moment(at_ms)
    else:
        event, at_ms, cause, kind, at = entry, now_ms, None, entry.kind, act.now
    parcel = getattr(event, "parcel", None)
    door = getattr(event, "compartment", None)
    logged = LoggedEvent(locker, sequence, at_ms, now_ms, kind, door, parcel.hex() if parcel else None, raw)
    return Seen(locker, sequence, at, cause), logged, event


def _moment(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=max(0, at_ms))


def _project(uow: UnitOfWork, act: Act, decoded: Sequence[tuple[Seen, Any]]) -> None:
    decoded = [one for one in decoded if type(one[1]) in _READ]
    if not decoded:
        return
    revoked, live = _rights(uow, decoded)
    changes = Projection(act, _parcels(uow, decoded), _commands(uow, decoded), revoked=revoked, live=live)
    changes.hours = _hours(uow, decoded)
    changes.left_last, changes.standing = _left_last(uow, decoded), _standing(uow, decoded)
    for seen, event in decoded:
        handler = HANDLERS.get(type(event))
        if handler is not None:
            handler(changes, seen, event)
    changes.write(uow)
    starts = [(seen, event.boot) for seen, event in decoded if isinstance(event, told.AgentStarted)]
    boots.started(uow, act, ((seen.locker_id, boot.hex(), seen.sequence) for seen, boot in starts))


def _parcels(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> dict[str, Parcel]:
    about = (
        told.CompartmentRestored,
        told.DoorLeftOpen,
        told.ParcelDroppedOff,
        told.DropOffAbandoned,
        told.DropOffRefused,
        told.ParcelPickedUp,
        told.ParcelCollected,
        told.ParcelNotFound,
        told.CollectionAbandoned,
    )
    ids = {event.parcel.hex() for _, event in decoded if isinstance(event, about) and event.parcel}
    return {parcel.id: parcel for parcel in uow.find(Parcel, id=tuple(ids))} if ids else {}


def _commands(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> dict[str, CommandSent]:
    ids: set[str] = set()
    for seen, event in decoded:
        named = (getattr(event, "command", None), getattr(event, "caused_by", None), seen.cause)
        ids.update(one.hex() for one in named if one)
    return {command.id: command for command in uow.find(CommandSent, id=tuple(ids))} if ids else {}


def _rights(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return which of the parcels spoken of have lost a right to be picked up, and which have one, and where."""
    about = (told.ParcelDroppedOff, told.ParcelPickedUp)
    ids = {event.parcel.hex() for _, event in decoded if isinstance(event, about)}
    if not ids:
        return frozenset(), frozenset()
    states = (GrantState.REVOKED, GrantState.ISSUED)
    found = uow.find(IssuedGrant, parcel_id=tuple(ids), kind="pick_up", state=states)
    revoked = frozenset(one.parcel_id for one in found if one.state is GrantState.REVOKED)
    return revoked, frozenset((one.parcel_id, one.locker_id) for one in found if one.state is GrantState.ISSUED)


def _hours(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> dict[str, tuple[str, str]]:
    """Return the opening hours of the points that took something in and are not always open: deadlines heed them."""
    took = {seen.locker_id for seen, event in decoded if isinstance(event, told.ParcelDroppedOff)}
    found = uow.find(Locker, id=tuple(took)) if took else []
    return {one.id: (one.opening_hours, one.time_zone) for one in found if one.opening_hours != ALWAYS}


def _left_last(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> dict[tuple[str, int], tuple[str, str]]:
    """Return whose parcel may lie in a compartment that is said to be occupied: the last one that was known there."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for seen, event in decoded:
        if isinstance(event, told.CompartmentWithdrawn) and event.reason == doors.OCCUPIED:
            story = uow.log.timeline(locker=seen.locker_id, compartment=event.compartment, limit=LOOKED_BACK_MAX)
            last = next((one for one in story if one.sequence < seen.sequence and one.kind in LEAVING), None)
            if last is not None and last.parcel_id is not None:
                found[seen.locker_id, seen.sequence] = (last.parcel_id, LEAVING[last.kind])
    return found


def _standing(uow: UnitOfWork, decoded: Iterable[tuple[Seen, Any]]) -> set[tuple[str, str]]:
    """Return the doors that have an alarm for standing open already."""
    lockers = {seen.locker_id for seen, event in decoded if isinstance(event, told.DoorLeftOpen)}
    if not lockers:
        return set()
    found = uow.find(Alarm, locker_id=tuple(lockers), kind=doors.LEFT_OPEN, cleared_at=None)
    return {(str(one.locker_id), str(one.compartment)) for one in found}


def _raise_forks(uow: UnitOfWork, act: Act, lockers: Iterable[str]) -> None:
    """Say once that a locker's journal contradicts ours: its card was restored or somebody signs in its name."""
    for locker in sorted(lockers):
        if not uow.count(Alarm, locker_id=locker, kind=FORKED, cleared_at=None):
            detail = "its journal does not continue what was committed here"
            uow.add(alarm(act, (locker, None), (FORKED, "critical"), detail))
