"""The buzzer is loud for what is urgent, quiet for what is not, and silent once nothing is left to say."""

import pytest

from contract.state import Configuration, TimeQuality
from edge.locker_controller.beat import ALARM_TICKS, LEFT_OPEN_TICKS, Beat, is_quiet
from edge.locker_controller.effects import Buzz, Pattern
from edge.locker_controller.identity import World
from tests.unit.edge.locker_controller.builders import A01, A02, Scene

A_WHILE = 3 * ALARM_TICKS * LEFT_OPEN_TICKS
REMINDERS, ALARMS = A_WHILE // LEFT_OPEN_TICKS, A_WHILE // ALARM_TICKS


def beat_of(*buzzes: Buzz) -> Beat:
    beat = Beat()
    for buzz in buzzes:
        beat.take(buzz)
    return beat


def sounded(beat: Beat) -> int:
    """Count the ticks with sound in a while."""
    return sum(beat.tick() for _ in range(A_WHILE))


def test_a_locker_with_nothing_to_say_is_silent() -> None:
    assert sounded(Beat()) == 0


def test_a_door_left_open_is_a_reminder() -> None:
    assert sounded(beat_of(Buzz(A01, Pattern.LEFT_OPEN))) == REMINDERS


def test_an_alarm_sounds_more_often_than_a_reminder() -> None:
    assert sounded(beat_of(Buzz(A01, Pattern.ALARM))) == ALARMS > REMINDERS


def test_an_alarm_anywhere_drowns_the_reminders() -> None:
    assert sounded(beat_of(Buzz(None, Pattern.ALARM), Buzz(A02, Pattern.LEFT_OPEN))) == ALARMS


def test_a_door_s_alarm_that_ends_leaves_the_other_door_s_reminder() -> None:
    beat = beat_of(Buzz(A01, Pattern.LEFT_OPEN), Buzz(A02, Pattern.ALARM), Buzz(A02, Pattern.OFF))
    assert sounded(beat) == REMINDERS


def test_what_has_ended_everywhere_is_silent() -> None:
    assert sounded(beat_of(Buzz(A01, Pattern.ALARM), Buzz(A01, Pattern.OFF))) == 0


def test_the_end_of_what_never_began_is_silence() -> None:
    assert sounded(beat_of(Buzz(A01, Pattern.OFF))) == 0


def test_in_quiet_hours_a_reminder_is_silent_and_an_alarm_is_not() -> None:
    reminder, alarm = beat_of(Buzz(A01, Pattern.LEFT_OPEN)), beat_of(Buzz(A02, Pattern.ALARM))
    assert sum(reminder.tick(quiet=True) for _ in range(A_WHILE)) == 0
    assert sum(alarm.tick(quiet=True) for _ in range(A_WHILE)) == ALARMS
    assert sounded(reminder) == REMINDERS


@pytest.mark.parametrize(
    ("begins", "ends", "quiet"),
    [
        (0, 0, ()),
        (60, 120, (60, 119)),
        (22 * 60, 6 * 60, (22 * 60, 23 * 60 + 59, 0, 5 * 60 + 59)),
    ],
)
def test_quiet_hours_may_go_over_midnight(begins: int, ends: int, quiet: tuple[int, ...]) -> None:
    told = Configuration(quiet_from_min=begins, quiet_to_min=ends)
    loud = {begins - 1, ends, 12 * 60} - {-1}
    assert all(is_quiet(told, minute) for minute in quiet)
    assert not any(is_quiet(told, minute) for minute in loud)


def test_a_world_that_knows_no_local_time_and_a_locker_that_knows_no_time_keep_no_quiet_hours() -> None:
    told = Configuration(quiet_from_min=0, quiet_to_min=1439)
    midday = World(FixedClock(), lambda: True, bytes, local_minute=lambda _: 720)
    scene, lost = Scene(), Scene(quality=TimeQuality.UNTRUSTED)
    assert midday.is_quiet(told, scene.now)
    assert not midday.is_quiet(told, lost.now)
    assert not midday.is_quiet(Configuration(), scene.now)
    assert not World(FixedClock(), lambda: True, bytes).is_quiet(told, scene.now)


class FixedClock:
    """Nobody looks at it here."""

    def now_ms(self) -> int:
        return 0

    def monotonic_ms(self) -> int:
        return 0
