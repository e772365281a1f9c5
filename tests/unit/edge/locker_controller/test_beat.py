"""The buzzer is loud for what is urgent, quiet for what is not, and silent once nothing is left to say."""

from edge.locker_controller.beat import ALARM_TICKS, LEFT_OPEN_TICKS, Beat
from edge.locker_controller.effects import Buzz, Pattern
from tests.unit.edge.locker_controller.builders import A01, A02

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
