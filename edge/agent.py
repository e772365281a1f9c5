"""One locker's agent from parts: the same object on a Pi, in a simulated city and in a test.

``Fittings`` is all that differs between them: where bytes are kept, what the pins are, what time it is, which wire.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from contract.envelope import Signer
from contract.ids import CompartmentLabel
from contract.link import Link
from contract.state import Configuration
from edge import health
from edge.drivers.ports import Scanner
from edge.kiosk.front import Front
from edge.kiosk.port import About
from edge.kiosk.screen_watch import ScreenWatch
from edge.locker_controller.controller import Controller
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.persist import RecordError
from edge.locker_controller.salvage import JOURNAL_LOST
from edge.renewal import Renewal
from edge.store.errors import StoreError, StoreFact
from edge.store.ports import Database
from edge.store.store import Store
from edge.uplink.inbox import Trust
from edge.uplink.presence import Presence
from edge.uplink.uplink import Standing, Uplink

STORE_RETRY_S = 5.0  # a card that cannot be opened is tried again while the page says so
DAMAGED_TIMES = 2
STOP_S_MAX = 3.0  # systemd waits ninety seconds, a small UPS may not; a commit takes milliseconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fittings:
    """What a locker's agent is made of. Without ``make_link`` it never connects; without ``kiosk_port`` it serves no
    page, but ``Agent.front`` still answers. ``set_aside`` keeps a damaged file under the name it returns.
    """  # noqa: D205 - one thought

    identity: Identity
    signer: Signer
    hardware: Hardware
    world: World
    open_database: Callable[[], Awaitable[Database]]
    make_link: Callable[[Presence], Link] | None = None
    scanner: Scanner | None = None
    kiosk_port: int | None = None
    faults: Mapping[CompartmentLabel, str] = field(default_factory=dict)
    set_aside: Callable[[], str] | None = None
    renewal: Renewal | None = None


class Agent:
    """Runs until cancelled. ``front`` is the locker as people meet it, from the first moment on."""

    def __init__(self, fittings: Fittings, environment: Mapping[str, str] = os.environ) -> None:
        """Nothing is opened before ``run``."""
        self._fittings, self._environment = fittings, environment
        self.front = Front()
        self.screen = ScreenWatch()
        self.kiosk_port: int | None = None
        self.store: Store | None = None
        self.controller: Controller | None = None
        self.uplink: Uplink | None = None
        self.ready = asyncio.Event()
        self._damaged = 0
        self._lost: str | None = None

    async def run(self) -> None:
        """Serve: the page first, then the doors, then the link; each goes on without the later ones."""
        async with AsyncExitStack() as stack:
            await self._serve_page(stack)
            controller = await self._open(stack)
            self.front.open(controller)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(controller.run())
                tasks.create_task(health.watch(controller.is_alive, self._environment))
                tasks.create_task(self._report_faults(controller))
                tasks.create_task(self.screen.run(controller.raise_alarm))
                if self._fittings.scanner is not None:
                    tasks.create_task(_scan(self._fittings.scanner, controller))
                if self.uplink is not None:
                    tasks.create_task(self.uplink.run())
                    if self._fittings.renewal is not None:
                        tasks.create_task(self._fittings.renewal.run(controller, self.uplink.reconnect))
                health.notify("READY=1", self._environment)
                self.ready.set()

    async def stop(self, why: str | None = None) -> None:
        """Bring everything to rest, so that whoever runs us may end us: locks first, then what is to be stored.

        ``why`` is an alarm for the cloud. A card that does not store, or a loop that hangs, is not waited for long.
        """
        if self.controller is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S_MAX):
                await self.controller.stop()
                if why is not None:
                    await self.controller.raise_alarm(why, "the locker stops in good order")

    async def _serve_page(self, stack: AsyncExitStack) -> None:
        if self._fittings.kiosk_port is None:
            return
        from edge.kiosk.server import serving  # noqa: PLC0415 - a thousand simulated lockers serve no page

        self.kiosk_port = await stack.enter_async_context(
            serving(self.front, self._about, self._fittings.kiosk_port, self.screen.painted)
        )
        _log.info("kiosk_serving", extra={"port": self.kiosk_port})

    async def _open(self, stack: AsyncExitStack) -> Controller:
        """Open the store, however long that takes, and put loop and uplink on top of it."""
        while True:
            try:
                return await self._open_once(stack)
            except (StoreError, RecordError) as error:
                reason = error.fact if isinstance(error, StoreError) else "record_damaged"
                _log.error("store_unusable", extra={"error": str(error)})
                self.front.closed(reason)
                self._begin_anew(error)
                health.notify("WATCHDOG=1", self._environment)
                await asyncio.sleep(STORE_RETRY_S)

    def _begin_anew(self, error: StoreError | RecordError) -> None:
        """Keep a file that is damaged beyond use aside, once it was so twice: one bad read is no lost card.

        What was acknowledged is in the cloud; what is in the compartments nobody here knows, and the loop says so.
        """
        damaged = isinstance(error, RecordError) or error.fact is StoreFact.CORRUPT
        self._damaged = self._damaged + 1 if damaged else 0
        if self._damaged >= DAMAGED_TIMES and self._lost is None and self._fittings.set_aside is not None:
            self._lost = self._fittings.set_aside()
            _log.error("store_set_aside", extra={"kept_as": self._lost})

    async def _open_once(self, stack: AsyncExitStack) -> Controller:
        fittings = self._fittings
        identity, world = fittings.identity, fittings.world
        database = await fittings.open_database()
        try:
            store = await Store.open(database, identity.setup.locker)
            controller = await Controller.load(identity, store, fittings.hardware, world)
        except BaseException:
            await database.close()
            raise
        if self._lost is not None:
            controller.start_with(JOURNAL_LOST, f"the damaged file is kept as {self._lost}")
        stack.push_async_callback(store.close)
        self.store, self.controller = store, controller
        if fittings.make_link is not None:
            standing = Standing(Trust(identity.keys, identity.setup.locker), fittings.signer, identity.boot)
            clock = world.clock
            self.uplink = Uplink(controller, store, standing, fittings.make_link, clock.monotonic_ms)
            self.uplink.extra_metrics = self._metrics
            if world.telemetry_s is not None:
                self.uplink.reports.telemetry_s = world.telemetry_s
            controller.observer = self.uplink
        return controller

    async def _report_faults(self, controller: Controller) -> None:
        for label, fault in self._fittings.faults.items():
            _log.error("hardware_fault", extra={"compartment": label, "fault": fault})
            await controller.raise_alarm("hardware_fault", f"{label}: {fault}")

    def _metrics(self) -> dict[str, float]:
        controller, renewal = self.controller, self._fittings.renewal
        numbers = {"resident_bytes": float(health.resident_bytes())}
        numbers["store_failures"] = float(controller.store_failures if controller else 0)
        days = renewal.days_left(controller.presence().at_ms) if controller and renewal else None
        return numbers if days is None else {**numbers, "certificate_days_left": days}

    def _about(self) -> About:
        setup = self._fittings.identity.setup
        told = Configuration() if self.controller is None else self.controller.state.configuration
        languages = told.languages or Configuration().languages
        return About(setup.locker, told.name or setup.locker, languages, told.support_phone, setup.layout)


async def _scan(scanner: Scanner, controller: Controller) -> None:
    async for text in scanner:
        await controller.scan(text)
