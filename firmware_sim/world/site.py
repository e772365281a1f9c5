"""One locker of a world where it stands: cabinet, card, power and the real agent, from one boot to the next."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codes import PickUpCode, StretchedCode
from contract.envelope import KeyRing, Signer
from contract.ids import BootId, CompartmentLabel, KeyId, LockerId
from contract.layout import Layout
from edge.agent import Agent, Fittings
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Idle, Screen, ServiceHome
from edge.locker_controller.state import Setup
from edge.store.ports import Database
from edge.uplink.presence import Presence
from edge.uplink.uplink import link_settings
from firmware_sim.cabinet import Cabinet
from firmware_sim.physics import plain_layout
from firmware_sim.world.chronicle import START_MS, Chronicle
from firmware_sim.world.disk import Card, WorldDatabase
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.machine import Machine
from firmware_sim.world.plug import Plug
from firmware_sim.world.stretching import cheap_stretch
from firmware_sim.world.virtual_time import Timer, VirtualLoop
from firmware_sim.world.wire import WorldBroker, WorldLink

VERSION = "1.0-world"
TICK_MS = 2_000  # the product's 250 ms only sharpen the screen; every door that moves is told at once
REST_IDLE_S = 600.0  # the shortest timer of a locker at rest: its time floor goes to the card every ten minutes
TELEMETRY_S = 3_600.0  # nothing is decided by it; every five minutes it would be a third of all messages
SYNC_LOOKED_S = 10.5  # by then the product has asked again whether its clock follows a time source
LATE_SHARE, REST_BUSY_S_MAX = 0.25, 30.0  # a timer of ten seconds is at most 2.5 late, one of an hour half a minute
KIOSK_S_MAX = 20.0  # nobody waits longer for a keypad's answer
RESTART_S = 5.0  # systemd's RestartSec
QUIET_WATCHDOG = {"WATCHDOG_USEC": str(3 * 3_600_000_000)}  # nobody listens to the pings; once an hour is enough


@dataclass(frozen=True, slots=True)
class Secrets:
    """What enrolment gave the locker."""

    locker: LockerId
    layout: Layout
    key_locker: bytes
    salt_locker: bytes
    device: Ed25519PrivateKey
    cloud_keys: KeyRing
    root_of_trust: bytes = b""


@dataclass(slots=True)
class Clock:
    """A Pi's clocks: ``off_ms`` is how wrong the wall clock is, ``booted_ms`` when monotonic time began."""

    loop: VirtualLoop
    booted_ms: int = 0
    off_ms: int = 0
    synced: bool = True

    def now_ms(self) -> int:
        return START_MS + self.loop.now_ms + self.off_ms

    def monotonic_ms(self) -> int:
        return self.loop.now_ms - self.booted_ms


@dataclass(slots=True)
class Boot:
    """One life of the agent's process."""

    plug: Plug
    machine: Machine
    agent: Agent
    life: "asyncio.Task[None]"


