"""Events about doors, locks and compartments: the picture of the wall, and what an operator must see at once."""

from dataclasses import replace

from cloud.domain.ids import parcel_id
from cloud.domain.locker import CompartmentStatus
from cloud.services import attention, projection_messages
from cloud.services.notices import notice
from cloud.services.ports import Change
from cloud.services.projection import Projection, Seen
from cloud.services.records import CommandState
from contract.events import (
    AlarmRaised,
    CodeBurnt,
    CodeRefused,
    CompartmentRestored,
    CompartmentWithdrawn,
    DoorClosed,
    DoorForced,
    DoorLeftOpen,
    DoorOpened,
    OpenNotDetected,
    ReleaseFailed,
    ReleaseIndeterminate,
    SensorSuspected,
)
from contract.state import DoorLevel

LEFT_OPEN = "door_left_open"
LEFT_OPEN_CRITICAL_S = 240  # the locker's third warning: whoever left it open is gone, and somebody has to go there
MENDED = (LEFT_OPEN, "door_forced", "sensor_suspected", "open_not_detected")
ENDS = {"screen_back": "screen_silent"}  # what a locker says when the cause of an alarm of its own is gone
OCCUPIED = "occupied"
FOUND = frozenset({OCCUPIED, "dirty", "broken"})  # what a courier says of a compartment that was free on paper


def door_opened(changes: Projection, seen: Seen, event: DoorOpened) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.OPEN
    for cause in (event.caused_by, seen.cause):
        if cause is not None:
            projection_messages.command_went(changes, seen, cause, CommandState.OPENED)


def door_closed(changes: Projection, seen: Seen, event: DoorClosed) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.CLOSED
    _clear(changes, seen, event.compartment, LEFT_OPEN)


def door_forced(changes: Projection, seen: Seen, event: DoorForced) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.OPEN
    changes.alarm(seen, "door_forced", "critical", event.compartment, "opened and nothing here asked for it")


def door_left_open(changes: Projection, seen: Seen, event: DoorLeftOpen) -> None:
    """Raise one alarm for a door, and let it grow; tell the person who left it open, the first time."""
    door = (seen.locker_id, event.compartment)
    changes.doors[door] = DoorLevel.OPEN
    severity = "critical" if event.open_s >= LEFT_OPEN_CRITICAL_S else "warning"
    detail = f"open for {event.open_s} s"
    if door in changes.standing:
        changes.raised_alarms.append(Change(_standing(*door, LEFT_OPEN), {"severity": severity, "detail": detail}))
        return
    changes.doors_left_open[door] = attention.alarm(changes.act, door, (LEFT_OPEN, severity), detail, seen.at)
    parcel = changes.parcels.get(event.parcel.hex()) if event.parcel else None
    note = parcel and notice(changes.act, parcel, LEFT_OPEN, f"{seen.locker_id}:{seen.sequence}")
    if note:
        changes.nudges.setdefault(door, note)


def sensor_suspected(changes: Projection, seen: Seen, event: SensorSuspected) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.UNKNOWN
    changes.service[seen.locker_id, event.compartment] = (CompartmentStatus.FAULTED, "sensor")
    changes.alarm(seen, "sensor_suspected", "warning", event.compartment, f"says {event.level}")


def open_not_detected(changes: Projection, seen: Seen, event: OpenNotDetected) -> None:
    _not_opened(changes, seen, event.compartment, "the lock was pulsed and the door stayed closed")


def release_failed(changes: Projection, seen: Seen, event: ReleaseFailed) -> None:
    _not_opened(changes, seen, event.compartment, f"the lock could not be pulsed: {event.reason}")


def release_indeterminate(changes: Projection, seen: Seen, event: ReleaseIndeterminate) -> None:
    """Tell of it, also whoever asked for it from afar: the command of before the stop is over."""
    unknown = "the agent stopped in between; the lock may have been pulsed"
    _not_opened(changes, seen, event.compartment, unknown)
    if event.caused_by is not None:
        projection_messages.command_went(changes, seen, event.caused_by, CommandState.NOT_OPENED, unknown)


def withdrawn(changes: Projection, seen: Seen, event: CompartmentWithdrawn) -> None:
    """Take it out of use; what a courier found there needs hands, and a parcel found there has an owner."""
    changes.service[seen.locker_id, event.compartment] = (CompartmentStatus.QUARANTINED, event.reason)
    if event.reason in FOUND:
        parcel, left_by = changes.left_last.get((seen.locker_id, seen.sequence), (None, ""))
        maybe = f"; it may be parcel {parcel} ({left_by})" if parcel and event.reason == OCCUPIED else ""
        whose = parcel if event.reason == OCCUPIED else None
        kind = f"compartment_{event.reason}"
        changes.case(seen, kind, whose, event.compartment, f"a courier found it {event.reason}{maybe}")


def restored(changes: Projection, seen: Seen, event: CompartmentRestored) -> None:
    """Back in service: somebody has looked, so what was wrong with this door is over.

    The parcel they saw lies there from now on, also if another compartment was its place before.
    """
    changes.service[seen.locker_id, event.compartment] = (CompartmentStatus.IN_SERVICE, None)
    if event.parcel is not None:
        ref = parcel_id(event.parcel)
        changes.lies_in(seen, event.compartment, ref)
        parcel = changes.parcels.get(ref)
        if parcel is not None:
            moved = replace(parcel, compartment=event.compartment)
            changes.change_parcel(seen, moved, "seen_inside", "operator", f"in {event.compartment}")
    for kind in MENDED:
        _clear(changes, seen, event.compartment, kind)


def code_refused(changes: Projection, seen: Seen, event: CodeRefused) -> None:
    if event.locked_s > 0:
        changes.alarm(seen, "guessing", "warning", None, f"{event.misses} misses, locked for {event.locked_s} s")


def code_burnt(changes: Projection, seen: Seen, event: CodeBurnt) -> None:
    """Spend the group; the parcel itself follows with ``ParcelPickedUp`` when the door has closed."""
    del seen
    changes.spend_group(event.group)


def alarm_raised(changes: Projection, seen: Seen, event: AlarmRaised) -> None:
    over = ENDS.get(event.alarm)
    if over is None:
        changes.alarm(seen, event.alarm, "critical", None, event.detail)
    else:
        _clear(changes, seen, None, over)


def _clear(changes: Projection, seen: Seen, compartment: str | None, kind: str) -> None:
    standing = _standing(seen.locker_id, compartment, kind)
    changes.cleared_alarms.append(Change(standing, {"cleared_at": changes.act.now}))
    if compartment is not None and kind == LEFT_OPEN:
        door = (seen.locker_id, compartment)
        changes.standing.discard(door)
        changes.nudges.pop(door, None)
        over = changes.doors_left_open.pop(door, None)
        if over is not None:  # opened too long and closed again within one group: it is history already
            changes.added.append(replace(over, cleared_at=changes.act.now))


def _standing(locker_id: str, compartment: str | None, kind: str) -> dict[str, str | None]:
    return {"locker_id": locker_id, "compartment": compartment, "kind": kind, "cleared_at": None}


def _not_opened(changes: Projection, seen: Seen, compartment: str, detail: str) -> None:
    changes.alarm(seen, "open_not_detected", "warning", compartment, detail)
    if seen.cause is not None:
        projection_messages.command_went(changes, seen, seen.cause, CommandState.NOT_OPENED, detail)
