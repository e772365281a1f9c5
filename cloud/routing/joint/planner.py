"""The joint engine behind the planner port: a day in, a checked plan out, from a worker that is not believed.

Plain problems go in by ``plan``; days on which parcels may go to one of several places by ``plan_day``.
"""

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cloud.routing.joint.checker import check as check_answer
from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.joint.decide import decide, validate_day
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.joint.posed import Posed, build, warm_routes
from cloud.routing.joint.wire import (
    PREFIX,
    Answered,
    Ask,
    Failed,
    Routes,
    WireError,
    as_answer,
    decode_reply,
    frame,
    reply_length,
)
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import (
    DEADLINE_S_MAX,
    InvalidProblemError,
    Phase,
    PlannerBusyError,
    PlannerTimeoutError,
    PlanRefusedError,
    Progress,
    ProgressCallback,
    WorkerDiedError,
    WorkerFailedError,
    WorkerLiedError,
    WorkerStartError,
    silent,
)
from cloud.routing.problem import Problem

WORKER_COMMAND = (sys.executable, "-P", "-m", "cloud.routing.joint.worker")
STDERR_BYTES_MAX = 4_096  # of a worker's last words; a traceback's end is in the last 2,000
RESERVE_SHARE = 0.1  # of the deadline is kept for the way there and back and the checking
RESERVE_S_MIN = 0.3  # a start from the cache takes about as long
SEARCH_S_MIN = 0.05  # less is a greedy answer, which still is one
GRACE_S = 5  # after the deadline the worker's own alarm ends it
WARM_UP_S_MAX = 600  # a slow, busy machine needs two minutes for what is 25 s of work
KILL_WAIT_S = 5  # SIGKILL takes effect at once unless the kernel is stuck in I/O
CENT = 1_000  # the search counts in thousandths


@dataclass(frozen=True, slots=True)
class JointOptions:
    """``rounds`` (for each thread) makes plans repeatable; without it the clock decides how long is searched.

    ``search_s`` ends the search before the deadline does: whoever waits longer than that only waits for a slow start.
    A worker that is kept (``keep_worker``) answers the next plan a second sooner and holds 150 MB meanwhile.
    """

    seed: int = 1
    threads: int = 2
    rounds: int | None = None
    search_s: float | None = None
    keep_worker: bool = True


@dataclass(slots=True, eq=False)
class _Worker:
    process: asyncio.subprocess.Process
    listener: asyncio.Task[None]
    stderr: bytearray

    async def kill(self) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        returncode = await asyncio.wait_for(self.process.wait(), KILL_WAIT_S)
        await self.listener
        return returncode


