"""The day's travel times, remembered: a plan's thousand places are asked about again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud.routing.jam import Jam
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Place

Ask = Callable[[Sequence[Place]], Awaitable[TravelTimes]]
When = tuple[datetime, tuple[Jam, ...]]
"""The full hour whose traffic is meant, and the jams that stand."""


@dataclass(slots=True)
class RecentTravel:
    """Keeps one matrix, that of the plan in force: 8 MB at a thousand places. Asked twice at once, it asks once."""

    _when: When | None = None
    _known: TravelTimes | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def matrix(self, places: tuple[Place, ...], when: When, ask: Ask) -> TravelTimes:
        """Return travel times that know at least ``places``; ``ask`` is asked when what is kept does not do."""
        async with self._turn:
            if self._known is None or self._when != when or self._known.missing(places):
                self._known, self._when = await ask(places), when
            return self._known
