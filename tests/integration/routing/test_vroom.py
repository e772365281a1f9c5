"""The real VROOM in its real worker: every trap of pyvroom 1.15.2 we know, and days that must come out right."""

import asyncio
import io
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cloud.routing.checker import check
from cloud.routing.lateness import softened
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import UnplannedReason
from cloud.routing.planner import InvalidProblemError, Phase, ProblemTooLargeError, Progress, WorkerFailedError
from cloud.routing.problem import Amounts, Problem, TimeWindow
from cloud.routing.travel_times import VAN, great_circle
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from cloud.routing.worker_wire import (
    PREFIX,
    Failed,
    Job,
    Solve,
    Solved,
    Vehicle,
    WireError,
    decode_reply,
    frame,
    read_solve,
)
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, days, line_travel, on_line

PATIENCE_S = 60.0


async def test_a_day_is_planned_with_progress() -> None:
    day = Problem(
        (a_stop("a", 3), a_stop("b", -4, windows=(TimeWindow(5_000, 6_000),)), a_stop("c", 9)),
        (a_courier(breaks=(a_break(2_000, 4_000),)), a_courier("ben")),
    )
    heard: list[Progress] = []
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S, heard.append)
    assert plan.unplanned == ()
    assert [told.phase for told in heard][:3] == [Phase.WAITING, Phase.STARTING, Phase.SOLVING]
    assert heard[-1] == Progress(Phase.DONE, 1, plan.cost_cents)


async def test_a_promise_that_is_lost_is_served_before_what_nobody_was_promised() -> None:
    """VROOM has no soft ends: it would go round the other way as gladly."""
    free = tuple(a_stop(f"free{number}", -2 - number) for number in range(4))
    lost = softened(a_stop("lost", 3, windows=(TimeWindow(0, 60),)), 36_000)
    day = Problem((*free, lost), (a_courier(under_way=True),))
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S)
    assert plan.unplanned == ()
    assert plan.routes[0].stop_ids()[0] == "lost"


def test_importing_the_planner_imports_no_vroom() -> None:
    probe = "import sys, cloud.routing.worker_client, cloud.routing.vroom_planner as v; print('vroom' in sys.modules)"
    done = subprocess.run((sys.executable, "-c", probe), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


async def test_the_service_breathes_while_a_worker_holds_its_own_lock() -> None:
    stops = tuple(a_stop(f"s{number}", number % 90, service_s=10) for number in range(60))
    day = Problem(stops, (a_courier(capacity=Amounts(90, 10**6, 10**6)),))
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    async with VroomPlanner() as planner:
        beating = asyncio.create_task(beat())
        await planner.plan(day, line_travel(day), PATIENCE_S)
        beating.cancel()
    assert beats > 20


async def test_a_worker_is_used_again_with_a_new_input_each_time() -> None:
    async with VroomPlanner() as planner:
        await planner.warm_up()
        first_worker = planner._idle[0].process.pid
        for count in (1, 5, 3):
            day = Problem(tuple(a_stop(f"s{number}", number + 1) for number in range(count)), (a_courier(),))
            plan = await planner.plan(day, line_travel(day), PATIENCE_S)
            assert len(plan.routes[0].stop_ids()) == count
        assert planner._idle[0].process.pid == first_worker


async def test_an_idle_worker_that_died_is_replaced() -> None:
    day = Problem((a_stop(),), (a_courier(),))
    async with VroomPlanner() as planner:
        await planner.warm_up()
        await planner._idle[0].kill()
        assert (await planner.plan(day, line_travel(day), PATIENCE_S)).unplanned == ()


async def test_a_transposed_matrix_gives_the_plan_of_the_matrix_meant() -> None:
    """One-way streets: the only cheap round is a, b, c. Read the other way about it would be c, b, a."""
    day = Problem((a_stop("a", 1), a_stop("b", 2), a_stop("c", 3)), (a_courier(),))
    places = day.places()
    ring = np.full((4, 4), 5_000, dtype=np.uint32)
    for here in range(4):
        ring[here, here], ring[here, (here + 1) % 4] = 0, 10
    travel = TravelTimes(places, np.ascontiguousarray(ring.T).T, np.asfortranarray(ring))
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, travel, PATIENCE_S)
    assert plan.routes[0].stop_ids() == ("a", "b", "c")


