"""An answer beside the best known one, and many together."""

from bench.child import Ended
from bench.routing.curve import Point
from bench.routing.instances import BestKnown
from bench.routing.race import Raced, best, heard
from bench.routing.score import best_seen, score, summarise
from cloud.routing.joint.instance import Answer
from tests.unit.cloud.routing.joint.builders import an_instance

HOME_ALL = Answer(((0, (0, 2, 4)),))  # six minutes
TWO_VANS = Answer(((0, (0, 2)), (1, (4,))))  # four and six
NOBODY = Answer((), (0, 1, 2))


def test_the_gap_is_in_per_cent_of_the_best_distance() -> None:
    found = score(an_instance(), "joint", Raced(TWO_VANS), BestKnown(8.0))
    assert found.gap == 25.0
    assert found.row()["gap"] == 25.0
    assert found.over == 0


def test_more_vehicles_than_the_best_known_are_said() -> None:
    found = score(an_instance(fewest_vehicles=True), "joint", Raced(TWO_VANS), BestKnown(10.0, 1))
    assert (found.over, found.gap) == (1, 0.0)


def test_what_breaks_a_rule_has_no_gap() -> None:
    found = score(an_instance(), "joint", Raced(NOBODY, error="it fell over"), BestKnown(6.0))
    assert not found.feasible
    assert found.row()["gap"] is None
    assert found.row()["error"] == "it fell over"
    assert "must be served" in found.faults[0]


def test_where_nothing_is_known_the_line_speaks_of_no_gap() -> None:
    assert "gap" not in score(an_instance(), "joint", Raced(HOME_ALL), None).row()


def test_the_distance_is_in_the_sources_unit() -> None:
    assert score(an_instance(scale=10), "joint", Raced(HOME_ALL), BestKnown(0.6)).distance == 0.6


def test_when_a_plan_within_each_gap_was_there() -> None:
    points = [Point(0.5, 1, 105), Point(1.0, 1, 102), Point(2.0, 1, 100)]
    found = score(an_instance(), "joint", Raced(HOME_ALL, points), BestKnown(100.0))
    assert found.to_gap == (0.5, 1.0, 2.0)


def test_the_mean_is_over_answers_at_the_best_knowns_fleet() -> None:
    day = an_instance(fewest_vehicles=True)
    known = BestKnown(6.0, 1)
    scores = [score(day, "x", Raced(one), known) for one in (HOME_ALL, TWO_VANS, NOBODY)]
    whole = summarise("x", scores)
    assert (whole.instances, whole.feasible, whole.compared) == (3, 2, 1)
    assert whole.gap == 0.0
    assert whole.over == 0.5
    assert whole.gap_all is not None
    assert round(whole.gap_all, 1) == 33.3
    assert whole.to_gap[0] == (0, None)


def test_nothing_solved_has_no_mean() -> None:
    assert summarise("x", []).gap is None


def test_the_best_of_a_run_is_the_best_that_keeps_the_rules() -> None:
    day = an_instance(fewest_vehicles=True)
    assert best_seen(day, [Raced(TWO_VANS), Raced(NOBODY), Raced(HOME_ALL)]) == BestKnown(6.0, 1)
    assert best_seen(day, [Raced(NOBODY)]) is None


def test_of_two_runs_the_better_answer_counts_and_both_took_memory() -> None:
    day = an_instance()
    both = best([Raced(TWO_VANS, [Point(2, 2, 10)], 3.0, 50), Raced(HOME_ALL, [Point(1, 1, 6)], 2.0, 60)], day)
    assert both.answer == HOME_ALL
    assert both.points == [Point(1, 1, 6), Point(2, 2, 10)]
    assert (both.seconds, both.memory_mb) == (3.0, 110)


def test_a_solver_that_was_ended_is_judged_by_what_it_had_said() -> None:
    said = {"routes": [[0, [0, 2, 4]]], "absent": [], "seconds": 0.7, "points": [], "memory_mb": 9}
    found = heard(an_instance(), Ended((said,), 9.0, 20, "exit -14"))
    assert found.answer == HOME_ALL
    assert found.points == [Point(0.7, 1, 6)]
    assert (found.seconds, found.error) == (0.7, "exit -14")


def test_a_solver_that_said_nothing_served_nobody() -> None:
    found = heard(an_instance(), Ended((), 9.0, 20, ""))
    assert found.answer == NOBODY
    assert found.error == "it said nothing"
