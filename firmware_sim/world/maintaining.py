"""Now and then many doors of one locker are opened: a technician stands there, two operators sign, and it goes wrong.

It draws from a chance of its own, so that a world in which nobody maintains anything is what it would be without.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cloud.domain.errors import DomainError
from cloud.services.operator_keys import person_bytes
from cloud.services.records_bulk import BulkOpening
from contract.bulk import BULK_LIFE_S, read_order
from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import CloseDoor, NotOpened, OutOfOrder, RemoteOpening, ServiceHome
from firmware_sim.world.keyholders import (
    FORGER,
    OLGA,
    OLGAS_LAPTOP,
    PAUL,
    RITA,
    STRANGER,
    TECHNICIAN,
    KeyHolders,
)
from firmware_sim.world.people import Person
from firmware_sim.world.site import Site
from firmware_sim.world.town import Town

T = TypeVar("T")
VISIT_H = 160.0  # locker-hours from one visit to the next: a world's day has one or two
DOORS = (2, 3, 3, 5)
WHY = "cleaning after a flood"
FORGETS, STOPS, WALKS_AWAY, IMPATIENT = 0.06, 0.02, 0.04, 0.01  # how often technicians do what they should not, a look
AGAINST_RULES, RESTARTED, CUT, HELD_BACK, GO_ON = 0.3, 0.12, 0.3, 0.15, 0.3  # shares of orders; the last: of restarts
GOES_OFF, KEPT = 0.15, 0.5  # technicians who go for a coffee; of orders meanwhile, how many somebody keeps for later
PAST_THE_RULES = (
    *((OLGA, OLGAS_LAPTOP), (OLGA, OLGA), (OLGA, STRANGER), (OLGA,), (PAUL, OLGA)),
    *((OLGA, FORGER), (OLGA, RITA), (PAUL, RITA)),
)
LOOKS_MAX, LOOK_S = 150, 4.0  # about ten minutes at the machine
WAITS_LOOKS = 15  # a minute after the operators are through, when no door has opened


class Technician(Person):
    """Signs in, switches maintenance mode on, and shuts each door once it was looked into."""

    async def signs_in(self, shown: str) -> bool:
        """Show the pass; false when the machine is no use."""
        if not await self.queue():
            return False
        self.tell("shows a technician's pass")
        self.site.ledger.orders.shown()
        await self.site.scan(shown)
        await self.hesitate(2)
        if not isinstance(self.site.screen(), ServiceHome):
            return False
        if self.chance.random() >= FORGETS:
            self.tell("switches maintenance mode on")
            await self.site.answer(Answer.MAINTENANCE_ON)
        return True

    async def stays(self, through: Callable[[], bool]) -> None:
        """Stand by while doors open, until nothing more is to come; ``through``: the operators have done their part."""
        waited, seen = 0, False
        for _ in range(LOOKS_MAX):
            await self.hesitate(LOOK_S)
            shown = self.site.screen()
            if shown is None or isinstance(shown, OutOfOrder):
                break
            seen = seen or isinstance(shown, RemoteOpening)
            idle = isinstance(shown, ServiceHome) and shown.left is None
            waited += idle and through()
            if idle and waited > (0 if seen and through() else WAITS_LOOKS):
                break
            if isinstance(shown, RemoteOpening) and self.chance.random() < WALKS_AWAY:
                self.tell("walks away in the middle")
                return
            await self._at_machine()
        await self._leaves()

    async def _at_machine(self) -> None:
        match self.site.screen():
            case RemoteOpening(door_open=True) | CloseDoor():
                await self.hesitate(2)
                if self.chance.random() < STOPS:
                    self.tell("taps Stop")
                    await self.site.answer(Answer.MAINTENANCE_OFF)
                await self._shuts()
            case NotOpened():
                await self.site.answer(Answer.CANCEL)
            case ServiceHome():
                await self._shuts()
                if self.chance.random() < IMPATIENT:
                    self.tell("ends maintenance mode and waits")
                    await self.site.answer(Answer.MAINTENANCE_OFF)
            case _:
                pass

    async def _shuts(self) -> None:
        for label in self.site.open_doors():
            await self.shut(label)

    async def _leaves(self) -> None:
        await self._shuts()
        if isinstance(self.site.screen(), ServiceHome):
            await self.site.answer(Answer.SIGN_OUT)


@dataclass
class Maintenance:
    """Sends a technician somewhere, and has the operators sign."""

    town: Town
    chance: random.Random
    visit_h: float = VISIT_H
    visits: int = 0
    holders: KeyHolders = field(init=False)

    def __post_init__(self) -> None:
        self.holders = KeyHolders(self.town.office)

    def begin(self) -> None:
        self.town.start(self._now_and_then())

    async def _now_and_then(self) -> None:
        share = len(self.town.sites) / (self.visit_h * 3600)
        while True:
            await asyncio.sleep(round(self.chance.expovariate(share), 3))
            if self.town.open_for_business and "maintenance" not in self.town.without:
                await self._visit(self.chance.choice(self.town.sites))

    async def _visit(self, site: Site) -> None:
        self.visits += 1
        self.holders.introduce()
        site.ledger.orders.staff.add(person_bytes(TECHNICIAN.name))
        site.chronicle.tell(f"tom is sent to {site.id}")
        shown = self.holders.pass_for(site.id)
        await self._pause(60, 900)
        technician = Technician("tom", site, self.chance)
        async with site.pavement:
            if not self.town.open_for_business or not await technician.signs_in(shown):
                return
            through = asyncio.Event()
            is_off = self.town.trouble and self.chance.random() < GOES_OFF
            self.town.start(self._operators(site, through, alone=is_off))
            if is_off:
                technician.tell("goes for a coffee, as if everything were done")
                return
            await technician.stays(lambda: through.is_set() or not self.town.open_for_business)

    # ------------------------------------------------------------------ the operators

    async def _operators(self, site: Site, through: asyncio.Event, *, alone: bool) -> None:
        try:
            await self._pause(5, 40)
            labels = self.chance.sample(list(site.cabinet.labels), self.chance.choice(DOORS))
            asked = await self._signed_once(site, labels)
            if asked is not None:
                await self._pause(5, 60)
                if alone and self.chance.random() < KEPT:
                    await self._too_late(site, asked)
                else:
                    self._second(site, asked)
        finally:
            through.set()

    async def _signed_once(self, site: Site, labels: list[CompartmentLabel]) -> BulkOpening | None:
        """Have an order written and signed by one; nothing if the cloud refuses it."""
        asked = self._try(lambda: self.holders.asks(site.id, labels, WHY))
        if asked is None:
            return None
        site.chronicle.tell(f"olga writes an order for {' '.join(labels)} at {site.id}")
        await self._pause(5, 30)
        if self._try(lambda: self.holders.signs(asked, OLGA)) is None:
            return None
        if self.town.trouble and self.chance.random() < RESTARTED:
            return await self._restarted(site, asked)
        return asked

    async def _restarted(self, site: Site, asked: BulkOpening) -> BulkOpening | None:
        """Restart the locker under an order; operators who have not noticed go on with it, or with a new one."""
        site.chronicle.fault("power cut", f"{site.id} is restarted while an order waits for its second signature")
        site.power_off()
        await self._pause(3, 20)
        if site.boot is None:
            site.power_on()
        if self.chance.random() < GO_ON:
            return asked
        await self._pause(20, 60)
        self._try(lambda: self.holders.withdraws(asked, PAUL))
        again = self._try(lambda: self.holders.asks(site.id, read_order(asked.order).compartments, WHY))
        return again and self._try(lambda: self.holders.signs(again, OLGA))

    def _second(self, site: Site, asked: BulkOpening) -> None:
        """Have the order sent: by the second operator, or by somebody in the cloud with what signatures there are."""
        drawn = self.chance.random()
        if self.town.trouble and drawn < AGAINST_RULES:
            hands = self.chance.choice(PAST_THE_RULES)
            signers = " and ".join(hand.who.name for hand in hands)
            site.chronicle.fault("hostile cloud", f"an order signed by {signers} is sent past the rules to {site.id}")
            self._try(lambda: self.holders.signs(asked, OLGAS_LAPTOP))
            self.holders.slip_in(asked.order, *hands)
        else:
            site.chronicle.tell(f"paul signs the order at {site.id}")
            self._try(lambda: self.holders.signs(asked, PAUL))
        self._spoil(site)

    async def _too_late(self, site: Site, asked: BulkOpening) -> None:
        """Have somebody in the cloud keep an order with two good signatures until it is over, and send it then."""
        site.chronicle.fault("hostile cloud", f"an order for {site.id} is kept until it is over")
        await self._pause(BULK_LIFE_S, 2 * BULK_LIFE_S)
        if self.town.open_for_business:
            self.holders.slip_in(asked.order, OLGA, PAUL)

    def _spoil(self, site: Site) -> None:
        """Now and then let the power go while doors are being opened, or the broker keep the order for later."""
        drawn = self.chance.random()
        if not self.town.trouble or not self.town.open_for_business:
            return
        if drawn < CUT and "act" not in self.town.without:
            self.town.cut_soon(site, self.chance, 90)
        elif drawn < CUT + HELD_BACK:
            site.chronicle.fault("message held back", "the broker keeps an order for later")
            self.town.office.broker.held_s = round(self.chance.uniform(2, 400), 3)

    def _try(self, deed: Callable[[], T]) -> T | None:
        try:
            return deed()
        except DomainError as error:
            self.town.office.chronicle.step("refused", type(error).__name__)
            return None

    async def _pause(self, low_s: float, high_s: float) -> None:
        await asyncio.sleep(round(self.chance.uniform(low_s, high_s), 3))
