"""The way to a lock and back: the intent is journalled in the same decision that asks for the pulse, never later."""

from typing import assert_never

from msgspec.structs import replace

from contract.events import AlarmRaised, LockReleased, OpenNotDetected, ReleaseFailed, ReleaseIntended
from contract.ids import CompartmentLabel, GrantId, MessageId, ParcelRef
from contract.state import DoorLevel
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import ReleaseLock
from edge.locker_controller.limits import (
    LATE_OPENING_MS,
    PULSE_ANSWER_MS_MAX,
    PULSES_PER_INTENT_MAX,
    REPULSE_REST_MS,
)
from edge.locker_controller.state import (
    Aim,
    CollectionAim,
    DropOffAim,
    LockerRecord,
    Phase,
    PickUpAim,
    Pulse,
    RemoteAim,
    Task,
    Withdrawal,
)


def begin(draft: Draft, label: CompartmentLabel, aim: Aim) -> None:
    """Begin a task at one door with a new intent. The caller has made sure that nobody else is being served.

    A sensor that says "open" before the release is a cut cable or a door that was forced: the parcel must not be
    trapped behind it, so the lock is released all the same, and the sensor is not believed any more.
    """
    level = draft.state.doors[label].level
    if level is DoorLevel.OPEN:
        draft.suspect(label, level)
    task = Task(
        intent=draft.moment.fresh,
        label=label,
        aim=aim,
        phase=Phase.RELEASING,
        since_ms=draft.ms,
        intended_at_s=draft.now_s,
        blind=level is not DoorLevel.CLOSED,
    )
    draft.put(visit=None, notice=None)
    _pulse(draft, task)


def pulsed(draft: Draft, intent: MessageId, failure: str | None) -> Task | None:
    """Note the driver's answer. Returns the task whose door must now be taken as open, for nobody can see it."""
    pulse = draft.state.pulse
    if pulse is None or pulse.intent != intent:
        return None  # an answer that came after we had stopped waiting for it
    draft.put(pulse=None)
    draft.door(pulse.label, excuse=intent, excuse_until_ms=draft.ms + LATE_OPENING_MS)
    if failure is None:
        draft.journal(LockReleased(intent, pulse.label))
    else:
        draft.journal(ReleaseFailed(intent, pulse.label, failure))
    task = draft.state.task
    if task is None or task.intent != intent or task.phase is not Phase.RELEASING:
        return None
    if failure is None and task.blind:
        return task
    draft.put(task=replace(task, phase=Phase.WAITING, since_ms=draft.ms))
    return None


def give_up_on_driver(draft: Draft, pulse: Pulse) -> None:
    """Treat a driver that does not answer as one that failed, or the locker would wait for ever."""
    if draft.ms - pulse.since_ms >= PULSE_ANSWER_MS_MAX:
        pulsed(draft, pulse.intent, "no_answer")
        draft.journal(AlarmRaised("driver_silent", pulse.label))


def wait_for_door(draft: Draft, task: Task) -> bool:
    """Pulse once more within the same intent when the door has not moved; returns whether it is to be given up."""
    if draft.ms - task.since_ms < max(draft.state.configuration.open_detect_ms, REPULSE_REST_MS):
        return False
    if task.pulses < PULSES_PER_INTENT_MAX:
        _pulse(draft, replace(task, phase=Phase.RELEASING, since_ms=draft.ms, pulses=task.pulses + 1))
        return False
    draft.journal(OpenNotDetected(task.intent, task.label))
    draft.withdraw(task.label, Withdrawal.LOCK_FAULT)
    return True


def _pulse(draft: Draft, task: Task) -> None:
    parcel, grant = _subject(draft.state, task)
    draft.journal(ReleaseIntended(task.intent, task.label, task.aim.purpose.value, parcel, grant))
    draft.door(task.label, excuse=task.intent, excuse_until_ms=draft.ms + PULSE_ANSWER_MS_MAX + LATE_OPENING_MS)
    draft.put(task=task, pulse=Pulse(task.intent, task.label, draft.ms))
    draft.ask(ReleaseLock(task.intent, task.label))


def _subject(state: LockerRecord, task: Task) -> tuple[ParcelRef | None, GrantId | None]:
    match task.aim:
        case PickUpAim(parcel=parcel, grant=grant) | CollectionAim(parcel=parcel, grant=grant):
            return parcel, grant
        case DropOffAim(grant=drop_off):
            return drop_off.parcel, drop_off.id
        case RemoteAim():
            return state.compartments[task.label].parcel, None
        case _ as never:
            assert_never(never)
