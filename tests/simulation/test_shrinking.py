"""A violation's story becomes shorter, and still is a story of that violation."""

import pytest

from firmware_sim.world.chronicle import Violation
from firmware_sim.world.shrinking import shrink
from firmware_sim.world.world import Plan, Result, run_world
from tests.simulation.mutants import planted
from tests.simulation.planted import BUGS

EVERY_HOUR_S = 3_600.0


def outcome(plan: Plan, *violations: Violation) -> Result:
    return Result(plan, 1, {}, {}, violations, 0, "")


def needs_two_lockers_and_cuts(plan: Plan) -> Result:
    """Break invariant 3 an hour into every world of two lockers with power cuts, and another one in any world."""
    broken = plan.lockers >= 2 and plan.hours >= 1 and "power" not in plan.without
    wanted = Violation(3, plan.begin_s + EVERY_HOUR_S, "lost")
    return outcome(plan, wanted if broken else Violation(7, plan.begin_s, "something else"))


def test_only_what_the_violation_needs_is_left() -> None:
    found = shrink(Plan(4, lockers=5, hours=48), needs_two_lockers_and_cuts)

    assert found is not None
    assert found.violation.invariant == 3
    assert found.plan.lockers == 2
    assert 1 <= found.plan.hours < 1.1
    assert "power" not in found.plan.without
    assert {"hostile", "weather", "act"} <= set(found.plan.without)
    assert found.plan.begin_h == 0


def test_a_world_that_breaks_nothing_has_no_shorter_story() -> None:
    assert shrink(Plan(4), outcome) is None


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_story_of_a_planted_bug_becomes_shorter() -> None:
    bug = next(one for one in BUGS if one.name == "effects before the commit")
    with planted(bug):
        found = shrink(Plan(bug.seed, lockers=3, hours=8))
        assert found is not None
        again = run_world(found.plan)

    assert again.violations[0].invariant == found.violation.invariant == 1
    assert found.plan.hours < 4
    assert found.plan.without
    assert run_world(found.plan).violations == ()
