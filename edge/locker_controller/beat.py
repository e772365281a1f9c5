"""When the buzzer sounds: patterns per door become one level per tick, so that no schedule can be left half done."""

from contract.ids import CompartmentLabel
from contract.state import Configuration
from edge.locker_controller.effects import Buzz, Pattern

LEFT_OPEN_TICKS = 4  # one tick in four: a reminder
ALARM_TICKS = 2  # every other one: an alarm


class Beat:
    """Which patterns are on."""

    def __init__(self) -> None:
        """Begin silent."""
        self._patterns: dict[CompartmentLabel | None, Pattern] = {}
        self._ticks = 0

    def take(self, buzz: Buzz) -> None:
        """Begin, change or end the pattern of one door."""
        self._patterns[buzz.label] = buzz.pattern
        if buzz.pattern is Pattern.OFF:
            self._patterns.pop(buzz.label)

    def tick(self, *, quiet: bool = False) -> bool:
        """Say whether the buzzer sounds until the next tick; the most urgent wins, no reminder if ``quiet``."""
        self._ticks += 1
        if Pattern.ALARM in self._patterns.values():
            return self._ticks % ALARM_TICKS == 0
        return bool(self._patterns) and not quiet and self._ticks % LEFT_OPEN_TICKS == 0


def is_quiet(told: Configuration, minute: int) -> bool:
    """Whether ``minute`` (after local midnight) lies in the quiet hours, which may go over midnight."""
    begins, ends = told.quiet_from_min, told.quiet_to_min
    if begins <= ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends
