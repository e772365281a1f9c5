"""The real agent: aiosqlite, gpiozero on a simulated cabinet, the loop, the uplink over a broker in memory."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from contract.codec import decode_entry, encode, to_qr
from contract.codes import make_code, stretch, verifier
from contract.events import Entry, EventBatch, chain
from contract.grants import CourierPass, DropOffGrant, PickUpGrant
from contract.ids import (
    BootId,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    LockerId,
    MessageId,
    ParcelRef,
    label_digest,
)
from contract.layout import CompartmentPlan, Layout
from contract.memory_link import MemoryBroker, MemoryLink
from contract.sizes import SizeClass
from contract.state import Acknowledgement, LockerState, Snapshot
from edge.agent import Agent, Fittings
from edge.clock import SystemClock
from edge.drivers.board import Board, open_board
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.screens import Screen
from edge.locker_controller.state import Setup
from edge.store.sqlite_aio import AioDatabase
from edge.uplink.presence import Presence
from edge.uplink.uplink import link_settings
from firmware_sim.pins import SimulatedCabinet
from firmware_sim.wiring import simulated_wiring
from tests.unit.edge.uplink.builders import AT_ONCE, CLOUD, CLOUD_KEYS, DEVICE, FakeCloud, read_upward

LOCKER = LockerId("WAW-01")
A01 = CompartmentLabel("A01")
LAYOUT = Layout("two", (CompartmentPlan(A01, SizeClass.S), CompartmentPlan(CompartmentLabel("A02"), SizeClass.M)))
K_LOCKER, SALT = b"k" * 32, b"s" * 16
CODE = make_code(12_345_678)
BARCODE = "590123412345"
DAY_S = 86_400


def courier_qr() -> str:
    now_s = SystemClock().now_ms() // 1000
    parcel, group = ParcelRef(b"p" * 16), GroupId(b"g" * 16)
    known = verifier(stretch(CODE, SALT), parcel, K_LOCKER)
    grants = (
        DropOffGrant(GrantId(b"d" * 16), group, parcel, label_digest(BARCODE), SizeClass.S, now_s + DAY_S),
        PickUpGrant(GrantId(b"u" * 16), group, parcel, known, now_s + 3 * DAY_S),
    )
    courier = CourierRef(b"c" * 16)
    document = CourierPass(LOCKER, MessageId(b"m" * 16), now_s - 5, now_s + 3600, courier, grants)
    return to_qr(CLOUD.sign(encode(document)))


class CommittingCloud(FakeCloud):
    """Keeps every entry once, by sequence, and acknowledges what it has kept."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.entries: list[bytes] = []
        self.head = b""

    async def _listen(self) -> None:
        async for incoming in self.link.messages():
            document = read_upward(incoming.payload)
            self.heard.append(document)
            if isinstance(document, EventBatch):
                await self._commit(document)
            self.link.acknowledge(incoming)

    async def _commit(self, batch: EventBatch) -> None:
        known = len(self.entries) - (batch.first_sequence - 1)
        assert known >= 0, "a gap in the journal"
        if not self.entries:
            self.head = batch.previous_hash
        fresh = batch.entries[known:]
        self.entries += fresh
        self.head = chain(self.head, fresh)
        now_s = SystemClock().now_ms() // 1000
        through = len(self.entries)
        await self.send(Acknowledgement(LOCKER, MessageId(secrets.token_bytes(16)), now_s, through, self.head))

    def kinds(self) -> list[str]:
        decoded = [decode_entry(raw) for raw in self.entries]
        return [type(entry.event).__name__ for entry in decoded if isinstance(entry, Entry)]

    def states(self) -> list[LockerState]:
        return [one for one in self.heard if isinstance(one, LockerState)]

    def snapshots(self) -> list[Snapshot]:
        return [one for one in self.heard if isinstance(one, Snapshot)]


class Site:
    """One locker where it stands: a cabinet, a card, perhaps a broker in reach."""

    def __init__(self, folder: Path, broker: MemoryBroker | None = None) -> None:
        self.folder, self.broker = folder, broker
        self.wiring = simulated_wiring(LAYOUT)
        self.cabinet = SimulatedCabinet.of(self.wiring)
        self.faults: dict[CompartmentLabel, str] = {}
        self.agent: Agent

    def _link(self, presence: Presence) -> MemoryLink:
        assert self.broker is not None
        return MemoryLink(self.broker, replace(link_settings(presence), reconnect=AT_ONCE), random.Random(1))

    @asynccontextmanager
    async def running(self, kiosk_port: int | None = None) -> AsyncIterator[Agent]:
        """One life of the agent's process; it ends as a kill does, without a goodbye to anybody."""
        async with self.starting(kiosk_port) as agent:
            await agent.ready.wait()
            yield agent

    @asynccontextmanager
    async def starting(self, kiosk_port: int | None = None) -> AsyncIterator[Agent]:
        """Yield an agent that may not be ready yet, or never."""
        board = open_board(self.wiring, SystemClock(), self.cabinet.factory)
        self.agent = Agent(self._fittings(board, kiosk_port), {})
        life = asyncio.create_task(self.agent.run())
        try:
            yield self.agent
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            board.close()
            self.cabinet.agent_died()

    def _fittings(self, board: Board, kiosk_port: int | None) -> Fittings:
        boot = BootId(secrets.token_bytes(16))
        return Fittings(
            identity=Identity(Setup(LOCKER, LAYOUT, K_LOCKER), CLOUD_KEYS, SALT, boot, "0.1-test"),
            signer=DEVICE,
            hardware=Hardware(board.locks, board.doors),
            world=World(SystemClock(), lambda: True, secrets.token_bytes, tick_ms=20),
            open_database=partial(AioDatabase.open, self.folder / "locker.db"),
            make_link=self._link if self.broker else None,
            kiosk_port=kiosk_port,
            faults=self.faults,
        )

    async def close(self, label: CompartmentLabel) -> None:
        """Push a door shut until the hook catches, and leave the lock its moment: a tap before its pulse ends is lost.

        A person is never that quick; a test on a machine that is busy elsewhere is.
        """
        async with asyncio.timeout(60):
            while not self.cabinet.close(label):  # noqa: ASYNC110 - a door under current has no event to wait for
                await asyncio.sleep(0.05)
            controller = self.agent.controller
            while controller and controller.state.pulse:  # noqa: ASYNC110 - its end is committed without a word
                await asyncio.sleep(0.02)

    async def shows(self, kind: type[Screen]) -> Screen:
        """Watch the page's own stream of screens until one is of this kind."""
        async with asyncio.timeout(60):
            async for screen in self.agent.front.watch():
                if isinstance(screen, kind):
                    return screen
        raise AssertionError(kind)

    async def shown_within(self, wanted: Screen) -> bool:
        """Whether the page comes to show exactly ``wanted``."""
        async with asyncio.timeout(60):
            async for screen in self.agent.front.watch():
                if screen == wanted:
                    return True
        return False
