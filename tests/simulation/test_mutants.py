"""A checker that cannot fail is worthless: planted bugs are caught, and the product without them is not accused."""

import pytest

from tests.simulation.mutants import SEEDS, clock, hunt, planted
from tests.simulation.planted import BUGS, Bug

ENOUGH = 20  # issue 3 asks for at least so many


def test_there_are_enough_planted_bugs_and_each_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= ENOUGH


def test_a_planted_bug_is_gone_after_its_world() -> None:
    class Thing:
        answer = 1

    with planted(Bug("wrong answer", lambda: [(Thing, "answer", 2)])):
        assert Thing.answer == 2

    assert Thing.answer == 1


def test_a_time_is_told_in_hours_minutes_and_seconds() -> None:
    assert clock(3_723.4) == "1 h 02 min 03 s"


@pytest.mark.night
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_planted_bug_is_caught(bug: Bug) -> None:
    assert hunt(bug, SEEDS) is not None
