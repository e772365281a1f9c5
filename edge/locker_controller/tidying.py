"""Forgetting in time: everything kept here has an end, so a locker's memory is the same after ten years."""

from typing import assert_never

from contract.grants import CollectGrant, DropOffGrant, Grant, PickUpGrant
from edge.locker_controller import bulk, lockout, pace, remote
from edge.locker_controller.compartment import holding
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import deadline, pick_up_is_dead
from edge.locker_controller.limits import PICK_UP_KEEP_S, TIDY_EVERY_S
from edge.locker_controller.state import LockerRecord


def tidy(draft: Draft) -> None:
    """Forget, once an hour, what can mean nothing any more."""
    lockout.carry_on(draft)
    pace.forget(draft)
    now_s = draft.now_s
    if 0 <= now_s - draft.state.tidied_at_s < TIDY_EVERY_S:
        return
    tidy_grants(draft)
    remote.forget(draft)
    bulk.forget(draft)
    state = draft.state
    if any(expires_at < now_s for expires_at in state.inbox.values()):
        draft.put(inbox={name: expires_at for name, expires_at in state.inbox.items() if expires_at >= now_s})
    if any(record.keep_until_s < now_s for record in state.groups.values()):
        draft.put(groups={name: record for name, record in state.groups.items() if record.keep_until_s >= now_s})
    draft.put(tidied_at_s=now_s)


def tidy_grants(draft: Draft) -> None:
    """Forget grants that are over; a pick-up is kept as long as its parcel is inside."""
    kept = {name: grant for name, grant in draft.state.grants.items() if not _is_over(draft.state, grant, draft.now_s)}
    if len(kept) < len(draft.state.grants):
        draft.put(grants=kept)


def _is_over(state: LockerRecord, grant: Grant, now_s: int) -> bool:
    """Say whether a grant has no more use. A dead pick-up stays to its deadline: its code deserves a true answer."""
    match grant:
        case DropOffGrant() | CollectGrant():
            return now_s > grant.expires_at
        case PickUpGrant():
            until_s = deadline(state, grant.group, grant.expires_at)
            if pick_up_is_dead(state, grant.group):
                return now_s > until_s
            return now_s > until_s + PICK_UP_KEEP_S and holding(state, grant.parcel) is None
        case _ as never:
            assert_never(never)
