"""The planner port: a day in, a checked plan out, or an error that says what happened. Two engines live behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cloud.routing.checker import Violation
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.problem import Problem
from cloud.routing.validation import FieldError, describe

DEADLINE_S_MAX = 3600  # an hour: a day's plan older than that has been overtaken by the day
SENTENCES_MAX = 5  # of a list of errors go into one message; all are in its fields


class Phase(StrEnum):
    WAITING = "waiting"  # for a free worker
    STARTING = "starting"
    SOLVING = "solving"
    IMPROVING = "improving"  # there is a plan already, a better one is looked for
    CHECKING = "checking"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """``level`` is the engine's effort, ``cost_cents`` the best plan's so far (None before the first)."""

    phase: Phase
    level: int | None = None
    cost_cents: int | None = None


ProgressCallback = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Progress nobody asked for."""


class Planner(Protocol):
    """``plan`` returns a plan the checker found nothing wrong with, or raises a PlannerError.

    Cancelling it stops the work. ``deadline_s`` is how long the caller waits, kept whatever the engine does.
    """

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan: ...


class PlannerError(Exception):
    """There is no new plan; the last good one stays in force.

    PlannerError
    +-- InvalidProblemError     the day itself is wrong: ``errors``
    +-- ProblemTooLargeError    this engine does not take so much: ``size``, ``limit``
    +-- PlannerBusyError        no worker became free before the deadline: ``deadline_s``
    +-- PlannerTimeoutError     the worker had nothing by the deadline and was killed: ``deadline_s``
    +-- PlanRefusedError        the checker found the plan wrong: ``violations``
    +-- WorkerError
        +-- WorkerStartError    the worker could not be started
        +-- WorkerDiedError     it ended by itself or by a signal: ``returncode``, ``stderr``
        +-- WorkerFailedError   it reports an error of the engine: ``error``
        +-- WorkerLiedError     it answered what cannot be true
    """


class InvalidProblemError(PlannerError):
    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        more = f"; and {len(errors) - SENTENCES_MAX} more" if len(errors) > SENTENCES_MAX else ""
        super().__init__(f"the problem has {len(errors)} errors: {describe(errors[:SENTENCES_MAX])}{more}")


class ProblemTooLargeError(PlannerError):
    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"the problem has {size} stops; this engine takes {limit}")


class PlannerBusyError(PlannerError):
    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        super().__init__(f"no worker became free within {deadline_s:g} s")


class PlannerTimeoutError(PlannerError):
    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        super().__init__(f"no plan after {deadline_s:g} s; the worker was killed")


class PlanRefusedError(PlannerError):
    def __init__(self, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        first = "; ".join(str(one) for one in violations[:SENTENCES_MAX])
        super().__init__(f"the checker refused the plan for {len(violations)} reasons: {first}")


class WorkerError(PlannerError):
    """The worker process, not the problem, is the trouble."""


class WorkerStartError(WorkerError):
    def __init__(self, error: OSError) -> None:
        super().__init__(f"the worker could not be started: {error}")


class WorkerDiedError(WorkerError):
    def __init__(self, returncode: int, stderr: str) -> None:
        self.returncode, self.stderr = returncode, stderr
        how = f"killed by signal {-returncode}" if returncode < 0 else f"exit status {returncode}"
        super().__init__(f"the worker died ({how}){': ' + stderr.splitlines()[-1] if stderr.strip() else ''}")


class WorkerFailedError(WorkerError):
    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"the engine reports {error}")


class WorkerLiedError(WorkerError):
    def __init__(self, what: str) -> None:
        super().__init__(f"the worker answered what cannot be true: {what}")
