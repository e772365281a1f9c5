"""Breaks are taken where they cost least: in a wait that is there anyway, and never where they make anybody late."""

from hypothesis import HealthCheck, given, settings

from cloud.routing.checker import check_route
from cloud.routing.problem import Problem, Stop, TimeWindow
from cloud.routing.resting import rested
from cloud.routing.schedule import earliest_route, schedule, with_breaks
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, days, line_travel

LUNCH = a_break(1_000, 6_500, 1_800)
EARLY, LATE = a_stop("early", 5), a_stop("late", 10, windows=(TimeWindow(6_000, 6_600),))


def test_a_break_is_taken_while_the_van_waits() -> None:
    anna = a_courier(breaks=(LUNCH,), shift=TimeWindow(0, 7_000))
    day = Problem((EARLY, LATE), (anna,))
    travel, stops = line_travel(day), day.stop_by_id()
    order = rested(anna, day.stops, stops, travel)

    assert order == [EARLY, LUNCH, LATE]
    assert check_route(stops, travel, anna, schedule(anna, order, travel)) == ()
    assert check_route(stops, travel, anna, schedule(anna, with_breaks(anna, day.stops, travel), travel))


def test_without_waiting_it_stays_as_late_as_may_be() -> None:
    anna = a_courier(breaks=(a_break(300, 700, 600),))
    near = tuple(a_stop(f"s{at}", at) for at in range(1, 12))
    travel = line_travel(Problem(near, (anna,)))

    assert rested(anna, near, {one.id: one for one in near}, travel) == with_breaks(anna, near, travel)


def test_who_has_no_break_keeps_the_order() -> None:
    assert rested(a_courier(), [EARLY], {EARLY.id: EARLY}, line_travel(Problem((EARLY,), (a_courier(),)))) == [EARLY]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=days())
def test_it_is_never_worse_than_as_late_as_may_be(day: Problem) -> None:
    travel, stops = line_travel(day), day.stop_by_id()
    for courier in day.couriers:
        order: list[Stop] = [stops[one] for one in courier.locked]
        order += [stop for stop in day.stops if stop.id not in courier.locked]
        if not order:
            continue
        found = earliest_route(courier, rested(courier, order, stops, travel), travel)
        late = earliest_route(courier, with_breaks(courier, order, travel), travel)
        faults = [len(check_route(stops, travel, courier, one)) for one in (found, late)]
        assert (faults[0], found.end_s) <= (faults[1], late.end_s)
