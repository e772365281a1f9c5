"""Support opens a door from afar: rarely, one at a time, and never because somebody sent an old command again.

The limits live here and not in the cloud, because it is the cloud that may have been taken over: in 2020 one attack
opened 2,732 parcel lockers of one network at once.
"""

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
    objection = _objection(draft.state, command, draft.now_s)
    if objection is not None:
        refuse_with(draft, CommandRefused(command.id, objection.value))
        return
    recent = tuple(at_s for at_s in draft.state.remote.opens_s if draft.now_s - at_s < HOUR_S)
    draft.put(remote=RemoteHistory(command.counter, (*recent, draft.now_s)))
    draft.journal(CommandAccepted(command.id))
    begin(draft, command.compartment, RemoteAim(command.id))
    draft.ask(PublishState())


def after_start(history: RemoteHistory, now_s: int) -> RemoteHistory:
    """Bring openings that lie in the future to the present: the clock has been put back, the limit must still end."""
    if all(at_s <= now_s for at_s in history.opens_s):
        return history
    return RemoteHistory(history.counter, tuple(min(at_s, now_s) for at_s in history.opens_s))


def _objection(state: LockerRecord, command: RemoteOpen, now_s: int) -> RefusalReason | None:
    """Say what stands against it: first what makes it a forgery of time or place, then the limits, then the doors."""
    ages_s = [now_s - at_s for at_s in state.remote.opens_s]
    objections = (
        (command.boot_nonce != state.boot, RefusalReason.WRONG_BOOT),
        (command.counter <= state.remote.counter, RefusalReason.COUNTER_TOO_LOW),
        (command.compartment not in state.compartments, RefusalReason.UNKNOWN_COMPARTMENT),
        (any(age_s < REMOTE_OPEN_GAP_S for age_s in ages_s), RefusalReason.TOO_SOON),
        (sum(age_s < HOUR_S for age_s in ages_s) >= REMOTE_OPENS_PER_HOUR_MAX, RefusalReason.TOO_MANY),
        (state.task is not None or state.pulse is not None, RefusalReason.BUSY),
        (_a_door_is_open(state), RefusalReason.DOOR_OPEN),
    )
    return next((reason for stands, reason in objections if stands), None)


def _a_door_is_open(state: LockerRecord) -> bool:
    """Say whether any door stands open; a sensor that is not believed does not count, or it would block all others."""
    return any(door.is_open and not state.compartments[label].suspect for label, door in state.doors.items())