async def test_an_invalid_day_never_reaches_a_worker() -> None:
    planner = VroomPlanner(command=("/nowhere/worker",))
    day = Problem((a_stop(deliveries=Amounts(-1, 0, 0)),), (a_courier(), a_courier()))
    with pytest.raises(InvalidProblemError, match="the problem has 2 errors") as caught:
        await planner.plan(day, line_travel(day), PATIENCE_S)
    assert len(caught.value.errors) == 2


async def test_places_the_matrix_does_not_know_are_named() -> None:
    day = Problem((a_stop(),), (a_courier(),))
    with pytest.raises(InvalidProblemError, match="travel: knows nothing of Place"):
        await VroomPlanner().plan(day, line_travel(Problem((), ())), PATIENCE_S)


async def test_a_day_too_large_for_this_engine_is_refused() -> None:
    day = Problem((a_stop("a", 1), a_stop("b", 2)), (a_courier(),))
    with pytest.raises(ProblemTooLargeError, match="2 stops; this engine takes 1"):
        await VroomPlanner(VroomOptions(stops_max=1)).plan(day, line_travel(day), PATIENCE_S)


@pytest.mark.parametrize("deadline_s", [0, -1, 3_601, float("nan")])
async def test_a_deadline_has_limits(deadline_s: float) -> None:
    day = Problem((), ())
    with pytest.raises(ValueError, match="deadline_s"):
        await VroomPlanner().plan(day, line_travel(day), deadline_s)


@pytest.mark.parametrize(
    "options", [{"exploration": 9}, {"exploration": -1}, {"threads": 0}, {"threads": 2.0}, {"workers_max": 0}]
)
def test_options_that_vroom_dies_of_or_swallows_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is needed"):
        VroomOptions(**options)


JOB = Job(1, 60, (1,), (0,), (), 0, ())
VEHICLE = Vehicle(0, 0, (5,), (), (0, 9_000), (), 0, 3_600, 0, None, None, None)
ZEROS = np.zeros((2, 2), dtype=np.uint32).tobytes()
REQUEST = Solve(1, 2, ZEROS, ZEROS, (JOB,), (VEHICLE,), (0,), 1, 30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threads": 0},
        {"levels": (9,)},
        {"jobs": (Job(1, 60, (-1,), (0,), (), 0, ()),)},
        {"jobs": (Job(1, -5, (1,), (0,), (), 0, ()),)},
        {"jobs": (Job(1, 60, (1,), (0,), (), 101, ()),)},
        {"limit_s": 0},
    ],
)
def test_the_worker_itself_refuses_what_kills_vroom(wrong: dict[str, object]) -> None:
    changed = Solve(**({name: getattr(REQUEST, name) for name in REQUEST.__struct_fields__} | wrong))
    with pytest.raises(WireError, match="no message of ours"):
        read_solve(io.BytesIO(frame(changed)))


def _served(*requests: Solve) -> list[Solved | Failed]:
    """Run the worker as a process on these requests and return what it answered."""
    done = subprocess.run(
        (sys.executable, "-m", "cloud.routing.vroom_planner"),
        input=b"".join(frame(request) for request in requests),
        check=True,
        capture_output=True,
        timeout=60,
    )
    answers, rest = [], done.stdout
    while rest:
        (length,) = PREFIX.unpack(rest[:4])
        answers.append(decode_reply(rest[4 : 4 + length]))
        rest = rest[4 + length :]
    return answers


def test_an_exception_vroom_does_not_export_comes_back_as_a_sentence_and_the_worker_lives() -> None:
    no_ends = Vehicle(None, None, (5,), (), (0, 9_000), (), 0, 3_600, 0, None, None, None)
    short = Solve(2, 2, ZEROS[:8], ZEROS, (JOB,), (VEHICLE,), (0,), 1, 30)
    broken = Solve(3, 2, ZEROS, ZEROS, (JOB,), (no_ends,), (0,), 1, 30)
    first, second, third = _served(short, broken, REQUEST)
    assert isinstance(first, Failed)
    assert "ValueError" in first.error
    assert second == Failed(3, "VroomInputException: No start or end specified for vehicle 1.")
    assert isinstance(third, Solved)
    assert third.orders[0].order == (1,)


