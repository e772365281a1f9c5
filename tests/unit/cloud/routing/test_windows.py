"""What is offered can be kept, what is not offered cannot, and the price is what the schedule says."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloud.routing.checker import check_route
from cloud.routing.lateness import LATE_CENTS_PER_MINUTE, softened
from cloud.routing.problem import HORIZON_S_MAX, Amounts, Problem, Stop, TimeWindow
from cloud.routing.schedule import earliest_route
from cloud.routing.windows import Running, cost_at, offers
from tests.unit.cloud.routing.builders import a_courier, a_stop, days, line_travel

MORNING, NOON = TimeWindow(0, 3_600), TimeWindow(3_600, 7_200)


ENDLESS = Amounts(1_000, 1_000_000, 1_000_000)


def _running(*order: Stop, **courier: object) -> Running:
    return Running(replace(a_courier(under_way=True), **courier), order)  # type: ignore[arg-type] # tests name their own


def test_every_window_that_can_be_kept_is_offered_with_the_place_it_costs_least() -> None:
    route = _running(a_stop("a", 5), a_stop("b", 10))
    new = a_stop("new", 7)
    first, second = offers(
        [route], new, [MORNING, NOON], line_travel(Problem(route.order, (route.courier,)), [new.place])
    )
    assert (first.position, first.begin_s, round(first.added_cents)) == (1, 5 * 60 + 60 + 2 * 60, 60)
    assert (second.window, second.begin_s) == (NOON, 3_600)


def test_a_window_nobody_can_keep_is_not_offered() -> None:
    route = _running(a_stop("a", 5), shift=TimeWindow(0, 4_000))
    new = a_stop("new", 7)
    travel = line_travel(Problem(route.order, (route.courier,)), [new.place])
    assert [one.window for one in offers([route], new, [TimeWindow(0, 60), MORNING, NOON], travel)] == [MORNING]


def test_the_cheaper_courier_gets_it_and_nobody_breaks_a_promise_for_it() -> None:
    far = _running(a_stop("a", -20))
    near = _running(a_stop("b", 9, windows=(TimeWindow(0, 9 * 60),)), a_stop("c", 12))
    new = a_stop("new", 6)
    travel = line_travel(Problem((*far.order, *near.order), (far.courier, near.courier)), [new.place])
    (offer,) = offers([far, near], new, [MORNING], travel)
    assert (offer.route, offer.position) == (1, 2)


def test_nothing_comes_before_the_locked_prefix() -> None:
    stops = a_stop("a", 9), a_stop("b", 12)
    route = _running(*stops, locked=(stops[0].id,))
    new = a_stop("new", 2)
    travel = line_travel(Problem(stops, (route.courier,)), [new.place])
    (offer,) = offers([route], new, [MORNING], travel)
    assert offer.position >= 1


def test_a_promise_that_is_lost_is_not_made_later_for_nothing() -> None:
    lost = a_stop("lost", 10, windows=(TimeWindow(0, 60),))
    route = _running(lost)
    new = a_stop("new", 5)
    travel = line_travel(Problem(route.order, (route.courier,)), [new.place])
    (offer,) = offers([route], new, [MORNING], travel)
    assert offer.position == 1  # on the way home; before it the same way would make it a minute later
    minute_s = new.service_s / 60
    assert cost_at(route, new, 0, travel) - offer.added_cents == LATE_CENTS_PER_MINUTE * minute_s


@pytest.mark.parametrize("under_way", [True, False])
def test_what_a_stop_costs_where_it_is_can_be_asked(*, under_way: bool) -> None:
    order = a_stop("a", 5), a_stop("b", 10)
    route = _running(*order, under_way=under_way)
    there, beyond = a_stop("there", 7), a_stop("beyond", 20)
    travel = line_travel(Problem(order, (route.courier,)), [there.place, beyond.place])
    assert round(cost_at(route, there, 1, travel)) == 60  # a minute at the door for 3,600 cents an hour
    assert round(cost_at(route, beyond, 2, travel)) == 60 + 20 * 60 + 1_000  # 20 steps more, 10 km at a 100 cents
    late = replace(there, windows=(TimeWindow(0, 1),))
    assert round(cost_at(route, late, 1, travel)) == 60


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(days(), st.integers(-20, 20), st.lists(st.integers(0, 30_000), min_size=1, max_size=4))
def test_an_offer_holds_by_the_checker_and_none_that_holds_is_missing(day: Problem, at: int, starts: list[int]) -> None:
    assume(day.couriers and day.stops)
    courier = replace(day.couriers[0], under_way=True, breaks=(), locked=(), stops_max=None, distance_m_max=None)
    courier = replace(courier, drive_s_max=None, detour_m_max=None, capacity=ENDLESS)
    courier = replace(courier, skills=frozenset({"heavy", "cold"}))
    new = a_stop("new", at)
    travel = line_travel(day, [new.place])
    base = earliest_route(courier, day.stops, travel)
    begins = {step.ref: step.begin_s for step in base.steps}
    order = tuple(_kept(stop, begins[stop.id]) for stop in day.stops)
    courier = replace(courier, shift=TimeWindow(courier.shift.start_s, max(base.end_s, courier.shift.end_s)))
    stops, before = {stop.id: stop for stop in order}, earliest_route(courier, order, travel)
    windows = [TimeWindow(start, start + 3_600) for start in starts]
    found = {one.window: one for one in offers([Running(courier, order)], new, windows, travel)}
    for window in windows:
        promised = replace(new, windows=(window,))
        feasible = {}
        for position in range(len(order) + 1):
            tried = (*order[:position], promised, *order[position:])
            route = earliest_route(courier, tried, travel)
            if not check_route({**stops, new.id: promised}, travel, courier, route):
                feasible[position] = route.cost_cents - before.cost_cents
        assert (window in found) == bool(feasible)
        if feasible:
            offer = found[window]
            assert abs(feasible[offer.position] - offer.added_cents) <= 1
            assert offer.added_cents <= min(feasible.values()) + 1


def _kept(stop: Stop, begin_s: int) -> Stop:
    """Return the stop with the one window it is served in, with a price instead of an end if it is late."""
    kept = tuple(one for one in stop.windows if one.start_s <= begin_s <= one.end_s)
    return replace(stop, windows=kept) if kept else softened(stop, HORIZON_S_MAX)
