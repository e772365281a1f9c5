"""The demo's clock hurries until there is something to see, and never goes backwards."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from demo.day_clock import HASTE, DayClock

MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_before_the_start_it_is_morning() -> None:
    assert DayClock(MORNING, 90).now() == MORNING


def test_it_hurries_until_it_settles() -> None:
    clock = DayClock(MORNING, 90)

    assert clock.real_s(timedelta(seconds=HASTE)) == pytest.approx(1)
    clock.settle()
    assert clock.real_s(timedelta(seconds=90)) == pytest.approx(1)


def test_a_speed_above_haste_is_kept() -> None:
    assert DayClock(MORNING, 1000).real_s(timedelta(seconds=1000)) == pytest.approx(1)


def test_settling_loses_no_time_and_counts_once() -> None:
    clock = DayClock(MORNING, 1)
    clock.start()
    clock.began_s = (clock.began_s or 0.0) - 10
    before = clock.now()
    clock.settle()
    clock.began_s -= 10
    clock.settle()

    assert timedelta(0) <= clock.now() - before - timedelta(seconds=10) < timedelta(seconds=5)


async def test_waiting_ends_at_its_time_or_when_all_is_over() -> None:
    clock, over = DayClock(MORNING, 36_000), asyncio.Event()
    clock.start()

    assert await clock.wait_until(MORNING + timedelta(hours=1), over)
    assert clock.now() >= MORNING + timedelta(hours=1)
    over.set()
    assert not await clock.wait_until(MORNING + timedelta(days=9), over)
