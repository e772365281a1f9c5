"""The service's side of the VROOM worker: start it, ask it, believe nothing, and kill it the moment it is late.

A plan that comes out of here has passed the checker. Anything else is a PlannerError, and the plan in force stays.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from cloud.routing.checker import check
from cloud.routing.explain import explain
from cloud.routing.lateness import least_late
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import (
    DEADLINE_S_MAX,
    InvalidProblemError,
    Phase,
    PlannerBusyError,
    PlannerTimeoutError,
    PlanRefusedError,
    ProblemTooLargeError,
    Progress,
    ProgressCallback,
    WorkerDiedError,
    WorkerFailedError,
    WorkerLiedError,
    WorkerStartError,
    silent,
)
from cloud.routing.problem import Problem
from cloud.routing.validation import FieldError, validate
from cloud.routing.vroom_request import AnswerError, Translation, assemble, left_out, translate
from cloud.routing.worker_wire import (
    EXPLORATION_MAX,
    PREFIX,
    THREADS_MAX,
    VROOM_STOPS_MAX,
    Failed,
    Solve,
    Solved,
    WireError,
    decode_reply,
    frame,
    reply_length,
)

WORKER_COMMAND = (sys.executable, "-P", "-m", "cloud.routing.vroom_planner")
STDERR_BYTES_MAX = 4_096  # of a worker's last words; a traceback's end is in the last 2,000
SOLVES_PER_WORKER_MAX = 100  # then a fresh one: native code may leak, and a start costs half a second
GRACE_S = 5  # after the deadline the worker's own alarm ends it, should this process have died before killing it
KILL_WAIT_S = 5  # SIGKILL takes effect at once unless the kernel is stuck in I/O


@dataclass(frozen=True, slots=True)
class VroomOptions:
    """``exploration`` 0 is quickest; every level below it that is listed in ``levels`` is answered first."""

    exploration: int = 1
    threads: int = 2
    workers_max: int = 1  # solves at once; each takes up to `threads` cores and 100 MB and more
    stops_max: int = VROOM_STOPS_MAX

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("exploration", self.exploration, 0, EXPLORATION_MAX),
            ("threads", self.threads, 1, THREADS_MAX),
            ("workers_max", self.workers_max, 1, THREADS_MAX),
            ("stops_max", self.stops_max, 1, VROOM_STOPS_MAX),
        ):
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; a whole number from {low} to {high} is needed")

    @property
    def levels(self) -> tuple[int, ...]:
        """Quickest first, so that a deadline finds something."""
        return (0,) if self.exploration == 0 else (0, self.exploration)


@dataclass(slots=True, eq=False)
class _Worker:
    """One process. ``stderr`` keeps the last bytes it complained with."""

    process: asyncio.subprocess.Process
    listener: asyncio.Task[None]
    stderr: bytearray
    solves: int = 0

    @property
    def reusable(self) -> bool:
        return self.process.returncode is None and self.solves < SOLVES_PER_WORKER_MAX

    async def kill(self) -> int:
        """End it for certain and return how it ended."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        returncode = await asyncio.wait_for(self.process.wait(), KILL_WAIT_S)
        await self.listener
        return returncode


