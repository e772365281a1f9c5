"""Windows with a price for being late, and parcels that are still in another van."""

from dataclasses import replace

import pytest

from cloud.routing.checker import Fault, check
from cloud.routing.problem import Amounts, Problem, Soft, Stop, StopKind, TimeWindow
from cloud.routing.schedule import schedule
from cloud.routing.validation import validate
from tests.unit.cloud.routing.builders import a_courier, a_plan, a_stop, line_travel

WINDOW = (TimeWindow(0, 1_000),)
LATE = a_stop("late", 2, windows=WINDOW, soft=Soft(60, 25))  # reached at 120, a minute late
ANNA = a_courier()
DAY = Problem((LATE,), (ANNA,))
TRAVEL = line_travel(DAY)


def test_being_late_costs_by_the_minute() -> None:
    dear = schedule(ANNA, [LATE], TRAVEL)
    free = schedule(ANNA, [replace(LATE, soft=None)], TRAVEL)
    assert dear.cost_cents - free.cost_cents == 25
    assert check(DAY, TRAVEL, a_plan(DAY, TRAVEL, anna=[LATE])) == ()


def test_nobody_leaves_later_to_be_later() -> None:
    opens = a_stop("opens", 4, windows=(TimeWindow(1_000, 2_000),))
    day = Problem((LATE, opens), (ANNA,))
    route = schedule(ANNA, [LATE, opens], line_travel(day))
    assert route.depart_s == 0
    easy = schedule(ANNA, [replace(LATE, soft=Soft(600, 25)), opens], line_travel(day))
    assert easy.steps[1].begin_s == 600


def test_a_price_that_is_left_out_is_found() -> None:
    plan = a_plan(DAY, TRAVEL, anna=[replace(LATE, soft=None)])
    assert {one.fault for one in check(DAY, TRAVEL, plan)} == {Fault.COST}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"windows": ()}, "stops[0].soft"),
        ({"windows": (TimeWindow(0, 10), TimeWindow(20, 1_000))}, "stops[0].soft"),
        ({"soft": Soft(1_001, 1)}, "stops[0].soft.end_s"),
        ({"soft": Soft(60, -1)}, "stops[0].soft.per_minute_cents"),
        ({"soft": None, "kind": StopKind.MEETING, "deliveries": Amounts()}, "stops[0].out_of"),
        ({"soft": None, "kind": StopKind.MEETING, "out_of": "7"}, "stops[0]"),
        ({"soft": None, "out_of": "7", "collections": Amounts(1)}, "stops[0].collections"),
    ],
)
def test_validation_says_what_is_wrong(changes: dict[str, object], path: str) -> None:
    stop = replace(LATE, **changes)  # type: ignore[arg-type]  # tests change any field
    assert [one.path for one in validate(Problem((stop,), (ANNA,)))] == [path]


MEET = Stop(a_stop("meet").id, a_stop(at=3).place, service_s=120, kind=StopKind.MEETING, out_of="7")
THEIRS = a_stop("theirs", 1, out_of="7")
OWN = a_stop("own", 1)
TAKEN = Problem((MEET, THEIRS, OWN), (replace(ANNA, capacity=Amounts(1, 5_000, 5_000)),))


def test_what_another_van_has_comes_aboard_where_it_is_met() -> None:
    plan = a_plan(TAKEN, line_travel(TAKEN), anna=[OWN, MEET, THEIRS])
    assert [step.load.parcels for step in plan.routes[0].steps] == [1, 0, 1, 0, 0]
    assert check(TAKEN, line_travel(TAKEN), plan) == ()


def test_nothing_is_brought_before_it_was_taken_over() -> None:
    plan = a_plan(TAKEN, line_travel(TAKEN), anna=[THEIRS, MEET, OWN])
    assert Fault.LOAD in {one.fault for one in check(TAKEN, line_travel(TAKEN), plan)}


def test_a_van_is_full_where_it_takes_over_and_not_before() -> None:
    plan = a_plan(TAKEN, line_travel(TAKEN), anna=[MEET, OWN, THEIRS])
    assert {one.fault for one in check(TAKEN, line_travel(TAKEN), plan)} == {Fault.CAPACITY}
