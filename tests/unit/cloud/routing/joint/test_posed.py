"""What the search is told of a day: breaks it does not know shorten what it may promise."""

from cloud.routing.joint.day import JointDay
from cloud.routing.joint.posed import build
from cloud.routing.problem import Courier, Problem, Stop, TimeWindow
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel


def latest_begins(stop: Stop, *couriers: Courier) -> list[int]:
    day = JointDay(couriers, (stop,))
    posed = build(day, line_travel(Problem(day.stops, day.couriers)))
    return [posed.instance.locations[option.location].due for option in posed.instance.options]


def test_a_window_after_a_break_ends_earlier_by_the_break() -> None:
    stop = a_stop(windows=(TimeWindow(1_000, 1_500), TimeWindow(8_000, 12_000)))

    assert latest_begins(stop, a_courier(breaks=(a_break(4_000, 6_000, 1_800),))) == [1_500, 10_200]


def test_the_longest_break_of_all_vans_counts_as_nobody_knows_who_comes() -> None:
    short, long = a_courier(breaks=(a_break(0, 900, 600),)), a_courier("ben", breaks=(a_break(0, 900, 1_200),))

    assert latest_begins(a_stop(windows=(TimeWindow(5_000, 9_000),)), short, long) == [7_800]


def test_a_short_window_keeps_its_beginning() -> None:
    stop = a_stop(windows=(TimeWindow(8_000, 8_100),))

    assert latest_begins(stop, a_courier(breaks=(a_break(0, 900, 1_800),))) == [8_000]


def test_without_breaks_windows_stay_as_they_are() -> None:
    assert latest_begins(a_stop(windows=(TimeWindow(8_000, 8_100),)), a_courier()) == [8_100]