def test_what_native_code_prints_does_not_get_between_the_replies() -> None:
    probe = (
        "import os; from cloud.routing.vroom_planner import reply_pipe; replies = reply_pipe();"
        "os.write(1, b'noise'); replies.write(b'reply'); replies.flush()"
    )
    done = subprocess.run((sys.executable, "-c", probe), check=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b"reply", b"noise")


async def test_an_engine_error_names_the_engines_reason() -> None:
    """A place index beyond the matrix is VROOM's to refuse; nothing of ours builds one."""
    answers = _served(Solve(1, 2, ZEROS, ZEROS, (Job(7, 60, (1,), (0,), (), 0, ()),), (VEHICLE,), (0,), 1, 30))
    assert isinstance(answers[0], Failed)
    assert str(WorkerFailedError(answers[0].error)).startswith("the engine reports VroomInputException")


def test_a_worker_whose_parent_is_gone_ends_itself() -> None:
    """400 stops on one vehicle keep VROOM in native code for many seconds; the alarm goes off after one."""
    size = 400
    times = np.random.default_rng(1).integers(1, 9_000, (size, size), dtype=np.uint32).tobytes()
    jobs = tuple(Job(place, 60, (1,), (0,), (), 0, ()) for place in range(size))
    vehicle = Vehicle(0, 0, (size,), (), (0, 600_000), (), 0, 3_600, 0, None, None, None)
    done = subprocess.run(
        (sys.executable, "-m", "cloud.routing.vroom_planner"),
        input=frame(Solve(1, size, times, times, jobs, (vehicle,), (5,), 1, 1)),
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGALRM


async def test_what_does_not_fit_comes_back_with_reasons_and_priority_decides() -> None:
    day = Problem(
        (
            a_stop("dear", 5, priority=90, deliveries=Amounts(1, 400, 0)),
            a_stop("cheap", 1, priority=1, deliveries=Amounts(1, 400, 0)),
            a_stop("cold", 1, skills=frozenset({"cold"})),
            a_stop("far", 500),
        ),
        (a_courier(capacity=Amounts(9, 500, 10_000)),),
    )
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S)
    assert plan.routes[0].stop_ids() == ("dear",)
    assert {left.stop_id: left.reason for left in plan.unplanned} == {
        "cheap": UnplannedReason.CROWDED_OUT,
        "cold": UnplannedReason.NO_SKILL,
        "far": UnplannedReason.EXCEEDS_CAPACITY,
    }


async def test_a_day_without_couriers_or_stops_needs_no_worker() -> None:
    planner = VroomPlanner(command=("/nowhere/worker",))
    empty = Problem((), (a_courier(),))
    assert (await planner.plan(empty, line_travel(empty), PATIENCE_S)).routes == ()
    nobody = Problem((a_stop(),), ())
    (left,) = (await planner.plan(nobody, line_travel(nobody), PATIENCE_S)).unplanned
    assert left.reason is UnplannedReason.NO_COURIER


async def test_a_locked_prefix_survives_a_real_solve() -> None:
    stops = tuple(a_stop(f"s{number}", number) for number in range(1, 9))
    locked = (stops[6].id, stops[1].id)
    day = Problem(stops, (a_courier(locked=locked, breaks=(a_break(0, 1_000, 300),)), a_courier("ben")))
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, line_travel(day), PATIENCE_S)
    anna = next(route for route in plan.routes if route.courier_id == "anna")
    assert anna.stop_ids()[:2] == locked


async def test_a_city_morning_on_great_circles_is_planned_and_checked() -> None:
    stops = tuple(replace(a_stop(f"s{number}"), place=on_line(number * 37 % 90)) for number in range(40))
    day = Problem(stops, (a_courier("anna"), a_courier("ben")))
    travel = great_circle(day.places(), VAN, 9)
    async with VroomPlanner() as planner:
        plan = await planner.plan(day, travel, PATIENCE_S)
    assert check(day, travel, plan) == ()
    assert plan.unplanned == ()


def test_random_days_never_yield_a_plan_the_checker_refuses() -> None:
    """One warm worker for all of them; a refusal, a crash or a lie raises here."""
    with asyncio.Runner() as runner:
        planner = VroomPlanner(VroomOptions(threads=1))

        @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(days())
        def every_day(day: Problem) -> None:
            travel = line_travel(day)
            plan = runner.run(planner.plan(day, travel, PATIENCE_S))
            assert check(day, travel, plan) == ()

        try:
            every_day()
        finally:
            runner.run(planner.aclose())
