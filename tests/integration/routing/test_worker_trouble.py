"""A worker that dies, hangs or lies is one PlannerError that says what happened; the service goes on."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from cloud.routing.planner import (
    PlannerBusyError,
    PlannerTimeoutError,
    PlanRefusedError,
    WorkerDiedError,
    WorkerFailedError,
    WorkerLiedError,
    WorkerStartError,
)
from cloud.routing.problem import Amounts, Problem
from cloud.routing.worker_client import VroomOptions, VroomPlanner, died_by
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel

BROKEN = Path(__file__).with_name("broken_worker.py")
DAY = Problem((a_stop("a", 1), a_stop("b", 2)), (a_courier(),))
TRAVEL = line_travel(DAY)
PATIENCE_S = 120.0  # for what must not happen; nothing here waits for it


def _planner(how: str) -> VroomPlanner:
    return VroomPlanner(VroomOptions(), (sys.executable, str(BROKEN), how))


def _workers() -> list[psutil.Process]:
    return [
        child for child in psutil.Process(os.getpid()).children() if "broken_worker.py" in " ".join(child.cmdline())
    ]


@pytest.mark.parametrize(
    ("how", "died"), [("segv", "SIGSEGV"), ("fpe", "SIGFPE"), ("kill", "SIGKILL"), ("exit", "3"), ("half", "0")]
)
async def test_a_dead_worker_is_reported_with_how_it_died(how: str, died: str) -> None:
    async with _planner(how) as planner:
        with pytest.raises(WorkerDiedError) as caught:
            await planner.plan(DAY, TRAVEL, PATIENCE_S)
        assert died_by(caught.value) == died
    assert _workers() == []


async def test_a_workers_last_words_are_kept_and_bounded() -> None:
    async with _planner("exit") as planner:
        with pytest.raises(WorkerDiedError, match=r"terminate called after throwing$") as caught:
            await planner.plan(DAY, TRAVEL, PATIENCE_S)
    assert len(caught.value.stderr) <= 4_096


async def test_a_worker_that_closes_its_pipe_and_lives_is_killed() -> None:
    async with _planner("close-pipe") as planner:
        with pytest.raises(WorkerDiedError, match="killed by signal 9"):
            await planner.plan(DAY, TRAVEL, PATIENCE_S)
    assert _workers() == []


@pytest.mark.parametrize("how", ["hang", "deaf"])
async def test_a_hung_worker_is_killed_at_the_deadline(how: str) -> None:
    async with _planner(how) as planner:
        with pytest.raises(PlannerTimeoutError, match=r"no plan after 0\.5 s; the worker was killed"):
            await planner.plan(DAY, TRAVEL, 0.5)
        assert _workers() == []


async def test_what_was_answered_before_the_deadline_is_used() -> None:
    async with _planner("later-hang") as planner:
        await planner.plan(DAY, TRAVEL, PATIENCE_S)  # the deadline below is no time for a process to start in
        plan = await planner.plan(DAY, TRAVEL, 2.0)
    assert plan.routes[0].stop_ids() == ("a", "b")
    assert _workers() == []


async def test_a_crash_after_a_first_answer_is_still_an_alarm() -> None:
    async with _planner("first-then-crash") as planner:
        with pytest.raises(WorkerDiedError, match="signal 11"):
            await planner.plan(DAY, TRAVEL, PATIENCE_S)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("garbage", "no message of ours"),
        ("huge", "a reply of 2147483648 bytes is announced"),
        ("other-request", "it answers request 8; it was asked 1"),
        ("ghost-job", "an unknown job"),
        ("twice", "a job or break twice"),
    ],
)
async def test_a_lying_worker_is_caught_by_what_it_says(how: str, said: str) -> None:
    async with _planner(how) as planner:
        with pytest.raises(WorkerLiedError, match=said):
            await planner.plan(DAY, TRAVEL, PATIENCE_S)
    assert _workers() == []


async def test_a_plausible_but_wrong_plan_is_refused_by_the_checker() -> None:
    tight = Problem(DAY.stops, (a_courier(capacity=Amounts(1, 9_000, 9_000)),))
    async with _planner("all-on-first") as planner:
        with pytest.raises(PlanRefusedError, match="courier anna: carries"):
            await planner.plan(tight, TRAVEL, PATIENCE_S)


async def test_a_worker_that_drops_everything_yields_a_plan_that_says_so() -> None:
    async with _planner("nothing") as planner:
        plan = await planner.plan(DAY, TRAVEL, PATIENCE_S)
    assert {left.stop_id for left in plan.unplanned} == {"a", "b"}


async def test_an_engines_error_is_passed_on() -> None:
    async with _planner("fails") as planner:
        with pytest.raises(WorkerFailedError, match="the engine reports ValueError: no"):
            await planner.plan(DAY, TRAVEL, PATIENCE_S)


async def test_a_worker_that_cannot_be_started_is_an_error_not_an_outage() -> None:
    with pytest.raises(WorkerStartError, match="could not be started"):
        await VroomPlanner(command=("/nowhere/worker",)).plan(DAY, TRAVEL, PATIENCE_S)


async def test_cancelling_kills_the_worker_and_frees_its_place() -> None:
    async with _planner("first-then-hang") as planner:
        answered = asyncio.Event()
        task = asyncio.create_task(
            planner.plan(DAY, TRAVEL, PATIENCE_S, lambda told: answered.set() if told.phase == "improving" else None)
        )
        await answered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert _workers() == []
        with pytest.raises(PlannerTimeoutError):
            await _planner("hang").plan(DAY, TRAVEL, 0.3)


async def test_who_waits_too_long_for_a_worker_hears_that_it_is_busy() -> None:
    async with _planner("first-then-hang") as planner:
        answered = asyncio.Event()
        first = asyncio.create_task(
            planner.plan(DAY, TRAVEL, PATIENCE_S, lambda told: answered.set() if told.phase == "improving" else None)
        )
        await answered.wait()
        with pytest.raises(PlannerBusyError):
            await planner.plan(DAY, TRAVEL, 0.2)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
