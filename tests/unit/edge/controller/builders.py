"""One locker on hardware and a disk in memory, with a clock that only the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from contract.codec import decode_entry, encode, to_qr
from contract.codes import make_code, stretch, verifier
from contract.events import Entry, Event
from contract.grants import CourierPass, DropOffGrant, GrantBundle, PickUpGrant
from contract.ids import (
    BootId,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    MessageId,
    ParcelRef,
    label_digest,
)
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import DoorLevel
from edge.drivers.memory import MemoryBoard
from edge.locker_controller.controller import Controller
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.screens import Screen
from edge.locker_controller.state import Setup
from edge.store.ports import Database
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Store
from tests.unit.edge.store.builders import FailingDatabase
from tests.unit.edge.uplink.builders import CLOUD, CLOUD_KEYS, LOCKER

A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
LAYOUT = Layout("two", (CompartmentPlan(A01, SizeClass.S), CompartmentPlan(A02, SizeClass.M)))
K_LOCKER, SALT = b"k" * 32, b"s" * 16
START_S = 1_800_000_000
BARCODE = "590123412345"
PARCEL = ParcelRef(b"p" * 16)
GROUP = GroupId(b"g" * 16)
COURIER = CourierRef(b"c" * 16)
CODE = make_code(12_345_678)
WRONG_CODE = make_code(87_654_321)
STRETCHED = {code: stretch(code, SALT) for code in (CODE, WRONG_CODE)}


class ManualClock:
    def __init__(self) -> None:
        self.wall_ms = START_S * 1000
        self.mono_ms = 1_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.mono_ms

    def advance(self, seconds: float) -> None:
        self.wall_ms += int(seconds * 1000)
        self.mono_ms += int(seconds * 1000)


def drop_off() -> DropOffGrant:
    return DropOffGrant(GrantId(b"d" * 16), GROUP, PARCEL, label_digest(BARCODE), SizeClass.S, START_S + 86_400)


def pick_up() -> PickUpGrant:
    known = verifier(STRETCHED[CODE], PARCEL, K_LOCKER)
    return PickUpGrant(GrantId(b"u" * 16), GROUP, PARCEL, known, START_S + 3 * 86_400)


def courier_qr() -> str:
    """Return what the courier's phone shows: sign-in with both grants of one parcel, none of it from the wire."""
    grants = (drop_off(), pick_up())
    document = CourierPass(LOCKER, MessageId(b"m" * 16), START_S - 60, START_S + 3600, COURIER, grants)
    return to_qr(CLOUD.sign(encode(document)))


def bundle(number: int = 1) -> GrantBundle:
    message = MessageId(number.to_bytes(16))
    return GrantBundle(LOCKER, message, START_S - 60, START_S + 86_400, (drop_off(), pick_up()))


def identity(boot: BootId) -> Identity:
    return Identity(Setup(LOCKER, LAYOUT, K_LOCKER), CLOUD_KEYS, SALT, boot, "0.1-test")


async def known_stretch(code: str, _salt: bytes) -> bytes:
    return STRETCHED[code]  # type: ignore[index]  # tests know two codes


class Locker:
    """What survives a restart: the disk, the doors, the clock."""

    def __init__(self, database: Database | None = None) -> None:
        self.database = FailingDatabase(database or SyncDatabase.open(":memory:"))
        self.board = MemoryBoard((A01, A02))
        self.clock = ManualClock()
        self.synced = True
        self.controller: Controller
        self.store: Store
        self._boots = count(1)
        self._fresh = count(1)

    def world(self) -> World:
        return World(self.clock, lambda: self.synced, self.fresh, known_stretch, tick_ms=1)  # type: ignore[arg-type]  # its codes are plain text

    def fresh(self, size: int) -> bytes:
        return next(self._fresh).to_bytes(size)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Locker"]:
        """One boot; leaving the block is a power cut as far as the agent can tell."""
        boot = BootId(next(self._boots).to_bytes(16))
        self.store = await Store.open(self.database, LOCKER)
        hardware = Hardware(self.board, self.board)
        self.controller = await Controller.load(identity(boot), self.store, hardware, self.world())
        run = asyncio.create_task(self.controller.run())
        try:
            yield self
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)

    async def shows(self, kind: type[Screen]) -> Screen:
        """Wait until the screen is of this kind; fails with what it shows instead."""
        for _ in range(2_000):
            if isinstance(self.controller.screen(), kind):
                return self.controller.screen()
            await asyncio.sleep(0.0005)
        message = f"expected {kind.__name__}, the screen shows {self.controller.screen()}"
        raise AssertionError(message)

    async def journalled(self, kind: type[Event]) -> Entry:
        """Wait until an event of this kind is in the journal."""
        for _ in range(2_000):
            for entry in await self.entries():
                if isinstance(entry.event, kind):
                    return entry
            await asyncio.sleep(0.0005)
        message = f"no {kind.__name__} among {[type(entry.event).__name__ for entry in await self.entries()]}"
        raise AssertionError(message)

    async def entries(self) -> list[Entry]:
        batch = await self.store.outbox(10_000, 1 << 30)
        decoded = [decode_entry(raw) for raw in (batch.entries if batch else ())]
        return [entry for entry in decoded if isinstance(entry, Entry)]

    async def kinds(self) -> list[str]:
        return [type(entry.event).__name__ for entry in await self.entries()]

    def shut(self, label: CompartmentLabel) -> None:
        self.board.move(label, DoorLevel.CLOSED)
