"""What was there by when."""

from bench.routing.curve import Kept, Point, judged, seconds_to
from cloud.routing.joint.instance import Answer
from tests.unit.cloud.routing.joint.builders import an_instance

POINTS = [Point(1.0, 3, 120), Point(2.0, 2, 130), Point(3.0, 2, 104), Point(4.0, 2, 100)]


def test_the_gap_is_reached_with_the_fleet_of_the_best_known() -> None:
    assert seconds_to(POINTS, 2, 105) == 3.0
    assert seconds_to(POINTS, 2, 99) is None


def test_a_smaller_fleet_beats_any_distance() -> None:
    assert seconds_to(POINTS, 3, 90) == 2.0


def test_where_vehicles_do_not_count_only_the_cost_does() -> None:
    assert seconds_to(POINTS, None, 120) == 1.0


def test_of_many_solutions_between_two_marks_the_last_is_kept() -> None:
    moments = iter([0.02, 0.0201, 0.0202, 0.5])
    kept: Kept[str] = Kept(lambda: next(moments), 0.0)
    for name in ("a", "b", "c", "d"):
        kept.add(name)
    assert kept.in_order() == [(0.0202, "c"), (0.5, "d")]


def test_only_what_the_checker_passes_is_a_point() -> None:
    good, bad = Answer(((0, (0, 2, 4)),)), Answer(((0, (0, 2)),))
    assert judged(an_instance(), [(0.1, bad), (0.2, good)]) == [Point(0.2, 1, 6)]
