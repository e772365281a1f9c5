"""The filter against the truth: whatever could be inserted is let through, in the order of what it costs."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cloud.routing.checker import check_route
from cloud.routing.insertion import positions_by_detour, slacks_s
from cloud.routing.problem import Problem, Stop, TimeWindow
from cloud.routing.schedule import Visit, earliest_route, with_breaks
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, days, line_travel, on_line


def test_the_cheapest_position_comes_first_and_waiting_absorbs_delay() -> None:
    order = [a_stop("a", 2, windows=(TimeWindow(1_000, 1_100),)), a_stop("b", 4, windows=(TimeWindow(0, 1_200),))]
    anna = a_courier(under_way=True)
    travel = line_travel(Problem(tuple(order), (anna,)), [on_line(3)])
    slacks = slacks_s(anna, order, earliest_route(anna, order, travel))
    assert slacks[:2] == [880 + 20, 20]
    new = a_stop("new", 3)
    assert positions_by_detour(anna, order, new, slacks, travel) == [2, 0]


def test_nothing_is_put_before_the_locked_prefix() -> None:
    order = [a_stop("a", 2), a_stop("b", 4)]
    anna = a_courier(locked=(order[0].id,))
    travel = line_travel(Problem(tuple(order), (anna,)), [on_line(1)])
    slacks = slacks_s(anna, order, earliest_route(anna, order, travel))
    assert positions_by_detour(anna, order, a_stop("new", 1), slacks, travel) == [2, 1]


@settings(deadline=None)
@given(days(), st.integers(-20, 20), st.integers(0, 600))
def test_a_feasible_position_is_never_filtered_out(day: Problem, at: int, service_s: int) -> None:
    assume(day.couriers)
    courier = day.couriers[0]
    new = a_stop("new", at, service_s=service_s)
    travel = line_travel(day, [new.place])
    order: list[Visit] = with_breaks(courier, day.stops, travel)
    assume(order)
    slacks = slacks_s(courier, order, earliest_route(courier, order, travel))
    kept = positions_by_detour(courier, order, new, slacks, travel)
    for position in range(len(order) + 1):
        longer = [*order[:position], new, *order[position:]]
        stops = {visit.id: visit for visit in longer if isinstance(visit, Stop)}
        if not check_route(stops, travel, courier, earliest_route(courier, longer, travel)):
            assert position in kept


def test_a_break_is_pushed_back_no_further_than_its_window() -> None:
    lunch = a_break(0, 200)
    anna = a_courier(breaks=(lunch,))
    stops = (a_stop("a", 1), a_stop("b", 2))
    order: list[Visit] = [stops[0], lunch, stops[1]]
    travel = line_travel(Problem(stops, (anna,)))
    assert slacks_s(anna, order, earliest_route(anna, order, travel))[:2] == [80, 80]
