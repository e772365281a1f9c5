"""What people tap. Each answer means something only at the screen it belongs to; anywhere else it is passed over."""

from typing import assert_never

from msgspec.structs import replace

from edge.locker_controller import collection, courier, dropoff, pickup, technician, turn
from edge.locker_controller.draft import Draft
from edge.locker_controller.inputs import Answer, Answered
from edge.locker_controller.limits import PROBLEM_GAP_MS, TRIES_AGAIN_MAX
from edge.locker_controller.refusing import report
from edge.locker_controller.release import begin
from edge.locker_controller.screens import Refused, Why
from edge.locker_controller.state import (
    CollectionAim,
    DropOffAim,
    Phase,
    PickUpAim,
    RemoteAim,
    Task,
    Visit,
    Withdrawal,
)

_UNFIT = frozenset({Answer.OCCUPIED, Answer.DIRTY, Answer.BROKEN})
_NOT_FOUND = frozenset({Answer.EMPTY, Answer.NOT_MINE})
_ABOUT_A_VISIT = _NOT_FOUND | {Answer.OPEN_AGAIN, Answer.PROBLEM}


def answer(draft: Draft, given: Answered) -> None:
    """Take one tap. While a lock is being pulsed nothing is taken: the screen is about to change anyway."""
    if draft.state.pulse is not None:
        return
    notice = draft.state.notice
    draft.put(notice=None)
    courier.stay(draft)
    task, visit = draft.state.task, draft.state.visit
    if technician.answer(draft, given.answer):
        return
    if task is not None:
        # "All right" under a sentence that covers a door is about the sentence; it claims nothing of the door.
        if given.answer is not Answer.DONE or notice is None or draft.ms >= notice.until_ms:
            _at_the_door(draft, task, given.answer)
    elif visit is not None and given.answer in _ABOUT_A_VISIT and pickup.lasts(draft, visit):
        _after_the_visit(draft, visit, given.answer)
    else:
        _at_home(draft, given)


def _at_the_door(draft: Draft, task: Task, tapped: Answer) -> None:
    match task.phase:
        case Phase.RELEASING | Phase.WAITING:
            pass
        case Phase.NOT_OPENED | Phase.CLOSED if tapped is Answer.MORE_TIME:
            draft.put(task=replace(task, since_ms=draft.ms))
        case Phase.NOT_OPENED:
            _not_opened(draft, task, tapped)
        case Phase.OPEN | Phase.CLOSED:
            _moved(draft, task, tapped)
        case _ as never:
            assert_never(never)


def _not_opened(draft: Draft, task: Task, tapped: Answer) -> None:
    """Ask what a person sees at a door whose sensor says that it did not open."""
    if tapped is Answer.DONE:
        turn.claim_opened(draft, task)
    elif tapped is Answer.OPEN_AGAIN and task.aim.again < TRIES_AGAIN_MAX:
        _try_again(draft, task)
    elif tapped is Answer.OPEN_AGAIN:
        draft.show(Refused(Why.ENOUGH))
    else:
        turn.run_out(draft, task)
        if tapped is Answer.PROBLEM:
            report(draft, "not_opened", task.label, draft.state.compartments[task.label].parcel)


def _try_again(draft: Draft, task: Task) -> None:
    aim = replace(task.aim, again=task.aim.again + 1)
    draft.put(task=None)
    if isinstance(aim, PickUpAim):
        pickup.start(draft, task.label, aim)
    else:
        begin(draft, task.label, aim)


def _moved(draft: Draft, task: Task, tapped: Answer) -> None:
    match task.aim:
        case PickUpAim() as aim:
            _picking_up(draft, task, aim, tapped)
        case DropOffAim() as aim:
            _dropping_off(draft, task, aim, tapped)
        case CollectionAim() as aim:
            _collecting(draft, task, aim, tapped)
        case RemoteAim():
            pass
        case _ as never:
            assert_never(never)


def _picking_up(draft: Draft, task: Task, aim: PickUpAim, tapped: Answer) -> None:
    if tapped is Answer.DONE:
        turn.claim_closed(draft, task)
    elif tapped in _NOT_FOUND:
        draft.put(task=replace(task, aim=replace(aim, said=tapped.value)))
        pickup.complain(draft, tapped.value, task.label, aim)
    elif tapped is Answer.PROBLEM:
        pickup.complain(draft, Withdrawal.REPORTED, task.label, aim)


