"""The timekeeper of one boot: the same reading for one moment, a new one as soon as a clock or what is known moves."""

from dataclasses import dataclass

import pytest

from contract.state import TimeQuality
from edge.locker_controller.timekeeper import SYNC_LOOK_MS, Timekeeper

NOW_MS = 1_800_000_000_000


@dataclass
class Clock:
    wall_ms: int = NOW_MS
    since_boot_ms: int = 5_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.since_boot_ms


def test_one_moment_is_read_once() -> None:
    keeper = Timekeeper(Clock(), lambda: True, (0, 0), NOW_MS)

    assert keeper.now() is keeper.now()


def test_a_signature_is_known_within_the_same_moment() -> None:
    keeper = Timekeeper(Clock(), lambda: False, (0, 0), NOW_MS)
    before = keeper.now()
    keeper.saw_signature(NOW_MS // 1000 + 60)

    assert before.now_ms == NOW_MS
    assert keeper.now().now_ms == NOW_MS + 60_000


def test_time_that_passes_is_told() -> None:
    clock = Clock()
    keeper = Timekeeper(clock, lambda: False, (0, 0), NOW_MS)
    before = keeper.now()
    clock.since_boot_ms += 1_000

    assert keeper.now().now_ms == before.now_ms + 1_000


TEN_YEARS_MS = 315_360_000_000


@pytest.mark.parametrize("leap_ms", [TEN_YEARS_MS, -TEN_YEARS_MS, 86_400_000])
@pytest.mark.parametrize("ticks", [False, True], ids=["asked", "ticked"])
def test_a_leap_is_believed_of_no_clock_that_was_steered_seconds_ago(leap_ms: int, *, ticks: bool) -> None:
    clock, steered = Clock(), [True]
    keeper = Timekeeper(clock, lambda: steered[0], (0, 0), NOW_MS)
    keeper.carry_on()
    steered[0] = False
    clock.since_boot_ms += SYNC_LOOK_MS // 2
    clock.wall_ms += SYNC_LOOK_MS // 2 + leap_ms
    if ticks:
        keeper.carry_on()

    told = keeper.now()
    assert (told.now_ms, told.quality) == (NOW_MS + SYNC_LOOK_MS // 2, TimeQuality.HOLDOVER)


def test_a_leap_that_a_time_source_vouches_for_is_followed() -> None:
    clock = Clock()
    keeper = Timekeeper(clock, lambda: True, (0, 0), NOW_MS)
    keeper.carry_on()
    clock.wall_ms += TEN_YEARS_MS

    assert keeper.now().now_ms == NOW_MS + TEN_YEARS_MS
