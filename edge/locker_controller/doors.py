"""What the door sensors say, and what it means: opened as asked, forced, closed, left open, not to be believed."""

from typing import assert_never

from msgspec.structs import replace

from contract.events import AlarmRaised, DoorClosed, DoorForced, DoorLeftOpen, DoorOpened
from contract.ids import CompartmentLabel, ParcelRef
from contract.state import DoorLevel
from edge.locker_controller import turn
from edge.locker_controller.compartment import forced
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import Buzz, Pattern
from edge.locker_controller.inputs import Levels
from edge.locker_controller.limits import CATCH_MS, MASS_OPEN_DOORS, SUSPECT_OPEN_MS, SUSPECT_UNKNOWN_MS, WARNINGS_MAX
from edge.locker_controller.state import CollectionAim, DoorRecord, DropOffAim, Phase, PickUpAim, RemoteAim, Task

_MOVING = frozenset({DoorLevel.OPEN, DoorLevel.CLOSED})


def sense_all(draft: Draft, levels: Levels) -> None:
    """Compare every door with what is known; doors beyond this decision's room are found by the next tick."""
    doors = draft.state.doors
    for label, level in levels.items():
        door = doors.get(label)
        if door is not None and door.level is not level and draft.has_room:
            sense(draft, label, level)


def sense(draft: Draft, label: CompartmentLabel, level: DoorLevel) -> None:
    """Take one sensor's level. ``unknown`` moves nothing: a door is what it last was seen to be."""
    door = draft.state.doors.get(label)
    if door is None or door.level is level:
        return
    draft.door(label, level=level, level_since_ms=draft.ms)
    if level is DoorLevel.OPEN and not door.is_open:
        _opened(draft, label, door)
    elif level is DoorLevel.CLOSED and door.is_open is not False:
        _closed(draft, label, door)


def watch_all(draft: Draft) -> None:
    """Look after doors that stand open and sensors that say nothing."""
    for label, door in draft.state.doors.items():
        if (door.is_open or door.level not in _MOVING) and draft.has_room:
            _watch(draft, label, door)


def _opened(draft: Draft, label: CompartmentLabel, door: DoorRecord) -> None:
    here = _seen_task(draft, label)
    intent = here.intent if here else (door.excuse if draft.ms <= door.excuse_until_ms else None)
    draft.door(label, is_open=True, since_ms=draft.ms, warnings=0, asked=intent is not None)
    draft.journal(DoorOpened(label, intent, _cause(here)))
    if here is not None and here.phase is not Phase.OPEN:
        turn.opened(draft, here)
    if intent is None and (door.is_open is not None or _guards(draft, label)):
        draft.journal(DoorForced(label))
        draft.ask(Buzz(label, Pattern.ALARM))
    if intent is None:
        _count_forced(draft)


def _guards(draft: Draft, label: CompartmentLabel) -> bool:
    """Say whether a door found open at the start should have been shut: a parcel is booked in behind a sound sensor."""
    record = draft.state.compartments[label]
    return record.parcel is not None and not record.suspect


def _count_forced(draft: Draft) -> None:
    """Raise one alarm for the whole locker when so many doors stand open unasked that one door is not the matter."""
    if len(forced(draft.state)) == MASS_OPEN_DOORS:
        draft.journal(AlarmRaised("mass_open", f"{MASS_OPEN_DOORS} doors stand open and nothing here asked for it"))


def _closed(draft: Draft, label: CompartmentLabel, door: DoorRecord) -> None:
    excused_ms = draft.ms + CATCH_MS if door.asked else 0
    draft.door(label, is_open=False, since_ms=draft.ms, warnings=0, excuse_until_ms=excused_ms)
    if door.is_open is None:
        return
    draft.journal(DoorClosed(label))
    if door.warnings or not door.asked:
        draft.ask(Buzz(label, Pattern.OFF))
    here = _seen_task(draft, label)
    if here is not None and here.phase is Phase.OPEN:
        turn.closed(draft, here)


def _seen_task(draft: Draft, label: CompartmentLabel) -> Task | None:
    """Return the task at this door, which has just moved, so that its sensor can be watched after all."""
    task = draft.state.task
    if task is None or task.label != label:
        return None
    if task.blind:
        task = replace(task, blind=False)
        draft.put(task=task)
    return task


def _watch(draft: Draft, label: CompartmentLabel, door: DoorRecord) -> None:
    if draft.state.compartments[label].suspect:
        return
    open_ms = draft.ms - door.since_ms
    if door.level not in _MOVING:
        if draft.ms - door.level_since_ms >= SUSPECT_UNKNOWN_MS:
            draft.suspect(label, door.level)
    elif open_ms >= SUSPECT_OPEN_MS:
        draft.suspect(label, door.level)
    elif door.warnings < WARNINGS_MAX and open_ms >= _patience_ms(draft, door):
        draft.door(label, warnings=door.warnings + 1)
        draft.journal(DoorLeftOpen(label, open_ms // 1000, _fetched(draft, label)))
        draft.ask(Buzz(label, Pattern.LEFT_OPEN))


def _fetched(draft: Draft, label: CompartmentLabel) -> ParcelRef | None:
    """Return the parcel whose recipient opened this door and has not closed it."""
    task = draft.state.task
    if task is not None and task.label == label and isinstance(task.aim, PickUpAim):
        return task.aim.parcel
    return None


def _patience_ms(draft: Draft, door: DoorRecord) -> int:
    """Warn after the configured time, then each time after twice as long."""
    return (draft.state.configuration.door_left_open_s * 1000) << door.warnings


def _cause(task: Task | None) -> bytes | None:
    """Name what led to an opening: the command, or the grant."""
    if task is None:
        return None
    match task.aim:
        case RemoteAim(command=command):
            return command
        case DropOffAim(grant=drop_off):
            return drop_off.id
        case PickUpAim(grant=grant) | CollectionAim(grant=grant):
            return grant
        case _ as never:
            assert_never(never)
