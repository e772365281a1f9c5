"""Everything that goes wrong in a world, and its mending: one trouble after the other, drawn from the seed."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from contract.envelope import Signer
from edge.store.errors import StoreFact
from firmware_sim.physics import CompartmentFaults, SensorFault
from firmware_sim.world.disk import Tear
from firmware_sim.world.looking import inspect
from firmware_sim.world.office import NAME, Office
from firmware_sim.world.restoring import Image
from firmware_sim.world.site import Site
from firmware_sim.world.town import Town
from firmware_sim.world.wire import Adversary, Weather

GAP_S = 700.0  # between two troubles of one world, on average
DAY_MS = 86_400_000
JUMPS_MS = (DAY_MS, -DAY_MS, 3_650 * DAY_MS, -3_650 * DAY_MS, -20 * 60_000)
BREAKAGES = {
    "jammed lock": CompartmentFaults(jams=1),
    "stuck lock": CompartmentFaults(jams=-1),
    "slow door": CompartmentFaults(slow_ms=2_600),
    "weak spring": CompartmentFaults(spring_broken=True),
    "stuck relay": CompartmentFaults(stuck_relay=True),
    "cut sensor": CompartmentFaults(sensor=SensorFault.CUT),
    "sensor stuck closed": CompartmentFaults(sensor=SensorFault.STUCK_CLOSED),
    "sensor stuck open": CompartmentFaults(sensor=SensorFault.STUCK_OPEN),
    "bouncing sensor": CompartmentFaults(sensor=SensorFault.CHATTERING),
}
LIKELIHOODS = {  # of nineteen troubles; the names are what ``--without`` takes
    "power": 1,
    "partition": 2,
    "weather": 3,
    "broker": 1,
    "cloud": 2,
    "card": 1,
    "torn": 1,
    "restored": 1,
    "clock": 1,
    "breakage": 3,
    "board": 1,
    "hostile": 2,
}
KINDS = (*LIKELIHOODS, "act", "operators", "maintenance")  # the last are people's: cuts in mid-deed; operators; orders
FORGETTING = 0.6  # of the brokers that die, how many lose everything
WEATHERS = ("loss", "doubling", "delay", "reordering")
PUT_BACK, PUT_BACK_LOOKS = 0.2, 60  # how many cards that were copied are put back; when nobody is there to see it
TORN_LOOKS = 70  # a locker at rest commits every ten minutes
CHATTER_S = 6.0  # a bouncing contact moves every few milliseconds; longer adds nothing but steps


@dataclass
class Troubles:
    """Runs beside the town until ``over`` mends everything."""

    town: Town
    office: Office
    sites: tuple[Site, ...]
    chance: random.Random
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        forger = Signer(self.office.signer.key_id, self.office.craft.keys.private(self.chance.randbytes(32)))
        names = tuple(site.id for site in self.sites)
        self.adversary = Adversary(self.office.broker, self.chance, forger, names)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        self._spawn(self._one_after_the_other())

    def over(self) -> None:
        """Stop all trouble and mend what is broken."""
        for task in sorted(self._tasks, key=hash):
            task.cancel()
        broker = self.office.broker
        broker.weather = Weather()
        broker.come_back()
        for name in (NAME, *(site.id for site in self.sites)):
            broker.plug_in(name)
        self.office.plug.disarm()
        if not self.office.is_up:
            self.office.start()
        for site in self.sites:
            self._mend(site)
        self.office.chronicle.tell("all faults stop")

    def _mend(self, site: Site) -> None:
        site.card.sick = site.card.tear = None
        site.set_clock(0, synced=True)
        for label in site.cabinet.labels:
            site.cabinet.break_(label, CompartmentFaults(), self.office.loop.now_ms)
        if site.boot is None:
            site.power_on()
        else:
            site.boot.plug.disarm()
        site.stir()

    def _spawn(self, life: Coroutine[Any, Any, None]) -> None:
        task = self.office.loop.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one_after_the_other(self) -> None:
        kinds: dict[str, Callable[[Site], Coroutine[Any, Any, None]]] = {
            kind: getattr(self, f"_{kind}") for kind in LIKELIHOODS
        }
        names = [kind for kind, times in LIKELIHOODS.items() for _ in range(times)]
        while True:
            await asyncio.sleep(round(self.chance.expovariate(1 / GAP_S), 3))
            kind, site = self.chance.choice(names), self.chance.choice(self.sites)
            if kind not in self.without:
                self._spawn(kinds[kind](site))

    async def _for(self, low_s: float, high_s: float) -> None:
        await asyncio.sleep(round(self.chance.uniform(low_s, high_s), 3))

    def _fault(self, kind: str, sentence: str) -> None:
        self.office.chronicle.fault(kind, sentence)

    # ------------------------------------------------------------------ power, wire, cloud, card, clock

    async def _power(self, site: Site) -> None:
        if site.boot is None:
            return
        self._fault("power cut", f"{site.id} loses power")
        site.power_off()
        await self._for(*self.chance.choice(((3, 20), (60, 900), (3_600, 7_200))))
        if site.boot is None:
            self._wrong_clock(site)
            site.power_on()
            await self._for(20, 300)
            site.set_clock(0, synced=True)

    def _wrong_clock(self, site: Site) -> None:
        """Let a Pi without a battery wake up in the past until NTP answers."""
        off_ms = -self.chance.choice((0, 3_600_000, 365 * DAY_MS))
        site.set_clock(off_ms, synced=False)

    async def _partition(self, site: Site) -> None:
        self._fault("partition", f"{site.id} is cut off from the broker")
        self.office.broker.unplug(site.id)
        await self._for(*self.chance.choice(((5, 60), (300, 2_000), (3_600, 14_400))))
        self.office.broker.plug_in(site.id)

    async def _weather(self, _site: Site) -> None:
        kind = self.chance.choice((*WEATHERS, "all"))
        share = self.chance.choice((0.1, 0.3, 0.6))
        chosen = {name: share if kind in (name, "all") else 0.0 for name in WEATHERS}
        self._fault("bad wire", f"the wire turns bad: {kind} {share}")
        self.office.broker.weather = Weather(**chosen)
        await self._for(60, 2_400)
        self.office.broker.weather = Weather()

    async def _broker(self, _site: Site) -> None:
        forgetting = self.chance.random() < FORGETTING
        self._fault("broker restarted empty" if forgetting else "broker restarted", "the broker dies")
        self.office.broker.go_down(forgetting=forgetting)
        await self._for(1, 300)
        self.office.broker.come_back()

    async def _cloud(self, _site: Site) -> None:
        self.office.plug.arm(self.chance.randrange(1, 30))
        for _ in range(120):
            await asyncio.sleep(10)
            if not self.office.is_up:
                break
        await self._for(5, 300)
        if not self.office.is_up:
            self.office.start()

    async def _card(self, site: Site) -> None:
        fact = self.chance.choice((StoreFact.DISK_FULL, StoreFact.IO_FAILED, StoreFact.READ_ONLY))
        self._fault(f"store {fact}", f"the card of {site.id} fails: {fact}")
        site.card.sick = fact
        site.stir()
        await self._for(2, 120)
        site.card.sick = None

    async def _torn(self, site: Site) -> None:
        """Let the power go in the middle of the next commit."""
        site.card.tear = Tear.drawn(self.chance)
        for _ in range(TORN_LOOKS):
            await asyncio.sleep(10)
            if site.boot is None:
                break
        site.card.tear = None
        await self._for(2, 200)
        if site.boot is None:
            site.power_on()

    async def _restored(self, site: Site) -> None:
        """Copy a card, and hours later put the copy in its place; some time after that staff look at the locker."""
        if self.chance.random() > PUT_BACK:
            return
        image = Image.of(site)
        await self._for(1_800, 14_400)
        for _ in range(PUT_BACK_LOOKS):
            if image.is_older(site):
                break
            await asyncio.sleep(10)
        else:
            return
        image.put_back(site, self.town.things)
        self.town.start(inspect(self.town, site))
        await self._for(2, 30)
        if site.boot is None:
            site.power_on()

    async def _clock(self, site: Site) -> None:
        jump_ms = self.chance.choice(JUMPS_MS)
        self._fault("clock jump", f"the clock of {site.id} jumps by {jump_ms // 1000} s")
        site.set_clock(jump_ms, synced=False)
        await self._for(600, 7_200)
        site.set_clock(0, synced=True)

    # ------------------------------------------------------------------ hardware and hostility

    async def _breakage(self, site: Site) -> None:
        kind = self.chance.choice(sorted(BREAKAGES))
        busy = [thing.holder.partition("/")[2] for thing in self.town.things.values() if thing.locker == site.id]
        labels = [label for label in site.cabinet.labels if label in busy] or list(site.cabinet.labels)
        label = self.chance.choice(labels)
        self._fault(kind, f"{site.id} {label} breaks: {kind}")
        site.tainted.add(label)
        site.cabinet.break_(label, BREAKAGES[kind], self.office.loop.now_ms)
        site.stir()
        if kind == "bouncing sensor":
            await asyncio.sleep(CHATTER_S)
        else:
            await self._for(300, 7_200)
        site.cabinet.break_(label, CompartmentFaults(), self.office.loop.now_ms)
        site.stir()

    async def _board(self, site: Site) -> None:
        if site.boot is not None:
            self._fault("board without answer", f"the relay board of {site.id} does not answer once")
            site.boot.machine.board_fails += 1

    async def _hostile(self, _site: Site) -> None:
        for _ in range(self.chance.randrange(1, 12)):
            deed = self.adversary.strike()
            if deed is not None:
                self._fault(f"hostile: {deed}", f"the broker turns hostile: {deed}")
            await self._for(0.1, 200)
