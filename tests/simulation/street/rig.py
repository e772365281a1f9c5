"""One street corner: a real locker on simulated doors, the real cloud, one operator, and whoever comes along."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cloud.services.assign_locker import assign_locker
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.courier_pass import courier_pass
from cloud.services.ports import UnitOfWork
from cloud.services.records import Courier
from cloud.services.remote_open import OpenWish, remote_open
from cloud.services.set_service import ServiceWish, set_service
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    CourierHome,
    DroppedOff,
    Idle,
    PickedUp,
    PutParcel,
    TakeParcel,
)
from firmware_sim.physics import CompartmentFaults
from firmware_sim.world.ledger import Issued
from firmware_sim.world.parcels import Thing, a_parcel, agreed, store
from tests.simulation.street.watched import HAND_S, MAIL_S, MEDIUM, OPERATOR, WITH_CODE, Watched


class Street(Watched):
    """Everything a scenario does."""

    def __init__(self, name: str) -> None:
        """Build the corner and hire its courier; ``begin`` switches it on."""
        super().__init__(name)
        self.office.mail = self._mailed
        self.courier = self._hire()

    def attempt(self, unit: Callable[[UnitOfWork], Any]) -> Any:
        """Do one verb at the cloud."""
        return self.office.do(unit)

    async def recall(self, thing: Thing) -> None:
        """Have the carrier take a parcel back, and wait until the locker knows."""
        office = self.office
        self.attempt(lambda uow: cancel_parcel(uow, office.act(OPERATOR), office.keys, thing.id, "recall"))
        await self.until(lambda: self.auditor.disagreement() is None, 120)

    async def restore(self, label: CompartmentLabel) -> None:
        """Put a compartment back into service after somebody has looked."""
        office = self.office
        wish = ServiceWish(self.site.id, label, in_service=True, reason="looked at")
        self.attempt(lambda uow: set_service(uow, office.act(OPERATOR), office.keys, wish))
        await self.until(lambda: not self.withdrawn(label) and not self.record(label).suspect)

    async def clear(self, label: CompartmentLabel, thing: Thing) -> None:
        """Have staff open a compartment from afar, take out what lies there and put the box back into service."""
        await self.until(lambda: isinstance(self.site.screen(), Idle | CourierHome), 60)
        self.open_from_afar(label)
        await self.until(lambda: self.site.is_open(label))
        self.take(thing, label, "staff")
        thing.odd = True
        await self.close(label)
        await self.restore(label)

    def open_from_afar(self, label: CompartmentLabel) -> bytes:
        """Let the operator open a door; returns the command's number."""
        office, site = self.office, self.site
        wish = OpenWish(site.id, label, "somebody called us")
        sent = office.do(lambda uow: remote_open(uow, office.act(OPERATOR), office.keys, wish))
        expires_ms = self.loop.now_ms + REMOTE_OPEN_LIFE_S * 1000
        office.commands[bytes.fromhex(sent.id)] = Issued(site.id, label, expires_ms, office.boot_of(site.id))
        return bytes.fromhex(sent.id)

    # ------------------------------------------------------------------ couriers

    def _hire(self) -> str:
        number = self.office.ids.new()
        record = Courier(
            id=number,
            name="C1",
            email=None,
            phone=None,
            language="pl",
            active=True,
            created_at=self.office.clock.now(),
        )
        self.office.do(lambda uow: uow.add(record))
        return number

    def announce(self, box: int = MEDIUM, dwell_h: int | None = None) -> Thing:
        """Promise a parcel to this locker; ``box`` is its size (``LARGE``: L)."""
        office, barcode = self.office, f"P{len(self.things) + 1}"
        parcel = a_parcel(office.ids.new(), barcode, self.courier, office.clock.now(), (box, dwell_h))
        office.do(store(parcel, agreed(parcel, office.ids.new)))
        office.stock_codes(self.site.id, self.site.secrets.salt_locker)
        office.do(lambda uow: assign_locker(uow, office.act(OPERATOR), office.keys, parcel.id, self.site.id))
        thing = Thing(parcel.id, barcode, self.site.id, self.courier, holder=self.courier)
        self.things[parcel.id] = thing
        return thing

    async def sign_in(self) -> CourierHome:
        """Let the courier show today's pass."""
        office = self.office
        passes = office.do(lambda uow: courier_pass(uow, office.act(), office.keys, self.courier, self.site.id))
        for one in passes:
            await self.site.scan(one)
            await asyncio.sleep(1)
        return await self.shows(CourierHome)

    async def scan(self, thing: Thing) -> None:
        await self.site.scan(thing.barcode)

    def put(self, thing: Thing, label: CompartmentLabel) -> None:
        """Lay a parcel into an open compartment."""
        self.site.cabinet.put_in(label, thing.barcode, self.loop.now_ms)
        thing.holder = f"{self.site.id}/{label}"

    def take(self, thing: Thing, label: CompartmentLabel, holder: str = "recipient") -> None:
        """Take a parcel out of an open compartment."""
        assert self.site.cabinet.take_out(label, self.loop.now_ms) == thing.barcode
        thing.holder, thing.fetched = holder, holder == "recipient"

    async def close(self, label: CompartmentLabel) -> None:
        """Push a door shut."""
        await self.until(lambda: self.site.close(label), 5)

    async def drop_off(self, thing: Thing) -> CompartmentLabel:
        """Scan, put in, close, confirm: as it should be."""
        await self.scan(thing)
        label = (await self.shows(PutParcel)).label
        await self.stow(thing)
        return label

    async def too_big(self) -> CompartmentLabel:
        """Say that it does not fit; return the next door, with the last one shut."""
        last = (await self.shows(PutParcel)).label
        await self.tap(Answer.TOO_BIG)
        await self.until(lambda: getattr(self.site.screen(), "label", last) != last)
        label = (await self.shows(PutParcel)).label
        await self.close(last)
        return label

    async def stow(self, thing: Thing) -> None:
        """Put the parcel into the door that stands open for it, close it, confirm."""
        label = (await self.shows(PutParcel)).label
        self.put(thing, label)
        await asyncio.sleep(1)
        await self.close(label)
        await self.confirm()

    async def confirm(self) -> None:
        """Say that the parcel is inside."""
        await self.shows(ConfirmDropOff)
        await self.tap(Answer.DONE)
        await self.shows(DroppedOff)

    async def close_all(self) -> None:
        """Shut whatever stands open."""
        for label in self.site.open_doors():
            await self.close(label)

    async def delivered(self, box: int = MEDIUM, dwell_h: int | None = None) -> tuple[Thing, CompartmentLabel]:
        """Have a parcel brought, and its code told."""
        thing = self.announce(box, dwell_h)
        await self.sign_in()
        label = await self.drop_off(thing)
        await self.sign_out()
        await self.until(lambda: thing.code is not None, MAIL_S)
        return thing, label

    async def sign_out(self) -> None:
        await self.tap(Answer.DONE)
        await self.shows(CourierHome)
        await self.tap(Answer.SIGN_OUT)
        await self.shows(Idle)

    # ------------------------------------------------------------------ recipients

    def _mailed(self, template: str, parcel_id: str, code: str | None, qr: str | None) -> None:
        thing = self.things.get(parcel_id)
        if thing is not None and template in WITH_CODE:
            thing.code, thing.qr = code or thing.code, qr or thing.qr

    async def type_code(self, thing: Thing) -> str:
        """Type the code that was mailed."""
        assert thing.code is not None
        return await self.site.enter_code(thing.code)

    async def tap(self, answer: Answer, label: CompartmentLabel | None = None) -> None:
        await asyncio.sleep(HAND_S)
        await self.site.answer(answer, label)
        await asyncio.sleep(HAND_S)

    async def fetched(self, thing: Thing, label: CompartmentLabel) -> PickedUp:
        """Pick up as it should be, from the code on."""
        await self.type_code(thing)
        assert (await self.shows(TakeParcel)).label == label
        self.take(thing, label)
        await asyncio.sleep(1)
        await self.close(label)
        return await self.shows(PickedUp)

    # ------------------------------------------------------------------ fate

    def break_(self, label: CompartmentLabel, **faults: Any) -> None:
        """Break something behind a door; nothing named mends it."""
        self.site.cabinet.break_(label, CompartmentFaults(**faults), self.loop.now_ms)
        if "sensor" in faults:
            self.site.tainted.add(label)
        self.site.stir()

    def lose_answers(self, count: int) -> None:
        """Let the board's next answers get lost on their way."""
        assert self.site.locks is not None
        self.site.locks.losing = count

    def coil_is_dead(self, label: CompartmentLabel) -> None:
        """Let one coil be unclaimable from the next start on."""
        self.site.dead.add(label)
        self.site.faults[label] = "GPIO 17 is in use already"

    def board_is_dead(self, *, dead: bool) -> None:
        """Let no lock answer, or all of them again."""
        self.site.dead.clear()
        self.site.dead.update(self.site.cabinet.labels if dead else ())

    def say_again(self, kind: str) -> None:
        """Let the broker deliver its last message of a kind once more."""
        message = next(one for one in reversed(self.broker.captured) if one.topic.endswith(kind))
        self.broker.inject(replace(message, expiry_s=None))

    async def paints(self, for_s: int) -> None:
        """Let the page tell for a while that it paints, as it does every ten seconds."""
        for _ in range(for_s // 10):
            assert self.site.boot is not None
            self.site.boot.agent.screen.painted()
            await asyncio.sleep(10)

    def emptied_by_thieves(self, *things: Thing) -> None:
        """Have every door levered open and everything taken."""
        site = self.site
        for label in site.cabinet.labels:
            site.cabinet._compartments[label].hook_free = True  # a crowbar does what a coil does
            site.cabinet.pull_door(label, self.loop.now_ms)
            site.cabinet.leave_behind(label, None)
        for thing in things:
            thing.holder, thing.odd = "thieves", True

    def power_on(self) -> None:
        """Give the power back."""
        self.since_ms = self.loop.now_ms
        self.site.power_on()

    async def back(self) -> None:
        """Give the power back, if it is not there, and wait until the cloud hears from the locker."""
        if self.site.boot is None:
            self.power_on()
        await self.until(self.is_heard)
