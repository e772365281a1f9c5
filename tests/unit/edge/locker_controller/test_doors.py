"""What the sensors say when nobody asked: forced, left open, cut, mute, all at once."""

import pytest

from contract.events import DoorClosed, DoorForced, DoorLeftOpen, DoorOpened, SensorSuspected
from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan
from contract.sizes import SizeClass
from edge.locker_controller.effects import Buzz, Pattern, PublishReport
from edge.locker_controller.inputs import Answer, DoorSensed, PassShown
from edge.locker_controller.limits import EVENTS_PER_DECISION_MAX
from edge.locker_controller.screens import CloseDoor, Idle
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    DAY,
    NOON_S,
    OPEN,
    UNKNOWN,
    Scene,
    courier_pass,
    drop_off,
    kinds,
    releases,
)


def test_a_door_that_opens_unasked_was_forced() -> None:
    scene = Scene()
    decision = scene.door_opens(A01)
    assert decision.events == (DoorOpened(A01), DoorForced(A01))
    assert decision.effects == (Buzz(A01, Pattern.ALARM), PublishReport())
    assert isinstance(scene.screen(), Idle)


def test_closing_a_forced_door_ends_the_alarm() -> None:
    scene = Scene()
    scene.door_opens(A01)
    decision = scene.door_closes(A01)
    assert decision.events == (DoorClosed(A01),)
    assert Buzz(A01, Pattern.OFF) in decision.effects


def test_a_door_forced_twice_is_forced_twice() -> None:
    scene = Scene()
    scene.door_opens(A01)
    scene.door_closes(A01)
    assert DoorForced in kinds(scene.door_opens(A01))


def test_a_door_needs_no_edge_to_be_noticed() -> None:
    scene = Scene()
    scene.levels[A01] = OPEN
    assert kinds(scene.ticks(after_s=1)) == [DoorOpened, DoorForced]


def test_the_same_level_again_means_nothing() -> None:
    scene = Scene()
    before = scene.state
    assert scene.door_closes(A01).state is before


def test_a_sensor_of_no_compartment_is_passed_over() -> None:
    scene = Scene()
    before = scene.state
    assert scene.give(DoorSensed(CompartmentLabel("Z99"), OPEN)).state is before
    scene.levels[CompartmentLabel("Z99")] = OPEN
    assert scene.ticks().events == ()


def test_a_moment_of_unknown_moves_no_door() -> None:
    scene = Scene()
    assert scene.senses(A01, UNKNOWN).events == ()
    assert scene.door_closes(A01).events == ()
    scene.door_opens(A01)
    scene.senses(A01, UNKNOWN)
    assert kinds(scene.door_opens(A01)) == []
    assert kinds(scene.door_closes(A01)) == [DoorClosed]


def test_a_door_left_open_is_told_to_everybody() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.ticks(after_s=59).events == ()
    decision = scene.ticks(after_s=1)
    assert decision.events == (DoorLeftOpen(A02, 60),)
    assert decision.effects == (Buzz(A02, Pattern.LEFT_OPEN),)
    assert scene.screen() == CloseDoor(A02, 60)
    assert Buzz(A02, Pattern.OFF) in scene.door_closes(A02).effects


def test_the_warnings_come_less_and_less_often_and_end() -> None:
    scene = Scene()
    scene.door_opens(A01)
    warned_s = [
        event.open_s for _ in range(3590) for event in scene.ticks(after_s=1).events if isinstance(event, DoorLeftOpen)
    ]
    assert warned_s == [60, 120, 240, 480, 960, 1920]


def test_a_door_open_for_an_hour_is_a_cut_sensor_and_takes_no_parcels() -> None:
    scene = Scene()
    scene.door_opens(A02)
    decision = scene.ticks(after_s=3600)
    assert decision.events == (SensorSuspected(A02, "open"),)
    assert Buzz(A02, Pattern.OFF) in decision.effects
    scene.door_closes(A02)
    assert scene.ticks(after_s=1).events == ()
    scene.give(PassShown(courier_pass(drop_off("P"), until_s=NOON_S + DAY)))
    assert releases(scene.scans("P")) == [A03]


def test_a_sensor_that_is_mute_for_a_minute_is_suspected_once() -> None:
    scene = Scene()
    scene.senses(A01, UNKNOWN)
    assert scene.ticks(after_s=59).events == ()
    assert scene.ticks(after_s=1).events == (SensorSuspected(A01, "unknown"),)
    assert scene.ticks(after_s=60).events == ()


def test_a_screen_does_not_wait_for_an_open_door_for_ever() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.taps(Answer.CANCEL)
    scene.ticks(after_s=300)
    assert scene.state.task is None
    assert not isinstance(scene.screen(), CloseDoor)


@pytest.mark.parametrize("doors", [10, 400])
def test_a_mass_opening_is_told_door_by_door_in_batches_that_fit(doors: int) -> None:
    wall = tuple(CompartmentPlan(CompartmentLabel(f"B{n}"), SizeClass.M) for n in range(doors))
    scene = Scene(wall)
    scene.journal.clear()
    scene.levels = dict.fromkeys(scene.levels, OPEN)
    decisions = [scene.ticks(after_s=1) for _ in range(10)]
    assert max(len(decision.events) for decision in decisions) <= EVENTS_PER_DECISION_MAX
    assert sum(isinstance(event, DoorForced) for event in scene.journal) == doors


def test_a_mass_left_open_is_told_in_batches_that_fit() -> None:
    wall = tuple(CompartmentPlan(CompartmentLabel(f"B{n}"), SizeClass.M) for n in range(400))
    scene = Scene(wall)
    scene.levels = dict.fromkeys(scene.levels, OPEN)
    for _ in range(10):
        scene.ticks(after_s=1)
    scene.ms += 60_000
    scene.journal.clear()
    decisions = [scene.ticks(after_s=1) for _ in range(4)]
    assert max(len(decision.events) for decision in decisions) <= EVENTS_PER_DECISION_MAX
    assert sum(isinstance(event, DoorLeftOpen) for event in scene.journal) == 400
