"""Who comes when: parcels, couriers' rounds, recipients, strangers and operators of one world, all from its seed."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cloud.domain.actors import Role, actor
from cloud.services.assign_locker import assign_locker
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.courier_pass import courier_pass
from cloud.services.desire_configuration import desire_configuration
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import UnitOfWork
from cloud.services.records import Courier as CourierRecord
from cloud.services.reissue_code import reissue_code
from cloud.services.remote_open import OpenWish, remote_open
from cloud.services.set_service import ServiceWish, set_service
from contract.codes import CODES, make_code
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.ids import CompartmentLabel
from contract.state import Configuration
from edge.store.errors import StoreFact
from firmware_sim.world.disk import Tear
from firmware_sim.world.ledger import FREE_MISSES, Issued
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing, a_parcel, agreed, store
from firmware_sim.world.people import Courier, Recipient, Stranger
from firmware_sim.world.site import Site

OPERATOR = actor(Role.OPERATOR, "olga")
ROUND_H = (0.9, 2.1)  # hours between two couriers' visits to one locker by day: about one parcel an hour
NIGHT_H, MORNING_H = 22, 6  # between them people sleep; faults do not
NIGHT_SHARE = 0.1  # of couriers, operators and strangers, how many are about at night
WITH_CODE = frozenset({"ready_for_pickup", "code_reissued", "reminder"})
COURIERS = 2
NEVER_COMES, BY_CODE, TRIES_SPENT = 0.12, 0.7, 0.4  # shares of recipients
TORN_IN_THE_ACT = 0.02
SHUTS_DOORS, GUESSES, BACK_IN_SERVICE, CUT_IN_THE_ACT, SICK_IN_THE_ACT = 0.6, 0.3, 0.6, 0.12, 0.06
PULLS_PLUG, HELD_BACK, CUT_AT_OPEN = 0.7, 0.25, 0.3


@dataclass
class Town:
    """Runs everybody until told to stop."""

    office: Office
    sites: tuple[Site, ...]
    chance: random.Random
    trouble: bool = True
    things: dict[str, Thing] = field(default_factory=dict)
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)
    open_for_business: bool = True
    without: frozenset[str] = frozenset()
    _number: int = 0

    def begin(self) -> None:
        """Hire couriers and let every locker have its visits."""
        self.office.mail = self._mailed
        self.couriers = [self._hire(number) for number in range(1, COURIERS + 1)]
        for site in self.sites:
            self.start(self._rounds(site))
        self.start(self._passers_by())
        if self.trouble:
            self.start(self._operators())

    def start(self, life: Coroutine[Any, Any, None]) -> None:
        """Let somebody's doings run beside everybody else's."""
        task = self.office.loop.create_task(life)
        self.tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    # ------------------------------------------------------------------ couriers and parcels

    def _hire(self, number: int) -> tuple[str, str]:
        office = self.office
        courier_id = office.ids.new()
        record = CourierRecord(
            id=courier_id,
            name=f"C{number}",
            email=None,
            phone=None,
            language="pl",
            active=True,
            created_at=office.clock.now(),
        )
        office.do(lambda uow: uow.add(record))
        return record.name, courier_id

    async def _rounds(self, site: Site) -> None:
        chance = random.Random(self.chance.randbytes(8))
        await asyncio.sleep(round(chance.uniform(120, 3_600), 3))
        waiting: list[Thing] = []
        while True:
            if self.open_for_business:
                name, courier_id = chance.choice(self.couriers)
                waiting = [thing for thing in waiting if thing.holder == thing.courier and thing.courier == courier_id]
                for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
                    thing = self._announce(site, courier_id, chance)
                    waiting += [thing] if thing else []
                await asyncio.sleep(round(chance.uniform(5, 900), 3))
                passes = self.office.attempt(partial(self._pass, courier_id, site))
                self._arm(site, chance)
                courier = Courier(name, site, chance)
                await courier.visit(passes or (), list(waiting))
                for thing in self.things.values():
                    thing.odd = thing.odd or thing.barcode in courier.unsaid
            await asyncio.sleep(round(chance.uniform(*ROUND_H) * 3600 / self._bustle(), 3))

    def _is_night(self) -> bool:
        hour = self.office.clock.now().hour
        return hour >= NIGHT_H or hour < MORNING_H

    def _bustle(self) -> float:
        """Return how many of the people of a busy hour are about now."""
        return NIGHT_SHARE if self._is_night() else 1.0

    async def _till_morning(self, chance: random.Random) -> None:
        """Let whoever would come at night come when the day begins."""
        if self._is_night():
            now = self.office.clock.now()
            left_h = (MORNING_H - now.hour - now.minute / 60) % 24
            await asyncio.sleep(round((left_h + chance.uniform(0.2, 3)) * 3600, 3))

    def _pass(self, courier_id: str, site: Site, uow: UnitOfWork) -> tuple[str, ...]:
        return courier_pass(uow, self.office.act(), self.office.keys, courier_id, site.id)

    def _announce(self, site: Site, courier_id: str, chance: random.Random) -> Thing | None:
        """Promise a parcel in the courier's van to this locker."""
        office = self.office
        self._number += 1
        barcode = f"P{self._number}"
        dwell_h = chance.choice((None, None, 2, 5))
        parcel = a_parcel(
            office.ids.new(), barcode, courier_id, office.clock.now(), (chance.choice((0, 0, 1, 2, 3)), dwell_h)
        )
        office.do(store(parcel, agreed(parcel, office.ids.new)))
        office.stock_codes(site.id, site.secrets.salt_locker)
        made = office.attempt(lambda uow: assign_locker(uow, office.act(OPERATOR), office.keys, parcel.id, site.id))
        if made is None:
            return None
        office.chronicle.tell(f"{barcode} ({made.size}) is promised to {site.id}")
        thing = Thing(parcel.id, barcode, site.id, courier_id, holder=courier_id, hours=chance.expovariate(1 / 2.5))
        self.things[parcel.id] = thing
        return thing

    # ------------------------------------------------------------------ recipients

    def _mailed(self, template: str, parcel_id: str, code: str | None, qr: str | None) -> None:
        thing = self.things.get(parcel_id)
        if thing is None or template not in WITH_CODE:
            return
        thing.code, thing.qr = code or thing.code, qr or thing.qr
        if template == "ready_for_pickup":
            self.start(self._comes(thing, random.Random(self.chance.randbytes(8))))

    async def _comes(self, thing: Thing, chance: random.Random) -> None:
        """Come some time later, up to three times; some never do, and some try a code that is spent."""
        if chance.random() < NEVER_COMES:
            return
        site = next(one for one in self.sites if one.id == thing.locker)
        name = f"the recipient of {thing.barcode}"
        for _ in range(3):
            await asyncio.sleep(round(thing.hours * 3600 + chance.uniform(60, 600), 3))
            if chance.random() > NIGHT_SHARE:
                await self._till_morning(chance)
            while not self.open_for_business:  # noqa: ASYNC110 - the witnesses compare; whoever would come comes later
                await asyncio.sleep(60)
            self._arm(site, chance)
            await Recipient(name, site, chance).fetch(thing, code=chance.random() < BY_CODE)
            if thing.fetched:
                break
        if thing.fetched and not thing.odd and thing.code and self.trouble and chance.random() < TRIES_SPENT:
            await asyncio.sleep(round(chance.choice((90, 700)) * chance.uniform(1, 1.5), 3))
            await Stranger("somebody with a spent code", site, chance).guess([thing.code])

    def _arm(self, site: Site, chance: random.Random) -> None:
        """Now and then let power or card fail in the middle of what somebody is about to do."""
        if not self.trouble or not self.open_for_business or site.boot is None:
            return
        drawn = chance.random()
        if "act" in self.without:
            return
        if drawn < CUT_IN_THE_ACT:
            self.cut_soon(site, chance, 120)
        elif drawn < CUT_IN_THE_ACT + SICK_IN_THE_ACT:
            self.start(self._sick_card(site, chance))
        elif drawn < CUT_IN_THE_ACT + SICK_IN_THE_ACT + TORN_IN_THE_ACT:
            site.card.tear = Tear.drawn(chance)
            self.start(self._repower(site, chance))

    def cut_soon(self, site: Site, chance: random.Random, moments: int) -> None:
        """Let the power go at one of the next moments, and come back some time later."""
        if site.boot is not None:
            site.boot.plug.arm(chance.randrange(1, moments))
            self.start(self._repower(site, chance))

    async def _sick_card(self, site: Site, chance: random.Random) -> None:
        await asyncio.sleep(round(chance.uniform(1, 20), 3))
        site.chronicle.fault("store disk_full", f"the card of {site.id} is full")
        site.card.sick = StoreFact.DISK_FULL
        await asyncio.sleep(round(chance.uniform(1, 40), 3))
        site.card.sick = None
        site.stir()

    async def _repower(self, site: Site, chance: random.Random) -> None:
        for _ in range(60):
            await asyncio.sleep(5)
            if site.boot is None:
                await asyncio.sleep(round(chance.choice((2, 30, 400)) * chance.uniform(0.5, 1.5), 3))
                if site.boot is None:
                    site.power_on()
                return
        site.card.tear = None
        if site.boot is not None:
            site.boot.plug.disarm()

    async def _passers_by(self) -> None:
        """Close what others left open, some time later."""
        while True:
            await asyncio.sleep(150 / self._bustle())
            for site in self.sites:
                if not site.pavement.locked() and self.chance.random() < SHUTS_DOORS:
                    for label in site.open_doors():
                        site.chronicle.tell(f"a passer-by shuts {label} at {site.id}")
                        site.close(label)

    # ------------------------------------------------------------------ operators and strangers

    async def _operators(self) -> None:
        chance = random.Random(self.chance.randbytes(8))
        while True:
            await asyncio.sleep(round(chance.expovariate(1 / 2_400) / self._bustle(), 3))
            if self.open_for_business and "operators" not in self.without:
                site = chance.choice(self.sites)
                deed = chance.choice((self._open, self._open, self._reissue, self._cancel, self._extend, self._service))
                deed(site, chance)
                if chance.random() < GUESSES:
                    self.start(self._guess(site, chance))

    async def _guess(self, site: Site, chance: random.Random) -> None:
        codes = [make_code(chance.randrange(CODES)) for _ in range(chance.choice((2, 7, 9)))]
        site.chronicle.tell(f"a stranger guesses codes at {site.id}")
        self._arm(site, chance)
        await Stranger("a stranger", site, chance).guess(codes)
        if len(codes) > FREE_MISSES and chance.random() < PULLS_PLUG and site.boot is not None:
            site.chronicle.fault("plug pulled", f"the stranger pulls the plug of {site.id} to be listened to again")
            site.power_off()
            await asyncio.sleep(2)
            if site.boot is None:
                site.power_on()
            await asyncio.sleep(5)
            await Stranger("the same stranger", site, chance).guess(codes[:2])

    def _open(self, site: Site, chance: random.Random) -> None:
        label = chance.choice(site.cabinet.labels)
        wish = OpenWish(site.id, label, "somebody called us")
        sent = self.office.attempt(lambda uow: remote_open(uow, self.office.act(OPERATOR), self.office.keys, wish))
        if sent is not None:
            expires_ms = self.office.loop.now_ms + REMOTE_OPEN_LIFE_S * 1000
            self.office.commands[bytes.fromhex(sent.id)] = Issued(
                site.id, label, expires_ms, self.office.boot_of(site.id)
            )
            site.chronicle.tell(f"olga opens {label} at {site.id} from afar")
            drawn = chance.random()
            if drawn < HELD_BACK:
                site.chronicle.fault("message held back", "the broker keeps a command for later")
                self.office.broker.held_s = round(chance.uniform(62, 400), 3)
            elif drawn < HELD_BACK + CUT_AT_OPEN:
                self.cut_soon(site, chance, 8)

    def _waiting(self, site: Site, chance: random.Random) -> Thing | None:
        there = [one for one in self.things.values() if one.holder.startswith(f"{site.id}/")]
        return chance.choice(there) if there else None

    def _on_thing(self, site: Site, chance: random.Random, word: str) -> Thing | None:
        thing = self._waiting(site, chance)
        if thing is not None:
            self.office.stock_codes(site.id, site.secrets.salt_locker)
            site.chronicle.tell(f"olga {word} {thing.barcode} at {site.id}")
        return thing

    def _reissue(self, site: Site, chance: random.Random) -> None:
        thing = self._on_thing(site, chance, "issues a new code for")
        if thing is not None:
            self.verb(lambda uow: reissue_code(uow, self.office.act(OPERATOR), self.office.keys, thing.id))

    def _cancel(self, site: Site, chance: random.Random) -> None:
        thing = self._on_thing(site, chance, "recalls")
        if thing is not None:
            self.verb(lambda uow: cancel_parcel(uow, self.office.act(OPERATOR), self.office.keys, thing.id, "recall"))

    def _extend(self, site: Site, chance: random.Random) -> None:
        thing = self._on_thing(site, chance, "gives more time for")
        if thing is not None:
            self.verb(lambda uow: extend_deadline(uow, self.office.act(OPERATOR), self.office.keys, thing.id))

    def _service(self, site: Site, chance: random.Random) -> None:
        label: CompartmentLabel = chance.choice(site.cabinet.labels)
        wish = ServiceWish(site.id, label, chance.random() < BACK_IN_SERVICE, "service")
        self.verb(lambda uow: set_service(uow, self.office.act(OPERATOR), self.office.keys, wish))
        wanted = Configuration(door_left_open_s=chance.choice((45, 60, 90)))
        self.verb(lambda uow: desire_configuration(uow, self.office.act(OPERATOR), self.office.keys, site.id, wanted))

    def verb(self, unit: Callable[[UnitOfWork], object]) -> None:
        self.office.attempt(unit)
