from datetime import datetime

import pytest

from edge.clock import SystemClock, clock_synchronised, followed, local_minute

YEAR_2024_MS = 1_704_067_200_000


def test_the_wall_clock_counts_milliseconds_since_1970() -> None:
    assert YEAR_2024_MS < SystemClock().now_ms() < 10 * YEAR_2024_MS


def test_monotonic_time_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_ms() for _ in range(1_000)]
    assert readings == sorted(readings)


@pytest.mark.parametrize(("answer", "expected"), [(-1, False), (0, True), (1, True), (4, True), (5, False)])
def test_a_clock_is_followed_unless_the_kernel_says_otherwise(answer: int, expected: bool) -> None:  # noqa: FBT001 - an example
    assert followed(answer) is expected


def test_the_kernel_can_be_asked() -> None:
    assert isinstance(clock_synchronised(), bool)


def test_the_minute_of_the_day_is_that_of_the_machine_s_own_zone() -> None:
    at_ms = 1_790_000_000_000
    local = datetime.fromtimestamp(at_ms / 1000).astimezone()
    assert local_minute(at_ms) == local.hour * 60 + local.minute
