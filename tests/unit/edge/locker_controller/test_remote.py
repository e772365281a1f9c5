"""Support opens a door from afar: what is obeyed, and everything that is not."""

from typing import Any

import pytest

from contract.commands import RefusalReason
from contract.events import (
    CommandAccepted,
    CommandRefused,
    DoorClosed,
    DoorOpened,
    MessageRefused,
    OpenNotDetected,
    ReleaseIntended,
)
from contract.ids import CompartmentLabel, LockerId, MessageId
from contract.state import TimeQuality
from edge.locker_controller.effects import PublishState
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Idle, NotOpened, RemoteOpening
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    DAY,
    HOUR,
    NOON_S,
    Scene,
    boot_id,
    kinds,
    name,
    only,
    parcel,
    releases,
    remote_open,
)


def reason_of(scene: Scene, **changed: Any) -> str:
    """Return why a command that is wrong in one thing was refused, having checked that no lock moved."""
    decision = scene.hears(remote_open(A01, **changed))
    assert releases(decision) == []
    (event,) = decision.events
    assert isinstance(event, CommandRefused | MessageRefused)
    return event.reason


def test_a_good_command_opens_its_door_and_names_its_cause() -> None:
    scene = Scene()
    scene.puts_in("P")
    decision = scene.hears(remote_open(A02))
    assert decision.events == (
        CommandAccepted(name("open 1")),
        ReleaseIntended(scene.intent, A02, "remote", parcel("P")),
    )
    assert decision.cause == name("open 1")
    assert PublishState() in decision.effects
    assert scene.screen() == RemoteOpening(A02, door_open=False)
    scene.lock_answers()
    assert scene.door_opens(A02).events == (DoorOpened(A02, scene.intent, name("open 1")),)
    assert scene.screen() == RemoteOpening(A02, door_open=True)
    assert kinds(scene.door_closes(A02)) == [DoorClosed]
    assert scene.inside() == {A02: parcel("P")}
    assert isinstance(scene.screen(), Idle)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"aud": LockerId("WAW-02")}, RefusalReason.WRONG_LOCKER),
        ({"expires_at": 0}, RefusalReason.EXPIRED),
        ({"boot_nonce": boot_id(0)}, RefusalReason.WRONG_BOOT),
        ({"counter": 0}, RefusalReason.COUNTER_TOO_LOW),
        ({"compartment": CompartmentLabel("Z99")}, RefusalReason.UNKNOWN_COMPARTMENT),
    ],
)
def test_a_command_that_is_wrong_in_one_thing_opens_nothing(changed: dict[str, Any], reason: str) -> None:
    assert reason_of(Scene(), **changed) == reason


def test_a_command_held_back_opens_nothing_though_the_clock_was_put_back_meanwhile() -> None:
    scene = Scene()
    scene.wall_leap_s = -DAY
    scene.signers_s = NOON_S + 61
    assert reason_of(scene, expires_at=NOON_S + 60) == RefusalReason.EXPIRED


def test_a_repeated_command_opens_nothing() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.swings(A01)
    scene.ms += 10_000
    assert reason_of(scene) == RefusalReason.REPLAYED


def test_a_command_sent_again_under_a_new_id_opens_nothing() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.swings(A01)
    scene.ms += 10_000
    assert reason_of(scene, id=MessageId(name("another"))) == RefusalReason.COUNTER_TOO_LOW


def test_a_command_of_the_last_boot_opens_nothing() -> None:
    scene = Scene()
    scene.restarts()
    assert reason_of(scene) == RefusalReason.WRONG_BOOT


def test_a_command_for_another_boot_makes_the_locker_say_anew_which_boot_this_is() -> None:
    scene = Scene()
    assert PublishState() in scene.hears(remote_open(A01, boot_nonce=boot_id(7))).effects
    assert PublishState() not in scene.hears(remote_open(A01, counter=0)).effects


def test_the_counter_survives_a_restart() -> None:
    scene = Scene()
    scene.hears(remote_open(A01, counter=7))
    scene.swings(A01)
    scene.restarts(after_s=60)
    late = {"id": MessageId(name("late")), "boot_nonce": boot_id(2)}
    assert reason_of(scene, counter=7, **late) == RefusalReason.COUNTER_TOO_LOW


