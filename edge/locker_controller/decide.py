"""The locker's behaviour, whole and pure: a state and an input make a decision. Start reading here.

Nothing in here knows a clock, chance, a disk or a wire; whatever it needs of them is in the input and the moment. The
rim stores a decision in one transaction and performs its effects afterwards, so every lock that is ever energised has
an intent on disk.
"""

from typing import assert_never

from contract.ids import LabelDigest
from edge.locker_controller import (
    answering,
    bulk,
    courier,
    doors,
    dropoff,
    messages,
    pickup,
    reconcile,
    refusing,
    release,
    technician,
    turn,
)
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import Decision, PublishReport, PublishState
from edge.locker_controller.inputs import (
    Answered,
    BarcodeScanned,
    CapabilityShown,
    CodeEntered,
    DoorSensed,
    Input,
    Levels,
    LinkChanged,
    LockPulsed,
    MessageReceived,
    MessageRejected,
    Moment,
    OperatorShown,
    PassShown,
    PresentationRefused,
    ScreenBack,
    Started,
    Tick,
)
from edge.locker_controller.screens import Refused, Why
from edge.locker_controller.state import DropOffAim, LockerRecord, Phase
from edge.locker_controller.tidying import tidy

__all__ = ["Decision", "Moment", "decide"]

Presented = CodeEntered | CapabilityShown | PassShown | OperatorShown | BarcodeScanned


def decide(state: LockerRecord, given: Input, moment: Moment) -> Decision:
    """Return what follows from ``given``. The first input of every boot is ``Started``."""
    draft = Draft(state, moment)
    match given:
        case Started() | ScreenBack() | Tick() | DoorSensed() | LockPulsed():
            _machine(draft, given)
        case CodeEntered() | CapabilityShown() | PassShown() | OperatorShown() | BarcodeScanned():
            _present(draft, given)
        case PresentationRefused() | Answered():
            _person(draft, given)
        case MessageReceived() | MessageRejected() | LinkChanged():
            _cloud(draft, given)
        case _ as never:
            assert_never(never)
    return draft.decision()


def _machine(draft: Draft, given: Started | ScreenBack | Tick | DoorSensed | LockPulsed) -> None:
    match given:
        case Started():
            reconcile.start(draft, given)
        case ScreenBack():
            reconcile.unseen(draft)
        case Tick(levels=levels):
            _tick(draft, levels)
        case DoorSensed(label=label, level=level):
            doors.sense(draft, label, level)
        case LockPulsed(intent=intent, failure=failure):
            unseen = release.pulsed(draft, intent, failure)
            if unseen is not None:
                turn.opened(draft, unseen)
        case _ as never:
            assert_never(never)


def _person(draft: Draft, given: PresentationRefused | Answered) -> None:
    match given:
        case PresentationRefused(reason=reason):
            refusing.refuse(draft, None, reason)
            draft.show(Refused(reason))
        case Answered():
            answering.answer(draft, given)
        case _ as never:
            assert_never(never)


def _cloud(draft: Draft, given: MessageReceived | MessageRejected | LinkChanged) -> None:
    match given:
        case MessageReceived(message=message):
            messages.receive(draft, message)
        case MessageRejected(reason=reason, id=message_id):
            refusing.refuse(draft, message_id, reason)
        case LinkChanged(online=online):
            draft.put(online=online)
            if online:
                draft.ask(PublishState())
                draft.ask(PublishReport())
        case _ as never:
            assert_never(never)


def _tick(draft: Draft, levels: Levels) -> None:
    """Let time pass: doors first, for what they say may end a waiting."""
    doors.sense_all(draft, levels)
    if draft.state.pulse is not None:
        release.give_up_on_driver(draft, draft.state.pulse)
    if draft.state.task is not None:
        turn.watch(draft, draft.state.task)
    doors.watch_all(draft)
    courier.expire(draft)
    technician.expire(draft)
    bulk.go_on(draft)
    tidy(draft)


def _present(draft: Draft, given: Presented) -> None:
    """Serve somebody who typed or showed something, if nobody else is being served."""
    if draft.state.in_maintenance and not isinstance(given, OperatorShown):
        draft.show(Refused(Why.MAINTENANCE))
        return
    if isinstance(given, BarcodeScanned):
        if _scanned_again(draft, given):
            return
        dropoff.heard(draft)
    if not (_goes_on(draft, given) or turn.make_way(draft)):
        task = draft.state.task
        at_a_door = task is not None and task.phase is Phase.OPEN
        draft.show(Refused(Why.CLOSE_DOOR if at_a_door else Why.BUSY))
        return
    if not isinstance(given, OperatorShown):
        technician.make_way(draft)
    _serve(draft, given)


def _serve(draft: Draft, given: Presented) -> None:
    match given:
        case OperatorShown(presence=presence):
            technician.sign_in(draft, presence)
        case CodeEntered(stretched=stretched):
            pickup.by_code(draft, stretched)
        case CapabilityShown(capability=capability):
            pickup.by_capability(draft, capability)
        case PassShown(courier_pass=courier_pass):
            courier.sign_in(draft, courier_pass)
        case BarcodeScanned(digest=digest):
            _scanned(draft, digest)
        case _ as never:
            assert_never(never)


def _goes_on(draft: Draft, given: Presented) -> bool:
    """Say whether a courier at work shows a further pass, which disturbs nothing.

    Nor does one who comes back after a power cut and is being asked about the parcel of before: by signing in again, or
    by forgetting to and scanning the next parcel, nothing is said about that one.
    """
    asked, session = courier.asked_after_restart(draft.state), draft.state.session
    match given:
        case PassShown(courier_pass=shown):
            return shown.courier in {asked, session and session.courier}
        case BarcodeScanned():
            return asked is not None and session is None
        case _:
            return False


def _scanned(draft: Draft, digest: LabelDigest) -> None:
    session = draft.state.session
    if session is None:
        draft.show(Refused(Why.SIGN_IN))
        return
    courier.stay(draft)
    dropoff.scanned(draft, session, digest)


def _scanned_again(draft: Draft, given: BarcodeScanned) -> bool:
    """Take a second scan of the parcel in hand: a double read while its door is open, else proof that it is outside."""
    task = draft.state.task
    if task is None or not isinstance(task.aim, DropOffAim) or task.aim.grant.label != given.digest:
        return False
    if task.phase is Phase.NOT_OPENED:
        return False
    if task.phase is Phase.CLOSED and task.aim.cancelled:
        dropoff.cancelled(draft, task, task.aim)
        return False
    if task.phase is Phase.CLOSED and draft.state.pulse is None:  # a driver may answer later than the door has closed
        dropoff.open_again(draft, task, task.aim)
    return True
