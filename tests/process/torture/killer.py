"""Who kills whom, when: a seeded list of victims, each killed where it happens to be and started again at once."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.process.programs import RISE_S, NeverError, until
from tests.process.street import Moment, StreetLocker
from tests.process.town import Town

AGENT, CLOUD, BROKER = "agent", "cloud", "broker"
# Of 25 kills. A cloud takes several seconds of a core to come back, a locker half a one, a broker nothing.
MIX = {AGENT: 17, CLOUD: 4, BROKER: 4}
GLANCE_S = 0.001  # a pulse takes 200 ms, a decision after its commit two
GLANCES_MAX = 2000  # two seconds; a locker that nobody uses is killed all the same

Rising = Coroutine[Any, Any, None]
Look = Callable[[], bool]
GAP_S = 1.0  # on average between two kills, so that people get something done in between


def victims(kills: int, chance: random.Random) -> list[str]:
    """Return so many victims' kinds, mixed anew for every 25."""
    found: list[str] = []
    while len(found) < kills:
        block = [kind for kind, count in MIX.items() for _ in range(count)]
        chance.shuffle(block)
        found += block
    return found[:kills]


def _at_once(_locker: StreetLocker) -> Look:
    return lambda: True


def _seen(moment: Moment) -> Callable[[StreetLocker], Look]:
    return lambda locker: lambda: moment(locker.truth())


def _just_written(locker: StreetLocker) -> Look:
    """Wait for the next commit: what it promised, a pulse or a message, has hardly begun."""
    journal = locker.data / "locker.db-wal"

    def written_ns() -> int:
        return journal.stat().st_mtime_ns if journal.exists() else 0

    before_ns = written_ns()
    return lambda: written_ns() != before_ns


MOMENTS: tuple[Callable[[StreetLocker], Look], ...] = (
    _at_once,
    _at_once,
    _just_written,
    _just_written,
    _seen(lambda cabinet: any(one.coil_on for one in cabinet.compartments)),
    _seen(lambda cabinet: any(one.leaf_moving for one in cabinet.compartments)),
    _seen(lambda cabinet: any(one.open for one in cabinet.compartments)),
)


@dataclass(slots=True)
class Killer:
    """Kills only what is up again; ``done`` counts by kind. ``told`` hears of every kill."""

    town: Town
    chance: random.Random
    told: Callable[[int, str], None]
    gap_s: float = GAP_S
    done: Counter[str] = field(default_factory=Counter)
    _rising: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    async def kill(self, kills: int, within_s: float) -> None:
        """Kill so often, or until the time is over, and return once everything is up again.

        Raises ``NeverError`` when something does not rise.
        """
        ends_s = asyncio.get_running_loop().time() + within_s
        for nth, kind in enumerate(victims(kills, self.chance), start=1):
            if asyncio.get_running_loop().time() >= ends_s:
                break
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
        """Kill an agent anywhere, or at a moment at which something is only half done."""
        is_now = self.chance.choice(MOMENTS)(locker)
        for _ in range(GLANCES_MAX):
            if is_now():
                break
            await asyncio.sleep(GLANCE_S)
        locker.program.kill()
        return locker.start()

    async def _strike_broker(self) -> Rising:
        await self.town.kill_broker()
        return self._until_broker()

    async def _until_broker(self) -> None:
        await until(self._broker_is_up, "the broker to be started again", RISE_S)

    def _broker_is_up(self) -> bool:
        try:
            found: psutil.Process = self.town.mosquitto()
            return bool(found.net_connections(kind="tcp"))
        except (NeverError, psutil.Error):
            return False
