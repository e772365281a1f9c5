from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.routing.checker import check
from cloud.routing.plan import Plan
from cloud.routing.problem import Amounts, Break, Problem, Stop, StopId, TimeWindow
from cloud.routing.vroom_request import AnswerError, assemble, left_out, owed_breaks, translate
from cloud.routing.worker_wire import VehicleOrder
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel, on_line

A, B, C = a_stop("a", 1), a_stop("b", 2, collections=Amounts(3, 0, 0)), a_stop("c", 3)


def _assembled(problem: Problem, orders: Sequence[VehicleOrder]) -> Plan:
    travel = line_travel(problem)
    return assemble(problem, travel, translate(problem, travel), orders)


def test_a_courier_with_a_locked_prefix_starts_where_and_when_it_ends() -> None:
    day = Problem((A, B, C), (a_courier(locked=(A.id, B.id), stops_max=5, distance_m_max=9_000, drive_s_max=900),))
    travel = line_travel(day)
    (vehicle,) = translate(day, travel).vehicles
    assert vehicle.start == travel.index[on_line(2)]
    assert vehicle.shift[0] == 60 + 60 + 60 + 60
    assert (vehicle.tasks_max, vehicle.distance_m_max, vehicle.drive_s_max) == (3, 8_000, 780)
    assert vehicle.fixed == 0
    assert vehicle.capacity[0] == 50 - 3  # what was collected stays aboard
    assert vehicle.capacity[3] == 50 - 3  # and deliveries for later rode along with the fullest moment before


def test_the_locked_prefix_comes_first_whatever_the_engine_chose() -> None:
    day = Problem((A, B, C), (a_courier(locked=(B.id,)),))
    plan = _assembled(day, [VehicleOrder(0, (2, 1))])
    assert plan.routes[0].stop_ids() == ("b", "c", "a")
    assert check(day, line_travel(day), plan) == ()


def test_a_break_that_falls_due_during_the_locked_prefix_is_taken_there() -> None:
    slow = a_stop("slow", 1, service_s=4_000)
    day = Problem((slow, C), (a_courier(locked=(slow.id,), breaks=(a_break(0, 600, 300),)),))
    plan = _assembled(day, [VehicleOrder(0, (1,))])
    assert [step.ref for step in plan.routes[0].steps] == ["", "lunch", "slow", "c", ""]
    assert check(day, line_travel(day), plan) == ()


def test_a_courier_whose_shift_ends_within_the_prefix_gets_no_vehicle_and_still_drives_it() -> None:
    day = Problem((A, C), (a_courier(locked=(A.id,), shift=TimeWindow(0, 30)),))
    assert translate(day, line_travel(day)).vehicles == ()
    plan = _assembled(day, [])
    assert plan.routes[0].stop_ids() == ("a",)
    assert left_out(day, plan) == ["c"]


@pytest.mark.parametrize("limit", [{"stops_max": 1}, {"distance_m_max": 400}, {"drive_s_max": 30}])
def test_a_limit_used_up_by_the_prefix_leaves_no_vehicle(limit: dict[str, Any]) -> None:
    day = Problem((A, C), (a_courier(locked=(A.id,), **limit),))
    assert translate(day, line_travel(day)).vehicles == ()


def test_a_vehicle_that_only_rests_stays_at_home() -> None:
    day = Problem((A,), (a_courier(breaks=(a_break(100, 200),)),))
    assert _assembled(day, [VehicleOrder(0, (-1,))]).routes == ()


@pytest.mark.parametrize(
    "orders",
    [
        [VehicleOrder(1, (1,))],
        [VehicleOrder(-1, (1,))],
        [VehicleOrder(0, (1,)), VehicleOrder(0, (2,))],
        [VehicleOrder(0, (1, 1))],
        [VehicleOrder(0, (9,))],
        [VehicleOrder(0, (0,))],
        [VehicleOrder(0, (1, -1))],
    ],
)
def test_an_answer_that_names_what_was_never_asked_is_refused(orders: list[VehicleOrder]) -> None:
    with pytest.raises(AnswerError):
        _assembled(Problem((A, B), (a_courier(),)), orders)


def test_one_job_on_two_vehicles_is_refused() -> None:
    day = Problem((A, B), (a_courier("anna"), a_courier("ben")))
    with pytest.raises(AnswerError, match="twice"):
        _assembled(day, [VehicleOrder(0, (1,)), VehicleOrder(1, (1,))])


def test_a_break_that_cannot_be_kept_ends_the_day_before_it_is_owed() -> None:
    kept, end_s = owed_breaks([a_break(0, 1_000, 600, "x"), a_break(0, 100, 600, "y")], TimeWindow(0, 5_000))
    assert ([pause.id for pause, _ in kept], end_s) == ([], 100)


BREAKS = st.lists(
    st.builds(lambda begin, wide, lasts: a_break(begin, begin + wide, lasts), *[st.integers(0, 3_000)] * 3), max_size=4
)


@given(BREAKS, st.integers(0, 3_000), st.integers(0, 6_000))
def test_breaks_passed_on_can_always_be_taken_one_after_the_other(
    breaks: list[Break], begin_s: int, lasts_s: int
) -> None:
    kept, end_s = owed_breaks(breaks, TimeWindow(begin_s, begin_s + lasts_s))
    free_s = begin_s
    for pause, windows in kept:
        free_s = next(max(free_s, window.start_s) for window in windows if free_s <= window.end_s) + pause.duration_s
    assert free_s <= end_s or not kept


def test_stops_and_skills_are_numbers_in_a_stable_order() -> None:
    stop = Stop(StopId("s"), on_line(4), skills=frozenset({"heavy", "cold"}), priority=3)
    day = Problem((stop,), (a_courier(skills=frozenset({"heavy"})),))
    translation = translate(day, line_travel(day))
    assert translation.jobs[0].skills == (1, 2)
    assert translation.vehicles[0].skills == (2,)
