"""Simulated people, who can only do what people can: read a screen, touch it, scan, open and shut doors, hesitate.

Nobody here knows what the locker thinks. A person who is shown something unexpected says so in a ``PersonError``, with
the screen in it, instead of carrying on.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    CodeWrong,
    Collected,
    ConfirmDropOff,
    CourierHome,
    DroppedOff,
    Idle,
    LockedOut,
    NoCompartment,
    NotOpened,
    PickedUp,
    ProblemThanks,
    PutParcel,
    Refused,
    Screen,
    TakeParcel,
)
from firmware_sim.kiosk_client import LOOK_EVERY_S, Kiosk, KioskError
from firmware_sim.physics import CabinetError

DOOR_S_MAX = 60.0  # pulse, re-pulse and the kiosk's own words about it take less, on a loaded machine too
TURN_S_MAX = 120.0  # how long somebody stands in the queue before a machine that others use
TAPS_MAX = 5  # notices a person taps away before they believe that the screen is stuck

_NOTICES = (CodeWrong, Refused, PickedUp, DroppedOff, Collected, NoCompartment, ProblemThanks)


class PersonError(Exception):
    """Somebody could not do what they came for; the message is what they would tell support."""


class Doors(Protocol):
    """The doors of one locker as somebody in front of them meets them, in this process or in another."""

    async def is_open(self, label: str) -> bool: ...

    async def close(self, label: str) -> bool: ...

    async def put_in(self, label: str, parcel: str) -> None: ...

    async def take_out(self, label: str) -> str | None: ...


@dataclass(slots=True)
class Pace:
    """How people dawdle: hesitations around ``mean_s``, drawn from ``chance``, divided by ``speed``."""

    chance: random.Random
    mean_s: float = 1.5
    speed: float = 1.0

    async def hesitate(self) -> None:
        """Wait as long as a person does before the next move."""
        await asyncio.sleep(self.chance.uniform(0.3, 1.7) * self.mean_s / self.speed)


@dataclass(slots=True)
class Spot:
    """The pavement in front of one locker: its screen, its doors, and the queue of people who want both."""

    kiosk: Kiosk
    doors: Doors
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def wait_for_turn(self) -> None:
        """Wait until the machine serves nobody, tapping away what the person before has left on the screen."""
        ends_s = time.monotonic() + TURN_S_MAX
        taps = 0
        while not isinstance(shown := await self.kiosk.wait_lit(TURN_S_MAX), Idle):
            if isinstance(shown, _NOTICES) and taps < TAPS_MAX:
                await self.kiosk.answer(Answer.DONE)
                taps += 1
            elif isinstance(shown, CourierHome):
                await self.kiosk.answer(Answer.SIGN_OUT)
            elif isinstance(shown, CloseDoor):
                await self.doors.close(shown.label)
            elif time.monotonic() >= ends_s:
                raise PersonError(f"the machine never got free: {shown}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def wait_open(self, label: str) -> None:
        """Stand before a door until it swings open."""
        ends_s = time.monotonic() + DOOR_S_MAX
        while not await self.doors.is_open(label):
            if time.monotonic() >= ends_s:
                raise PersonError(f"door {label} did not open, the screen says {await self.kiosk.screen()}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def shut(self, label: str) -> None:
        """Push a door until it catches."""
        while not await self.doors.close(label):  # noqa: ASYNC110 - a door under current has no event to wait for
            await asyncio.sleep(LOOK_EVERY_S)


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody holds in their hands after a pick-up."""

    label: str
    parcel: str