@dataclass(slots=True, eq=False)
class JointPlanner:
    """A Planner. An async context manager (or call ``aclose``) that keeps its one worker warm between plans."""

    options: JointOptions = field(default_factory=JointOptions)
    command: Sequence[str] = WORKER_COMMAND
    _turn: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _idle: _Worker | None = field(init=False, default=None)
    _is_warm: bool = field(init=False, default=False)
    _ids: "itertools.count[int]" = field(init=False, default_factory=lambda: itertools.count(1))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._idle is not None:
            idle, self._idle = self._idle, None
            await idle.kill()

    @property
    def is_warm(self) -> bool:
        """Whether the machine code is known to be there."""
        return self._is_warm

    async def warm_up(self) -> None:
        """Have the machine code made if it is not in the cache (10 to 25 s of one core, once a version).

        Do it at set-up or when the service starts: a plan's deadline does not wait for it.
        """
        process = await asyncio.create_subprocess_exec(
            *self.command, "--warm", env=_environment(), stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), WARM_UP_S_MAX)
        except TimeoutError as error:
            raise PlannerTimeoutError(WARM_UP_S_MAX) from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        self._is_warm = not process.returncode
        if process.returncode:
            raise WorkerDiedError(process.returncode, said.decode(errors="replace"))

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        """See Planner."""
        day = JointDay(problem.couriers, problem.stops, tariffs=problem.tariffs)
        return (await self.plan_day(day, travel, deadline_s, progress)).plan

    async def plan_day(
        self,
        day: JointDay,
        travel: TravelTimes,
        deadline_s: float,
        progress: ProgressCallback = silent,
        warm: Warm | None = None,
    ) -> JointPlan:
        """Choose a place for every parcel and a route for every courier, from ``warm`` on if a plan is in force.

        Raises planner.PlannerError.
        """
        if not 0 < deadline_s <= DEADLINE_S_MAX:
            raise ValueError(f"deadline_s is {deadline_s}; above 0 to {DEADLINE_S_MAX} is needed")
        posed = await asyncio.to_thread(_admit, day, travel)
        answer = Answer((), tuple(range(len(posed.instance.customers))))
        if posed.instance.options and posed.instance.vehicles:
            ask = self._ask(posed.instance, deadline_s, warm_routes(posed, warm or {}))
            answer = await self._answer_by(deadline_s, ask, progress)
        progress(Progress(Phase.CHECKING))
        joint = await asyncio.to_thread(_accepted, day, travel, posed, answer)
        progress(Progress(Phase.DONE, None, joint.plan.cost_cents))
        return joint

    async def _answer_by(self, deadline_s: float, ask: Ask, progress: ProgressCallback) -> Answer:
        started = False
        progress(Progress(Phase.WAITING))
        try:
            async with asyncio.timeout(deadline_s), self._turn:
                started = True
                return await self._answer(ask, progress)
        except TimeoutError as error:
            raise (PlannerTimeoutError if started else PlannerBusyError)(deadline_s) from error

    async def _answer(self, ask: Ask, progress: ProgressCallback) -> Answer:
        progress(Progress(Phase.STARTING))
        worker, self._idle = self._idle or await self._start(), None
        done = False
        try:
            progress(Progress(Phase.SOLVING))
            sending = asyncio.create_task(_send(worker, ask))
            try:
                answer = await _receive(worker, ask, progress)
                done = True
            finally:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await sending
        finally:
            if done and worker.process.returncode is None and self.options.keep_worker:
                self._idle = worker
            else:
                await asyncio.shield(worker.kill())
        return answer

    def _ask(self, instance: Instance, deadline_s: float, warm: Routes) -> Ask:
        seconds = max(SEARCH_S_MIN, deadline_s - max(RESERVE_S_MIN, RESERVE_SHARE * deadline_s))
        seconds = min(seconds, self.options.search_s or seconds)
        return Ask(
            next(self._ids),
            instance.locations,
            instance.customers,
            instance.options,
            instance.vehicles,
            instance.time.tobytes(),
            instance.cost.tobytes(),
            instance.rooms,
            instance.budget,
            instance.fewest_vehicles,
            seconds,
            self.options.seed,
            self.options.threads,
            self.options.rounds,
            warm,
            int(deadline_s) + GRACE_S,
            b"" if instance.metres is None else instance.metres.tobytes(),
        )

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
    """Return what the worker needs; the service's secrets are none of its business."""
    wanted = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH", "HOME", "NUMBA_CACHE_DIR")
    return {name: os.environ[name] for name in wanted if name in os.environ}


async def _listen(process: asyncio.subprocess.Process, kept: bytearray) -> None:
    assert process.stderr is not None  # noqa: S101 - asked for as a pipe
    while chunk := await process.stderr.read(STDERR_BYTES_MAX):
        kept += chunk
        del kept[:-STDERR_BYTES_MAX]


async def _send(worker: _Worker, ask: Ask) -> None:
    assert worker.process.stdin is not None  # noqa: S101 - asked for as a pipe
    worker.process.stdin.write(frame(ask))
    await worker.process.stdin.drain()


async def _receive(worker: _Worker, ask: Ask, progress: ProgressCallback) -> Answer:
    """Return the answer, telling what comes before it."""
    assert worker.process.stdout is not None  # noqa: S101 - asked for as a pipe
    while True:
        try:
            length = reply_length(await worker.process.stdout.readexactly(PREFIX.size))
            reply = decode_reply(await worker.process.stdout.readexactly(length))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise await _death(worker) from error
        except WireError as error:
            raise WorkerLiedError(str(error)) from error
        if reply.request_id != ask.request_id:
            raise WorkerLiedError(f"it answers request {reply.request_id}; it was asked {ask.request_id}")
        if isinstance(reply, Failed):
            raise WorkerFailedError(reply.error)
        if isinstance(reply, Answered):
            return as_answer(reply)
        progress(Progress(Phase.IMPROVING, None, reply.cost // CENT))


async def _death(worker: _Worker) -> WorkerDiedError:
    try:
        returncode = await asyncio.wait_for(worker.process.wait(), 1)
    except TimeoutError:
        returncode = await worker.kill()
    await worker.listener
    return WorkerDiedError(returncode, worker.stderr.decode(errors="replace"))


def _admit(day: JointDay, travel: TravelTimes) -> Posed:
    errors = validate_day(day, travel)
    if errors:
        raise InvalidProblemError(errors)
    return build(day, travel)


def _accepted(day: JointDay, travel: TravelTimes, posed: Posed, answer: Answer) -> JointPlan:
    """Believe nothing: the instance's checker, then the plan's; what is left of the worker's answer is a plan."""
    faults = check_answer(posed.instance, answer)
    if faults:
        raise WorkerLiedError("; ".join(faults[:3]))
    joint, violations = decide(day, travel, posed, answer)
    if violations:
        raise PlanRefusedError(violations)
    return joint
