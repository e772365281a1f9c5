"""Everything the people of the demo need to find their way: addresses, accounts, and the places they meet at."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from demo.cloud_client import CloudClient
from demo.day_clock import DayClock
from demo.mailbox import Mailbox
from demo.settings import Settings
from demo.state import State
from demo.tally import Tally
from firmware_sim.control_client import RemoteDoors, RemoteLockers
from firmware_sim.deeds import LockerPicture
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.people import Pace, Spot

PEOPLE_MEAN_S = 0.35  # how long a simulated person dawdles at each step; a real one takes some four times as long


@dataclass(frozen=True, slots=True)
class LockerFacts:
    """What a recipient can read in a mail or on a map."""

    id: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class CourierFacts:
    id: str
    name: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A partner's counter; ``desk`` is the page on which its staff are signed in."""

    id: str
    name: str
    lon: float
    lat: float
    desk: CloudClient

    async def ask(self, what: str, body: dict[str, Any]) -> Any:
        """Do on the staff's page what a person there would: scan, type, tap."""
        return await self.desk.post(f"/v1/counters/{self.id}/{what}", body)


@dataclass(slots=True)
class Scene:
    """``spots`` by locker, ``counters`` by their id; ``operator`` acts with the key of the cloud's first start."""

    settings: Settings
    state: State
    operator: CloudClient
    lockers: dict[str, LockerFacts]
    simulator: RemoteLockers
    mailbox: Mailbox
    couriers: list[CourierFacts]
    clock: DayClock
    day: date
    chance: random.Random
    tally: Tally
    counters: dict[str, Counter] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    spots: dict[str, Spot] = field(default_factory=dict)
    ends_s: float | None = None
    """When the demo ends by itself, on the monotonic clock."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the demo ends: everybody finishes what they have in hand and begins nothing new."""

    def tell(self, what: str) -> None:
        """Note one line at the day's own time."""
        self.tally.tell(self.clock.now(), what)

    def pace(self) -> Pace:
        """Return how one more person dawdles."""
        return Pace(random.Random(self.chance.getrandbits(64)), PEOPLE_MEAN_S)

    def place(self, pictures: tuple[LockerPicture, ...]) -> None:
        """Put up the pavement in front of every simulated locker."""
        for one in pictures:
            self.spots[one.id] = Spot(Kiosk(one.kiosk_url), RemoteDoors(self.simulator, one.id))

    def name_of(self, point: str) -> str:
        if point in self.counters:
            return self.counters[point].name
        facts = self.lockers.get(point)
        return facts.name if facts else point

    def left_s(self) -> float | None:
        """Return the real seconds left, None when only Ctrl-C ends it."""
        return None if self.ends_s is None else max(0.0, self.ends_s - time.monotonic())

    async def close(self) -> None:
        for spot in self.spots.values():
            await spot.kiosk.close()
