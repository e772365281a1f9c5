"""A late route keeps the promises that can be kept, and says which cannot."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from cloud.routing.plan import StepKind
from cloud.routing.problem import Problem, Stop, TimeWindow
from cloud.routing.repair import Repaired, delayed, repair
from cloud.routing.schedule import earliest_route
from tests.unit.cloud.routing.builders import a_courier, a_stop, days, line_travel


def _repair(*order: Stop, by_s: int = 0, **courier: object) -> Repaired:
    anna = replace(a_courier(under_way=True), **courier)  # type: ignore[arg-type] # each test names its own
    return repair(delayed(anna, by_s), order, line_travel(Problem(order, (anna,))))


def test_a_route_in_time_is_left_alone() -> None:
    order = (a_stop("a", 2), a_stop("b", 4, windows=(TimeWindow(0, 600),)))
    assert _repair(*order).order == order


def test_a_promise_that_would_be_missed_is_driven_to_first() -> None:
    order = (a_stop("a", -2), a_stop("b", 4, windows=(TimeWindow(0, 600),)))
    assert _repair(*order).late == ()
    found = _repair(*order, by_s=200)
    assert ([one.id for one in found.order], found.late) == (["b", "a"], ())


def test_what_cannot_be_kept_is_named_and_stays_on_the_route() -> None:
    order = (a_stop("a", 2), a_stop("b", 4, windows=(TimeWindow(0, 600),)))
    found = _repair(*order, by_s=900)
    assert (set(found.order), found.late) == (set(order), ("b",))
    assert found.route.steps[0].arrival_s == 900


def test_the_locked_stop_stays_first_even_if_it_makes_others_late() -> None:
    order = (a_stop("a", -9), a_stop("b", 4, windows=(TimeWindow(0, 600),)))
    found = _repair(*order, locked=(order[0].id,))
    assert ([one.id for one in found.order], found.late) == (["a", "b"], ("b",))
    first = replace(order[0], windows=(TimeWindow(0, 60),))
    assert _repair(first, order[1], locked=(first.id,)).order[0] == first


def test_one_promise_is_not_kept_by_breaking_another() -> None:
    one, other = (a_stop(name, at, windows=(TimeWindow(0, 300),)) for name, at in (("a", 4), ("b", -4)))
    found = _repair(one, other)
    assert (found.order, found.late) == ((one, other), ("b",))


@given(days(), st.integers(0, 5_000))
def test_repairing_never_loses_a_stop_nor_makes_more_late(day: Problem, by_s: int) -> None:
    assume(day.couriers)
    courier = delayed(replace(day.couriers[0], under_way=True, breaks=(), locked=()), by_s)
    travel = line_travel(day)
    before = {step.ref: step.begin_s for step in earliest_route(courier, day.stops, travel).steps}
    late = {one.id for one in day.stops if one.windows and not _inside(before[one.id], one.windows)}
    found = repair(courier, day.stops, travel)
    assert sorted(one.id for one in found.order) == sorted(one.id for one in day.stops)
    assert set(found.late) <= late
    after = {step.ref: step.begin_s for step in found.route.steps if step.kind is StepKind.STOP}
    assert {one.id for one in day.stops if one.windows and not _inside(after[one.id], one.windows)} == set(found.late)


def _inside(moment_s: int, windows: tuple[TimeWindow, ...]) -> bool:
    return any(one.start_s <= moment_s <= one.end_s for one in windows)
