"""What is known of the road now, and which routes wait for a better order.

Both pass within hours. Jams are on record, too, and come back after a restart; a route that waited is still a route.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cloud.domain.errors import OverloadedError
from cloud.routing.jam import Jam

WAITING_MAX = 200  # routes at once; more are a whole fleet in trouble, and the next failed attempt asks again
JAMS_MAX = 50  # a city's worst hour; each costs every travel-time matrix a few milliseconds


@dataclass(slots=True)
class Replans:
    """``ask`` never waits: a route that is not improved is still a route that can be driven."""

    _queue: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _waiting: set[str] = field(default_factory=set)
    _jams: list[tuple[datetime, Jam]] = field(default_factory=list)

    def ask(self, route_id: str) -> None:
        """Have a route's rest of the day thought about, soon and once."""
        if route_id not in self._waiting and len(self._waiting) < WAITING_MAX:
            self._waiting.add(route_id)
            self._queue.put_nowait(route_id)

    async def next(self) -> str:
        """Return the next route to think about, waiting for one."""
        route_id = await self._queue.get()
        self._waiting.discard(route_id)
        return route_id

    @property
    def is_waiting(self) -> bool:
        """Whether some route waits to be thought about."""
        return bool(self._waiting)

    def report(self, jam: Jam, until: datetime, now: datetime) -> None:
        """Keep a jam until it is over; told of one again, keep the later word. ``OverloadedError`` for too many."""
        self._jams = [(ends, one) for ends, one in self._jams if ends > now and one != jam]
        if len(self._jams) >= JAMS_MAX:
            raise OverloadedError(f"{JAMS_MAX} jams are known already; one of them has to pass first")
        self._jams.append((until, jam))

    def remember(self, jams: Iterable[tuple[datetime, Jam]]) -> None:
        """Take over what was on record, at a start."""
        self._jams = list(jams)

    def standing(self, now: datetime) -> tuple[tuple[datetime, Jam], ...]:
        """Return the jams that stand now, with when each is over."""
        return tuple((ends, jam) for ends, jam in self._jams if ends > now)

    def jams(self, now: datetime) -> tuple[Jam, ...]:
        """Return the jams that stand now."""
        return tuple(jam for _, jam in self.standing(now))