@dataclass(slots=True)
class Recipient:
    """Somebody with a message on their phone."""

    pace: Pace

    async def pick_up(self, spot: Spot, code: str = "", qr: str = "") -> Taken:
        """Take the parcel by typing ``code`` or showing ``qr``; raises ``PersonError``, ``KioskError``."""
        async with spot.queue:
            await spot.wait_for_turn()
            await self.pace.hesitate()
            await self._ask_for_it(spot, code, qr)
            shown = await spot.kiosk.wait_for(TakeParcel, NotOpened, Refused, CodeWrong, LockedOut, within_s=DOOR_S_MAX)
            if not isinstance(shown, TakeParcel):
                raise PersonError(f"the locker did not hand the parcel out: {shown}")
            return await self._take(spot, shown.label)

    async def mistype(self, spot: Spot, code: str) -> Screen:
        """Type somebody else's, or nobody's, code; return what the locker says to that."""
        async with spot.queue:
            await spot.wait_for_turn()
            await self.pace.hesitate()
            await self._ask_for_it(spot, code, "")
            shown: Screen = await spot.kiosk.wait_for(CodeWrong, LockedOut, Refused, TakeParcel, within_s=DOOR_S_MAX)
            if isinstance(shown, TakeParcel):
                raise PersonError(f"a wrong code opened {shown.label}")
            return shown

    async def _ask_for_it(self, spot: Spot, code: str, qr: str) -> None:
        if qr:
            await spot.kiosk.scan(qr)
            return
        entry = await spot.kiosk.enter_code(code)
        if entry != "accepted":
            raise PersonError(f"the keypad took the code for a {entry}: {await spot.kiosk.screen()}")

    async def _take(self, spot: Spot, label: str) -> Taken:
        await spot.wait_open(label)
        await self.pace.hesitate()
        parcel = await spot.doors.take_out(label)
        if parcel is None:
            await spot.kiosk.answer(Answer.EMPTY)
        await self.pace.hesitate()
        await spot.shut(label)
        await spot.kiosk.wait_for(PickedUp, ProblemThanks, within_s=DOOR_S_MAX)
        await spot.kiosk.answer(Answer.DONE)
        if parcel is None:
            raise PersonError(f"compartment {label} was empty")
        return Taken(label, parcel)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a courier's stop at a locker came to: barcode -> compartment, barcode -> reason, compartment -> parcel."""

    dropped_off: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    collected: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Courier:
    """Somebody with a van, a phone that shows QR codes, and parcels with barcodes."""

    pace: Pace
    too_big_share: float = 0.0
    """How often a parcel turns out to be bulkier than its papers say."""

    async def visit(self, spot: Spot, passes: Sequence[str], barcodes: Sequence[str] = ()) -> Visit:
        """Sign in, drop off these parcels, take out what is to be collected, sign out."""
        done = Visit()
        async with spot.queue:
            await spot.wait_for_turn()
            await self._sign_in(spot, passes)
            for barcode in barcodes:
                await self.pace.hesitate()
                await self._drop_off(spot, barcode, done)
            await self._collect_all(spot, done)
            await spot.kiosk.answer(Answer.SIGN_OUT)
        return done

    async def drop_off(self, spot: Spot, barcode: str, passes: Sequence[str]) -> str:
        """Drop one parcel off; return the compartment. Raises ``PersonError`` when the locker would not take it."""
        done = await self.visit(spot, passes, (barcode,))
        if barcode not in done.dropped_off:
            raise PersonError(f"the locker did not take {barcode}: {done.refused.get(barcode)}")
        return done.dropped_off[barcode]

    async def collect(self, spot: Spot, passes: Sequence[str]) -> dict[str, str]:
        """Take out everything that is to be collected; return compartment -> parcel."""
        return (await self.visit(spot, passes)).collected

    async def _sign_in(self, spot: Spot, passes: Sequence[str]) -> None:
        for one in passes:
            await spot.kiosk.scan(one)
            shown = await spot.kiosk.wait_for(CourierHome, Refused, within_s=DOOR_S_MAX)
            if isinstance(shown, Refused):
                raise PersonError(f"the locker does not let the courier in: {shown.reason}")

    async def _drop_off(self, spot: Spot, barcode: str, done: Visit) -> None:
        await spot.kiosk.scan(barcode)
        label = await self._next_door(spot, "")
        while label and not await self._try_door(spot, label, barcode):
            label = await self._next_door(spot, label)
        if label:
            done.dropped_off[barcode] = label
        else:
            shown = await spot.kiosk.screen()
            done.refused[barcode] = shown.reason if isinstance(shown, Refused | NoCompartment) else str(shown)
        await self._back_home(spot)

    async def _next_door(self, spot: Spot, but: str) -> str:
        """Wait for another door than ``but`` to be offered; nothing when the locker has none."""
        ends_s = time.monotonic() + DOOR_S_MAX
        while time.monotonic() < ends_s:
            shown = await spot.kiosk.screen()
            if isinstance(shown, Refused | NoCompartment):
                return ""
            if isinstance(shown, PutParcel) and shown.label != but:
                return shown.label
            if isinstance(shown, NotOpened):
                await spot.kiosk.answer(Answer.OPEN_AGAIN if shown.again else Answer.CANCEL)
            await asyncio.sleep(LOOK_EVERY_S)
        raise PersonError(f"no door opened for a parcel, the screen says {await spot.kiosk.screen()}")

    async def _try_door(self, spot: Spot, label: str, barcode: str) -> bool:
        """Put the parcel in and confirm; false when it would not go in and another door was asked for."""
        await spot.wait_open(label)
        await self.pace.hesitate()
        trouble = await self._stow(spot, label, barcode)
        if trouble is not None:
            await spot.kiosk.answer(trouble)
            await spot.shut(label)
            return False
        await spot.shut(label)
        await spot.kiosk.wait_for(ConfirmDropOff, within_s=DOOR_S_MAX)
        await spot.kiosk.answer(Answer.DONE)
        await spot.kiosk.wait_for(DroppedOff, within_s=DOOR_S_MAX)
        return True

    async def _stow(self, spot: Spot, label: str, barcode: str) -> Answer | None:
        """Put the parcel in; return what to tell the locker when it does not go in."""
        if self.pace.chance.random() < self.too_big_share:
            return Answer.TOO_BIG
        try:
            await spot.doors.put_in(label, barcode)
        except CabinetError:
            return Answer.OCCUPIED
        return None

    async def _collect_all(self, spot: Spot, done: Visit) -> None:
        while (home := await self._back_home(spot)).collections:
            label = home.collections[0]
            await self.pace.hesitate()
            await spot.kiosk.answer(Answer.COLLECT, label)
            await spot.kiosk.wait_for(TakeParcel, within_s=DOOR_S_MAX)
            await spot.wait_open(label)
            parcel = await spot.doors.take_out(label)
            if parcel is None:
                await spot.kiosk.answer(Answer.EMPTY)
            else:
                done.collected[label] = parcel
            await self.pace.hesitate()
            await spot.shut(label)
            await spot.kiosk.wait_for(Collected, CourierHome, within_s=DOOR_S_MAX)

    async def _back_home(self, spot: Spot) -> CourierHome:
        """Tap notices away until the courier's list shows again."""
        for _ in range(TAPS_MAX):
            shown = await spot.kiosk.wait_for(CourierHome, *_NOTICES, within_s=DOOR_S_MAX)
            if isinstance(shown, CourierHome):
                return shown
            await spot.kiosk.answer(Answer.DONE)
            await asyncio.sleep(LOOK_EVERY_S)
        raise KioskError("the courier's list does not come back", await spot.kiosk.screen())