@dataclass(slots=True, eq=False)
class VroomPlanner:
    """A Planner. An async context manager (or call ``aclose``) that keeps one idle worker warm between plans."""

    options: VroomOptions = field(default_factory=VroomOptions)
    command: Sequence[str] = WORKER_COMMAND
    _slots: asyncio.Semaphore = field(init=False)
    _idle: list[_Worker] = field(init=False, default_factory=list)
    _ids: "itertools.count[int]" = field(init=False, default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.options.workers_max)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().kill()

    async def warm_up(self) -> None:
        """Start a worker now, so that the first plan does not wait for its imports."""
        if not self._idle:
            self._idle.append(await self._start())

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        """See Planner. Raises InvalidProblemError, ProblemTooLargeError and the others of planner.PlannerError."""
        if not 0 < deadline_s <= DEADLINE_S_MAX:
            raise ValueError(f"deadline_s is {deadline_s}; above 0 to {DEADLINE_S_MAX} is needed")
        translation = await asyncio.to_thread(self._admit, problem, travel)  # pure, but 0.2 s for 3,000 stops
        solved: Solved | None = None
        if translation.jobs and translation.vehicles:
            solved = await self._best_by(deadline_s, translation, travel, progress)
        progress(Progress(Phase.CHECKING, solved.level if solved else None))
        plan = await asyncio.to_thread(_accepted, problem, travel, translation, solved)
        progress(Progress(Phase.DONE, solved.level if solved else None, plan.cost_cents))
        return plan

    def _admit(self, problem: Problem, travel: TravelTimes) -> Translation:
        errors = validate(problem)
        if not errors:
            errors = tuple(FieldError("travel", f"knows nothing of {one}") for one in travel.missing(problem.places()))
        if errors:
            raise InvalidProblemError(errors)
        if len(problem.stops) > self.options.stops_max:
            raise ProblemTooLargeError(len(problem.stops), self.options.stops_max)
        return translate(problem, travel)

    async def _best_by(
        self, deadline_s: float, translation: Translation, travel: TravelTimes, progress: ProgressCallback
    ) -> Solved:
        """Return the deepest answer there is at the deadline."""
        best: Solved | None = None
        started = False
        progress(Progress(Phase.WAITING))
        try:
            async with asyncio.timeout(deadline_s), self._slots:
                started = True
                async with contextlib.aclosing(self._answers(translation, travel, deadline_s, progress)) as answers:
                    async for best in answers:
                        progress(Progress(Phase.DONE if best.last else Phase.IMPROVING, best.level))
        except TimeoutError as error:
            if best is None:
                raise (PlannerTimeoutError if started else PlannerBusyError)(deadline_s) from error
        if best is None:
            raise WorkerLiedError("it ended without an answer")
        return best

    async def _answers(
        self, translation: Translation, travel: TravelTimes, deadline_s: float, progress: ProgressCallback
    ) -> AsyncGenerator[Solved, None]:
        """Ask one worker; kill it unless it answered everything it was asked."""
        progress(Progress(Phase.STARTING))
        worker = await self._take()
        request = self._request(translation, travel, deadline_s)
        done = False
        try:
            progress(Progress(Phase.SOLVING, request.levels[0]))
            sending = asyncio.create_task(_send(worker, request))
            try:
                while not done:
                    answer = await _receive(worker, request)
                    done = answer.last
                    yield answer
            finally:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await sending
        finally:
            worker.solves += 1
            if done and worker.reusable and not self._idle:
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.kill())

    def _request(self, translation: Translation, travel: TravelTimes, deadline_s: float) -> Solve:
        return Solve(
            next(self._ids),
            len(travel.places),
            travel.durations_s.tobytes(),
            travel.distances_m.tobytes(),
            translation.jobs,
            translation.vehicles,
            self.options.levels,
            self.options.threads,
            int(deadline_s) + GRACE_S,
        )

    async def _take(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.reusable:
                return worker
            await worker.kill()
        return await self._start()

    async def _start(self) -> _Worker:
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            raise WorkerStartError(error) from error
        stderr = bytearray()
        return _Worker(process, asyncio.create_task(_listen(process, stderr)), stderr)


def _environment() -> dict[str, str]:
    """Return what a worker needs and nothing more: it has no business with the service's secrets."""
    wanted = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}


async def _listen(process: asyncio.subprocess.Process, kept: bytearray) -> None:
    """Keep a worker's last words and never let it block on saying them."""
    assert process.stderr is not None  # noqa: S101 - asked for as a pipe
    while chunk := await process.stderr.read(STDERR_BYTES_MAX):
        kept += chunk
        del kept[:-STDERR_BYTES_MAX]


async def _send(worker: _Worker, request: Solve) -> None:
    """Write the request; a worker that stops reading is noticed by its missing answer."""
    assert worker.process.stdin is not None  # noqa: S101 - asked for as a pipe
    worker.process.stdin.write(frame(request))
    await worker.process.stdin.drain()


async def _receive(worker: _Worker, request: Solve) -> Solved:
    assert worker.process.stdout is not None  # noqa: S101 - asked for as a pipe
    try:
        length = reply_length(await worker.process.stdout.readexactly(PREFIX.size))
        answer = decode_reply(await worker.process.stdout.readexactly(length))
    except (asyncio.IncompleteReadError, OSError) as error:
        raise await _death(worker) from error
    except WireError as error:
        raise WorkerLiedError(str(error)) from error
    if answer.request_id != request.request_id:
        raise WorkerLiedError(f"it answers request {answer.request_id}; it was asked {request.request_id}")
    if isinstance(answer, Failed):
        raise WorkerFailedError(answer.error)
    return answer


async def _death(worker: _Worker) -> WorkerDiedError:
    """Say how a worker that closed its pipe ended; one that only pretends to be dead is killed."""
    try:
        returncode = await asyncio.wait_for(worker.process.wait(), 1)
    except TimeoutError:
        returncode = await worker.kill()
    await worker.listener
    return WorkerDiedError(returncode, worker.stderr.decode(errors="replace"))


def _accepted(problem: Problem, travel: TravelTimes, translation: Translation, solved: Solved | None) -> Plan:
    """Build the plan and let the checker look at it; nothing else leaves this module."""
    try:
        plan = least_late(problem, travel, assemble(problem, travel, translation, solved.orders if solved else ()))
    except AnswerError as error:
        raise WorkerLiedError(str(error)) from error
    plan = replace(plan, unplanned=explain(problem, travel, left_out(problem, plan)))
    violations = check(problem, travel, plan)
    if violations:
        raise PlanRefusedError(violations)
    return plan


def died_by(error: WorkerDiedError) -> str:
    """Return the signal's name or the exit status, for an alarm's label."""
    return signal.Signals(-error.returncode).name if error.returncode < 0 else str(error.returncode)
