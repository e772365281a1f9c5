"""The real cloud of a world: services, tables, ingest and dispatch of the product on a database in memory.

In place of the timetable stands a minute's beat that runs the same verbs, those for messages only while some wait.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from cloud.chance import SeededIds
from cloud.domain.actors import SYSTEM, Actor
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import DomainError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.downlink.dispatch import Dispatch
from cloud.downlink.ingest import Desk, Ingest
from cloud.services import notifications, prepare_codes
from cloud.services.dispatch import RESEND_AFTER, expire_messages, resend_unconfirmed
from cloud.services.expire_parcels import expire_parcels
from cloud.services.models import add_standard_models
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.prepare_codes import FreshCode, store_codes
from cloud.services.record_state import mark_silent
from cloud.services.records import UNDER_WAY, IssuedGrant, MessageState, NotificationState, PreparedCode
from cloud.services.records_ops import CommandSent, Notification, OutboxMessage
from cloud.services.release_reservation import expire_reservations
from cloud.services.remind import remind
from cloud.services.remote_open import expire_commands
from cloud.store.memory_writer import MemoryWriter
from cloud.store.secrets import AesGcmBox
from cloud.store.writer import InlineWriter, Observer, Unit
from contract.codes import CODES, make_code
from contract.envelope import Signer
from contract.ids import KeyId, ParcelRef
from contract.link import LinkStatus
from contract.link_settings import LinkSettings
from contract.topics import cloud_filters
from firmware_sim.world.chronicle import START, Chronicle
from firmware_sim.world.ledger import Issued
from firmware_sim.world.orders import Ordered
from firmware_sim.world.plug import Plug
from firmware_sim.world.stores import GENUINE, Craft
from firmware_sim.world.stretching import cheap_stretch
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.wire import WorldBroker, WorldLink

T = TypeVar("T")
NAME = "cloud-1"
BEAT_S = 60.0
SLOW_BEATS = 5  # every fifth beat also runs what the product runs every two to five minutes
POOL = 12  # codes made at once for a locker
NOTES_MAX = 50

Mail = Callable[[str, str, str | None, str | None], None]


@dataclass(slots=True)
class CloudClock:
    """True time: the cloud has NTP."""

    loop: VirtualLoop
    _told: tuple[int, datetime] = (-1, START)

    def now(self) -> datetime:
        now_ns = self.loop.now_ns
        if self._told[0] != now_ns:
            self._told = (now_ns, START + timedelta(microseconds=now_ns // 1000))
        return self._told[1]


class WorldWriter:
    """The inline writer behind a plug: the cloud, too, may die before or after any commit."""

    def __init__(self, inner: InlineWriter | MemoryWriter, plug: Plug, chronicle: Chronicle) -> None:
        """Write while ``plug`` has power."""
        self._inner, self._plug, self._chronicle = inner, plug, chronicle

    async def run(self, unit: Unit[T]) -> T:
        await self._plug.moment("before the cloud's commit")
        try:
            return self._inner.now(unit)
        finally:
            self._chronicle.step("commit", "cloud")
            await self._plug.moment("after the cloud's commit")

    def submit(self, unit: Unit[T]) -> Any:
        return self._inner.submit(unit)

    def on_commit(self, observer: Observer) -> None:
        self._inner.on_commit(observer)


class Office:
    """The cloud as a process: its database outlives it."""

    def __init__(
        self,
        loop: VirtualLoop,
        broker: WorldBroker,
        chronicle: Chronicle,
        chance: random.Random,
        craft: Craft = GENUINE,
    ) -> None:
        """Nothing runs before ``start``; verbs work at once."""
        self.loop, self.broker, self.chronicle, self._chance, self.craft = loop, broker, chronicle, chance, craft
        stored = craft.store()
        self.writer, self.reader = stored.writer, stored.reader
        self.clock, self.ids = CloudClock(loop), SeededIds(chance.getrandbits(64))
        self.signer = Signer(KeyId("cloud-1"), craft.keys.private(chance.randbytes(32)))
        self.keys = Keys(self.signer, AesGcmBox(chance.randbytes(32)))
        self.mail: Mail = lambda *_: None
        self.commands: dict[bytes, Issued] = {}
        self.orders: dict[bytes, Ordered] = {}
        self.lists: dict[int, frozenset[str]] = {}
        self._life: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.plug = Plug(self._died)
        self.do(lambda uow: add_standard_models(uow, self.act()))
        self._moved: set[str] = set()
        self.writer.on_commit(self._committed)

    def _committed(self, kinds: frozenset[str]) -> None:
        self._moved |= kinds
        if OutboxMessage.__name__ in kinds:
            self._wake.set()

    # ------------------------------------------------------------------ verbs

    def act(self, who: Actor = SYSTEM) -> Act:
        return Act(who, self.clock.now(), self.ids)

    def do(self, unit: Callable[[UnitOfWork], T]) -> T:
        """Run one verb as the API does: one unit, committed at once."""
        result = self.writer.now(unit)
        self.chronicle.step("verb", "cloud")
        return result

    def attempt(self, unit: Callable[[UnitOfWork], T]) -> T | None:
        """Run a verb that may be refused."""
        try:
            return self.do(unit)
        except DomainError as error:
            self.chronicle.step("refused", type(error).__name__)
            return None

    def ask(self, unit: Callable[[UnitOfWork], T]) -> T:
        """Look something up without changing anything."""
        return self.reader.read(unit)

    def stock_codes(self, locker: str, salt: bytes) -> None:
        """Keep codes ready whose stretch is the world's cheap one; the pool must never run dry."""
        if self.ask(lambda uow: uow.count(PreparedCode, locker_id=locker)) >= POOL // 2:
            return
        codes = [make_code(self.ids.below(CODES)) for _ in range(POOL)]
        fresh = [FreshCode(code, cheap_stretch(code, salt)) for code in codes]
        self.do(lambda uow: store_codes(uow, self.act(), self.keys, locker, fresh))

    # ------------------------------------------------------------------ what the witnesses ask

    def entries(self, locker: str, first: int, last: int) -> list[bytes]:
        return self.ask(lambda uow: uow.log.entries(locker, first, last))

    def command(self, number: bytes) -> Issued | None:
        return self.commands.get(number)

    def addressee(self, number: bytes) -> str | None:
        """Return the locker a message of ours was meant for; nothing if nobody here said it."""
        found = self.ask(lambda uow: uow.first(OutboxMessage, about=number.hex()))
        return found.locker_id if found is not None else None

    def recalled(self, number: bytes) -> ParcelRef | None:
        """Return the parcel whose rights a command revoked."""
        grant = self.ask(partial(_revoked_by, number.hex()))
        return ParcelRef(bytes.fromhex(grant.parcel_id)) if grant is not None else None

    def order(self, number: bytes) -> Ordered | None:
        return self.orders.get(number)

    def listed(self, number: int) -> frozenset[str]:
        """Return the names of the keys in one of the root's lists of operators; there is no list 0."""
        return self.lists.get(number, frozenset())

    def boot_of(self, locker: str) -> str:
        """Return the boot the cloud takes a locker to be in."""
        return str(self.ask(lambda uow: uow.need(Locker, locker)).boot_nonce)

    # ------------------------------------------------------------------ the process

    @property
    def is_up(self) -> bool:
        return self._life is not None

    def start(self) -> None:
        """Start the process over the database as it is."""
        self.plug = Plug(self._died)
        self._life = self.loop.create_task(self._run(self.plug), name="cloud")
        self._life.add_done_callback(self._ended)

    def stop(self) -> None:
        """Kill the process now."""
        self.plug.dead = True
        self._died("")

    def _died(self, name: str) -> None:
        life, self._life = self._life, None
        if name:
            self.chronicle.fault("cloud killed", f"the cloud is killed {name}")
        if life is not None:
            self.loop.call_soon(life.cancel)

    def _ended(self, life: "asyncio.Task[None]") -> None:
        if not life.cancelled() and (error := life.exception()) is not None:
            self.chronicle.violated(0, f"the cloud died of {error!r}: {getattr(error, 'exceptions', '')!r}")

    async def _run(self, plug: Plug) -> None:
        settings = LinkSettings(client_id=NAME, subscriptions=tuple((one, 1) for one in cloud_filters()))
        link = WorldLink(self.broker, settings, random.Random(self._chance.randbytes(8)), plug)
        writer = WorldWriter(self.writer, plug, self.chronicle)
        desk = Desk(self.reader, writer, self.clock, self.ids, self.signer, public_key=self.craft.keys.public)
        link.on_status(lambda status: self._wake.set() if status is LinkStatus.CONNECTED else None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link.run())
            tasks.create_task(Ingest(link, desk).run())
            tasks.create_task(self._dispatch(Dispatch(link, desk), link))
            tasks.create_task(self._beat(writer))

    async def _dispatch(self, dispatch: Dispatch, link: WorldLink) -> None:
        """Do what ``Dispatch.run`` does, but look when there is something and not every five seconds."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while link.status is LinkStatus.CONNECTED and await dispatch.send_some():
                pass

    async def _beat(self, writer: WorldWriter) -> None:
        """Run what is due, looking only where something was written since there was last nothing to do."""
        beats = 0
        self._moved |= {OutboxMessage.__name__, Notification.__name__}
        while True:
            await asyncio.sleep(BEAT_S)
            beats += 1
            if OutboxMessage.__name__ in self._moved and not await self._repeat(writer):
                self._moved.discard(OutboxMessage.__name__)
            if beats % SLOW_BEATS == 0:
                await self._slow(writer)
            if Notification.__name__ in self._moved and not await self._deliver(writer):
                self._moved.discard(Notification.__name__)

    async def _repeat(self, writer: WorldWriter) -> bool:
        """Say again what was not confirmed; false when nothing waits."""
        waiting = self.ask(lambda uow: uow.find(OutboxMessage, state=UNDER_WAY))
        silent_since = self.clock.now() - RESEND_AFTER
        if any(one.state is not MessageState.SENT for one in waiting):
            self._wake.set()
        if any(one.sent_at is not None and one.sent_at <= silent_since for one in waiting):
            await writer.run(lambda uow: resend_unconfirmed(uow, self.act()))
        return bool(waiting)

    async def _slow(self, writer: WorldWriter) -> None:
        keys = self.keys
        await writer.run(lambda uow: mark_silent(uow, self.act()))
        if OutboxMessage.__name__ in self._moved:
            await writer.run(lambda uow: expire_messages(uow, self.act()))
            await writer.run(lambda uow: expire_commands(uow, self.act()))
        if self.ask(lambda uow: uow.count(Reservation, state=ReservationState.ACTIVE)):
            await writer.run(lambda uow: expire_reservations(uow, self.act(), keys))
        if self.ask(lambda uow: uow.count(Parcel, state=(ParcelState.READY_FOR_PICKUP, ParcelState.EXPIRED))):
            await writer.run(lambda uow: expire_parcels(uow, self.act(), keys))
            await writer.run(lambda uow: remind(uow, self.act()))

    def _delivered(self, number: str, uow: UnitOfWork) -> None:
        notifications.mark_delivered(uow, self.act(), number)

    async def _deliver(self, writer: WorldWriter) -> bool:
        """Hand messages to the people they are for; false when none waits."""
        waiting = self.ask(lambda uow: uow.find(Notification, state=NotificationState.QUEUED))
        now = self.clock.now()
        if any(one.not_before <= now for one in waiting):
            due = await writer.run(
                lambda uow: notifications.claim_notifications(uow, self.act(), self.keys, NOTES_MAX),
            )
            for one in due:
                await writer.run(partial(self._delivered, one.notification.id))
                self.mail(one.notification.template, one.notification.parcel_id or "", one.code, one.capability_qr)
        return bool(waiting)


def _revoked_by(number: str, uow: UnitOfWork) -> IssuedGrant | None:
    command = uow.get(CommandSent, number)
    if command is None or command.kind != "revoke":
        return None
    return uow.first(IssuedGrant, group_id=command.group_id, kind="pick_up")


assert prepare_codes.POOL_MIN < POOL  # noqa: S101 - or the product would ask for codes that the world cannot stretch
