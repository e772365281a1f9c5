from cloud.routing.lateness import LATE_CENTS_PER_MINUTE
from cloud.routing.problem import Problem, Soft, StopId, TimeWindow
from cloud.routing.replan import Position, replan_rest
from cloud.routing.validation import validate
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel, on_line

ANNA = a_courier(breaks=(a_break(0, 900), a_break(9_000, 9_900, name="tea")), stops_max=5, distance_m_max=9_000)
ALICE = a_stop("a", 1)


def test_the_rest_of_the_day_begins_here_and_now_with_what_is_left_of_the_limits() -> None:
    here = Position(4_000, on_line(3), 2, frozenset({"lunch"}), 1_500, 200, (StopId("a"),))
    travel = line_travel(Problem((ALICE,), (ANNA,)), [on_line(3)])
    rest = replan_rest(ANNA, here, [ALICE], travel)
    (courier,) = rest.problem.couriers
    assert (courier.start, courier.end, courier.shift) == (on_line(3), ANNA.end, TimeWindow(4_000, 36_000))
    assert (courier.stops_max, courier.distance_m_max, courier.drive_s_max) == (3, 7_500, None)
    assert [pause.id for pause in courier.breaks] == ["tea"]
    assert (courier.costs.fixed_cents, courier.under_way, courier.locked) == (0, True, ("a",))
    assert validate(rest.problem) == ()


def test_a_promise_that_cannot_be_kept_is_named_and_the_stop_stays() -> None:
    stops = [a_stop("gone", 9, windows=(TimeWindow(0, 500),)), a_stop("fine", 9, windows=(TimeWindow(0, 5_000),))]
    travel = line_travel(Problem(tuple(stops), (ANNA,)))
    rest = replan_rest(ANNA, Position(0, ANNA.start or on_line(0)), stops, travel)
    assert rest.late == ("gone",)
    assert [stop.windows for stop in rest.problem.stops] == [(TimeWindow(0, 36_000),), (TimeWindow(0, 5_000),)]
    assert [stop.soft for stop in rest.problem.stops] == [Soft(500, LATE_CENTS_PER_MINUTE), None]
    assert validate(rest.problem) == ()


def test_a_shift_that_is_over_leaves_a_valid_problem() -> None:
    rest = replan_rest(ANNA, Position(40_000, on_line(1)), [], line_travel(Problem((), (ANNA,)), [on_line(1)]))
    assert rest.problem.couriers[0].shift == TimeWindow(40_000, 40_000)
    assert validate(rest.problem) == ()
