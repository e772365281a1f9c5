"""The joint engine in its real worker: days with choices come back decided, checked and in time; a worker is mortal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cloud.routing.checker import check
from cloud.routing.joint.day import Choice, JointDay, Offer, Running
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.joint.posed import build, warm_routes
from cloud.routing.matrices import TravelTimes
from cloud.routing.planner import InvalidProblemError, Phase, PlannerTimeoutError, Progress, WorkerDiedError
from cloud.routing.problem import Amounts, Problem, RouteCourierId, TimeWindow
from cloud.routing.stops import Item, Site
from contract.sizes import SizeClass
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, days, line_travel, on_line

PATIENCE_S = 240.0
REPEATABLE = JointOptions(seed=7, threads=1, rounds=500)

# One group, so that not every pytest worker loads the machine code for itself.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]


@pytest.fixture(scope="module", autouse=True)
def _machine_code() -> None:
    """Machine code is made once, not within anybody's deadline."""
    asyncio.run(JointPlanner().warm_up())


def a_choice(ref: str, at: int, *sites: str, **changes: Any) -> Choice:
    home = Choice(Item(ref), on_line(at), sites=tuple(Offer(site) for site in sites))
    return replace(home, **changes)


def a_site(name: str, at: int, **free: int) -> Site:
    return Site(name, on_line(at), free={SizeClass(size): count for size, count in free.items()})


def travel_of(day: JointDay) -> TravelTimes:
    return line_travel(Problem(day.stops, day.couriers), day.places())


async def test_whoever_may_goes_to_the_locker_on_the_way() -> None:
    refs = [f"r{number}" for number in range(6)]
    far = [a_choice(ref, 20 + 5 * number, "A") for number, ref in enumerate(refs)]
    day = JointDay((a_courier(),), choices=tuple(far), sites=(a_site("A", 2, M=6),))
    async with JointPlanner(REPEATABLE) as planner:
        joint = await planner.plan_day(day, travel_of(day), PATIENCE_S)
    assert joint.decided == dict.fromkeys(refs, "A")
    assert [len(route.stop_ids()) for route in joint.plan.routes] == [1]


async def test_a_locker_is_never_given_more_than_fits_by_size() -> None:
    small = [a_choice(f"s{number}", 30, "A", size=SizeClass.S) for number in range(4)]
    large = [a_choice(f"l{number}", 30, "A", size=SizeClass.L) for number in range(4)]
    day = JointDay((a_courier(),), choices=(*small, *large), sites=(a_site("A", 2, S=1, L=3),))
    async with JointPlanner(REPEATABLE) as planner:
        joint = await planner.plan_day(day, travel_of(day), PATIENCE_S)
    placed = Counter(ref[0] for ref, site in joint.decided.items() if site == "A")
    assert placed["l"] <= 3
    assert placed["l"] + placed["s"] == 4
    assert len(joint.decided) == 8


async def test_what_a_locker_costs_besides_is_weighed_against_the_detour() -> None:
    choice = Choice(Item("r"), on_line(3), sites=(Offer("A", extra_cents=100_000),))
    day = JointDay((a_courier(),), choices=(choice,), sites=(a_site("A", 2, M=1),))
    async with JointPlanner(REPEATABLE) as planner:
        joint = await planner.plan_day(day, travel_of(day), PATIENCE_S)
    assert joint.decided == {"r": None}


async def test_a_choice_nobody_can_reach_comes_back_with_a_reason() -> None:
    nowhere = Choice(Item("lost"))
    late = a_choice("late", 50, windows=(TimeWindow(0, 60),))
    day = JointDay((a_courier(),), choices=(nowhere, late))
    async with JointPlanner(REPEATABLE) as planner:
        joint = await planner.plan_day(day, travel_of(day), PATIENCE_S)
    assert sorted(one.parcels for one in joint.plan.unplanned) == [("late",), ("lost",)]
    assert all(one.sentence for one in joint.plan.unplanned)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=days())
def test_random_days_never_yield_a_plan_the_checker_refuses(day: Problem) -> None:
    travel = line_travel(day)

    async def planned() -> None:
        async with JointPlanner(JointOptions(threads=1, rounds=50)) as planner:
            plan = await planner.plan(day, travel, PATIENCE_S)
        assert check(day, travel, plan) == ()

    asyncio.run(planned())


async def test_a_seed_and_rounds_repeat_a_plan() -> None:
    day = Problem(tuple(a_stop(f"s{n}", (n * 37) % 41 - 20) for n in range(30)), (a_courier(), a_courier("ben")))
    plans = []
    for _ in range(2):
        async with JointPlanner(JointOptions(seed=3, threads=2, rounds=2_000)) as planner:
            plans.append(await planner.plan(day, line_travel(day), PATIENCE_S))
    assert plans[0] == plans[1]


