"""A locker for people who do not think in event loops: plain calls, with the locker living in a thread of its own."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from contract.ids import LockerId
from contract.layout import Layout
from contract.sizes import SizeClass
from edge.locker_controller.screens import Screen
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.locker import LockerPlace, SimulatedLocker
from firmware_sim.paper_cloud import PaperCloud, PaperParcel
from firmware_sim.people import Courier, Pace, Recipient, Spot
from firmware_sim.street import LocalDoors

CALL_S_MAX = 60.0  # the longest call is a drop-off behind a jammed door
NAME = LockerId("SIM-1")
HURRIED = 100.0  # people in tests hesitate for a hundredth of a second

Answer = TypeVar("Answer")


class LockerInAThread:
    """The real agent on simulated doors, without a cloud. Use as a context manager.

    ``drop_off`` and ``pick_up`` send people; ``pull``, ``close`` and ``is_open`` are the doors themselves.
    """

    def __init__(self, folder: Path, layout: Layout, locker: LockerId = NAME) -> None:
        """Enrol ``locker`` in ``folder``; it is switched on when the block begins."""
        self.cloud = PaperCloud(folder / "authority")
        self.cloud.enrol(locker, layout, folder / "bundle")
        self._place = LockerPlace(bundle=folder / "bundle", data=folder / "data", offline=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="locker", daemon=True)
        self._open = AsyncExitStack()
        self._pace = Pace(random.Random(0), speed=HURRIED)
        self._promised: dict[str, PaperParcel] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._begin())
        return self

    def __exit__(self, *exception: object) -> None:
        self._do(self._open.aclose())
        self._do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def labels(self) -> tuple[str, ...]:
        """The compartments' labels, in the order in which they are painted."""
        return tuple(plan.label for plan in self.locker.layout.compartments)

    @property
    def kiosk_url(self) -> str:
        """Where the kiosk's page is, for a browser or a client of your own."""
        return self.locker.kiosk_url

    def screen(self) -> Screen:
        """Look at the screen."""
        return self._do(self._spot.kiosk.screen())

    def drop_off(self, barcode: str, size: SizeClass = SizeClass.S) -> str:
        """Let a courier bring a parcel; return the pick-up code the recipient would get."""
        parcel = self._promised[barcode] = self.cloud.promise(self.locker.id, barcode, size)
        papers = self.cloud.courier_pass(self.locker.id, [parcel])
        self._do(Courier(self._pace).drop_off(self._spot, barcode, [papers]))
        return parcel.code

    def pick_up(self, code: str) -> str:
        """Let a recipient type the code; return the barcode of what they took. Raises ``PersonError``."""
        return self._do(Recipient(self._pace).pick_up(self._spot, code)).parcel

    def collect(self, barcode: str) -> dict[str, str]:
        """Let a courier take a parcel out again; return compartment and barcode."""
        papers = self.cloud.courier_pass(self.locker.id, [self._promised[barcode]], collect=True)
        return self._do(Courier(self._pace).collect(self._spot, [papers]))

    def where(self, barcode: str) -> str:
        """Look through the walls: in which compartment a parcel lies; raises ``LookupError`` when in none."""
        found = [label for label in self.labels if self.contents(label) == barcode]
        if not found:
            raise LookupError(f"{barcode} lies in none of {', '.join(self.labels)}")
        return found[0]

    def contents(self, label: str) -> str | None:
        """Look through the wall of one compartment."""
        return self.locker.contents(label)

    def pull(self, label: str) -> bool:
        """Pull at a door; return whether it is open."""
        return self.locker.pull(label)

    def close(self, label: str) -> bool:
        """Push a door shut; return whether the hook caught it."""
        return self.locker.close(label)

    def is_open(self, label: str) -> bool:
        return self.locker.is_open(label)

    def power_cut(self) -> None:
        """Pull the plug; what was not committed is gone."""
        self._do(self.locker.power_cut())

    def power_on(self) -> None:
        """Let it boot; returns once it serves."""
        self._do(self.locker.power_on())

    async def _begin(self) -> None:
        self.locker = await self._open.enter_async_context(SimulatedLocker(self._place))
        kiosk = await self._open.enter_async_context(Kiosk(self.locker.kiosk_url))
        self._spot = Spot(kiosk, LocalDoors(self.locker))

    def _do(self, what: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(CALL_S_MAX)
