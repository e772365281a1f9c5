"""Several loads of one van in the search, and windows whose last part has a price."""

from dataclasses import replace

import pytest

from cloud.routing.joint.checker import check
from cloud.routing.joint.day import JointDay
from cloud.routing.joint.decide import decide
from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.instance import Again, Answer, Instance, answer_cost
from cloud.routing.joint.posed import build, orders, priced_windows
from cloud.routing.plan import StepKind
from cloud.routing.problem import Amounts, Courier, Problem, Reload, Soft, TimeWindow
from tests.unit.cloud.routing.builders import DEPOT, a_courier, a_stop, line_travel, on_line
from tests.unit.cloud.routing.joint.builders import an_instance

RELOAD = Reload(DEPOT, 2, 600)
BIKE = a_courier(capacity=Amounts(1, 5_000, 5_000), reload=RELOAD)


def one_by_one(late: int = 1_000, **again: int) -> Instance:
    """Return the tiny day with only homes, one van of one parcel, and two more loads of it."""
    day = an_instance(budget=(0,))
    van = replace(day.vehicles[0], capacity=(1, 9, 9), late=late, fixed=50)
    more = [replace(van, again=replace(Again(one, 5, 0, 500, 3), **again), under_way=True) for one in (0, 1)]
    return replace(day, vehicles=(van, *more))


def test_one_van_brings_three_loads() -> None:
    day = one_by_one()
    answer, found = solve(day, Effort(3_600.0, 1, 1, 200), lambda: 0.0)
    assert check(day, answer) == ()
    assert answer.absent == ()
    assert found.cost == answer_cost(day, answer) == 50 + 2 * 3 + 2 * (1 + 2 + 3)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (one_by_one(late=20), "the latest"),
        (one_by_one(due=3), "van v0 loads at"),
    ],
)
def test_a_load_that_is_too_late_is_found(day: Instance, sentence: str) -> None:
    faults = check(day, Answer(((0, (0,)), (1, (2,)), (2, (4,)))))
    assert any(sentence in one for one in faults)


def test_limits_of_a_day_are_those_of_all_loads() -> None:
    day = one_by_one()
    short = tuple(replace(one, stops_max=2, reach=5) for one in day.vehicles)
    faults = check(replace(day, vehicles=short, metres=day.time), Answer(((0, (0,)), (1, (2,)), (2, (4,)))))
    assert [one.partition(";")[0] for one in faults if "all its loads" in one] == [
        "van v0 serves 3 customers with all its loads",
        "van v0 drives 12 with all its loads",
    ]


def _built(courier: Courier) -> int:
    day = JointDay((courier,), (a_stop(),))
    return len(build(day, line_travel(Problem(day.stops, day.couriers), (on_line(2),))).instance.vehicles)


def test_only_vans_that_begin_and_end_where_they_load_have_loads_in_the_search() -> None:
    assert _built(BIKE) == 3
    assert _built(replace(BIKE, end=on_line(2))) == 1
    assert _built(replace(BIKE, reload=None)) == 1


def test_loads_become_one_route_with_the_van_loaded_in_between() -> None:
    day = JointDay((BIKE,), (a_stop("a", 1), a_stop("b", 2), a_stop("c", 3)))
    travel = line_travel(Problem(day.stops, day.couriers))
    posed = build(day, travel)
    answer = Answer(((0, (1,)), (1, (0,)), (2, (2,))))
    assert check(posed.instance, answer) == ()
    assert [len(load) for load in orders(posed, answer)[0]] == [1, 1, 1]
    joint, violations = decide(day, travel, posed, answer)
    assert violations == ()
    assert [step.ref or step.kind for step in joint.plan.routes[0].steps] == [
        StepKind.START,
        "b",
        StepKind.RELOAD,
        "a",
        StepKind.RELOAD,
        "c",
        StepKind.END,
    ]


def test_lateness_is_seen_in_four_pieces() -> None:
    window = (TimeWindow(0, 1_000),)
    assert priced_windows(window, None) == [(window[0], 0)]
    assert priced_windows(window, Soft(600, 60)) == [
        (TimeWindow(0, 600), 0),
        (TimeWindow(601, 700), 50),
        (TimeWindow(701, 800), 150),
        (TimeWindow(801, 900), 250),
        (TimeWindow(901, 1_000), 350),
    ]
    assert priced_windows(window, Soft(1_000, 60)) == [(window[0], 0)]
