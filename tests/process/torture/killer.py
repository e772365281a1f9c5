"""Who kills whom, when: a seeded list of victims, each killed where it happens to be and started again at once."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.process.programs import NeverError, until
from tests.process.street import StreetLocker
from tests.process.town import Town

AGENT, CLOUD, BROKER = "agent", "cloud", "broker"
# Of 25 kills. A cloud takes several seconds of a core to come back, a locker half a one, a broker nothing.
MIX = {AGENT: 17, CLOUD: 4, BROKER: 4}
Rising = Coroutine[Any, Any, None]
GAP_S = 1.0  # on average between two kills, so that people get something done in between


def victims(kills: int, chance: random.Random) -> list[str]:
    """Return so many victims' kinds, mixed anew for every 25."""
    found: list[str] = []
    while len(found) < kills:
        block = [kind for kind, count in MIX.items() for _ in range(count)]
        chance.shuffle(block)
        found += block
    return found[:kills]


@dataclass(slots=True)
class Killer:
    """Kills only what is up again; ``done`` counts by kind. ``told`` hears of every kill."""

    town: Town
    chance: random.Random
    told: Callable[[int, str], None]
    gap_s: float = GAP_S
    done: Counter[str] = field(default_factory=Counter)
    _rising: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    async def kill(self, kills: int) -> None:
        """Kill so often; returns once everything is up again. Raises ``NeverError`` when something does not rise."""
        for nth, kind in enumerate(victims(kills, self.chance), start=1):
            await asyncio.sleep(self.chance.uniform(0, 2 * self.gap_s))
            name, strike = self._victim(kind)
            if name in self._rising:
                await self._rising[name]
            self._rising[name] = asyncio.create_task(await strike(), name=f"rise {name}")
            self.done[kind] += 1
            self.told(nth, name)
        await asyncio.gather(*self._rising.values())

    def _victim(self, kind: str) -> tuple[str, Callable[[], Awaitable[Rising]]]:
        if kind == CLOUD:
            return CLOUD, self._strike_cloud
        if kind == BROKER:
            return BROKER, self._strike_broker
        locker = self.town.lockers[self.chance.choice(sorted(self.town.lockers))]
        return locker.name, lambda: self._strike_locker(locker)

    async def _strike_cloud(self) -> Rising:
        self.town.cloud.kill()
        return self.town.start_cloud()

    async def _strike_locker(self, locker: StreetLocker) -> Rising:
        locker.program.kill()
        return locker.start()

    async def _strike_broker(self) -> Rising:
        await self.town.kill_broker()
        return self._until_broker()

    async def _until_broker(self) -> None:
        await until(self._broker_is_up, "the broker to be started again")

    def _broker_is_up(self) -> bool:
        try:
            found: psutil.Process = self.town.mosquitto()
            return bool(found.net_connections(kind="tcp"))
        except (NeverError, psutil.Error):
            return False
