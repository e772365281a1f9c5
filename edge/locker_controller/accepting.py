"""Taking grants in, from the wire or from a phone: the same signed documents, in any order, any number of times."""

from collections.abc import Sequence
from typing import assert_never

from contract.commands import RefusalReason
from contract.events import AlarmRaised, GrantsAccepted
from contract.grants import CollectGrant, DropOffGrant, Grant, PickUpGrant
from contract.ids import MessageId
from edge.locker_controller.compartment import holding
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import deadline, group_of
from edge.locker_controller.limits import GRANTS_KEPT_MAX, PICK_UP_KEEP_S
from edge.locker_controller.refusing import refuse
from edge.locker_controller.tidying import tidy_grants


def accept(draft: Draft, message: MessageId, grants: Sequence[Grant], carrier: str, *, again: bool = False) -> None:
    """Keep what is new and still means something; what is sent ``again`` settles no doubt.

    The event names every grant now held, those that had come before too: on the wire it is the receipt. A pass that is
    shown again brings nothing new and is not journalled.
    """
    reasons = {grant.id: _objection(draft, grant) for grant in grants}
    good = [grant for grant in grants if reasons[grant.id] is None]
    new = [grant for grant in good if grant.id not in draft.state.grants]
    held = _keep(draft, new)
    if not again:
        _settle_doubts(draft, new)
    if carrier == "phone" and not new:
        return
    names = tuple(grant.id for grant in good if grant.id in draft.state.grants)
    if names or not grants:
        draft.journal(GrantsAccepted(message, names, carrier))
    else:
        refuse(draft, message, next(filter(None, reasons.values()), RefusalReason.LIMIT_REACHED))
    if not held:
        draft.journal(AlarmRaised("grants_full", f"{len(draft.state.grants)} kept"))


def _keep(draft: Draft, new: Sequence[Grant]) -> bool:
    """Keep as many as fit; returns whether all did."""
    if len(draft.state.grants) + len(new) > GRANTS_KEPT_MAX:
        tidy_grants(draft)
    fitting = new[: GRANTS_KEPT_MAX - len(draft.state.grants)]
    if fitting:
        draft.put(grants={**draft.state.grants, **{grant.id: grant for grant in fitting}})
    return len(fitting) == len(new)


def _settle_doubts(draft: Draft, new: Sequence[Grant]) -> None:
    """Let a recipient try again after a crash, because the cloud has issued the pick-up anew."""
    for grant in new:
        kept = isinstance(grant, PickUpGrant) and grant.id in draft.state.grants
        label = holding(draft.state, grant.parcel) if kept else None
        if label is not None and draft.state.compartments[label].doubt_until_s is not None:
            draft.compartment(label, doubt_until_s=None)


def _objection(draft: Draft, grant: Grant) -> RefusalReason | None:
    """Say why a grant means nothing any more. Tombstones win over every later copy."""
    group, now_s = group_of(draft.state, grant.group), draft.now_s
    match grant:
        case DropOffGrant():
            spent, revoked, over = group.dropped_off, group.revoked, now_s > grant.expires_at
        case PickUpGrant():
            spent, revoked = group.picked_up or group.collected, group.revoked
            is_past = now_s > deadline(draft.state, grant.group, grant.expires_at) + PICK_UP_KEEP_S
            over = is_past and holding(draft.state, grant.parcel) is None
        case CollectGrant():
            spent, revoked, over = group.collected, False, now_s > grant.expires_at
        case _ as never:
            assert_never(never)
    if revoked:
        return RefusalReason.REVOKED
    if spent:
        return RefusalReason.SPENT
    return RefusalReason.EXPIRED if over else None