@dataclass
class Site:
    """Everything about one locker that outlives a boot."""

    secrets: Secrets
    broker: WorldBroker
    ledger: Ledger
    loop: VirtualLoop
    chance: random.Random
    card: Card = field(default_factory=Card)
    boot: Boot | None = None
    tainted: set[CompartmentLabel] = field(default_factory=set)
    boots: int = 0
    _resting: "asyncio.Future[None] | None" = None
    _alarm: "Timer | None" = None
    _since_s: float = 0.0
    _ticked_s: float = 0.0
    _tick_owed: bool = False

    def __post_init__(self) -> None:
        labels = [plan.label for plan in self.secrets.layout.compartments]
        self.cabinet = Cabinet(plain_layout(labels), chance=self.chance)
        self.clock = Clock(self.loop)
        self.pavement = asyncio.Lock()
        self.ledger.is_open = lambda label: self.is_open(label) or self.unsure(label) or self.card.behind > 0

    @property
    def id(self) -> LockerId:
        return self.secrets.locker

    @property
    def chronicle(self) -> Chronicle:
        return self.ledger.chronicle

    def unsure(self, label: CompartmentLabel) -> bool:
        """Whether what the agent knows of a compartment may be wrong and nobody's fault."""
        return label in self.tainted or self.ledger.of_before

    def is_busy(self) -> bool:
        """Whether somebody is at something: what is in which compartment is only known when the door is shut."""
        controller = self.boot.agent.controller if self.boot else None
        return controller is not None and controller.state.task is not None

    # ------------------------------------------------------------------ power

    def power_on(self) -> None:
        """Boot; the card and the doors are as they were."""
        self.cabinet.power(on=True, now_ms=self.loop.now_ms)
        self.boots += 1
        self.clock.booted_ms = self.loop.now_ms
        plug = Plug(self._power_goes)
        machine = Machine(self.cabinet, plug, self.ledger, self.loop)
        agent = Agent(self._fittings(plug, machine), QUIET_WATCHDOG)
        life = self.loop.create_task(agent.run(), name=f"agent {self.id}")
        life.add_done_callback(self._ended)
        self.boot = Boot(plug, machine, agent, life)

    def power_off(self) -> None:
        """Cut the mains now."""
        if self.boot is not None and not self.boot.plug.dead:
            self.boot.plug.dead = True
            self._power_goes("")

    def _power_goes(self, name: str) -> None:
        boot, self.boot = self.boot, None
        self.cabinet.power(on=False, now_ms=self.loop.now_ms)
        if name:
            self.chronicle.fault(f"power cut {name}", f"{self.id} loses power {name}")
        if boot is not None:
            self.loop.call_soon(boot.life.cancel)

    def _ended(self, life: "asyncio.Task[None]") -> None:
        if life.cancelled():
            return
        error = life.exception()
        self.chronicle.violated(0, f"{self.id}: the agent died of {error!r}")
        if self.boot is not None and self.boot.life is life:
            self.boot.plug.dead = True
            self.boot = None
            self.cabinet.power(on=False, now_ms=self.loop.now_ms)
            self.loop.call_later(RESTART_S, self._restart)

    def _restart(self) -> None:
        if self.boot is None:
            self.power_on()

    def _fittings(self, plug: Plug, machine: Machine) -> Fittings:
        secrets = self.secrets
        boot = BootId(self.chance.randbytes(16))
        setup = Setup(secrets.locker, secrets.layout, secrets.key_locker, secrets.root_of_trust)
        return Fittings(
            identity=Identity(setup, secrets.cloud_keys, secrets.salt_locker, boot, VERSION, START_MS - 86_400_000),
            signer=Signer(KeyId(secrets.locker), secrets.device),
            hardware=Hardware(machine, machine),
            world=World(
                clock=self.clock,
                synced=lambda: self.clock.synced,
                fresh=self.chance.randbytes,
                stretch=_stretch,
                tick_ms=TICK_MS,
                rest=self._rest,
                telemetry_s=TELEMETRY_S,
            ),
            open_database=self._opener(plug),
            make_link=self._linker(plug),
        )

    def _opener(self, plug: Plug) -> Callable[[], Awaitable[Database]]:
        async def open_database() -> Database:
            await plug.moment("before the store opens")
            return WorldDatabase(self.card, plug, self.ledger, self.happened)

        return open_database

    def _linker(self, plug: Plug) -> Callable[[Presence], WorldLink]:
        def make_link(presence: Presence) -> WorldLink:
            return WorldLink(self.broker, link_settings(presence), random.Random(self.chance.randbytes(8)), plug)

        return make_link

    # ------------------------------------------------------------------ ticks

    async def _rest(self, seconds: float) -> None:
        """Tick as on a Pi while things happen here, and the seldomer the longer nothing does."""
        self._resting = resting = self.loop.create_future()
        self._ticked_s, self._tick_owed = self.loop.time(), False
        self._wake_at(self._ticked_s + max(seconds, self._rest_s()))
        try:
            await resting
        finally:
            if self._alarm is not None:
                self._alarm.cancel()

    def _rest_s(self) -> float:
        """Return how long the next tick may wait: a quarter of how long it has been quiet, so no timer is much late."""
        quiet_s = self.loop.time() - self._since_s
        if self.boot is None or quiet_s * 1000 < TICK_MS:
            return 0.0
        return REST_IDLE_S if self._is_at_rest() else min(REST_BUSY_S_MAX, quiet_s * LATE_SHARE)

    def _is_at_rest(self) -> bool:
        """Whether nothing here ends by the time alone: nobody is served, all doors are shut and the screen is idle."""
        controller = self.boot.agent.controller if self.boot else None
        if controller is None:
            return False
        state = controller.state
        if state.pulse or state.task or state.session or state.bulk.run or not isinstance(controller.screen(), Idle):
            return False
        return not any(door.is_open is not False for door in state.doors.values())

    def _wake_at(self, when_s: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if self._resting is not None:
            self._alarm = self.loop.call_at(when_s, self._ring)

    def _ring(self) -> None:
        """Let the tick come, or go on resting where what happened has left nothing for a tick to end."""
        until_s = self._ticked_s + REST_IDLE_S
        if not self._tick_owed and self.loop.time() + TICK_MS / 1000 < until_s and self._is_at_rest():
            self._wake_at(until_s)
        elif self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    def happened(self) -> None:
        """Let the tick be there soon: somebody is here, or the agent has journalled something."""
        self._since_s = self.loop.time()
        if self._alarm is None or self._alarm.when() > self._since_s + TICK_MS / 1000:
            self._wake_at(self._since_s + TICK_MS / 1000)

    def stir(self) -> None:
        """Have doors looked at now, and the tick soon: somebody or something is here."""
        self.happened()
        if self.boot is not None:
            self.boot.machine.stir()

    def set_clock(self, off_ms: int, *, synced: bool) -> None:
        """Let the wall clock be wrong; the agent's ticks are there when it would notice."""
        self.clock.off_ms, self.clock.synced = off_ms, synced
        self._look_at_clock()
        self.loop.call_later(SYNC_LOOKED_S, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._tick_owed = True
        self.stir()

    # ------------------------------------------------------------------ the kiosk and the doors, as people meet them

    def screen(self) -> Screen | None:
        """Return what the screen shows; nothing without power."""
        shown = self.boot.agent.front.screen() if self.boot is not None else None
        if isinstance(shown, ServiceHome) and shown.maintenance:
            self.ledger.orders.closed()
        return shown

    async def enter_code(self, code: str) -> str:
        """Type a code; a screen that goes dark answers nothing."""
        boot = self.boot
        if boot is None:
            return "dark"
        self.stir()
        try:
            async with asyncio.timeout(KIOSK_S_MAX):
                return await boot.agent.front.enter_code(code)
        except TimeoutError:
            return "dark"

    async def scan(self, text: str) -> None:
        if self.boot is not None:
            self.stir()
            await self.boot.agent.front.scan(text)

    async def answer(self, answer: Answer, label: CompartmentLabel | None = None) -> None:
        if self.boot is not None:
            self.stir()
            await self.boot.agent.front.answer(answer, label)

    def is_open(self, label: CompartmentLabel) -> bool:
        return self.cabinet.is_open(label, self.loop.now_ms)

    def pull(self, label: CompartmentLabel) -> bool:
        opened = self.cabinet.pull_door(label, self.loop.now_ms)
        self.stir()
        return opened

    def close(self, label: CompartmentLabel) -> bool:
        caught = self.cabinet.close_door(label, self.loop.now_ms)
        self.stir()
        return caught

    def open_doors(self) -> list[CompartmentLabel]:
        return self.cabinet.open_doors(self.loop.now_ms)


async def _stretch(code: PickUpCode, salt: bytes) -> StretchedCode:
    await asyncio.sleep(0.4)  # what Argon2id takes on a small Pi
    return cheap_stretch(code, salt)
