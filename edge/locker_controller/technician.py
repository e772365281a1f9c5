"""A technician at the machine: signs in by a pass as couriers do, and may switch on maintenance mode.

Maintenance mode is the one part of opening in bulk that no wire can bring: somebody stands there. It is not stored. It
ends by itself, when the technician signs out and with the power, since nobody can then say who still stands there.
"""

from msgspec.structs import replace

from contract.bulk import MAINTENANCE_S
from contract.commands import RefusalReason
from contract.events import MaintenanceEnded, MaintenanceStarted, TechnicianSignedIn, TechnicianSignedOut
from contract.grants import Presence
from edge.locker_controller import bulk, courier
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import PublishReport, PublishState
from edge.locker_controller.inputs import Answer
from edge.locker_controller.limits import TECHNICIAN_S
from edge.locker_controller.refusing import refuse
from edge.locker_controller.screens import Refused, Why
from edge.locker_controller.state import LockerRecord, Technician


def sign_in(draft: Draft, shown: Presence) -> None:
    """Let a technician in; a pass shown again gives the time anew and leaves maintenance mode as it is."""
    draft.cause = shown.id
    if shown.aud != draft.state.setup.locker:
        refuse(draft, shown.id, RefusalReason.WRONG_LOCKER)
        draft.show(Refused(Why.WRONG_LOCKER))
        return
    if draft.now_s > shown.expires_at:
        refuse(draft, shown.id, RefusalReason.EXPIRED)
        draft.show(Refused(Why.EXPIRED))
        return
    courier.sign_out(draft)
    here = draft.state.technician
    if here is None or here.person != shown.person:
        sign_out(draft, "signed_out")
        draft.journal(TechnicianSignedIn(shown.person, shown.id))
        here = Technician(shown.person, draft.ms)
    draft.put(technician=_with_time(draft, here), notice=None)
    if here.maintenance:
        _tell(draft)


def make_way(draft: Draft) -> None:
    """Sign out a technician without maintenance mode, at whose place somebody else is served now."""
    sign_out(draft, "signed_out")


def answer(draft: Draft, tapped: Answer) -> bool:
    """Take a technician's tap; returns whether it was one of theirs."""
    here = draft.state.technician
    if here is None:
        return False
    if tapped is Answer.SIGN_OUT:
        sign_out(draft, "signed_out")
    elif tapped is Answer.MAINTENANCE_OFF:
        _switch_off(draft, here, "switched_off")
    elif tapped is Answer.MORE_TIME and draft.state.task is None:
        draft.put(technician=_with_time(draft, here))
        _tell(draft)
    elif tapped is Answer.MAINTENANCE_ON and not here.maintenance:
        draft.put(technician=_with_time(draft, replace(here, maintenance=True)))
        draft.journal(MaintenanceStarted(here.person))
        _tell(draft)
    else:
        return False
    return True


def expire(draft: Draft) -> None:
    """End maintenance mode, and with it the sign-in, when its time is over."""
    here = draft.state.technician
    if here is not None and draft.ms >= here.until_ms:
        sign_out(draft, "time")


def sign_out(draft: Draft, reason: str) -> None:
    here = draft.state.technician
    if here is not None:
        _switch_off(draft, here, reason)
        draft.journal(TechnicianSignedOut(here.person))
        draft.put(technician=None)


def seconds_left(state: LockerRecord, ms: int) -> int:
    """Return how long whoever is signed in still has; 0 for nobody."""
    return 0 if state.technician is None else max(0, state.technician.until_ms - ms) // 1000


def _with_time(draft: Draft, here: Technician) -> Technician:
    lasts_s = MAINTENANCE_S if here.maintenance else TECHNICIAN_S
    return replace(here, until_ms=draft.ms + lasts_s * 1000)


def _switch_off(draft: Draft, here: Technician, reason: str) -> None:
    if here.maintenance:
        draft.put(technician=_with_time(draft, replace(here, maintenance=False)))
        draft.journal(MaintenanceEnded(here.person, reason))
        _tell(draft)
        bulk.stop(draft, "maintenance_ended")


def _tell(draft: Draft) -> None:
    draft.ask(PublishState())
    draft.ask(PublishReport())  # after a presence document the cloud waits for a picture
