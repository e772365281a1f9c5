"""The screen is a function of what the locker knows: nothing is pushed to it, so it can never be left showing a lie."""

from typing import assert_never

from contract.events import Purpose
from contract.ids import CompartmentLabel
from edge.locker_controller import technician
from edge.locker_controller.compartment import forced, forgot_all, is_full
from edge.locker_controller.grants import collections, drop_offs, may_use
from edge.locker_controller.limits import CLOSE_DOOR_SHOWN_MS, MASS_OPEN_DOORS, NOT_OPENED_MS, TRIES_AGAIN_MAX
from edge.locker_controller.lockout import locked_s
from edge.locker_controller.screens import (
    CloseDoor,
    CodeWrong,
    Collected,
    ConfirmDropOff,
    ConfirmTakenOut,
    CourierHome,
    DroppedOff,
    Idle,
    LockedOut,
    NoCompartment,
    NotOpened,
    Opening,
    OutOfOrder,
    PickedUp,
    ProblemThanks,
    PutParcel,
    Refused,
    RemoteOpening,
    Screen,
    ServiceHome,
    TakeParcel,
    Why,
)
from edge.locker_controller.state import (
    CollectionAim,
    DropOffAim,
    LockerRecord,
    Notice,
    Phase,
    PickUpAim,
    RemoteAim,
    Session,
    Task,
)
from edge.locker_controller.timekeeping import TimeReading

__all__ = [
    "CloseDoor",
    "CodeWrong",
    "Collected",
    "ConfirmDropOff",
    "ConfirmTakenOut",
    "CourierHome",
    "DroppedOff",
    "Idle",
    "LockedOut",
    "NoCompartment",
    "NotOpened",
    "Opening",
    "OutOfOrder",
    "PickedUp",
    "ProblemThanks",
    "PutParcel",
    "Refused",
    "RemoteOpening",
    "Screen",
    "ServiceHome",
    "TakeParcel",
    "Why",
    "screen",
]


def screen(state: LockerRecord, now: TimeReading) -> Screen:
    """Return what a person in front of the locker sees at ``now``."""
    if state.boot is None:
        return OutOfOrder(Why.STARTING)
    if state.notice is not None and now.monotonic_ms < state.notice.until_ms:
        return _noticed(state, state.notice, now)
    if state.task is not None:
        return _at_the_door(state, state.task, now)
    waiting = _door_to_close(state, now)
    if waiting is not None:
        return CloseDoor(waiting, _seconds_since(state.doors[waiting].since_ms, now))
    return _at_home(state, now)


def _at_home(state: LockerRecord, now: TimeReading) -> Screen:
    if state.technician is not None:
        seconds_left = technician.seconds_left(state, now.monotonic_ms)
        return ServiceHome(state.in_maintenance, seconds_left, state.online, _doors_left(state))
    if state.session is not None:
        return _courier_home(state, state.session, now)
    opened, anew = len(forced(state)) >= MASS_OPEN_DOORS, forgot_all(state)
    return Idle(state.online, is_full(state), opened=opened, anew=anew)


def _noticed(state: LockerRecord, notice: Notice, now: TimeReading) -> Screen:
    """Count the seconds down where the sentence has some in it."""
    match notice.screen:
        case LockedOut():
            return LockedOut(locked_s(state.lockout, now.monotonic_ms))
        case PickedUp(label=label, more=more, again_s=again_s) if again_s and state.visit is not None:
            return PickedUp(label, more, max(0, again_s - _seconds_since(state.visit.closed_ms, now)))
        case other:
            return other


def _at_the_door(state: LockerRecord, task: Task, now: TimeReading) -> Screen:
    match task.phase:
        case Phase.RELEASING | Phase.WAITING:
            if isinstance(task.aim, RemoteAim):
                return _remote_opening(state, task, task.aim, door_open=False)
            return Opening(task.label, task.aim.purpose.value)
        case Phase.NOT_OPENED:
            again, seconds = task.aim.again < TRIES_AGAIN_MAX, _seconds_left(task.since_ms, NOT_OPENED_MS, now)
            return NotOpened(task.label, task.aim.purpose.value, again, seconds)
        case Phase.OPEN:
            return _at_the_open_door(state, task, now)
        case Phase.CLOSED:
            return _asked(task, _seconds_left(task.since_ms, state.configuration.confirm_s * 1000, now))
        case _ as never:
            assert_never(never)


def _asked(task: Task, seconds: int) -> Screen:
    """Ask a courier, behind whom the door is closed, what is inside now."""
    if isinstance(task.aim, CollectionAim):
        return ConfirmTakenOut(task.label, seconds, lost=True)
    if isinstance(task.aim, DropOffAim) and task.aim.cancelled:
        return ConfirmTakenOut(task.label, seconds)
    return ConfirmDropOff(task.label, seconds, lost=task.interrupted)


def _at_the_open_door(state: LockerRecord, task: Task, now: TimeReading) -> Screen:
    waited_s = _seconds_since(task.since_ms, now)
    if task.claimed_ms is not None or waited_s >= state.configuration.door_left_open_s:
        return CloseDoor(task.label, waited_s)
    match task.aim:
        case PickUpAim() | CollectionAim():
            return TakeParcel(task.label, task.aim.purpose.value)
        case DropOffAim(cancelled=True):
            return TakeParcel(task.label, Purpose.DROP_OFF.value)
        case DropOffAim():
            return PutParcel(task.label, state.setup.plans[task.label].size)
        case RemoteAim() as aim:
            return _remote_opening(state, task, aim, door_open=True)
        case _ as never:
            assert_never(never)


def _remote_opening(state: LockerRecord, task: Task, aim: RemoteAim, *, door_open: bool) -> RemoteOpening:
    return RemoteOpening(task.label, door_open, _doors_left(state) if aim.bulk else None)


def _doors_left(state: LockerRecord) -> int | None:
    return None if state.bulk.run is None else len(state.bulk.run.left)


def _door_to_close(state: LockerRecord, now: TimeReading) -> CompartmentLabel | None:
    """Return a door that somebody was given and has left open; a forced or cut one is not the next person's affair."""
    return next(
        (
            label
            for label, door in state.doors.items()
            if door.asked
            and door.is_open
            and not state.compartments[label].suspect
            and now.monotonic_ms - door.since_ms < CLOSE_DOOR_SHOWN_MS
        ),
        None,
    )


def _courier_home(state: LockerRecord, session: Session, now: TimeReading) -> CourierHome:
    live = {grant.id for grant in drop_offs(state, now) if may_use(session, grant)}
    own = live & session.grants
    there = collections(state, now).items()
    return CourierHome(
        drop_offs_left=len(own or live),
        collections=tuple(at for at, one in there if at not in session.skipped and may_use(session, one)),
        seconds_left=max(0, (session.until_ms - now.monotonic_ms) // 1000),
        parts=session.series[1],
        missing=session.missing,
    )


def _seconds_since(begin_ms: int, now: TimeReading) -> int:
    return max(0, now.monotonic_ms - begin_ms) // 1000


def _seconds_left(begin_ms: int, for_ms: int, now: TimeReading) -> int:
    return max(0, for_ms // 1000 - _seconds_since(begin_ms, now))
