"""One simulated locker: the real agent, put together as ``edge.app`` does, on doors that do not exist.

::

    people -> kiosk (HTTP, loopback) -> agent -> gpiozero -> SimulatedCabinet -> doors -> people
                                          |
                                        Cable (can be cut) -> broker

Faked are the pins and the cable. Store, journal, signatures, mutual TLS and the kiosk's page are the product's own.
"""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from contract.ids import CompartmentLabel, LockerId
from contract.link_settings import Reconnect
from edge.agent import Agent, Fittings
from edge.app import fit
from edge.clock import SystemClock
from edge.drivers.board import Board, open_board
from edge.locker_controller.screens import OutOfOrder, Why
from edge.settings import Settings
from firmware_sim.network import Cable, Cut
from firmware_sim.pins import SimulatedCabinet
from firmware_sim.wiring import simulated_wiring
from firmware_sim.witness import Witness, read_truth
from provisioning.bundle import load_bundle

LOOPBACK = "127.0.0.1"
READY_S_MAX = 90.0  # the agent starts in a tenth of a second; a machine on which fifty start at once takes its time

_log = logging.getLogger(__name__)


class LockerStartError(Exception):
    """The agent did not come up; the message says which locker, the cause says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerPlace:
    """Where a locker finds what enrolment left (``bundle``) and keeps its journal (``data``).

    ``kiosk_port`` 0 takes a free one and keeps it over restarts; ``offline`` has no cable at all.
    """

    bundle: Path
    data: Path
    kiosk_port: int = 0
    offline: bool = False
    reconnect: Reconnect = field(default_factory=Reconnect)
    broker: tuple[str, int] | None = None
    """Where the broker is now, if it has moved since the locker was enrolled."""


class SimulatedLocker:
    """Use as an async context manager; inside the block the locker stands on the street and people may come."""

    def __init__(self, place: LockerPlace) -> None:
        """Read the bundle; nothing runs before the block begins. Raises ``BundleError`` or ``ValueError``."""
        self._place = place
        self._bundle = load_bundle(place.bundle)
        self._wiring = simulated_wiring(self._bundle.layout)
        broker = place.broker or (self._bundle.broker_host, self._bundle.broker_port)
        self._cable = None if place.offline else Cable(*broker)
        self._settings = Settings(
            bundle=place.bundle,
            wiring=place.bundle,  # there is no wiring file: the pins follow from the layout
            data=place.data,
            kiosk_port=place.kiosk_port,
            offline=place.offline,
            reconnect=place.reconnect,
        )
        self._life: asyncio.Task[None] | None = None
        self._agent: Agent | None = None
        self.id: LockerId = self._bundle.locker_id
        self.layout = self._bundle.layout
        self.has_power = False

    async def __aenter__(self) -> Self:
        """Put the locker up and switch it on; raises ``LockerStartError``."""
        self._place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._place.data
        self.cabinet = SimulatedCabinet.resumed(self._wiring, read_truth(folder), Witness(folder))
        try:
            if self._cable is not None:
                await self._cable.__aenter__()
                self._settings = replace(self._settings, broker=self._cable.near)
            await self.power_on()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._switch_off()
        if self._cable is not None:
            await self._cable.__aexit__()
        await asyncio.to_thread(self.cabinet.stop)

    @property
    def agent(self) -> Agent:
        """The agent of this boot, for whoever wants to look inside; people use the kiosk."""
        if self._agent is None:
            raise LockerStartError(f"{self.id} has no power")
        return self._agent

    @property
    def kiosk_url(self) -> str:
        """Address of the kiosk's page; the same for as long as the locker stands."""
        return f"http://{LOOPBACK}:{self._settings.kiosk_port}"

    @property
    def failure(self) -> BaseException | None:
        """What ended the agent without anybody asking for it, or ``None``."""
        life = self._life
        return None if life is None or not life.done() or life.cancelled() else life.exception()

    # ------------------------------------------------------------------ what happens to the street

    async def power_cut(self) -> None:
        """Cut the mains: coils drop, pins float, the broker hears no goodbye, and only what was committed remains."""
        self.has_power = False
        self.cabinet.cut_power()
        if self._cable is not None:
            was_cut = self._cable.is_cut
            self._cable.cut(Cut.RESET)
            await self._switch_off()
            if not was_cut:
                self._cable.restore()
        else:
            await self._switch_off()

    async def power_on(self) -> None:
        """Let the locker boot; returns once it serves. Raises ``LockerStartError``."""
        if self.has_power:
            return
        self.cabinet.restore_power()
        self.has_power = True
        await self._switch_on()

    async def restart(self) -> None:
        """End the agent in an orderly way and start it again, as an update does."""
        await self._switch_off()
        self.has_power = True
        await self._switch_on()

    def cut_uplink(self, how: Cut = Cut.RESET) -> None:
        """Take the locker off the net; does nothing to one that never was on it."""
        if self._cable is not None:
            self._cable.cut(how)

    def restore_uplink(self) -> None:
        if self._cable is not None:
            self._cable.restore()

    @property
    def uplink_is_cut(self) -> bool:
        return self._cable is None or self._cable.is_cut

    # ------------------------------------------------------------------ what people do at the doors

    def pull(self, label: str) -> bool:
        """Pull at a door; return whether it is open."""
        return self.cabinet.pull(CompartmentLabel(label))

    def close(self, label: str) -> bool:
        """Push a door shut; return whether the hook caught it."""
        return self.cabinet.close(CompartmentLabel(label))

    def is_open(self, label: str) -> bool:
        """Look whether a door stands open."""
        return self.cabinet.is_open(CompartmentLabel(label))

    def contents(self, label: str) -> str | None:
        """Look, as through the wall, what lies in a compartment."""
        return self.cabinet.contents(CompartmentLabel(label))

    def put_in(self, label: str, parcel: str) -> None:
        """Put a parcel through an open door; raises ``CabinetError`` when that cannot be done."""
        self.cabinet.put_in(CompartmentLabel(label), parcel)

    def take_out(self, label: str) -> str | None:
        """Take out what lies behind an open door; raises ``CabinetError`` when it is closed."""
        return self.cabinet.take_out(CompartmentLabel(label))

    # ------------------------------------------------------------------ the agent's life

    async def _switch_on(self) -> None:
        board = open_board(self._wiring, SystemClock(), self.cabinet.factory)
        agent = Agent(self._fittings(board), environment={})
        self._agent = agent
        life = asyncio.create_task(_live(agent, board), name=f"agent {self.id}")
        life.add_done_callback(self._ended)
        self._life = life
        ready = asyncio.create_task(_serves(agent))
        await asyncio.wait((life, ready), timeout=READY_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and agent.kiosk_port is not None:
            self._settings = replace(self._settings, kiosk_port=agent.kiosk_port)
            return
        ready.cancel()
        failure = self.failure
        await self._switch_off()
        raise LockerStartError(f"the agent of {self.id} did not start: {failure or 'no word from it'}") from failure

    def _fittings(self, board: Board) -> Fittings:
        """Fit the agent out as on a Pi, but for its clock: a simulated Pi has heard the time from the network."""
        fittings = fit(self._settings, self._bundle, board, None)
        return replace(fittings, world=replace(fittings.world, synced=lambda: True))

    async def _switch_off(self) -> None:
        life, self._life, self._agent = self._life, None, None
        self.has_power = False
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    def _ended(self, life: asyncio.Task[None]) -> None:
        if not life.cancelled() and (failure := life.exception()) is not None:
            _log.error("agent_died", extra={"locker": self.id}, exc_info=failure)


async def _live(agent: Agent, board: Board) -> None:
    try:
        await agent.run()
    finally:
        board.close()


async def _serves(agent: Agent) -> None:
    """Return once people can use the kiosk, or can see why not."""
    await agent.ready.wait()
    async for screen in agent.front.watch():
        if not isinstance(screen, OutOfOrder) or screen.reason != Why.STARTING:
            return
