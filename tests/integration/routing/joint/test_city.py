"""A day too large for one piece, by real workers side by side: complete, repeatable, and not lost with a worker."""

import asyncio
import os
import signal
import sys

import pytest

from cloud.routing.checker import check
from cloud.routing.joint.city import TURNS
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.planner import Phase, Progress, WorkerDiedError
from cloud.routing.problem import Amounts, Problem
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel

PATIENCE_S = 120.0
ROUNDS = 50 * TURNS  # of each worker

# One group, so that not every pytest worker loads the machine code for itself.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]


@pytest.fixture(scope="module", autouse=True)
def _machine_code() -> None:
    """Machine code is made once, not within anybody's deadline."""
    asyncio.run(JointPlanner().warm_up())


def a_city() -> Problem:
    stops = tuple(a_stop(f"s{number}", (number * 37) % 83 - 41) for number in range(48))
    couriers = tuple(a_courier(f"c{number}", capacity=Amounts(12, 10**6, 10**6)) for number in range(12))
    return Problem(stops, couriers)


async def test_pieces_make_one_plan_and_the_same_one_again() -> None:
    day, heard = a_city(), list[Progress]()
    plans = []
    for _ in range(2):
        async with JointPlanner(JointOptions(seed=3, threads=2, rounds=ROUNDS, piece=20)) as planner:
            plans.append(await planner.plan(day, line_travel(day), PATIENCE_S, heard.append))
    assert plans[0] == plans[1]
    assert plans[0].unplanned == ()
    assert check(day, line_travel(day), plans[0]) == ()
    turns = [one.level for one in heard if one.phase is Phase.IMPROVING]
    assert turns == [*range(TURNS)] * 2


async def test_a_worker_killed_after_the_first_turn_costs_nothing_but_its_turn() -> None:
    day = a_city()
    killed: list[int] = []
    planner = JointPlanner(JointOptions(threads=2, rounds=ROUNDS, piece=20, keep_worker=False))

    def heard(progress: Progress) -> None:
        if progress.phase is Phase.IMPROVING and not killed:
            killed.append(planner._idle[0].process.pid)
            os.kill(killed[0], signal.SIGKILL)

    async with planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S, heard)
        assert killed
        assert plan.unplanned == ()
        assert planner._idle == [], "they were not to be kept"


async def test_workers_that_cannot_live_are_told_of() -> None:
    day = a_city()
    dying = (sys.executable, "-c", "raise SystemExit(3)")
    async with JointPlanner(JointOptions(piece=20), dying) as planner:
        with pytest.raises(WorkerDiedError):
            await planner.plan(day, line_travel(day), PATIENCE_S)
