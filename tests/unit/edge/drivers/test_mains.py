import asyncio
from collections.abc import Iterable

import pytest

from edge.drivers.mains import AWAY_LOOKS, mains_lost


class Contact:
    """A UPS contact that shows what it was told to, look by look, and the last of it for ever."""

    def __init__(self, shown: Iterable[bool]) -> None:
        self._shown = list(shown)
        self.looks = 0

    def present(self) -> bool:
        self.looks += 1
        return self._shown.pop(0) if len(self._shown) > 1 else self._shown[0]


async def test_the_mains_is_lost_once_it_was_there_and_stays_away() -> None:
    contact = Contact([True, False, True, *[False] * AWAY_LOOKS])
    await mains_lost(contact, look_s=0)
    assert contact.looks == 3 + AWAY_LOOKS


@pytest.mark.parametrize("contact", [None, Contact([False]), Contact([True])])
async def test_a_cable_that_was_never_whole_and_a_mains_that_stays_stop_nobody(contact: Contact | None) -> None:
    watching = asyncio.create_task(mains_lost(contact, look_s=0))
    for _ in range(10 * AWAY_LOOKS):
        await asyncio.sleep(0)
    assert not watching.done()
    watching.cancel()
