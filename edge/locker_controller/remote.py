"""Support opens a door from afar: rarely, one at a time, and never because somebody sent an old command again.

The limits live here and not in the cloud, because it is the cloud that may have been taken over: in 2020 one attack
opened 2,732 parcel lockers of one network at once. For the same reason they are measured in time this locker has been
running: a signature of the cloud can move the locker's idea of the hour, but not how long ago a door was opened.
"""

from msgspec.structs import replace

from contract.commands import RefusalReason, RemoteOpen
from contract.events import CommandAccepted, CommandRefused
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import PublishState
from edge.locker_controller.limits import HOUR_S, REMOTE_OPEN_GAP_S, REMOTE_OPENS_PER_HOUR_MAX
from edge.locker_controller.refusing import refuse_with
from edge.locker_controller.release import begin
from edge.locker_controller.state import LockerRecord, RemoteAim, RemoteHistory


def open_door(draft: Draft, command: RemoteOpen) -> None:
    """Open one compartment, or say why not. The caller has checked addressee, expiry and repetition."""
    objection = _objection(draft.state, command, draft.ms)
    if objection is not None:
        refuse_with(draft, CommandRefused(command.id, objection.value))
        if objection is RefusalReason.WRONG_BOOT:
            draft.ask(PublishState())  # somebody has played the cloud an old state, or kept it this one
        return
    recent = _within_the_hour(draft.state.remote, draft.ms)
    draft.put(remote=RemoteHistory(command.counter, (*recent, draft.ms)))
    draft.journal(CommandAccepted(command.id))
    begin(draft, command.compartment, RemoteAim(command.id))
    draft.ask(PublishState())


def after_start(history: RemoteHistory, ms: int) -> RemoteHistory:
    """Count the last boot's openings as made just now: nobody can say how long the power was away."""
    return replace(history, opens_ms=(ms,) * len(history.opens_ms)) if history.opens_ms else history


def forget(draft: Draft) -> None:
    """Forget openings that no limit counts any more, so that a restart does not make them new."""
    history = draft.state.remote
    recent = _within_the_hour(history, draft.ms)
    if len(recent) < len(history.opens_ms):
        draft.put(remote=replace(history, opens_ms=recent))


def _within_the_hour(history: RemoteHistory, ms: int) -> tuple[int, ...]:
    return tuple(at_ms for at_ms in history.opens_ms if ms - at_ms < HOUR_S * 1000)


def _objection(state: LockerRecord, command: RemoteOpen, ms: int) -> RefusalReason | None:
    """Say what stands against it: first what makes it a forgery of time or place, then the limits, then the doors."""
    ages_s = [(ms - at_ms) / 1000 for at_ms in state.remote.opens_ms]
    is_late = 0 < command.until_uptime_ms < ms
    objections = (
        (command.boot_nonce != state.boot, RefusalReason.WRONG_BOOT),
        (is_late, RefusalReason.EXPIRED),
        (command.counter <= state.remote.counter, RefusalReason.COUNTER_TOO_LOW),
        (command.compartment not in state.compartments, RefusalReason.UNKNOWN_COMPARTMENT),
        (any(age_s < REMOTE_OPEN_GAP_S for age_s in ages_s), RefusalReason.TOO_SOON),
        (sum(age_s < HOUR_S for age_s in ages_s) >= REMOTE_OPENS_PER_HOUR_MAX, RefusalReason.TOO_MANY),
        (is_busy(state), RefusalReason.BUSY),
        (a_door_is_open(state), RefusalReason.DOOR_OPEN),
    )
    return next((reason for stands, reason in objections if stands), None)


def is_busy(state: LockerRecord) -> bool:
    return state.task is not None or state.pulse is not None or state.bulk.run is not None


def a_door_is_open(state: LockerRecord) -> bool:
    """Say whether any door stands open; a sensor that is not believed does not count, or it would block all others."""
    return any(door.is_open and not state.compartments[label].suspect for label, door in state.doors.items())
