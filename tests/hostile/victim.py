"""One locker in the wrong hands' reach: the real agent on memory hardware and a memory disk, in virtual time.

Whoever holds a ``Victim`` is the broker, may be the cloud (it has the signing keys), and has a hand on the plug, the
disk and the clock.
"""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import OperatorKey, OperatorList
from contract.codec import Downward, decode_entry, decode_upward, encode, to_qr
from contract.codes import PickUpCode, StretchedCode
from contract.envelope import Signer, verify
from contract.events import Entry, Event
from contract.grants import Capability, CourierPass
from contract.grants import Presence as TechniciansPass
from contract.ids import BootId, CompartmentLabel, KeyId, LockerId, MessageId
from contract.layout import CompartmentPlan, Layout
from contract.link import Incoming, LinkStatus, Outgoing
from contract.memory_link import MemoryBroker, MemoryLink
from contract.sizes import SizeClass
from contract.state import Acknowledgement, Desired, DoorLevel, LockerState
from contract.topics import Branch, build
from edge.agent import Agent, Fittings
from edge.drivers.memory import MemoryBoard
from edge.locker_controller.controller import Controller
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.state import Setup
from edge.store.ports import Database
from edge.store.seal import SEAL_BYTES
from edge.store.sqlite_sync import SyncDatabase
from edge.uplink.inbox import Inbox
from edge.uplink.presence import Presence
from edge.uplink.uplink import link_settings
from firmware_sim.world.stretching import cheap_stretch
from firmware_sim.world.virtual_time import VirtualLoop
from tests.contract.bulk_papers import key_of, public, stated

LOCKER = LockerId("WAW-01")
START_S = 1_790_000_000
BUILT_MS = (START_S - 30 * 86_400) * 1000
TICK_S, IDLE_TICK_S = 1.0, 300.0  # a Pi ticks four times a second: a simulated day would be 350,000 decisions
RECONNECT_S = 30.0  # the first wait of a link's full jitter has a ceiling of eight seconds
QUIET_WATCHDOG = {"WATCHDOG_USEC": str(3 * 3_600_000_000)}  # once an hour; every five seconds is most of a quiet day
SOON_S = 2.0  # a decision takes no virtual time, a tick one second
KEY, SALT = b"k" * 32, b"s" * 16
DOORS = tuple(CompartmentLabel(f"A{number:02d}") for number in range(1, 21))


