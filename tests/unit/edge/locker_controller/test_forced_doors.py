"""Doors that open unasked: one is a thief or a cable, three are the whole machine's matter."""

from contract.events import AlarmRaised, DoorForced, DoorLeftOpen, DoorOpened
from edge.locker_controller.effects import Buzz, Pattern
from edge.locker_controller.limits import MASS_OPEN_DOORS
from edge.locker_controller.screens import Idle
from tests.unit.edge.locker_controller.builders import A01, A02, A03, A04, OPEN, Scene, kinds, parcel


def test_a_door_with_a_parcel_behind_it_found_open_at_the_start_was_forced() -> None:
    scene = Scene()
    label = scene.puts_in("P")
    scene.levels[label] = OPEN

    decision = scene.restarts()

    assert DoorForced(label) in decision.events
    assert Buzz(label, Pattern.ALARM) in decision.effects


def test_an_empty_compartment_found_open_at_the_start_is_only_open() -> None:
    scene = Scene()
    scene.levels[A01] = OPEN

    decision = scene.restarts()

    assert DoorOpened(A01) in decision.events
    assert DoorForced not in kinds(decision)


def test_a_sensor_that_is_not_believed_forces_no_door() -> None:
    scene = Scene()
    label = scene.puts_in("P")
    scene.door_opens(label)
    scene.ticks(after_s=3600)
    assert scene.suspects() == {label}

    assert DoorForced not in kinds(scene.restarts())


def test_three_doors_open_unasked_are_one_alarm_and_the_screen_says_so() -> None:
    scene = Scene()
    scene.door_opens(A01)
    assert AlarmRaised not in kinds(scene.door_opens(A02))
    assert scene.screen() == Idle(online=False, full=False)

    decision = scene.door_opens(A03)

    assert [one.alarm for one in decision.events if isinstance(one, AlarmRaised)] == ["mass_open"]
    assert AlarmRaised not in kinds(scene.door_opens(A04))
    assert scene.screen() == Idle(online=False, full=True, opened=True)


def test_doors_that_are_shut_again_are_no_news() -> None:
    scene = Scene()
    for label in (A01, A02, A03)[:MASS_OPEN_DOORS]:
        scene.door_opens(label)
    scene.door_closes(A01)

    assert scene.screen() == Idle(online=False, full=False)


def test_a_sensor_found_out_to_be_lying_is_silent_from_then_on() -> None:
    scene = Scene()
    label = scene.puts_in("P")
    scene.door_opens(label)  # a cable was cut: the buzzer sounds

    decision = scene.types("P")  # the recipient's code opens all the same, and the sensor is not believed any more

    assert Buzz(label, Pattern.OFF) in decision.effects


def test_a_door_its_recipient_leaves_open_names_the_parcel() -> None:
    scene = Scene()
    label = scene.puts_in("P")
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(label)

    decision = scene.ticks(after_s=60)

    assert DoorLeftOpen(label, 60, parcel("P")) in decision.events