def _dropping_off(draft: Draft, task: Task, aim: DropOffAim, tapped: Answer) -> None:
    if tapped in _UNFIT:
        draft.withdraw(task.label, tapped.value)
        dropoff.next_door(draft, task, aim, tapped.value)
    elif tapped is Answer.PROBLEM:
        report(draft, Withdrawal.REPORTED, task.label, aim.grant.parcel)
        draft.withdraw(task.label, Withdrawal.REPORTED)
        dropoff.next_door(draft, task, aim, Withdrawal.REPORTED)
    elif tapped is Answer.TOO_BIG:
        dropoff.larger(draft, task, aim)
    elif tapped is Answer.CANCEL:
        draft.put(task=replace(task, aim=replace(aim, cancelled=True), since_ms=draft.ms))
    elif task.phase is Phase.CLOSED:
        _after_the_door(draft, task, aim, tapped)
    elif tapped is Answer.DONE:
        turn.claim_closed(draft, task)


def _after_the_door(draft: Draft, task: Task, aim: DropOffAim, tapped: Answer) -> None:
    """Answer "is the parcel inside?", or after a cancellation "is it out?"."""
    if tapped is Answer.OPEN_AGAIN:
        dropoff.open_again(draft, task, aim)
    elif tapped is Answer.DONE and aim.cancelled:
        dropoff.cancelled(draft, task, aim)
    elif tapped is Answer.DONE:
        dropoff.confirm(draft, task, aim)
    elif tapped is Answer.SIGN_OUT:
        dropoff.settle(draft, task, aim)
        courier.sign_out(draft)


def _collecting(draft: Draft, task: Task, aim: CollectionAim, tapped: Answer) -> None:
    if tapped is Answer.SKIP:
        collection.said(draft, task, aim, collection.SAID_LEFT)
    elif tapped is Answer.EMPTY:
        collection.said(draft, task, aim, collection.SAID_NOT_THERE)
    elif tapped is Answer.PROBLEM:
        report(draft, Withdrawal.REPORTED, task.label, aim.parcel)
        draft.withdraw(task.label, Withdrawal.REPORTED)
    elif task.phase is Phase.CLOSED:
        _after_the_collection(draft, task, aim, tapped)
    elif tapped is Answer.DONE:
        turn.claim_closed(draft, task)


def _after_the_collection(draft: Draft, task: Task, aim: CollectionAim, tapped: Answer) -> None:
    """Answer "have you taken the parcel out?", which is only asked after a power cut."""
    if tapped is Answer.DONE:
        collection.finish(draft, task, aim)
    elif tapped is Answer.OPEN_AGAIN:
        collection.open_again(draft, task, aim)
    elif tapped is Answer.SIGN_OUT:
        collection.unclear(draft, task, aim)
        courier.sign_out(draft)


def _after_the_visit(draft: Draft, visit: Visit, tapped: Answer) -> None:
    if tapped is Answer.OPEN_AGAIN:
        pickup.open_again(draft, visit)
        return
    draft.put(visit=None)
    problem = tapped.value if tapped in _NOT_FOUND else Withdrawal.REPORTED.value
    pickup.complain(draft, problem, visit.label, visit.aim)


def _at_home(draft: Draft, given: Answered) -> None:
    session = draft.state.session
    if given.answer is Answer.PROBLEM:
        _hear(draft, given)
    elif session is None:
        if given.answer is Answer.COLLECT:
            draft.show(Refused(Why.SIGN_IN))
    elif given.answer is Answer.COLLECT:
        collection.start(draft, session, given.label)
    elif given.answer is Answer.SKIP and given.label is not None:
        collection.put_off(draft, given.label)
    elif given.answer is Answer.SIGN_OUT:
        courier.sign_out(draft)


def _hear(draft: Draft, given: Answered) -> None:
    """Report what a passer-by says, but take nothing out of use for it, or one child could close the locker."""
    label = given.label if given.label in draft.state.compartments else None
    last_ms = draft.state.problem_at_ms
    if last_ms is None or draft.ms - last_ms >= PROBLEM_GAP_MS:
        draft.put(problem_at_ms=draft.ms)
        report(draft, Withdrawal.REPORTED, label, None)
