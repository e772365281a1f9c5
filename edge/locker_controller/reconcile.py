"""After a stop at any moment: look at the door, say what is known, and never pulse again by oneself."""

from typing import assert_never

from msgspec.structs import replace

from contract.events import AgentStarted, ReleaseIndeterminate
from contract.state import DoorLevel
from edge.locker_controller import bulk, dropoff, lockout, operators, pace, remote, turn
from edge.locker_controller.doors import sense_all
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import PublishReport, PublishState
from edge.locker_controller.inputs import Started
from edge.locker_controller.limits import DOUBT_S
from edge.locker_controller.state import DoorRecord, DropOffAim, Phase, PickUpAim, Refusals, RemoteAim, Task


def start(draft: Draft, given: Started) -> None:
    """Begin a boot: forget what was true for the last one only, settle the task it left behind, look at every door."""
    state = draft.state
    draft.journal(AgentStarted(given.boot, given.agent_version))
    draft.put(
        boot=given.boot,
        online=False,
        doors={label: DoorRecord(level_since_ms=draft.ms) for label in state.compartments},
        pulse=None,
        session=None,
        technician=None,
        visit=None,
        notice=None,
        refusals=Refusals(since_ms=draft.ms),
        problem_at_ms=None,
        lockout=lockout.after_start(state.lockout, draft.ms),
        remote=remote.after_start(state.remote, draft.ms),
        pace_ms=pace.after_start(state.pace_ms, draft.ms),
    )
    if state.task is not None:
        _resume(draft, state.task, given.levels.get(state.task.label, DoorLevel.UNKNOWN))
    bulk.start(draft)
    operators.start(draft)
    sense_all(draft, given.levels)
    draft.ask(PublishState())
    draft.ask(PublishReport())


def unseen(draft: Draft) -> None:
    """Note that the screen served nobody for a while: whoever stood there may have left."""
    if draft.state.task is not None:
        draft.put(task=replace(draft.state.task, interrupted=True))


def _resume(draft: Draft, task: Task, level: DoorLevel) -> None:
    """Put the unfinished task back to where the door's history stood, so that its sensor now tells the rest."""
    task = replace(task, since_ms=draft.ms, claimed_ms=None, interrupted=True)
    match task.phase:
        case Phase.RELEASING | Phase.WAITING | Phase.NOT_OPENED:
            if level is DoorLevel.OPEN and not task.blind:
                draft.put(task=task)
                draft.door(task.label, is_open=False)
            else:
                _unknown(draft, task)
        case Phase.OPEN:
            draft.put(task=task)
            draft.door(task.label, is_open=True, since_ms=draft.ms, asked=True)
        case Phase.CLOSED:
            draft.put(task=task)
            draft.door(task.label, is_open=False)
        case _ as never:
            assert_never(never)


def _unknown(draft: Draft, task: Task) -> None:
    """Say that nobody knows, unless it was known before the stop that the door had not opened."""
    if task.phase is Phase.NOT_OPENED:
        turn.run_out(draft, task)
        return
    draft.put(task=None)
    caused_by = task.aim.command if isinstance(task.aim, RemoteAim) else None
    draft.journal(ReleaseIndeterminate(task.intent, task.label, caused_by))
    if isinstance(task.aim, DropOffAim):
        dropoff.unclear(draft, task, task.aim)
    elif isinstance(task.aim, PickUpAim) and not task.aim.booked:
        _doubt(draft, task)


def _doubt(draft: Draft, task: Task) -> None:
    """Let the same code work once more for a short while, if a sensor watched; a second crash is staff's affair."""
    known = draft.state.compartments[task.label].doubt_until_s
    first = known is None and not task.blind
    draft.compartment(task.label, doubt_until_s=task.intended_at_s + DOUBT_S if first else 0)
