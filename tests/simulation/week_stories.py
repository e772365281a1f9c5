"""What happens in a week without a wire; ``python -m tests.simulation.week_stories`` tells it, or one by its name."""

import sys

from tests.simulation.week import DAYS, Week, lived


async def never_connected_again(week: Week) -> None:
    """Twelve parcels for twelve doors: each day one in and out again, every other day one that is fetched late."""
    await week.opens()
    week.cut_off()
    for day in range(DAYS):
        await week.until(day, 9)
        await week.round(f"A{day}", *([f"B{day}"] if day % 2 == 0 else []))
        await week.until(day, 12)
        if day == 3:
            await week.loses_power(2 * 3_600)
        await week.until(day, 17)
        assert await week.fetches(f"A{day}", code=True)
        if day in (4, 6):
            assert await week.fetches(f"B{day - 4}", code=False)  # a QR shown a day after its deadline
    await week.until(DAYS, 6.5)
    await week.comes_back()


async def wishes_that_could_not_arrive(week: Week) -> None:
    """Recalls, new codes and a longer deadline while the wire is away; some come with the courier, some too late."""
    await week.opens()
    await week.until(0, 7)
    await week.round("X1", "X2", "X3", "X4", "X5", word=False)
    await week.until(0, 8)
    week.cut_off()
    await week.until(1, 9)
    week.gives_more_time("X1")
    for barcode in ("X2", "X3"):
        week.gives_new_code(barcode)
    for barcode in ("X4", "X5"):
        week.recall(barcode)
    await week.until(1, 12)
    assert await week.fetches("X4", code=True)  # the locker cannot know; support will look at it
    assert not await week.fetches("X3", code=True)  # the new code is not there yet
    assert await week.fetches("X3", code=False)  # the QR belongs to the group and opens
    await week.until(2, 9)
    await week.round("R2")  # the pass brings the tombstones, the new code and the deadline; X5 is collected
    await week.until(2, 17)
    assert await week.fetches("X2", code=True)
    assert not await week.fetches("X5", code=True)
    await week.until(3, 12)
    assert await week.fetches_through_a_power_cut("R2")
    await week.until(4, 12)
    assert await week.fetches("X1", code=True)
    await week.until(5, 9)
    await week.round("R5")
    await week.until(5, 12)
    week.recall("R5")
    await week.until(5, 17)
    assert await week.fetches("R5", code=True)
    await week.until(6, 9)
    await week.round("R6", word=False)
    await week.until(DAYS, 6.5)
    await week.comes_back()


STORIES = {one.__name__: one for one in (never_connected_again, wishes_that_could_not_arrive)}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORIES:
        lived(STORIES[name], print)
