from cloud.routing.plan import StepKind, cost_cents
from cloud.routing.problem import Costs, Problem, Reload, TimeWindow
from cloud.routing.schedule import schedule, with_breaks
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel, on_line


def _line(courier_end: int = 20) -> Problem:
    return Problem(tuple(a_stop(f"x{number}", number) for number in range(-5, courier_end)), ())


def test_the_courier_leaves_as_late_as_the_end_allows_so_that_waiting_is_not_paid() -> None:
    stop = a_stop("a", 10, windows=(TimeWindow(5_000, 6_000),))
    anna = a_courier()
    route = schedule(anna, [stop], line_travel(Problem((stop,), (anna,))))
    assert (route.depart_s, route.steps[1].arrival_s, route.steps[1].wait_s) == (4_400, 5_000, 0)
    assert route.end_s == 5_660


def test_a_courier_under_way_leaves_now_and_waits_there() -> None:
    stop = a_stop("a", 10, windows=(TimeWindow(5_000, 6_000),))
    anna = a_courier(under_way=True)
    route = schedule(anna, [stop], line_travel(Problem((stop,), (anna,))))
    assert (route.depart_s, route.steps[1].wait_s) == (0, 4_400)


def test_without_windows_the_courier_leaves_when_the_shift_begins() -> None:
    stop, anna = a_stop("a", 10), a_courier(shift=TimeWindow(700, 9_000))
    route = schedule(anna, [stop], line_travel(Problem((stop,), (anna,))))
    assert (route.depart_s, route.end_s) == (700, 700 + 600 + 60 + 600)


def test_a_break_in_the_middle_of_a_leg_splits_the_driving() -> None:
    stop = a_stop("a", 20)
    anna = a_courier(breaks=(a_break(300, 400),))
    route = schedule(anna, [anna.breaks[0], stop], line_travel(Problem((stop,), (anna,))))
    assert [(step.kind, step.drive_s, step.begin_s) for step in route.steps[1:3]] == [
        (StepKind.BREAK, 300, 300),
        (StepKind.STOP, 900, 3_000),
    ]


def test_the_second_window_is_used_when_the_first_has_closed() -> None:
    stop = a_stop("a", 10, windows=(TimeWindow(0, 500), TimeWindow(900, 1_000)))
    anna = a_courier(under_way=True)
    route = schedule(anna, [stop], line_travel(Problem((stop,), (anna,))))
    assert route.steps[1].begin_s == 900


def test_a_break_nobody_owes_is_left_out() -> None:
    stop, anna = a_stop("a", 1), a_courier(breaks=(a_break(5_000, 6_000),))
    route = schedule(anna, [stop, anna.breaks[0]], line_travel(Problem((stop,), (anna,))))
    assert [step.kind for step in route.steps] == [StepKind.START, StepKind.STOP, StepKind.END]


def test_a_break_is_put_in_as_late_as_its_window_allows() -> None:
    anna = a_courier(breaks=(a_break(0, 500, 100),))
    order = with_breaks(anna, [a_stop("x4", 4), a_stop("x7", 7), a_stop("x12", 12)], line_travel(_line()))
    assert [visit.id for visit in order if not isinstance(visit, Reload)] == ["x4", "lunch", "x7", "x12"]


def test_an_open_route_ends_at_its_last_stop_and_starts_at_its_first() -> None:
    stop, anna = a_stop("a", 5), a_courier(start=None, end=on_line(6))
    route = schedule(anna, [stop], line_travel(Problem((stop,), (anna,))))
    assert [step.kind for step in route.steps] == [StepKind.STOP, StepKind.END]
    assert (route.distance_m, route.drive_s) == (500, 60)


def test_cost_is_rounded_once_and_half_up() -> None:
    costs = Costs(fixed_cents=10, per_hour_cents=1, per_km_cents=1, per_stop_cents=3)
    assert cost_cents(costs, 900, 250, 2) == 10 + 6 + 1
    assert cost_cents(costs, 900, 249, 2) == 10 + 6 + 0
