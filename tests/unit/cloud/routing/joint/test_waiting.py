"""What is waited on the way is paid like driving; the search knows how little of it leaving late leaves over."""

from dataclasses import replace

import pytest

from cloud.routing.joint.day import JointDay
from cloud.routing.joint.instance import HOUR, Answer, Instance, answer_cost, waited
from cloud.routing.joint.posed import CENT, build
from cloud.routing.problem import Costs, Problem, TimeWindow
from cloud.routing.schedule import schedule
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel
from tests.unit.cloud.routing.joint.builders import an_instance

BOTH = (0, 2)  # home1, then home2, of the line's options


def with_windows(*spans: tuple[int, int], under_way: bool = False) -> Instance:
    """Return the line with windows at home1, home2 and a van whose second costs one."""
    day = an_instance()
    depot, *homes = day.locations
    opened = [replace(home, ready=ready, due=due) for home, (ready, due) in zip(homes, spans, strict=False)]
    van = replace(day.vehicles[0], hour=HOUR, under_way=under_way)
    return replace(day, locations=(depot, *opened, *homes[len(spans) :]), vehicles=(van,))


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        (((0, 999), (100, 999)), 0),  # leaves 96 later
        (((0, 11), (100, 999)), 86),  # leaves 10 later, since home1 closes
        (((50, 60), (100, 999)), 37),  # 49 and 47 to wait; home1 begins at 60, so 59 later
        (((0, 999), (0, 999)), 0),
    ],
)
def test_a_van_leaves_as_late_as_the_windows_let_it(spans: tuple[tuple[int, int], ...], seconds: int) -> None:
    assert waited(with_windows(*spans), 0, BOTH) == seconds


def test_who_is_under_way_waits_for_all_of_it() -> None:
    assert waited(with_windows((0, 999), (100, 999), under_way=True), 0, BOTH) == 100 - 1 - 2 - 1


@pytest.mark.parametrize("late_s", [3_000, 20_000])
def test_the_search_pays_what_the_schedule_pays(late_s: int) -> None:
    stops = (a_stop("a", 1, windows=(TimeWindow(0, late_s),)), a_stop("b", 2, windows=(TimeWindow(15_000, 20_000),)))
    courier = a_courier(costs=Costs(per_hour_cents=3_600))
    travel = line_travel(Problem(stops, (courier,)))
    posed = build(JointDay((courier,), stops), travel)
    paid = schedule(courier, stops, travel).cost_cents
    assert answer_cost(posed.instance, Answer(((0, (0, 1)),))) == CENT * paid