def test_two_openings_keep_five_seconds_between_them() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.swings(A01)
    scene.ms += 4_000
    assert reason_of(scene, counter=2) == RefusalReason.TOO_SOON
    scene.ms += 1_000
    assert releases(scene.hears(remote_open(A01, counter=3))) == [A01]


def test_ten_openings_an_hour_are_enough_also_across_a_restart() -> None:
    scene = Scene()
    for counter in range(1, 11):
        scene.hears(remote_open(A01, counter=counter))
        scene.swings(A01)
        scene.ms += 10_000
    scene.restarts()
    scene.ms += 5_000
    again = {"boot_nonce": boot_id(2)}
    assert reason_of(scene, counter=11, **again) == RefusalReason.TOO_MANY
    scene.ms += HOUR * 1000
    assert releases(scene.hears(remote_open(A01, counter=12, **again))) == [A01]
    assert len(scene.state.remote.opens_ms) == 1


def test_somebody_being_served_is_not_disturbed() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    assert reason_of(scene) == RefusalReason.BUSY
    scene.lock_answers()
    scene.door_opens(A02)
    assert reason_of(scene, counter=2) == RefusalReason.BUSY


def test_no_second_door_is_opened_while_one_stands_open() -> None:
    scene = Scene()
    scene.door_opens(A02)
    assert reason_of(scene) == RefusalReason.DOOR_OPEN


def test_a_cut_sensor_does_not_block_the_other_doors() -> None:
    scene = Scene()
    scene.door_opens(A02)
    scene.ticks(after_s=3600)
    assert scene.suspects() == {A02}
    assert releases(scene.hears(remote_open(A01))) == [A01]


def test_no_clock_and_no_signature_shortens_the_limits() -> None:
    scene = Scene()
    for counter in range(1, 11):
        scene.hears(remote_open(A01, counter=counter, expires_at=2**40))
        scene.swings(A01)
        scene.ms += 10_000
    scene.wall_leap_s = 400 * DAY  # what a cloud in the wrong hands says the time is
    assert reason_of(scene, counter=11, expires_at=2**40) == RefusalReason.TOO_MANY
    scene.wall_leap_s = -400 * DAY
    scene.ms += HOUR * 1000
    assert releases(scene.hears(remote_open(A01, counter=12, expires_at=2**40))) == [A01]


def test_the_time_without_power_does_not_count_for_the_limits() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.swings(A01)
    scene.restarts(after_s=HOUR)
    again = {"boot_nonce": boot_id(2), "expires_at": 2**40}
    assert reason_of(scene, counter=2, **again) == RefusalReason.TOO_SOON
    scene.ms += 5_000
    assert releases(scene.hears(remote_open(A01, counter=3, **again))) == [A01]


def test_openings_no_limit_counts_any_more_are_forgotten_and_do_not_come_back_with_a_restart() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.swings(A01)
    scene.ticks(after_s=1)
    assert len(scene.state.remote.opens_ms) == 1
    scene.ticks(after_s=HOUR)
    assert not scene.state.remote.opens_ms
    assert scene.state.remote.counter == 1


def test_a_door_that_does_not_open_is_said_so_and_taps_there_change_nothing() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    assert only(scene.stays_shut(), OpenNotDetected).compartment == A01
    assert scene.screen() == NotOpened(A01, "remote", again=True, seconds=60)
    scene.ticks(after_s=60)
    assert scene.state.task is None


def test_a_passer_by_cannot_answer_for_support() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.lock_answers()
    scene.door_opens(A01)
    assert scene.taps(Answer.DONE).events == ()
    assert scene.state.task is not None


def test_a_door_support_left_open_does_not_block_the_locker() -> None:
    scene = Scene()
    scene.hears(remote_open(A01))
    scene.lock_answers()
    scene.door_opens(A01)
    scene.ticks(after_s=300)
    assert scene.state.task is None


def test_a_late_command_is_refused_by_the_time_the_machine_has_been_running_though_no_clock_says_so() -> None:
    scene = Scene(quality=TimeQuality.UNTRUSTED)
    late = remote_open(A01, until_uptime_ms=scene.ms + 60_000)
    scene.ms += 60_001
    assert scene.hears(late).events == (CommandRefused(late.id, RefusalReason.EXPIRED),)
    in_time = remote_open(A01, counter=2, until_uptime_ms=scene.ms)
    assert releases(scene.hears(in_time)) == [A01]
