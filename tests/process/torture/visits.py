"""Somebody stands at a machine and two operators have its doors opened, as often as the screen goes dark meanwhile."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from edge.locker_controller.inputs import Answer
from edge.locker_controller.limits import BULK_ORDERS_PER_DAY_MAX
from edge.locker_controller.screens import (
    CloseDoor,
    CourierHome,
    Idle,
    NotOpened,
    RemoteOpening,
    Screen,
    ServiceHome,
)
from tests.process.torture.corner import SCANS_MAX, Corner
from tests.process.torture.orders import Ordered
from tests.process.torture.signers import Signers

DOORS = (1, 2, 2, 3)  # five seconds from one to the next, and hardly ten until the machine is killed again
WAITS_S = 12.0  # for an order that was sent and may have been lost on the wire


@dataclass(slots=True)
class Visits:
    """One technician who goes from locker to locker, resting ``rest_s`` between two of them on average."""

    signers: Signers
    corners: Sequence[Corner]
    chance: random.Random
    rest_s: float

    @property
    def closing(self) -> asyncio.Event:
        return self.signers.closing

    async def live(self) -> None:
        """Have doors opened until told to close, or until no locker takes one more order today."""
        while not self.closing.is_set() and (open_to := [one for one in self.corners if self._takes(one)]):
            corner = self.chance.choice(open_to)
            technician = Technician(corner, self.signers, self._labels(corner))
            async with corner.pavement:
                if not self.closing.is_set():
                    await corner.run(technician, "technician")
            if technician.orders is not None:
                await technician.orders
            await self._rest()

    def _takes(self, corner: Corner) -> bool:
        sent = sum(one.sent for one in self.signers.orders if one.locker == corner.locker.name)
        return sent < BULK_ORDERS_PER_DAY_MAX

    def _labels(self, corner: Corner) -> tuple[str, ...]:
        labels = [one.label for one in corner.locker.truth().compartments]
        return tuple(self.chance.sample(labels, self.chance.choice(DOORS)))

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.chance.uniform(0, 2) * self.rest_s):
                await self.closing.wait()
        except TimeoutError:
            return


@dataclass(slots=True)
class Technician:
    """Signs in, switches maintenance mode on, shuts what opens, and leaves: also when a kill has ended it all."""

    corner: Corner
    signers: Signers
    labels: tuple[str, ...]
    orders: "asyncio.Task[Ordered | None] | None" = None
    scans: int = 0
    seen: bool = False
    waits_until_s: float | None = None

    @property
    def name(self) -> str:
        return f"order for {' '.join(self.labels)}"

    async def react(self, shown: Screen) -> bool:  # noqa: PLR0911 - a table with a row for each screen
        match shown:
            case Idle() if self.orders is not None or self.scans > SCANS_MAX:
                return True
            case Idle() | CourierHome():
                self.scans += 1
                await self.corner.locker.spot.kiosk.scan(self.signers.technicians_pass(self.corner.locker.name))
                return False
            case ServiceHome(maintenance=False):
                return await self.corner.tap(Answer.MAINTENANCE_ON if self.orders is None else Answer.SIGN_OUT)
            case ServiceHome(left=left):
                self.seen |= left is not None
                return await self._wait(under_way=left is not None)
            case RemoteOpening(label=label, door_open=is_open):
                self.seen = True
                return await self.corner.shut(label) if is_open else False
            case CloseDoor(label=label):
                return await self.corner.shut(label)
            case NotOpened():
                return await self.corner.tap(Answer.CANCEL)
            case _:
                return await self.corner.tidy(shown)

    async def _wait(self, *, under_way: bool) -> bool:
        """Have the order written, once, and sign out when nothing more is to come of it."""
        if self.orders is None:
            work = self.signers.send(self.corner.locker.name, self.labels)
            self.orders = asyncio.create_task(work, name=self.name)
        now_s = asyncio.get_running_loop().time()
        if self.orders.done() and self.waits_until_s is None:
            self.waits_until_s = now_s + (WAITS_S if self.orders.result() else 0)
        is_over = self.seen or (self.waits_until_s is not None and now_s >= self.waits_until_s)
        if self.signers.closing.is_set() or (is_over and not under_way):
            await self.corner.tap(Answer.SIGN_OUT)
        return False
