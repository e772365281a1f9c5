"""A courier takes a parcel out again: it expired, was returned or was recalled."""

from msgspec.structs import replace

from contract.events import ParcelCollected, ParcelNotFound
from contract.ids import CompartmentLabel
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import collections, pick_ups
from edge.locker_controller.release import begin
from edge.locker_controller.screens import Collected, Refused, Why
from edge.locker_controller.state import CollectionAim, Session, Task, Withdrawal

SAID_LEFT = "left"
SAID_NOT_THERE = Withdrawal.NOT_THERE.value


def start(draft: Draft, session: Session, label: CompartmentLabel | None) -> None:
    """Open one of the compartments on the courier's list."""
    grant = collections(draft.state, draft.moment.now).get(label) if label is not None else None
    if label is None or grant is None:
        draft.show(Refused(Why.NOT_HERE))
        return
    begin(draft, label, CollectionAim(grant.parcel, grant.id, grant.group, session.courier))


def put_off(draft: Draft, label: CompartmentLabel) -> None:
    """Take a compartment off this courier's list for this visit."""
    session = draft.state.session
    if session is not None:
        draft.put(session=replace(session, skipped=session.skipped | {label}))


def finish(draft: Draft, task: Task, aim: CollectionAim) -> None:
    """Book the parcel out, unless the courier left it inside or found nothing."""
    draft.put(task=None)
    if aim.said == SAID_LEFT:
        put_off(draft, task.label)
        return
    if aim.said == SAID_NOT_THERE:
        draft.journal(ParcelNotFound(aim.parcel, task.label, aim.grant, aim.courier))
    else:
        draft.journal(ParcelCollected(aim.parcel, task.label, aim.grant, aim.courier))
        draft.show(Collected(task.label))
    draft.compartment(task.label, parcel=None, digest=None, doubt_until_s=None)
    draft.group(aim.group, collected=True)
    for grant in pick_ups(draft.state):  # the recipient who comes too late must read what became of the parcel
        if grant.parcel == aim.parcel:
            draft.group(grant.group, collected=True)
    draft.drop_grant(aim.grant)
