"""One locker, the real cloud and a plug: the power is cut at a chosen moment, and everybody carries on as people do.

A run is a pure function of the scenario and the moments of its cuts, so a failure is replayed by its numbers alone.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel
from cloud.services.assign_locker import assign_locker
from cloud.services.courier_pass import courier_pass
from cloud.services.records import Courier as CourierRecord
from cloud.services.records_ops import Alarm, SupportCase
from contract.ids import CompartmentLabel
from edge.locker_controller.state import LockerRecord
from firmware_sim.world.audit import Auditor
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.enrolling import enrolled
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing, a_parcel, agreed, store
from firmware_sim.world.site import Site
from firmware_sim.world.stores import LIGHT, Craft
from firmware_sim.world.town import WITH_CODE
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.wire import WorldBroker

T = TypeVar("T")
OPERATOR = actor(Role.OPERATOR, "olga")
DARK_S = 4.0  # how long the power stays away
AGREED_S_MAX = 300  # invariant 7
LIFE_S_MAX = 3_600.0  # a scenario that takes an hour of its own time hangs
NEVER = 1 << 40
POWER_CUT = "power cut "
STAFF = "staff needed"
IN_THE_VAN = frozenset({"assigned_to_locker", "delivery_failed", "collected"})
FITS = {"recipient": frozenset({"picked_up"}), "L1": frozenset({"ready_for_pickup", "expired"})}
"""What the cloud may say of a parcel, by who has it."""


@dataclass
class Rig:
    """What a scenario has to work with."""

    craft: Craft = LIGHT
    story: list[str] = field(default_factory=list)
    things: dict[str, Thing] = field(default_factory=dict)
    mailed: list[tuple[str, str]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    touched: dict[str, CompartmentLabel] = field(default_factory=dict)
    now: list[Thing] = field(default_factory=list)
    clock_is_lost: bool = False

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.chronicle = Chronicle(lambda: self.loop.now_ms, self.story.append)
        self.broker = WorldBroker(random.Random("wire"), self.chronicle)
        self.office = Office(self.loop, self.broker, self.chronicle, random.Random("cloud"), self.craft)
        self.office.mail = self._mailed
        chance = random.Random("locker")
        secrets = enrolled(self.office, 1, chance)
        ledger = Ledger(secrets.locker, self.chronicle, self.office, lambda: self.loop.now_ms)
        self.site = Site(secrets, self.broker, ledger, self.loop, chance)
        self.auditor = Auditor(self.office, (self.site,), self.things, self.chronicle)
        self.courier = self._hire()
        self._parcels = 0

    # ------------------------------------------------------------------ power

    async def start(self) -> None:
        """Boot the locker and wait until the cloud knows it."""
        self.office.start()
        self.site.power_on()
        await self.agree()

    def arm(self) -> None:
        """Let the power go at the next cut's moment of the boot that runs now."""
        if self.cuts and self.site.boot is not None:
            self.site.boot.plug.arm(self.cuts.pop(0))

    async def repower(self) -> None:
        """Give the power back after every cut; the next cut may come as soon as during the start."""
        while True:
            await asyncio.sleep(1)
            if self.site.boot is None:
                await asyncio.sleep(DARK_S)
                if self.clock_is_lost:
                    self.site.clock.off_ms, self.site.clock.synced = -self.site.clock.now_ms(), False
                self.site.power_on()
                self.arm()

    @property
    def moments(self) -> tuple[str, ...]:
        """Return the names of the moments at which the power went."""
        return tuple(kind.removeprefix(POWER_CUT) for kind in self.chronicle.faults if kind.startswith(POWER_CUT))

    # ------------------------------------------------------------------ waiting

    async def until(self, is_so: Callable[[], object], within_s: float = 60) -> bool:
        """Look once a second until something is so; say whether it came to be."""
        for _ in range(int(within_s)):
            if is_so():
                return True
            await asyncio.sleep(1)
        return bool(is_so())

    async def pause(self, seconds: float = 1) -> None:
        """Let somebody stand there for a while: the world lets a locker rest that nobody touches, people do not."""
        await asyncio.sleep(seconds)
        self.site.stir()

    async def agree(self) -> None:
        """Wait until edge and cloud say the same, which takes five minutes at most."""
        await self.until(lambda: self.auditor.disagreement() is None, AGREED_S_MAX)
        different = self.auditor.disagreement()
        if different:
            self.chronicle.violated(7, f"after five quiet minutes edge and cloud disagree: {different}")

    # ------------------------------------------------------------------ the cloud's side

    def _hire(self) -> str:
        number = self.office.ids.new()
        now = self.office.clock.now()
        record = CourierRecord(id=number, name="C1", email=None, phone=None, language="pl", active=True, created_at=now)
        self.office.do(lambda uow: uow.add(record))
        return number

    def parcel(self, box: int = 0, dwell_h: int | None = None) -> Thing:
        """Promise a parcel in the courier's van to the locker."""
        office, site = self.office, self.site
        self._parcels += 1
        barcode = f"P{self._parcels}"
        parcel = a_parcel(office.ids.new(), barcode, self.courier, office.clock.now(), (box, dwell_h))
        office.do(store(parcel, agreed(parcel, office.ids.new)))
        office.stock_codes(site.id, site.secrets.salt_locker)
        office.do(lambda uow: assign_locker(uow, office.act(OPERATOR), office.keys, parcel.id, site.id))
        thing = Thing(parcel.id, barcode, site.id, self.courier, holder=self.courier)
        self.things[parcel.id] = thing
        return thing

    def passes(self) -> tuple[str, ...]:
        """Return the QR codes on the courier's phone."""
        make = partial(courier_pass, act=self.office.act(), keys=self.office.keys)
        return self.office.do(lambda uow: make(uow, courier_id=self.courier, locker_id=self.site.id))

    def _mailed(self, template: str, parcel_id: str, code: str | None, qr: str | None) -> None:
        self.mailed.append((template, parcel_id))
        thing = self.things.get(parcel_id)
        if thing is not None and template in WITH_CODE:
            thing.code, thing.qr = code or thing.code, qr or thing.qr

    def row(self, kind: type[T], *key: str) -> T:
        """Return one of the cloud's records."""
        return self.office.ask(lambda uow: uow.need(kind, *key))

    def count(self, of: type[object], **wanted: str) -> int:
        return self.office.ask(lambda uow: uow.count(of, **wanted))

    def told_the_operator(self, label: str) -> bool:
        """Say whether somebody who watches the console knows that something is wrong with a compartment."""
        where = {"locker_id": self.site.id, "compartment": label}
        return bool(self.count(SupportCase, **where) or self.count(Alarm, **where))

    def parcel_is(self, thing: Thing) -> str:
        """Return the cloud's word for a parcel, after asserting that it fits whoever really has it.

        Where it cannot, because something happened before a dark screen, the operator must have been told.
        """
        state = str(self.row(Parcel, thing.id).state)
        if state in FITS.get(thing.holder.partition("/")[0], IN_THE_VAN):
            return state
        label = self.touched.get(thing.barcode, "")
        assert self.told_the_operator(label), f"{thing.barcode} is with {thing.holder}, the cloud says {state}"
        thing.odd = True
        return STAFF

    # ------------------------------------------------------------------ the locker's side

    @property
    def state(self) -> LockerRecord:
        """Return what the agent has committed."""
        boot = self.site.boot
        assert boot is not None
        assert boot.agent.controller is not None
        return boot.agent.controller.state

    def withdrawn(self, label: CompartmentLabel) -> str:
        return self.state.compartments[label].withdrawn


Deed = Callable[[Rig], Awaitable[None]]
Goal = Callable[[Rig], str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``prepare`` runs undisturbed, ``act`` with the plug armed; ``goal`` names the end and asserts that it is good."""

    name: str
    prepare: Deed
    act: Deed
    goal: Goal


async def prepared(rig: Rig, scenario: Scenario) -> None:
    """Bring a locker to where the scenario begins."""
    await scenario.prepare(rig)
    await rig.agree()


async def acted(rig: Rig, scenario: Scenario, cuts: tuple[int, ...]) -> str:
    """Act with the power cut at these moments, each counted from its boot's beginning; return how it ended."""
    rig.cuts = list(cuts)
    rig.arm()
    lamp = rig.loop.create_task(rig.repower())
    await asyncio.wait_for(scenario.act(rig), LIFE_S_MAX)
    await asyncio.sleep(2 * DARK_S)
    lamp.cancel()
    if rig.site.boot is None:
        rig.site.power_on()
    else:
        rig.site.boot.plug.disarm()
    await rig.agree()
    ended = scenario.goal(rig)
    rig.auditor.final()
    return ended