def a_key(number: int, name: str) -> Signer:
    return Signer(KeyId(name), Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


CLOUD, NEXT, OLD = a_key(1, "cloud-1"), a_key(2, "cloud-2"), a_key(3, "cloud-0")
STRANGER, DEVICE = a_key(4, "cloud-1"), a_key(5, LOCKER)
ROOT, ANNA, BEN = (key_of(number) for number in (11, 12, 13))
OPERATORS = tuple(OperatorKey(public(key)[:16], public(key)) for key in (ANNA, BEN))
LISTED = stated(OperatorList(1, START_S, START_S + 90 * 86_400, OPERATORS), ROOT)
PINNED = {one.key_id: one.private_key.public_key() for one in (CLOUD, NEXT)}

T = TypeVar("T")


@dataclass(slots=True)
class Clocks:
    """The Pi's clocks: ``wrong_ms`` is how far the wall clock is off, and monotonic time begins with every boot."""

    loop: VirtualLoop
    wrong_ms: int = 0
    booted_ms: int = 0
    synced: bool = True

    def now_ms(self) -> int:
        return self.true_ms() + self.wrong_ms

    def true_ms(self) -> int:
        return START_S * 1000 + self.loop.now_ms

    def monotonic_ms(self) -> int:
        return self.loop.now_ms - self.booted_ms


class Disk(SyncDatabase):
    """A card that stays in its slot when the agent ends, and of which an image can be taken and put back."""

    def __init__(self) -> None:
        """Begin empty."""
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        super().__init__(self.connection)

    async def close(self) -> None:
        """Stay."""


class Victim:
    """Everything about the locker that outlives a boot."""

    def __init__(self, loop: VirtualLoop, seed: int = 1) -> None:
        """Stand without power."""
        self.loop, self.chance = loop, random.Random(seed)
        self.broker, self.disk, self.clock = MemoryBroker(), Disk(), Clocks(loop)
        self.board = MemoryBoard(DOORS)
        self.board.on_change(lambda *_: None)
        layout = Layout("victim", tuple(CompartmentPlan(one, SizeClass.M) for one in DOORS))
        self.setup = Setup(LOCKER, layout, KEY, public(ROOT), LISTED)
        self.agent: Agent
        self.boot = BootId(b"")
        self.counter = 0
        self.tick_s = TICK_S
        self._life: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ power, disk, time

    async def power_on(self) -> None:
        """Boot, and wait until the cloud could reach it."""
        self.boot = BootId(self.chance.randbytes(16))
        self.clock.booted_ms = self.loop.now_ms
        self.board = self._board()
        self.agent = Agent(self._fittings(), QUIET_WATCHDOG)
        self._life = self.loop.create_task(self.agent.run())
        await self.agent.ready.wait()
        await self.pass_time(SOON_S)

    async def power_off(self, for_s: float = 0) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.wait({life})
        await asyncio.sleep(for_s)

    async def reboot(self, for_s: float = 0) -> None:
        await self.power_off(for_s)
        await self.power_on()

    async def pass_days(self, days: float) -> None:
        """Let days pass at which nobody is there; the machine ticks every five minutes."""
        self.tick_s = IDLE_TICK_S
        await self.pass_time(days * 86_400)
        self.tick_s = TICK_S
        await self.pass_time(IDLE_TICK_S)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass; an agent that dies meanwhile fails the test."""
        await asyncio.sleep(seconds)
        if self._life is not None and self._life.done():
            await self._life

    def image(self) -> sqlite3.Connection:
        """Copy the card."""
        copy = sqlite3.connect(":memory:")
        self.disk.connection.backup(copy)
        return copy

    def restore(self, image: sqlite3.Connection) -> None:
        """Put an older copy in its place; only without power."""
        image.backup(self.disk.connection)

    # ------------------------------------------------------------------ the wire

    def online(self) -> bool:
        return self.uplink_status is LinkStatus.CONNECTED

    @property
    def uplink_status(self) -> LinkStatus:
        assert self.agent.uplink is not None
        return self.agent.uplink.link.status

    @property
    def inbox(self) -> Inbox:
        assert self.agent.uplink is not None
        return self.agent.uplink.inbox

    async def hears(self, *payloads: bytes, branch: Branch = Branch.COMMAND) -> None:
        """Deliver bytes as a broker does, and let them be decided upon."""
        for payload in payloads:
            self.broker.route(Outgoing(build(LOCKER, branch), payload))
        await self.pass_time(SOON_S)

    async def hears_at_once(self, payload: bytes, branch: Branch = Branch.COMMAND) -> None:
        """Hand bytes to the agent's inbox, past the link; returns once they are decided upon."""
        await self.inbox.take(Incoming(build(LOCKER, branch), payload))

    async def obeys(self, document: Downward, signer: Signer = CLOUD) -> None:
        """Deliver what the cloud really signed."""
        await self.hears(signed(document, signer), branch=branch_of(document))

    async def reboot_link(self) -> None:
        """Break the connection; the locker makes another and says anew who and how it is."""
        self.broker.cut(LOCKER)
        await self.pass_time(RECONNECT_S)

    @property
    def now_s(self) -> int:
        """What a cloud with a good clock says the time is."""
        return self.clock.true_ms() // 1000

    def next_counter(self) -> int:
        self.counter += 1
        return self.counter

    def fresh_id(self) -> MessageId:
        return MessageId(self.chance.randbytes(16))

    # ------------------------------------------------------------------ the street

    @property
    def controller(self) -> Controller:
        assert self.agent.controller is not None
        return self.agent.controller

    async def shown(self, document: CourierPass | Capability | TechniciansPass) -> None:
        """Hold a QR in front of the scanner."""
        await self.controller.scan(to_qr(CLOUD.sign(encode(document))))
        await self.pass_time(SOON_S)

    async def shut(self) -> None:
        """Close every door that stands open."""
        for label, level in self.board.levels().items():
            if level is DoorLevel.OPEN:
                self.board.move(label, DoorLevel.CLOSED)
        await self.pass_time(SOON_S)

    # ------------------------------------------------------------------ what is to be seen

    def records(self) -> dict[tuple[str, object], bytes]:
        """Return everything that a restart would find."""
        rows = self.disk.connection.execute("SELECT kind, key, value FROM record").fetchall()
        return {(kind, key): value[:-SEAL_BYTES] for kind, key, value in rows}

    def events(self) -> list[Event]:
        """Return what the journal says, oldest first."""
        rows = self.disk.connection.execute("SELECT bytes FROM entry ORDER BY sequence").fetchall()
        entries = [decode_entry(raw) for (raw,) in rows]
        return [entry.event for entry in entries if isinstance(entry, Entry)]

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events() if isinstance(event, kind)]

    def presence(self) -> LockerState:
        """Return the state document the broker keeps, once its signature held."""
        kept = self.broker._retained[build(LOCKER, Branch.STATE)]
        state = decode_upward(verify(kept.payload, {DEVICE.key_id: DEVICE.private_key.public_key()}).body)
        assert isinstance(state, LockerState)
        return state

    # ------------------------------------------------------------------ parts

    def _board(self) -> MemoryBoard:
        """Return the same doors to a new process: where they stand and how often they were released stays."""
        fresh = MemoryBoard(DOORS)
        for label, level in self.board.levels().items():
            fresh.move(label, level)
        fresh.released = self.board.released
        return fresh

    def _fittings(self) -> Fittings:
        return Fittings(
            identity=Identity(self.setup, PINNED, SALT, self.boot, "1.0-victim", BUILT_MS),
            signer=DEVICE,
            hardware=Hardware(self.board, self.board),
            world=World(
                clock=self.clock,
                synced=lambda: self.clock.synced,
                fresh=self.chance.randbytes,
                stretch=_stretch,
                rest=self._rest,
            ),
            open_database=self._open,
            make_link=self._link,
        )

    async def _rest(self, _seconds: float) -> None:
        await asyncio.sleep(self.tick_s)

    async def _open(self) -> Database:
        return self.disk

    def _link(self, presence: Presence) -> MemoryLink:
        return MemoryLink(self.broker, link_settings(presence), random.Random(1))


def play(scenario: Callable[[Victim], Awaitable[T]]) -> T:
    """Run a scenario on a locker that has just booted, to its end, in virtual time."""
    loop = VirtualLoop()
    with _current(loop):

        async def whole() -> T:
            victim = Victim(loop)
            await victim.power_on()
            try:
                return await scenario(victim)
            finally:
                await victim.power_off()

        return loop.run_until_complete(whole())


@contextmanager
def _current(loop: VirtualLoop) -> Iterator[None]:
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def signed(document: msgspec.Struct, signer: Signer = CLOUD) -> bytes:
    return signer.sign(encode(document))


def branch_of(document: Downward) -> Branch:
    if isinstance(document, Acknowledgement):
        return Branch.ACK
    return Branch.DESIRED if isinstance(document, Desired) else Branch.COMMAND


async def _stretch(code: PickUpCode, salt: bytes) -> StretchedCode:
    return cheap_stretch(code, salt)
