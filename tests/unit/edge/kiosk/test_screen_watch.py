"""The page says that it paints; whoever stops saying so has frozen."""

import asyncio

from edge.kiosk.screen_watch import BACK, LOOK_S, LOOKS_MAX, SILENT, ScreenWatch
from firmware_sim.world.virtual_time import VirtualLoop


async def watched(painted_s: list[int], until_s: int) -> list[tuple[str, float]]:
    """Return the alarms, with their times, of a page that painted at these seconds."""
    alarms: list[tuple[str, float]] = []
    loop, watch = asyncio.get_running_loop(), ScreenWatch()

    async def raise_alarm(name: str, detail: str) -> None:
        assert detail
        alarms.append((name, loop.time()))

    life = asyncio.create_task(watch.run(raise_alarm))
    for at_s in painted_s:
        loop.call_at(at_s, watch.painted)
    await asyncio.sleep(until_s)
    life.cancel()
    return alarms


def lived(painted_s: list[int], until_s: int) -> list[tuple[str, float]]:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(watched(painted_s, until_s))
    finally:
        loop.close()


def test_a_locker_without_a_page_is_not_missed() -> None:
    assert lived([], 3_600) == []


def test_a_page_that_paints_is_no_news() -> None:
    assert lived(list(range(5, 600, 10)), 600) == []


def test_a_frozen_page_is_one_alarm_and_its_return_ends_it() -> None:
    alarms = lived([5, 15, 25, 500, 510], 600)

    assert [name for name, _ in alarms] == [SILENT, BACK]
    assert alarms[0][1] - 25 <= (LOOKS_MAX + 1) * LOOK_S


def test_a_reload_is_no_alarm() -> None:
    assert lived([5, 15, 75, 85, 95], 100) == []
