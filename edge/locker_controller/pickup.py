"""A recipient takes a parcel: by the code that was typed or by the capability that was shown.

The code is burnt when the door *opens*, not when it is typed: after a jam or a power cut it still works.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from contract.codes import StretchedCode, find_match
from contract.commands import RefusalReason
from contract.events import CodeBurnt, ParcelPickedUp, ProblemReported
from contract.grants import Capability, PickUpGrant
from contract.ids import CompartmentLabel, GroupId
from edge.locker_controller.compartment import forgot_all, holding, is_being_set_up, is_new
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import deadline, group_of, pick_up_is_dead, pick_ups
from edge.locker_controller.limits import AGAIN_S, PICK_UPS_AGAIN_MAX, PICKED_UP_MS
from edge.locker_controller.lockout import after_hit, locked_s, miss
from edge.locker_controller.pace import is_too_fast
from edge.locker_controller.refusing import refuse, refuse_with, report
from edge.locker_controller.release import begin
from edge.locker_controller.screens import LockedOut, PickedUp, ProblemThanks, Refused, Why
from edge.locker_controller.state import LockerRecord, PickUpAim, Task, Visit


def by_code(draft: Draft, stretched: StretchedCode) -> None:
    """Open the compartment whose verifier fits; anything else is a miss, unless the code was right once."""
    pause_s = locked_s(draft.state.lockout, draft.ms)
    if pause_s:
        draft.show(LockedOut(pause_s))
        return
    if forgot_all(draft.state) or is_new(draft.state):  # nobody can hit anything, so whoever tries is no guesser
        draft.show(Refused(Why.SET_UP))
        return
    ready = {
        label: grant
        for grant in _matching(draft.state, stretched, _live(draft.state))
        for label in [holding(draft.state, grant.parcel)]
        if label is not None
    }
    if not ready:
        _no_parcel(draft, stretched)
        return
    label = next(label for label in draft.state.compartments if label in ready)
    grant = ready[label]
    late = draft.now_s > deadline(draft.state, grant.group, grant.expires_at)
    aim = PickUpAim(grant.parcel, grant.group, "code", grant=grant.id, late=late, more=len(ready) - 1)
    if start(draft, label, aim):
        draft.put(lockout=after_hit(draft.state.lockout))


def by_capability(draft: Draft, capability: Capability) -> None:
    """Open by the recipient's QR, which needs nothing to have arrived here but the parcel.

    Its expiry is the deadline, and a deadline is honoured until the parcel has been taken out by somebody else.
    """
    draft.cause = capability.id
    label = holding(draft.state, capability.parcel)
    if capability.aud != draft.state.setup.locker:
        refuse(draft, capability.id, RefusalReason.WRONG_LOCKER)
        draft.show(Refused(Why.WRONG_LOCKER))
    elif pick_up_is_dead(draft.state, capability.group):
        why = _why_dead(draft.state, capability.group)
        refuse(draft, capability.id, RefusalReason.REVOKED if why is Why.REVOKED else RefusalReason.SPENT)
        draft.show(Refused(why))
    elif label is None:
        draft.show(Refused(_why_absent(draft.state)))
    else:
        known = [grant.expires_at for grant in pick_ups(draft.state) if grant.group == capability.group]
        late = draft.now_s > deadline(draft.state, capability.group, max([capability.expires_at, *known]))
        start(draft, label, PickUpAim(capability.parcel, capability.group, "capability", late=late))


def start(draft: Draft, label: CompartmentLabel, aim: PickUpAim) -> bool:
    """Release the lock, unless a crash left it open whether the parcel is still inside; returns whether it did.

    After a crash the same code works once more within three minutes, and only behind a door that stayed closed since.
    """
    doubt_until_s = draft.state.compartments[label].doubt_until_s
    if doubt_until_s is not None and (draft.now_s > doubt_until_s or draft.state.doors[label].is_open is not False):
        refuse_with(draft, ProblemReported("staff_needed", label, aim.parcel))
        draft.show(Refused(Why.STAFF))
        return False
    if is_too_fast(draft):
        draft.show(Refused(Why.BUSY))
        return False
    if doubt_until_s is not None:
        draft.compartment(label, doubt_until_s=0)
    begin(draft, label, aim)
    return True


def burn(draft: Draft, label: CompartmentLabel, aim: PickUpAim) -> PickUpAim:
    """Spend the group, for the door is open now; opening again within the visit burns nothing twice."""
    if aim.burnt:
        return aim
    draft.journal(CodeBurnt(aim.group, label))
    draft.group(aim.group, picked_up=True)
    return replace(aim, burnt=True, again=0)


def finish(draft: Draft, task: Task, aim: PickUpAim) -> None:
    """Book the parcel out, for the door is closed again, unless the recipient found something else behind it."""
    draft.put(task=None)
    if aim.said:
        draft.show(ProblemThanks(task.label))
        return
    if not aim.booked:
        draft.journal(ParcelPickedUp(aim.parcel, task.label, aim.group, aim.method, late=aim.late))
        draft.compartment(task.label, parcel=None, digest=None, doubt_until_s=None)
    visit = Visit(task.label, replace(aim, booked=True), draft.ms)
    again_s = AGAIN_S if aim.again < PICK_UPS_AGAIN_MAX else 0
    draft.put(visit=visit)
    draft.show(PickedUp(task.label, aim.more, again_s), PICKED_UP_MS)


def lasts(draft: Draft, visit: Visit) -> bool:
    """Whether the person who picked up may still be standing there."""
    return draft.ms - visit.closed_ms <= AGAIN_S * 1000


def open_again(draft: Draft, visit: Visit) -> None:
    """Let the person who has just closed the door look inside once more."""
    aim = visit.aim
    if aim.again >= PICK_UPS_AGAIN_MAX:
        draft.show(Refused(Why.ENOUGH))
        return
    begin(draft, visit.label, replace(aim, again=aim.again + 1))


def complain(draft: Draft, problem: str, label: CompartmentLabel, aim: PickUpAim) -> None:
    """Take the recipient's word that something is wrong and let nothing go in there until somebody has looked."""
    report(draft, problem, label, aim.parcel)
    draft.withdraw(label, problem)


def _no_parcel(draft: Draft, stretched: StretchedCode) -> None:
    """Answer a code that opens nothing.

    One that was right once, or whose parcel is not here yet, is no guess and is not counted; nor does it forgive the
    guesses before it, or a spent code would be worth keeping.
    """
    known = _matching(draft.state, stretched, pick_ups(draft.state))
    if known:
        draft.show(Refused(_why_dead(draft.state, known[0].group)))
    else:
        miss(draft)


def _live(state: LockerRecord) -> list[PickUpGrant]:
    inside = {record.parcel for record in state.compartments.values()}
    return [grant for grant in pick_ups(state) if grant.parcel in inside and not pick_up_is_dead(state, grant.group)]


def _matching(state: LockerRecord, stretched: StretchedCode, among: Iterable[PickUpGrant]) -> list[PickUpGrant]:
    candidates = {grant: (grant.parcel, grant.verifier) for grant in among}
    return list(find_match(stretched, candidates, state.setup.key_locker))


def _why_dead(state: LockerRecord, group: GroupId) -> Why:
    record = group_of(state, group)
    if record.revoked:
        return Why.REVOKED
    if record.picked_up:
        return Why.SPENT
    return Why.COLLECTED if record.collected else _why_absent(state)


def _why_absent(state: LockerRecord) -> Why:
    return Why.SET_UP if is_being_set_up(state) else Why.NOT_HERE
