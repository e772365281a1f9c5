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

import msgspec

from cloud.routing.joint.checker import check as check_answer
from cloud.routing.joint.city import IN_ONE_PIECE, CityEffort, Slice, in_territories, plan_city
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
RESERVE_S_MAX = 15  # the largest day is put together and checked in half of it
SEARCH_S_MIN = 0.05  # less is a greedy answer, which still is one
START_S_MAX = 30  # of a worker, on a machine that is busy with everything else; a quiet one takes one second
GRACE_S = 5  # after the deadline the worker's own alarm ends it
WARM_UP_S_MAX = 600  # a slow, busy machine needs two minutes for what is 25 s of work
KILL_WAIT_S = 5  # SIGKILL takes effect at once unless the kernel is stuck in I/O
CENT = 1_000  # the search counts in thousandths


@dataclass(frozen=True, slots=True)
class JointOptions:
    """``rounds`` (for each thread) makes plans repeatable; without it the clock decides how long is searched.

    ``search_s`` ends the search before the deadline does: whoever waits longer than that only waits for a slow start.
    Days of more than ``piece`` stops are planned by territories, a worker with one thread for each of ``threads``.
    A worker that is kept (``keep_worker``) answers the next plan a second sooner and holds 150 MB meanwhile.
    """

    seed: int = 1
    threads: int = 2
    rounds: int | None = None
    search_s: float | None = None
    keep_worker: bool = True
    piece: int = IN_ONE_PIECE


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
    _idle: list[_Worker] = field(init=False, default_factory=list)
    _is_warm: bool = field(init=False, default=False)
    _ids: "itertools.count[int]" = field(init=False, default_factory=lambda: itertools.count(1))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().kill()

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
            answer = await self._answer_by(deadline_s, posed.instance, warm_routes(posed, warm or {}), progress)
        progress(Progress(Phase.CHECKING))
        joint = await asyncio.to_thread(_accepted, day, travel, posed, answer)
        progress(Progress(Phase.DONE, None, joint.plan.cost_cents))
        return joint

    async def _answer_by(
        self, deadline_s: float, instance: Instance, warm: Routes, progress: ProgressCallback
    ) -> Answer:
        started = False
        progress(Progress(Phase.WAITING))
        try:
            async with asyncio.timeout(deadline_s), self._turn:
                started = True
                if in_territories(instance, self.options.piece) > 1:
                    return await self._by_territories(deadline_s, instance, warm, progress)
                slice_ = Slice(self._search_s(deadline_s), 0, 0, self.options.seed, self.options.rounds)
                return await self._answer(
                    self._ask(instance, warm, slice_, deadline_s), progress, keep=self.options.keep_worker
                )
        except TimeoutError as error:
            raise (PlannerTimeoutError if started else PlannerBusyError)(deadline_s) from error

    async def _by_territories(
        self, deadline_s: float, instance: Instance, warm: Routes, progress: ProgressCallback
    ) -> Answer:
        """Plan a large day piece by piece, on as many workers as it may have cores."""
        progress(Progress(Phase.SOLVING))
        clock, options = asyncio.get_running_loop().time, self.options
        until, count = clock() + self._search_s(deadline_s), in_territories(instance, options.piece)
        effort = CityEffort(clock, until, options.threads, count, options.seed, options.rounds)

        async def search(part: Instance, warm: Routes, slice_: Slice) -> Answer:
            return await self._searched(part, warm, slice_, _reserve_s(deadline_s) / 2)

        def tell(turn: int, cost: int) -> None:
            progress(Progress(Phase.IMPROVING, turn, cost // CENT))

        try:
            return await plan_city(instance, warm, effort, search, tell)
        finally:
            if not options.keep_worker:
                await asyncio.shield(self.aclose())

    async def _searched(self, part: Instance, warm: Routes, slice_: Slice, patience_s: float) -> Answer:
        """Return one territory's answer, checked; the worker stays for the next one."""
        limit_s = slice_.seconds + (patience_s if self._idle else START_S_MAX)
        ask = self._ask(part, warm, slice_, limit_s)
        ask = msgspec.structs.replace(ask, threads=1, heat=(slice_.hot, slice_.cold), carry=slice_.carry)
        try:
            async with asyncio.timeout(limit_s):
                found = await self._answer(ask, silent, keep=True)
        except TimeoutError as error:
            raise PlannerTimeoutError(limit_s) from error
        if faults := await asyncio.to_thread(check_answer, part, found):
            raise WorkerLiedError("; ".join(faults[:3]))
        return found

    async def _answer(self, ask: Ask, progress: ProgressCallback, *, keep: bool) -> Answer:
        progress(Progress(Phase.STARTING))
        worker = self._idle.pop() if self._idle else await self._start()
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
            if done and worker.process.returncode is None and keep:
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.kill())
        return answer

    def _search_s(self, deadline_s: float) -> float:
        seconds = max(SEARCH_S_MIN, deadline_s - _reserve_s(deadline_s))
        return min(seconds, self.options.search_s or seconds)

    def _ask(self, instance: Instance, warm: Routes, effort: Slice, limit_s: float) -> Ask:
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
            effort.seconds,
            effort.seed,
            self.options.threads,
            effort.rounds,
            warm,
            int(limit_s) + GRACE_S,
            b"" if instance.metres is None else instance.metres.tobytes(),
            until=asyncio.get_running_loop().time() + effort.seconds,
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


def _reserve_s(deadline_s: float) -> float:
    return min(RESERVE_S_MAX, max(RESERVE_S_MIN, RESERVE_SHARE * deadline_s))


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
