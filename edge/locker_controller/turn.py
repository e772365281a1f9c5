"""Whose turn it is at which door: the steps every door goes through, handed to the verb that is under way there."""

from typing import assert_never

from msgspec.structs import replace

from contract.state import DoorLevel
from edge.locker_controller import collection, dropoff, pickup
from edge.locker_controller.compartment import is_of_before
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import CLAIM_MS, GIVE_UP_TIMES, NOT_OPENED_MS
from edge.locker_controller.release import wait_for_door
from edge.locker_controller.state import CollectionAim, DropOffAim, Phase, PickUpAim, RemoteAim, Task, Withdrawal


def make_way(draft: Draft) -> bool:
    """Say whether somebody else may be served now, closing a case that only waits for a last word."""
    task = draft.state.task
    if draft.state.pulse is not None or (task is not None and task.phase not in {Phase.NOT_OPENED, Phase.CLOSED}):
        return False
    if task is not None:
        run_out(draft, task)
    return True


def opened(draft: Draft, task: Task) -> Task:
    """Note that the door is open, or must be taken as open; returns the task as it stands now."""
    aim = pickup.burn(draft, task.label, task.aim) if isinstance(task.aim, PickUpAim) else task.aim
    task = replace(task, aim=aim, phase=Phase.OPEN, since_ms=draft.ms, claimed_ms=None)
    draft.put(task=task)
    record = draft.state.compartments[task.label]
    if record.doubt_until_s is not None and not is_of_before(record):  # whoever opened it has yet to say what is inside
        draft.compartment(task.label, doubt_until_s=None)
    return task


def closed(draft: Draft, task: Task) -> None:
    """Note that the door is closed again, or must be taken as closed."""
    match task.aim:
        case PickUpAim() as aim:
            pickup.finish(draft, task, aim)
        case DropOffAim():
            draft.put(task=replace(task, phase=Phase.CLOSED, since_ms=draft.ms, claimed_ms=None))
        case CollectionAim() as aim:
            collection.closed(draft, task, aim)
        case RemoteAim():
            draft.put(task=None)
        case _ as never:
            assert_never(never)


def claim_closed(draft: Draft, task: Task) -> None:
    """Take a person's word that the door is closed: at once where the sensor knows nothing, else after a while."""
    if task.blind or draft.state.doors[task.label].level is not DoorLevel.OPEN:
        closed(draft, task)
    else:
        draft.put(task=replace(task, claimed_ms=draft.ms))


def claim_opened(draft: Draft, task: Task) -> None:
    """Take a person's word that the door did open although its sensor still says closed."""
    draft.suspect(task.label, draft.state.doors[task.label].level)
    closed(draft, opened(draft, task))


def watch(draft: Draft, task: Task) -> None:
    """Move on a task that has waited long enough."""
    waited_ms = draft.ms - task.since_ms
    match task.phase:
        case Phase.RELEASING:
            pass  # the driver's answer is waited for, and its silence noticed, where the pulse is kept
        case Phase.WAITING:
            if wait_for_door(draft, task):
                _not_opened(draft, task)
        case Phase.NOT_OPENED:
            if waited_ms >= NOT_OPENED_MS:
                run_out(draft, task)
        case Phase.OPEN:
            _watch_open(draft, task, waited_ms)
        case Phase.CLOSED:
            if waited_ms >= draft.state.configuration.confirm_s * 1000:
                run_out(draft, task)
        case _ as never:
            assert_never(never)


def run_out(draft: Draft, task: Task) -> None:
    """End a question that nobody answers, whether a door did open or whether a parcel is inside."""
    match task.aim:
        case DropOffAim() as aim if task.phase is Phase.CLOSED:
            dropoff.settle(draft, task, aim)
        case DropOffAim() as aim:
            dropoff.unclear(draft, task, aim)
        case CollectionAim() as aim if task.phase is Phase.CLOSED:
            collection.unclear(draft, task, aim)
        case _:
            draft.put(task=None)


def _not_opened(draft: Draft, task: Task) -> None:
    """Go on after a fault: a courier with a parcel in hand to the next door, anybody else is asked."""
    if isinstance(task.aim, DropOffAim) and not task.aim.again:
        dropoff.next_door(draft, task, task.aim, "not_opened")
    else:
        draft.put(task=replace(task, phase=Phase.NOT_OPENED, since_ms=draft.ms))


def _watch_open(draft: Draft, task: Task, waited_ms: int) -> None:
    configuration = draft.state.configuration
    if task.blind and waited_ms >= configuration.confirm_s * 1000:
        closed(draft, task)
    elif task.claimed_ms is not None and draft.ms - task.claimed_ms >= CLAIM_MS:
        draft.suspect(task.label, DoorLevel.OPEN)
        closed(draft, task)
    elif waited_ms >= configuration.door_left_open_s * GIVE_UP_TIMES * 1000:
        _left(draft, task)


def _left(draft: Draft, task: Task) -> None:
    """Serve the next person although a door stands open. A parcel behind it is not safe, so it is not booked in."""
    if isinstance(task.aim, DropOffAim):
        dropoff.unclear(draft, task, task.aim, Withdrawal.LEFT_OPEN)
    elif isinstance(task.aim, CollectionAim) and task.interrupted and not task.aim.said:
        collection.unclear(draft, task, task.aim, Withdrawal.LEFT_OPEN)
    else:
        closed(draft, task)
