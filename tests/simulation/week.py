"""A locker that is cut off for eight days and serves people all the same; then the wire comes back.

The real agent and the real cloud in virtual time, with people who do what people do and nothing by chance: a courier
comes with what the phone shows, recipients with what they were told, and the one who tells them is the courier.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel
from cloud.services.assign_locker import assign_locker
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.complete_stop import say_inside
from cloud.services.courier_pass import courier_pass
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import Courier as CourierRecord
from cloud.services.records_ops import SupportCase
from cloud.services.reissue_code import reissue_code
from firmware_sim.world.audit import Auditor
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.enrolling import enrolled
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing, a_parcel, agreed, store
from firmware_sim.world.people import Courier, Recipient
from firmware_sim.world.site import Site
from firmware_sim.world.stores import LIGHT
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.wire import WorldBroker

DAYS = 8
DAY_S, HOUR_S = 86_400, 3_600
OPERATOR = actor(Role.OPERATOR, "olga")
DRIFT_MS_A_DAY = 40_000  # a Pi's crystal is good for some 20 parts in a million; this is twenty times worse
CONVERGED_S_MAX, LOOK_S, MAILS_S = 300, 5, 120
RELEASING = 4  # moments of the plug: the commit of the intent, before and after, and then the pin
TOLD = frozenset({"said_inside", "ready_for_pickup", "picked_up"})
WITH_CODE = frozenset({"said_inside", "ready_for_pickup", "code_reissued", "reminder"})


class Even(random.Random):
    """Chance without chances: people hesitate as long as they do on average and never misbehave."""

    def random(self) -> float:
        return 0.5


@dataclass
class Week:
    """One locker, its street and its cloud; ``told`` are the messages recipients got, by barcode."""

    loop: VirtualLoop
    say: Callable[[str], None] | None = None
    things: dict[str, Thing] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    converged_s: int = -1

    def __post_init__(self) -> None:
        self.chronicle = Chronicle(lambda: self.loop.now_ms, self.say)
        self.loop.set_exception_handler(self._broken)
        self.chance = Even(7)
        self.broker = WorldBroker(self.chance, self.chronicle)
        self.office = Office(self.loop, self.broker, self.chronicle, self.chance, LIGHT)
        secrets = enrolled(self.office, 1, self.chance)
        ledger = Ledger(secrets.locker, self.chronicle, self.office, lambda: self.loop.now_ms)
        self.site = Site(secrets, self.broker, ledger, self.loop, self.chance)
        self.auditor = Auditor(self.office, (self.site,), self.things, self.chronicle)
        self.courier = self.office.ids.new()
        self.office.mail = self._mailed

    def _broken(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if not isinstance(error, asyncio.CancelledError):
            self.chronicle.violated(0, f"{context['message']}: {error!r}")

    # ------------------------------------------------------------------ beginning and end

    async def opens(self) -> None:
        """Power the locker and let it be seen once, as at its enrolment."""
        record = CourierRecord(
            id=self.courier,
            name="Cezary",
            email=None,
            phone=None,
            language="pl",
            active=True,
            created_at=self.office.clock.now(),
        )
        self.office.do(lambda uow: uow.add(record))
        self.office.start()
        self.site.power_on()
        await asyncio.sleep(60)

    def cut_off(self) -> None:
        """Take the wire away, and with it the time."""
        self.chronicle.fault("partition", f"{self.site.id} is cut off")
        self.broker.unplug(self.site.id)
        self.site.clock.synced = False

    async def comes_back(self) -> None:
        """Give the wire and the time back and wait until both sides agree."""
        self.chronicle.tell(f"{self.site.id} is connected again")
        self.site.clock.synced, self.site.clock.off_ms = True, 0
        self.broker.plug_in(self.site.id)
        began_s = self.loop.time()
        while self.auditor.disagreement() and self.loop.time() - began_s < 2 * CONVERGED_S_MAX:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(LOOK_S)
        self.converged_s = round(self.loop.time() - began_s)
        self.chronicle.tell(f"edge and cloud agree after {self.converged_s} s")
        await asyncio.sleep(MAILS_S)

    async def until(self, day: int, hour: float) -> None:
        """Let time pass; the clock of the cut-off locker drifts."""
        at_s = day * DAY_S + (hour - 6) * HOUR_S  # the world begins at six in the morning
        passes_s = max(0.0, at_s - self.loop.time())
        await asyncio.sleep(passes_s)
        if not self.site.clock.synced:
            self.site.clock.off_ms += round(DRIFT_MS_A_DAY * passes_s / DAY_S)

    # ------------------------------------------------------------------ the courier

    def announce(self, barcode: str) -> Thing:
        """Promise a parcel in the courier's van to the locker."""
        office, site = self.office, self.site
        parcel = a_parcel(office.ids.new(), barcode, self.courier, office.clock.now(), (0, None))
        office.do(store(parcel, agreed(parcel, office.ids.new)))
        office.stock_codes(site.id, site.secrets.salt_locker)
        office.do(lambda uow: assign_locker(uow, office.act(OPERATOR), office.keys, parcel.id, site.id))
        office.chronicle.tell(f"{barcode} is promised to {site.id}")
        thing = Thing(parcel.id, barcode, site.id, self.courier, holder=self.courier)
        self.things[parcel.id] = thing
        self.parcels[barcode] = parcel
        return thing

    async def round(self, *barcodes: str, word: bool = True) -> None:
        """Come with these parcels and say afterwards, where the locker cannot, which are inside."""
        brought = [self.announce(one) for one in barcodes]
        passes = self.passes()
        self.chronicle.tell(f"C1's phone shows {len(passes)} codes, {sum(map(len, passes))} characters")
        await Courier("C1", self.site, self.chance).visit(passes, brought)
        for thing in brought:
            if word and thing.holder.startswith(f"{self.site.id}/"):
                self.chronicle.tell(f"C1 says that {thing.barcode} is inside")
                self.office.do(partial(self._say_inside, thing.id))

    def passes(self) -> tuple[str, ...]:
        """Return what the courier's phone shows now."""
        return self.office.do(self._pass)

    def _pass(self, uow: UnitOfWork) -> tuple[str, ...]:
        return courier_pass(uow, self.office.act(), self.office.keys, self.courier, self.site.id)

    def _say_inside(self, parcel: str, uow: UnitOfWork) -> None:
        say_inside(uow, self.office.act(actor(Role.COURIER, self.courier)), parcel)

    # ------------------------------------------------------------------ recipients and the operator

    def _mailed(self, template: str, parcel_id: str, code: str | None, qr: str | None) -> None:
        thing = self.things[parcel_id]
        self.told.setdefault(thing.barcode, [])
        if template in TOLD:
            self.told[thing.barcode].append(template)
        if template in WITH_CODE:
            thing.code, thing.qr = code or thing.code, qr or thing.qr

    def thing(self, barcode: str) -> Thing:
        return self.things[self.parcels[barcode].id]

    async def fetches(self, barcode: str, *, code: bool) -> bool:
        """Come for a parcel; return whether it is in hand now."""
        thing = self.thing(barcode)
        await Recipient(f"the recipient of {barcode}", self.site, self.chance).fetch(thing, code=code)
        await asyncio.sleep(30)
        return thing.fetched

    async def fetches_through_a_power_cut(self, barcode: str) -> bool:
        """Come for a parcel, lose the light while the door is being released, and try the same code again."""
        if self.site.boot is not None:
            self.site.boot.plug.arm(RELEASING)
        if await self.fetches(barcode, code=True):
            return False  # the light did not go out in time: this story means something else
        self.site.power_on()
        await asyncio.sleep(60)
        return await self.fetches(barcode, code=True)

    def recall(self, barcode: str) -> None:
        self._wish(
            "recalls", barcode, lambda uow, act, keys: cancel_parcel(uow, act, keys, self._id(barcode), "recall")
        )

    def gives_new_code(self, barcode: str) -> None:
        self.office.stock_codes(self.site.id, self.site.secrets.salt_locker)
        self._wish(
            "issues a new code for", barcode, lambda uow, act, keys: reissue_code(uow, act, keys, self._id(barcode))
        )

    def gives_more_time(self, barcode: str) -> None:
        self._wish(
            "gives more time for", barcode, lambda uow, act, keys: extend_deadline(uow, act, keys, self._id(barcode))
        )

    def _wish(self, word: str, barcode: str, verb: Callable[[UnitOfWork, Act, Keys], object]) -> None:
        self.chronicle.tell(f"olga {word} {barcode}")
        self.office.do(lambda uow: verb(uow, self.office.act(OPERATOR), self.office.keys))

    def _id(self, barcode: str) -> str:
        return self.parcels[barcode].id

    async def loses_power(self, seconds: float) -> None:
        """Cut the mains; a Pi without a battery wakes up at the time it last wrote down."""
        self.chronicle.fault("power cut", f"{self.site.id} loses power for {seconds / 60:.0f} min")
        self.site.power_off()
        await asyncio.sleep(seconds)
        self.site.clock.off_ms -= round(seconds * 1000)
        self.site.power_on()
        await asyncio.sleep(60)

    # ------------------------------------------------------------------ what is to be seen

    def state_of(self, barcode: str) -> str:
        return str(self.office.ask(lambda uow: uow.need(Parcel, self._id(barcode))).state)

    def cases(self) -> set[tuple[str, str]]:
        """Return what support is asked to look at: barcodes and kinds."""
        names = {thing.id: thing.barcode for thing in self.things.values()}
        found = self.office.ask(lambda uow: uow.find(SupportCase))
        return {(names.get(one.parcel_id or "", ""), one.kind) for one in found}


def lived(story: Callable[[Week], Coroutine[Any, Any, None]], say: Callable[[str], None] | None = None) -> Week:
    """Run one story to its end and return the week it made."""
    logging.disable(logging.CRITICAL)
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        week = Week(loop, say)
        try:
            loop.run_until_complete(loop.create_task(story(week)))
        finally:
            loop.run_until_complete(loop.create_task(_end(week)))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        logging.disable(logging.NOTSET)
    return week


async def _end(week: Week) -> None:
    week.site.power_off()
    week.office.stop()
    rest = sorted(asyncio.all_tasks(week.loop) - {asyncio.current_task(week.loop)}, key=hash)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
