"""One locker of the street as a process of its own, with people in front of it and a cabinet that outlives it."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from edge.locker_controller.inputs import Answer
from firmware_sim.control_client import RemoteDoors, RemoteLockers
from firmware_sim.deeds import Break, LockerPicture, Uplink
from firmware_sim.kiosk_client import Kiosk, KioskError
from firmware_sim.network import Cut
from firmware_sim.people import Courier, Pace, PersonError, Recipient, Spot
from firmware_sim.truth import CabinetTruth
from firmware_sim.witness import read_truth
from tests.process.programs import RISE_S, NeverError, Program, until

HURRY = 30.0  # people in tests hesitate for a twentieth of a second
GLANCE_S = 0.001  # a pulse takes 200 ms: whoever wants to kill in the middle of it has to look often
GLANCES_MAX = 60_000

Moment = Callable[[CabinetTruth], bool]


@dataclass(slots=True)
class BulkyParcelCourier(Courier):
    """Somebody whose parcel does not go in behind the first door it is tried at."""

    has_tried: bool = False

    async def _stow(self, spot: Spot, label: str, barcode: str) -> Answer | None:
        if not self.has_tried:
            self.has_tried = True
            return Answer.TOO_BIG
        return await super(BulkyParcelCourier, self)._stow(spot, label, barcode)


@dataclass(slots=True)
class StreetLocker:
    """``bundles`` is the folder that enrolment filled; the agent runs in ``program``, told ``options`` besides."""

    name: str
    bundles: Path
    log: Path
    options: Sequence[str] = ()
    program: Program = field(init=False)
    pace: Pace = field(default_factory=lambda: Pace(random.Random(7), speed=HURRY))
    _remote: RemoteLockers | None = None
    _spot: Spot | None = None

    def __post_init__(self) -> None:
        options = ["--bundles", str(self.bundles), "--only", self.name, "--port", "0", "--reconnect-max", "1"]
        options += ["--url-file", str(self._url), "--log-level", "INFO", *self.options]
        self.program = Program(f"locker {self.name}", ["latchmile-sim", *options], self.log)

    @property
    def data(self) -> Path:
        return self.bundles / self.name / "data"

    @property
    def _url(self) -> Path:
        return self.bundles / f"{self.name}.url"

    async def start(self) -> None:
        """Let it boot; returns once people can use it.

        Whoever stands before it meanwhile sees a dark screen and not a closed client.
        """
        before = (self._remote, self._spot)
        self._url.unlink(missing_ok=True)
        self.program.start()
        await until(lambda: self._url.exists() or not self.program.is_running, f"{self.name} to serve", RISE_S)
        if not self._url.exists():
            raise NeverError(f"{self.name} ended: {self.program.said()[-2000:]}")
        remote = RemoteLockers(self._url.read_text().strip())
        (found,) = await remote.pictures()
        spot = Spot(Kiosk(found.kiosk_url), RemoteDoors(remote, self.name))
        self._remote, self._spot = remote, spot
        await _hang_up(*before)

    async def close(self) -> None:
        """End it in an orderly way."""
        await self._forget()
        await asyncio.to_thread(self.program.stop)

    async def _forget(self) -> None:
        before = (self._remote, self._spot)
        self._remote = self._spot = None
        await _hang_up(*before)

    @property
    def remote(self) -> RemoteLockers:
        if self._remote is None:
            raise NeverError(f"{self.name} does not run")
        return self._remote

    @property
    def spot(self) -> Spot:
        if self._spot is None:
            raise NeverError(f"{self.name} does not run")
        return self._spot

    async def picture(self) -> LockerPicture:
        (found,) = await self.remote.pictures()
        return found

    async def outbox_is_empty(self) -> bool:
        return (await self.picture()).waiting == 0

    def truth(self) -> CabinetTruth:
        """Look at the cabinet itself, whether its agent lives or not."""
        return read_truth(self.data)

    async def cut(self, how: Cut = Cut.RESET) -> None:
        await self.remote.do(self.name, Uplink(cut=True, how=how))

    async def mend(self) -> None:
        await self.remote.do(self.name, Uplink(cut=False))

    async def jam(self, label: str, times: int) -> None:
        """Let the hook of a door hold through some pulses."""
        await self.remote.do(self.name, Break(label, jams=times))

    # ------------------------------------------------------------------ people

    def courier(self) -> Courier:
        return Courier(self.pace)

    def bulky_courier(self) -> Courier:
        return BulkyParcelCourier(self.pace)

    def recipient(self) -> Recipient:
        return Recipient(self.pace)

    # ------------------------------------------------------------------ kill -9

    async def killed_while(self, when: Moment, doing: Coroutine[Any, Any, object]) -> CabinetTruth:
        """Let somebody do something and kill the agent the moment ``when`` is true of the cabinet; return its truth."""
        person = asyncio.create_task(_undeterred(doing))
        seen = await asyncio.to_thread(self._kill_when, when)
        person.cancel()
        await asyncio.gather(person, return_exceptions=True)
        await self._forget()
        return seen

    def _kill_when(self, when: Moment) -> CabinetTruth:
        never = threading.Event()
        for _ in range(GLANCES_MAX):
            if when(self.truth()):
                self.program.kill()
                return self.truth()
            never.wait(GLANCE_S)
        raise NeverError(f"{self.name} never came to where it was to be killed")


async def _hang_up(remote: RemoteLockers | None, spot: Spot | None) -> None:
    if remote is not None and spot is not None:
        await spot.kiosk.close()
        await remote.__aexit__()


async def _undeterred(doing: Coroutine[Any, Any, object]) -> None:
    """Stand before a kiosk that goes dark, and say nothing."""
    with contextlib.suppress(KioskError, PersonError, httpx.HTTPError):
        await doing
