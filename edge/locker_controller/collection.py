"""A courier takes a parcel out again: it expired, was returned or was recalled."""

from msgspec.structs import replace

from contract.events import CollectionAbandoned, ParcelCollected, ParcelNotFound
from contract.ids import CompartmentLabel
from edge.locker_controller.draft import Draft
from edge.locker_controller.grants import collections, may_use, pick_ups
from edge.locker_controller.limits import COLLECTIONS_AGAIN_MAX
from edge.locker_controller.release import begin
from edge.locker_controller.screens import Collected, ProblemThanks, Refused, Why
from edge.locker_controller.state import CollectionAim, Phase, Session, Task, Withdrawal

SAID_LEFT = "left"
SAID_NOT_THERE = Withdrawal.NOT_THERE.value


def start(draft: Draft, session: Session, label: CompartmentLabel | None) -> None:
    """Open one of the compartments on the courier's list."""
    grant = collections(draft.state, draft.moment.now).get(label) if label is not None else None
    if label is None or grant is None or not may_use(session, grant):
        draft.show(Refused(Why.NOT_HERE))
        return
    begin(draft, label, CollectionAim(grant.parcel, grant.id, grant.group, session.courier))


def put_off(draft: Draft, label: CompartmentLabel) -> None:
    """Take a compartment off this courier's list for this visit."""
    session = draft.state.session
    if session is not None:
        draft.put(session=replace(session, skipped=session.skipped | {label}))


def closed(draft: Draft, task: Task, aim: CollectionAim) -> None:
    """Book the parcel out, for the door is closed again; after a power cut ask first.

    The courier may have left a dark machine with the parcel still inside, and nobody would look for it there.
    """
    if task.interrupted and not aim.said:
        draft.put(task=replace(task, phase=Phase.CLOSED, since_ms=draft.ms, claimed_ms=None))
    else:
        finish(draft, task, aim)


def said(draft: Draft, task: Task, aim: CollectionAim, word: str) -> None:
    """Take the courier's word about what is behind the door; behind a closed one it is the last."""
    aim = replace(aim, said=word)
    draft.put(task=replace(task, aim=aim))
    if word == SAID_NOT_THERE:
        draft.withdraw(task.label, Withdrawal.NOT_THERE)
        draft.show(ProblemThanks(task.label))
    if task.phase is Phase.CLOSED:
        finish(draft, task, aim)


def unclear(draft: Draft, task: Task, aim: CollectionAim, reason: Withdrawal = Withdrawal.UNCLEAR) -> None:
    """Leave the parcel on the books, for nobody has said that it is out; nothing else goes in until somebody looked."""
    draft.journal(CollectionAbandoned(aim.parcel, task.label, reason))
    draft.withdraw(task.label, reason)
    draft.put(task=None)


def open_again(draft: Draft, task: Task, aim: CollectionAim) -> None:
    """Open the same compartment again: the door fell shut in the dark."""
    if aim.again >= COLLECTIONS_AGAIN_MAX:
        draft.show(Refused(Why.ENOUGH))
        return
    begin(draft, task.label, replace(aim, again=aim.again + 1))


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
