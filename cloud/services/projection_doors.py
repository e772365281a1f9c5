"""Events about doors, locks and compartments: the picture of the wall, and what an operator must see at once."""

from cloud.domain.locker import CompartmentStatus
from cloud.services import projection_messages
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
OCCUPIED = "occupied"
FOUND = frozenset({OCCUPIED, "dirty", "broken"})  # what a courier says of a compartment that was free on paper


def door_opened(changes: Projection, seen: Seen, event: DoorOpened) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.OPEN
    for cause in (event.caused_by, seen.cause):
        if cause is not None:
            projection_messages.command_went(changes, seen, cause, CommandState.OPENED)


def door_closed(changes: Projection, seen: Seen, event: DoorClosed) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.CLOSED
    changes.closed_doors.append(
        Change(
            {"locker_id": seen.locker_id, "compartment": event.compartment, "kind": LEFT_OPEN, "cleared_at": None},
            {"cleared_at": changes.act.now},
        )
    )


def door_forced(changes: Projection, seen: Seen, event: DoorForced) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.OPEN
    changes.alarm(seen, "door_forced", "critical", event.compartment, "opened and nothing here asked for it")


def door_left_open(changes: Projection, seen: Seen, event: DoorLeftOpen) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.OPEN
    changes.alarm(seen, LEFT_OPEN, "warning", event.compartment, f"open for {event.open_s} s")


def sensor_suspected(changes: Projection, seen: Seen, event: SensorSuspected) -> None:
    changes.doors[seen.locker_id, event.compartment] = DoorLevel.UNKNOWN
    changes.service[seen.locker_id, event.compartment] = (CompartmentStatus.FAULTED, "sensor")
    changes.alarm(seen, "sensor_suspected", "warning", event.compartment, f"says {event.level}")


def open_not_detected(changes: Projection, seen: Seen, event: OpenNotDetected) -> None:
    _not_opened(changes, seen, event.compartment, "the lock was pulsed and the door stayed closed")


def release_failed(changes: Projection, seen: Seen, event: ReleaseFailed) -> None:
    _not_opened(changes, seen, event.compartment, f"the lock could not be pulsed: {event.reason}")


def release_indeterminate(changes: Projection, seen: Seen, event: ReleaseIndeterminate) -> None:
    _not_opened(changes, seen, event.compartment, "the agent stopped in between; the lock may have been pulsed")


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
    changes.service[seen.locker_id, event.compartment] = (CompartmentStatus.IN_SERVICE, None)


def code_refused(changes: Projection, seen: Seen, event: CodeRefused) -> None:
    if event.locked_s > 0:
        changes.alarm(seen, "guessing", "warning", None, f"{event.misses} misses, locked for {event.locked_s} s")


def code_burnt(changes: Projection, seen: Seen, event: CodeBurnt) -> None:
    """Spend the group; the parcel itself follows with ``ParcelPickedUp`` when the door has closed."""
    del seen
    changes.spend_group(event.group)


def alarm_raised(changes: Projection, seen: Seen, event: AlarmRaised) -> None:
    changes.alarm(seen, event.alarm, "critical", None, event.detail)


def _not_opened(changes: Projection, seen: Seen, compartment: str, detail: str) -> None:
    changes.alarm(seen, "open_not_detected", "warning", compartment, detail)
    if seen.cause is not None:
        projection_messages.command_went(changes, seen, seen.cause, CommandState.NOT_OPENED, detail)
