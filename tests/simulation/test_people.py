"""What people of a world do that no sensor can tell must not be held against the locker, and nothing else may be."""

import asyncio

import pytest

from edge.store.errors import StoreFact
from firmware_sim.world.people import Courier
from tests.simulation.week import Week, lived

SEEN_S = 1.5  # the courier looks at the screen every second and has the parcel two seconds later
HEARD_S = 120.0  # until the recall is at the locker, and the right to collect with it


async def collects(week: Week, *, dark: bool) -> Courier:
    """Take a parcel out that was recalled; ``dark``: the card refuses to write while the parcel is taken out."""
    await week.opens()
    await week.round("P1", word=False)
    week.recall("P1")
    await asyncio.sleep(HEARD_S)
    courier = Courier("C1", week.site, week.chance)
    visit = asyncio.create_task(courier.visit(week.passes(), ()))
    while not week.site.open_doors():  # noqa: ASYNC110 - time is what is waited for
        await asyncio.sleep(0.1)
    await asyncio.sleep(SEEN_S)
    week.site.card.sick = StoreFact.DISK_FULL if dark else None
    await visit
    return courier


@pytest.mark.parametrize(("dark", "unsaid"), [(True, ("P1",)), (False, ())])
def test_a_courier_before_a_dark_screen_cannot_say_what_was_taken_out(*, dark: bool, unsaid: tuple[str, ...]) -> None:
    met: list[Courier] = []

    async def story(week: Week) -> None:
        met.append(await collects(week, dark=dark))

    lived(story)

    assert met[0].unsaid == unsaid
