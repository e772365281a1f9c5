"""One locker and the people before it, who react to what the screen shows, as often as it goes dark under their hands.

Nobody here follows a script: after every ``kill -9`` the next screen may be any, and the person goes on from there with
what they have in their hands.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    CodeWrong,
    Collected,
    ConfirmDropOff,
    ConfirmTakenOut,
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
    RemoteOpening,
    Screen,
    TakeParcel,
    Why,
)
from firmware_sim.kiosk_client import LOOK_EVERY_S, KioskError
from firmware_sim.locker import LockerStartError
from firmware_sim.physics import CabinetError
from tests.process.street import StreetLocker
from tests.process.torture.goods import Fetch, Goods, Parcel

PATIENCE_S = 60.0  # then whoever is not in the middle of something gives up and comes back later
ERRAND_S_MAX = 400.0  # nobody ever is in the middle of something for so long
SCANS_MAX = 6  # of the same thing in one errand: a courier believes by then that it will not be taken now
QR_SHARE = 0.2
FORGETFUL_SHARE, FORGOTTEN_MAX = 0.15, 4  # parcels of a locker nobody comes for, so that some lie there at the end

_DARK = (KioskError, httpx.HTTPError, LockerStartError, LookupError)


class Errand(Protocol):
    """Why somebody stands there."""

    async def react(self, shown: Screen) -> bool:
        """Do the next thing; return whether there is nothing more to do here."""


@dataclass(slots=True)
class Corner:
    """``goods`` are shared with all corners; ``passes`` are what the courier's phone shows.

    ``pavement``: one person at a time stands before the machine.
    """

    locker: StreetLocker
    goods: Goods
    passes: list[str]
    chance: random.Random
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    errands: int = 0
    shown: Screen | None = None
    pavement: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def live(self) -> None:
        """Run errands until told to close."""
        while not self.closing.is_set():
            errand = self._next()
            if errand is None:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            errand.parcel.tries += 1
            self.errands += 1
            async with self.pavement:
                await self.run(errand, errand.parcel.barcode)

    async def run(self, errand: Errand, name: str) -> None:
        """See one errand through, however often the screen goes dark."""
        try:
            async with asyncio.timeout(ERRAND_S_MAX):
                await self._run(errand)
        except TimeoutError:
            self.goods.problems.append(f"{name}: stuck for {ERRAND_S_MAX:.0f} s before {self.shown}")

    def _next(self) -> "DropOff | PickUp | None":
        drops, fetches = self.goods.to_drop(self.locker.name), self.goods.to_fetch(self.locker.name)
        if drops and (not fetches or self.chance.random() < 0.5):
            return DropOff(self, drops[0])
        if not fetches:
            return None
        if fetches[0].tries < 2 and self.chance.random() < FORGETFUL_SHARE and self._forgotten < FORGOTTEN_MAX:
            fetches[0].fetch = Fetch.NEVER
            return None
        return PickUp(self, fetches[0], by_qr=self.chance.random() < QR_SHARE)

    @property
    def _forgotten(self) -> int:
        return sum(one.fetch is Fetch.NEVER for one in self.goods.at(self.locker.name))

    async def _run(self, errand: Errand) -> None:
        ends_s = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * LOOK_EVERY_S)
            with contextlib.suppress(*_DARK, CabinetError):
                self.shown = await self.locker.spot.kiosk.screen()
                if asyncio.get_running_loop().time() > ends_s and isinstance(self.shown, Idle | CourierHome):
                    return
                if await errand.react(self.shown):
                    return

    # ------------------------------------------------------------------ hands and eyes

    def lies_in(self, parcel: Parcel) -> str:
        """Look where in this cabinet a parcel is; nothing when it is not."""
        return next((one.label for one in self.locker.truth().compartments if one.contents == parcel.barcode), "")

    async def tap(self, answer: Answer) -> bool:
        await self.locker.spot.kiosk.answer(answer)
        return False

    async def shut(self, label: str) -> bool:
        await self.locker.spot.doors.close(label)
        return False

    async def tidy(self, shown: Screen) -> bool:
        """Get whatever somebody has left on the screen out of the way."""
        match shown:
            case CloseDoor(label=label) | TakeParcel(label=label) | PutParcel(label=label):
                return await self.shut(label)
            case RemoteOpening(label=label, door_open=True):
                return await self.shut(label)
            case NotOpened(again=again):
                return await self.tap(Answer.OPEN_AGAIN if again else Answer.CANCEL)
            case CodeWrong() | Refused() | PickedUp() | DroppedOff() | Collected() | NoCompartment() | ProblemThanks():
                return await self.tap(Answer.DONE)
            case _:
                return False  # it passes by itself


@dataclass(slots=True)
class DropOff:
    """A courier with one parcel."""

    corner: Corner
    parcel: Parcel
    signs: int = 0
    scans: int = 0

    async def react(self, shown: Screen) -> bool:  # noqa: C901, PLR0911 - a table with a row for each screen
        corner, inside = self.corner, self.corner.lies_in(self.parcel)
        match shown:
            case Idle() | CourierHome() if not self.parcel.in_van or self.scans > SCANS_MAX or self.signs > SCANS_MAX:
                return await self._leave(shown)
            case Idle():
                return await self._sign_in()
            case CourierHome():
                self.scans += 1
                await corner.locker.spot.kiosk.scan(self.parcel.barcode)
            case PutParcel(label=label):
                return await self._put(label, inside)
            case ConfirmDropOff(label=label):
                return await corner.tap(Answer.DONE if inside == label else Answer.CANCEL)
            case ConfirmTakenOut(label=label):
                return await corner.tap(Answer.OPEN_AGAIN if inside == label else Answer.DONE)
            case TakeParcel(label=label, purpose="drop_off"):
                if inside == label:
                    await corner.locker.spot.doors.take_out(label)
                    return False
                return await corner.shut(label)
            case DroppedOff(label=label):
                self._is_told(label, inside)
                return await corner.tap(Answer.DONE)
            case Refused(reason=reason) | NoCompartment(reason=reason):
                await corner.tap(Answer.DONE)
                return self._is_refused(reason, inside)
            case _:
                return await corner.tidy(shown)
        return False

    async def _sign_in(self) -> bool:
        self.signs += 1
        for one in self.corner.passes:
            await self.corner.locker.spot.kiosk.scan(one)
        return False

    async def _put(self, label: str, inside: str) -> bool:
        doors = self.corner.locker.spot.doors
        if inside == label:
            return await self.corner.shut(label)
        if inside:
            self.parcel.stuck, self.parcel.in_van, self.parcel.fetch = True, False, Fetch.NEVER
            return await self.corner.tap(Answer.CANCEL)
        if await doors.is_open(label):
            await doors.put_in(label, self.parcel.barcode)
        return False

    def _is_told(self, label: str, inside: str) -> None:
        if inside == label:
            self.parcel.told_in, self.parcel.in_van = label, False

    def _is_refused(self, reason: str, inside: str) -> bool:
        """Take a refusal: the parcel is in already and the screen that said so was never seen, or it has to wait."""
        if reason in (Why.ALREADY_INSIDE, Why.SPENT):
            self.parcel.in_van = False
            if not inside and not self.parcel.fetched:
                self.corner.goods.problems.append(f"{self.parcel.barcode}: {reason}, but it is in the courier's hands")
        elif reason not in (Why.STARTING, Why.CLOSE_DOOR, Why.BUSY):
            self.corner.goods.nuisances.append(f"{self.parcel.barcode}: refused, {reason}")
            self.scans = SCANS_MAX + 1
        return False

    async def _leave(self, shown: Screen) -> bool:
        if isinstance(shown, CourierHome):
            await self.corner.tap(Answer.SIGN_OUT)
        return True


@dataclass(slots=True)
class PickUp:
    """A recipient with a message on the phone."""

    corner: Corner
    parcel: Parcel
    by_qr: bool
    tries: int = 0

    async def react(self, shown: Screen) -> bool:  # noqa: PLR0911 - a table with a row for each screen
        corner = self.corner
        match shown:
            case Idle() if self.tries >= SCANS_MAX:
                return True
            case Idle():
                return await self._ask()
            case CourierHome():
                return await corner.tap(Answer.SIGN_OUT)
            case TakeParcel(label=label):
                return await self._take(label)
            case PickedUp():
                self.parcel.told_out |= self.parcel.fetched
                await corner.tap(Answer.DONE)
                return self._end(Fetch.DONE) if self.parcel.fetched else False
            case Refused(reason=reason):
                await corner.tap(Answer.DONE)
                return self._is_refused(reason)
            case CodeWrong():
                self.corner.goods.problems.append(f"{self.parcel.barcode}: its code was called wrong")
                await corner.tap(Answer.DONE)
                return True
            case LockedOut():
                return True
            case _:
                return await corner.tidy(shown)

    async def _ask(self) -> bool:
        if self.parcel.fetched:
            return self._end(Fetch.DONE)
        self.tries += 1
        letter = self.parcel.letter
        if letter is None:
            return True
        if self.by_qr and letter.qr:
            await self.corner.locker.spot.kiosk.scan(letter.qr)
        else:
            await self.corner.locker.spot.kiosk.enter_code(letter.code or "")
        return False

    async def _take(self, label: str) -> bool:
        """Take what is behind the open door; a dark screen in between leaves it to the eyes where the parcel is."""
        if not await self.corner.locker.spot.doors.is_open(label):
            return False
        inside = self.corner.locker.truth().of(label).contents
        if inside == self.parcel.barcode:
            with contextlib.suppress(httpx.HTTPError):
                await self.corner.locker.spot.doors.take_out(label)
            if not self.corner.lies_in(self.parcel):
                self.parcel.fetched = True
            return False
        if inside is not None and self.tries:
            said = f"{self.parcel.barcode}: door {label} opened on {inside}"
            self.corner.goods.problems.append(said)
        return await self.corner.shut(label)

    def _is_refused(self, reason: str) -> bool:
        if reason in (Why.STARTING, Why.BUSY, Why.CLOSE_DOOR):
            return False
        if reason == Why.STAFF:
            return self._end(Fetch.STAFF)
        if reason == Why.SPENT and self.parcel.fetched:
            return self._end(Fetch.DONE)
        if reason == Why.SPENT:
            self.corner.goods.problems.append(f"{self.parcel.barcode}: its code is spent and it was never handed out")
            return self._end(Fetch.NEVER)
        self.corner.goods.problems.append(f"{self.parcel.barcode}: the cloud said it is ready, the locker {reason}")
        return True

    def _end(self, how: Fetch) -> bool:
        self.parcel.fetch = how
        return True
