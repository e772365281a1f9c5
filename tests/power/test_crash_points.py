"""The power goes at every moment of every scenario, once each, and again during a sample of the recoveries.

A failure names the scenario, the moment and the command that tells its story. ``make crash-points`` cuts twice at every
pair of moments.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest

from tests.power.explaining import explained
from tests.power.forks import run, second_cuts, single_cuts, stage
from tests.power.rig import Rig, Scenario
from tests.power.scenarios import FIRST_DAY, SCENARIOS
from tests.simulation.mutants import planted
from tests.simulation.planted import Bug, Patch
from tests.survives import survived

ROW = f"Power cut at every commit, publish, acknowledgement and pin write, {len(SCENARIOS)} scenarios"
ROW_AGAIN = "Power cut again while the locker recovers from a power cut (a sample)"
SHOWN_BY = "tests/power/test_crash_points.py"
EVERY_SECOND = 23  # a prime, so that the sample does not fall into step with what repeats
MOVES_A_DOOR = ("drop-off", "pick-up", "collection", "remote open", "jam", "lockout")
SPOTS = {"before the commit", "after the commit", "before a publish", "after a publish"}
SPOTS |= {"before an acknowledgement", "after an acknowledgement"}
PIN = {"before the pin", "while current flows", "before the pin drops", "after the pin"}


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_wherever_the_power_goes(name: str) -> None:
    scenario = SCENARIOS[name]
    with stage(scenario, FIRST_DAY) as rig:
        calm = run(rig, scenario, ())
        assert (calm.violations, calm.moments) == ((), ())
        spots: set[str] = set()
        tried = 0
        for tried, outcome in single_cuts(rig, scenario):
            assert outcome.violations == (), explained(scenario, (tried,), outcome)
            spots.update(outcome.moments)
        again = _again(rig, scenario, tried)

    assert spots >= (SPOTS | PIN if name in MOVES_A_DOOR else SPOTS)
    survived(ROW, name, tried=tried, broken=0, shown_by=SHOWN_BY)
    survived(ROW_AGAIN, name, tried=again, broken=0, shown_by=SHOWN_BY)


def _again(rig: Rig, scenario: Scenario, moments: int) -> int:
    """Cut once in the middle of the scenario, and again in the course of the recovery; return how often."""
    tried = 0
    for cuts, outcome in second_cuts(rig, scenario, max(1, moments // 2), EVERY_SECOND):
        assert outcome.violations == (), explained(scenario, cuts, outcome)
        tried += 1
    return tried


def _silence_means_inside() -> Sequence[Patch]:
    dropoff: Any = import_module("edge.locker_controller.dropoff")
    return [(dropoff, "settle", dropoff.confirm)]


def _pulse_before_commit() -> Sequence[Patch]:
    """Perform what a decision asks for before it is stored."""
    controller: Any = import_module("edge.locker_controller.controller")
    do = controller.Controller._do

    async def early(self: Any, work: Any) -> None:
        moment = controller.Moment(self._time.now(), controller.MessageId(bytes(16)))
        for effect in self._decide(work.what, moment).effects:
            if isinstance(effect, controller.ReleaseLock):
                self._perform(effect)
        await do(self, work)

    return [(controller.Controller, "_do", early)]


def _pulses_again_by_itself() -> Sequence[Patch]:
    reconcile: Any = import_module("edge.locker_controller.reconcile")
    release: Any = import_module("edge.locker_controller.release")

    def again(draft: Any, task: Any) -> None:
        release.begin(draft, task.label, task.aim)

    return [(reconcile, "_unknown", again)]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("bug", "name"),
    [
        (Bug("silence after a power cut books the parcel in", _silence_means_inside), "courier leaves"),
        (Bug("the lock is pulsed before the intent is stored", _pulse_before_commit), "pick-up"),
        (Bug("a restart pulses again by itself", _pulses_again_by_itself), "pick-up"),
    ],
    ids=lambda one: one.name if isinstance(one, Bug) else one,
)
def test_the_rig_finds_what_it_is_there_for(bug: Bug, name: str) -> None:
    with planted(bug), stage(SCENARIOS[name], FIRST_DAY) as rig:
        assert any(outcome.violations for _, outcome in single_cuts(rig, SCENARIOS[name]))
