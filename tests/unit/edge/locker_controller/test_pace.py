"""Nobody goes through a locker in a minute, whoever signed the codes."""

import pytest

from contract.events import AlarmRaised
from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan
from contract.sizes import SizeClass
from edge.locker_controller.limits import PICK_UPS_PER_MINUTE_MAX
from edge.locker_controller.screens import Refused, Why
from tests.unit.edge.locker_controller.builders import Scene, kinds, releases, stored

WALL = tuple(CompartmentPlan(CompartmentLabel(f"A{number:02d}"), SizeClass.M) for number in range(1, 13))
INSIDE = "abcdefghijkl"


@pytest.fixture
def scene() -> Scene:
    """Return a full locker, long after the couriers."""
    scene = Scene(WALL)
    for one in INSIDE:
        scene.puts_in(one)
    scene.ticks(after_s=120)
    for one in INSIDE[:PICK_UPS_PER_MINUTE_MAX]:
        (label,) = releases(scene.shows(one))
        scene.swings(label)
        scene.ms += 2_000
    return scene


def test_the_ninth_pick_up_of_a_minute_waits_and_alarms_once(scene: Scene) -> None:
    decision = scene.types(INSIDE[8])
    assert (releases(decision), kinds(decision)) == ([], [AlarmRaised])
    assert scene.screen() == Refused(Why.BUSY)
    assert scene.shows(INSIDE[9]).events == ()


def test_a_minute_later_everybody_is_served_again(scene: Scene) -> None:
    scene.shows(INSIDE[8])
    scene.ticks(after_s=60)
    assert len(releases(scene.shows(INSIDE[8]))) == 1
    assert len(scene.state.pace_ms) == 1


def test_a_pulled_plug_does_not_shorten_the_minute(scene: Scene) -> None:
    assert stored(scene.state).pace_ms == scene.state.pace_ms
    scene.restarts(after_s=3600)
    assert releases(scene.shows(INSIDE[8])) == []
    scene.ms += 60_000
    assert len(releases(scene.shows(INSIDE[8]))) == 1


def test_a_right_code_that_has_to_wait_is_no_guess(scene: Scene) -> None:
    scene.types("wrong")
    scene.types(INSIDE[8])
    assert scene.state.lockout.misses == 1


def test_a_minute_after_the_last_nothing_of_it_is_kept(scene: Scene) -> None:
    scene.ticks(after_s=30)
    assert scene.state.pace_ms
    scene.ticks(after_s=60)
    assert not scene.state.pace_ms
