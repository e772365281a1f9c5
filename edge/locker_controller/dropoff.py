"""A courier puts a parcel in: scan, door, parcel, door, next; and one tap to the next door when this one is no good."""

from msgspec.structs import replace

from contract.events import DropOffAbandoned, DropOffRefused, ParcelDroppedOff
from contract.grants import DropOffGrant
from contract.ids import LabelDigest
from edge.locker_controller import courier
from edge.locker_controller.choose import choose
from edge.locker_controller.compartment import holding
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import drop_off_is_live, group_of, may_use
from edge.locker_controller.limits import DROP_OFFS_AGAIN_MAX
from edge.locker_controller.release import begin
from edge.locker_controller.screens import DroppedOff, NoCompartment, Refused, Why
from edge.locker_controller.state import DropOffAim, LockerRecord, Session, Task, Withdrawal


def scanned(draft: Draft, session: Session, digest: LabelDigest) -> None:
    """Open a compartment for the parcel with this label, or say why not."""
    known = [
        grant for grant in draft.state.grants.values() if isinstance(grant, DropOffGrant) and grant.label == digest
    ]
    live = [grant for grant in known if drop_off_is_live(draft.state, grant, draft.moment.now)]
    own = [grant for grant in live if may_use(session, grant)]
    if _is_inside(draft.state, digest, known):
        draft.show(Refused(Why.ALREADY_INSIDE))
    elif own:
        aim = DropOffAim(own[0], session.courier, own[0].size.rank)
        _open_or_refuse(draft, aim, Why.FULL)
    elif live:
        draft.show(Refused(Why.PART_MISSING if session.missing else Why.NOT_YOURS))
    else:
        why = _why_not(draft.state, known)
        draft.show(Refused(Why.PART_MISSING if why is Why.UNKNOWN_LABEL and session.missing else why))


def next_door(draft: Draft, task: Task, aim: DropOffAim, reason: str) -> None:
    """Give up this compartment and open another one at once; the courier closes the first in passing."""
    draft.journal(DropOffAbandoned(aim.grant.parcel, task.label, reason))
    draft.put(task=None)
    if not drop_off_is_live(draft.state, aim.grant, draft.moment.now):
        draft.show(Refused(_why_not(draft.state, [aim.grant])))
        return
    aim = replace(aim, tried=(*aim.tried, task.label), cancelled=False, again=0)
    _open_or_refuse(draft, aim, Why.NO_LARGER if reason == "too_big" else Why.FULL)


def larger(draft: Draft, task: Task, aim: DropOffAim) -> None:
    """Give up this compartment for one of a larger size."""
    rank = draft.state.setup.plans[task.label].size.rank
    next_door(draft, task, replace(aim, rank_min=rank + 1), "too_big")


def confirm(draft: Draft, task: Task, aim: DropOffAim) -> None:
    """Book the parcel in.

    Also when the courier has left without a word: the door was opened for this parcel and has been closed, and a
    courier who still has it in hand cancels or scans it again. Physical facts win over a missing tap.
    """
    grant = aim.grant
    draft.journal(ParcelDroppedOff(grant.parcel, task.label, grant.id, aim.courier))
    uses = draft.state.compartments[task.label].uses + 1
    draft.compartment(task.label, parcel=grant.parcel, digest=grant.label, uses=uses, doubt_until_s=None)
    draft.group(grant.group, dropped_off=True)
    draft.drop_grant(grant.id)
    draft.put(task=None)
    draft.show(DroppedOff(task.label))


def cancelled(draft: Draft, task: Task, aim: DropOffAim) -> None:
    """Close the case of a courier who cancelled and says that the parcel is out."""
    draft.journal(DropOffAbandoned(aim.grant.parcel, task.label, "cancelled"))
    draft.put(task=None)


def unclear(draft: Draft, task: Task, aim: DropOffAim, reason: Withdrawal = Withdrawal.UNCLEAR) -> None:
    """Close the case of a parcel that may or may not be inside: nothing else goes in until somebody has looked."""
    draft.journal(DropOffAbandoned(aim.grant.parcel, task.label, reason))
    draft.withdraw(task.label, reason)
    draft.put(task=None)


def settle(draft: Draft, task: Task, aim: DropOffAim) -> None:
    """End the question after a closed door when nobody answers it.

    After a power cut silence proves nothing: the courier may have left a dark machine with the parcel in hand, and the
    recipient would be sent to an empty compartment.
    """
    if aim.cancelled or task.interrupted:
        unclear(draft, task, aim)
    else:
        confirm(draft, task, aim)


def heard(draft: Draft) -> None:
    """Take the next scan of a courier who is back after a power cut for the word that the parcel before is inside."""
    task = draft.state.task
    if task is None or draft.state.session is None or not isinstance(task.aim, DropOffAim):
        return
    if courier.asked_after_restart(draft.state):
        draft.put(task=replace(task, interrupted=False))


def open_again(draft: Draft, task: Task, aim: DropOffAim) -> None:
    """Open the same compartment again: the door fell shut, or the parcel of a cancelled drop-off is still inside."""
    if aim.again >= DROP_OFFS_AGAIN_MAX:
        draft.show(Refused(Why.ENOUGH))
        return
    begin(draft, task.label, replace(aim, again=aim.again + 1))


def _open_or_refuse(draft: Draft, aim: DropOffAim, why_none: Why) -> None:
    label = choose(draft.state, aim)
    if label is not None:
        begin(draft, label, aim)
        return
    draft.journal(DropOffRefused(aim.grant.parcel, why_none))
    draft.show(NoCompartment(why_none))


def _is_inside(state: LockerRecord, digest: LabelDigest, known: list[DropOffGrant]) -> bool:
    by_label = any(record.digest == digest for record in state.compartments.values())
    return by_label or any(holding(state, grant.parcel) is not None for grant in known)


def _why_not(state: LockerRecord, known: list[DropOffGrant]) -> Why:
    if not known:
        return Why.UNKNOWN_LABEL
    records = [group_of(state, grant.group) for grant in known]
    if any(record.revoked for record in records):
        return Why.REVOKED
    return Why.SPENT if any(record.dropped_off for record in records) else Why.EXPIRED