async def test_breaks_and_progress() -> None:
    heard: list[Progress] = []
    day = Problem((a_stop("a", 3), a_stop("b", -40)), (a_courier(breaks=(a_break(2_000, 4_000),)),))
    async with JointPlanner(REPEATABLE) as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S, heard.append)
    assert plan.unplanned == ()
    assert [one.phase for one in heard][:3] == [Phase.WAITING, Phase.STARTING, Phase.SOLVING]
    assert heard[-1] == Progress(Phase.DONE, None, plan.cost_cents)


async def test_a_killed_worker_is_an_error_and_the_next_plan_has_a_fresh_one() -> None:
    day = Problem((a_stop(),), (a_courier(),))
    async with JointPlanner(JointOptions(threads=1, rounds=1_000_000_000)) as planner:
        planning = asyncio.create_task(planner.plan(day, line_travel(day), PATIENCE_S))
        pid = await _worker_of(os.getpid())
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerDiedError) as caught:
            await planning
        assert caught.value.returncode == -signal.SIGKILL
        planner.options = REPEATABLE
        assert (await planner.plan(day, line_travel(day), PATIENCE_S)).unplanned == ()


async def _worker_of(parent: int) -> int:
    while True:
        done = await asyncio.to_thread(
            subprocess.run,
            ("pgrep", "-P", str(parent), "-f", "joint.worker"),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip():
            return int(done.stdout.split()[0])


async def test_a_worker_that_says_nothing_is_killed_at_the_deadline() -> None:
    day = Problem((a_stop(),), (a_courier(),))
    async with JointPlanner(command=(sys.executable, "-c", "import time; time.sleep(60)")) as planner:
        with pytest.raises(PlannerTimeoutError):
            await planner.plan(day, line_travel(day), 0.2)


async def test_a_day_with_an_unknown_site_is_refused_by_name() -> None:
    day = JointDay((a_courier(),), choices=(a_choice("r", 3, "nowhere"),))
    async with JointPlanner() as planner:
        with pytest.raises(InvalidProblemError, match="site nowhere is not known"):
            await planner.plan_day(day, travel_of(day), PATIENCE_S)


def test_importing_the_planner_imports_no_numba() -> None:
    probe = "import sys, cloud.routing.joint.planner, cloud.routing.joint.worker; print('numba' in sys.modules)"
    done = subprocess.run((sys.executable, "-c", probe), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


async def test_vans_with_little_room_share_the_stops() -> None:
    day = Problem(
        tuple(a_stop(f"s{n}", n + 1) for n in range(4)),
        tuple(a_courier(name, capacity=Amounts(2, 10**6, 10**6)) for name in ("anna", "ben", "cleo")),
    )
    async with JointPlanner(REPEATABLE) as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S)
    assert [len(route.stop_ids()) for route in plan.routes] == [2, 2]


async def test_a_plan_in_force_is_gone_on_from_and_what_is_unknown_in_it_passed_over() -> None:
    far = [a_choice(f"r{number}", 20 + 5 * number, "A") for number in range(6)]
    day = JointDay((a_courier(),), (a_stop("fixed", 7, parcels=("f",)),), tuple(far), (a_site("A", 2, M=6),))
    in_force = [Running("f", None, 0), *(Running(one.item.ref, None, 0) for one in far), Running("gone", None, 0)]
    warm = {day.couriers[0].id: in_force, RouteCourierId("gone"): in_force}
    posed = build(day, travel_of(day))
    ((van, options),) = warm_routes(posed, warm)
    assert (van, len(options)) == (0, 7)
    one_round = JointOptions(seed=7, threads=1, rounds=1)
    async with JointPlanner(one_round) as planner:
        home = await planner.plan_day(day, travel_of(day), PATIENCE_S, warm=warm)
    async with JointPlanner(REPEATABLE) as planner:
        better = await planner.plan_day(day, travel_of(day), PATIENCE_S, warm=warm)
    assert home.plan.unplanned == better.plan.unplanned == ()
    assert better.plan.cost_cents <= home.plan.cost_cents
    assert set(better.decided.values()) == {"A"}


async def test_of_several_windows_the_plan_in_force_stands_in_its_own() -> None:
    early, late = TimeWindow(0, 1_000), TimeWindow(5_000, 6_000)
    day = JointDay((a_courier(),), choices=(a_choice("r", 3, windows=(early, late)),))
    posed = build(day, travel_of(day))
    ((_, (option,)),) = warm_routes(posed, {day.couriers[0].id: [Running("r", None, 5_500), Running("r", None, 1)]})
    assert posed.instance.locations[posed.instance.options[option].location].ready == 5_000


async def test_a_worker_that_is_not_to_be_kept_is_gone_after_its_answer() -> None:
    day = Problem((a_stop("a", 3),), (a_courier(),))
    async with JointPlanner(JointOptions(threads=1, rounds=1, keep_worker=False)) as planner:
        await planner.plan(day, line_travel(day), PATIENCE_S)
        assert planner._idle == []
