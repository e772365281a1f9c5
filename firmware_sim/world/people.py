"""People of a world: they read the screen, touch it, put in, take out, hesitate, and sometimes behave badly.

Each does one thing at a time by what the screen shows now, because a person knows nothing else.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from contract.ids import CompartmentLabel
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
    Opening,
    OutOfOrder,
    PickedUp,
    ProblemThanks,
    PutParcel,
    Refused,
    Screen,
    TakeParcel,
)
from firmware_sim.physics import CabinetError
from firmware_sim.world.parcels import Thing
from firmware_sim.world.site import Site

LOOKS_MAX = 90  # about a minute and a half before the screen, then people give up
QUEUE_S = 120.0
LEAVES_EARLY, LEAVES_OPEN, TOO_BIG = 0.03, 0.06, 0.04  # how often people do what they should not
NOTICES = (CodeWrong, Refused, PickedUp, DroppedOff, Collected, NoCompartment, ProblemThanks, LockedOut)


@dataclass(slots=True)
class Person:
    """Somebody before one locker."""

    name: str
    site: Site
    chance: random.Random

    async def hesitate(self, seconds: float = 1.0) -> None:
        """Wait as long as a person does."""
        await asyncio.sleep(round(self.chance.uniform(0.4, 1.6) * seconds, 3))

    def tell(self, deed: str) -> None:
        self.site.chronicle.tell(f"{self.name} {deed} at {self.site.id}")

    async def queue(self) -> bool:
        """Wait until the machine serves nobody; false when it would not get free."""
        for _ in range(int(QUEUE_S)):
            shown = self.site.screen()
            if isinstance(shown, Idle):
                return True
            if isinstance(shown, NOTICES):
                await self.site.answer(Answer.DONE)
            elif isinstance(shown, CourierHome):
                await self.site.answer(Answer.SIGN_OUT)
            elif isinstance(shown, CloseDoor | TakeParcel | PutParcel) and self.site.is_open(shown.label):
                self.site.close(shown.label)
            await self.hesitate()
        return False

    async def shut(self, label: CompartmentLabel) -> None:
        """Push a door until it catches."""
        for _ in range(20):
            if self.site.close(label):
                return
            await self.hesitate(0.5)


class Recipient(Person):
    """Comes for one parcel with what the message said."""

    async def fetch(self, thing: Thing, *, code: bool) -> None:
        """Try to get it."""
        async with self.site.pavement:
            if not await self.queue():
                return
            await self.hesitate(3)
            await self.present(thing, code=code)
            if self.chance.random() < LEAVES_EARLY:
                thing.odd = True
                self.tell("walks away before any door opens")
                return
            for _ in range(LOOKS_MAX):
                await self.hesitate(0.7)
                if await self._react(self.site.screen(), thing):
                    return

    async def present(self, thing: Thing, *, code: bool) -> None:
        """Type the code or show the QR."""
        way = "types the code of" if code or not thing.qr else "shows the QR of"
        self.tell(f"{way} {thing.barcode}")
        if code or not thing.qr:
            await self.site.enter_code(thing.code or "")
        else:
            await self.site.scan(thing.qr)

    async def _react(self, shown: Screen | None, thing: Thing) -> bool:
        """Do what the screen asks for; true when there is nothing more to do here."""
        if shown is None or isinstance(shown, OutOfOrder):  # they leave; what stands open, a passer-by shuts
            thing.odd = thing.odd or thing.holder != "recipient"  # its door may be on its way open behind them
            return True
        if isinstance(shown, PickedUp | Refused | CodeWrong | LockedOut | ProblemThanks | Idle):
            return True
        return await self._at_door(shown, thing)

    async def _at_door(self, shown: Screen, thing: Thing) -> bool:
        match shown:
            case TakeParcel(label=label) | Opening(label=label) if self.site.is_open(label):
                if isinstance(shown, Opening):
                    self.site.tainted.add(label)
                return await self._take(label, thing)
            case NotOpened(label=label) if self.site.is_open(label):
                thing.odd = True
                return await self._take(label, thing)
            case NotOpened(again=again):
                await self.site.answer(Answer.OPEN_AGAIN if again else Answer.CANCEL)
                return not again
            case CloseDoor(label=label):
                await self.shut(label)
            case TakeParcel(label=label):
                if not self.site.pull(label):
                    thing.odd = True
                    await self.site.answer(Answer.PROBLEM)
                    return True
            case _:
                pass
        return False

    async def _take(self, label: CompartmentLabel, thing: Thing) -> bool:
        await self.hesitate(2)
        if not self.site.is_open(label):
            return False
        found = self.site.cabinet.contents(label)
        if found == thing.barcode:
            self.site.cabinet.take_out(label, self.site.loop.now_ms)
            thing.holder, thing.fetched = "recipient", True
            thing.odd = thing.odd or self.site.unsure(label)  # a broken sensor may not have seen it
            self.tell(f"takes {found} out of {label}")
        elif not thing.odd and not self.site.unsure(label) and thing.holder != "recipient":
            self.site.chronicle.violated(3, f"{self.site.id} {label} opens for {thing.barcode} and holds {found}")
        else:
            await self.site.answer(Answer.EMPTY if found is None else Answer.NOT_MINE)
        if self.chance.random() < LEAVES_OPEN:
            self.tell(f"walks away and leaves {label} open")
            return True
        await self.hesitate(2)
        await self.shut(label)
        await self.hesitate(1)
        return self.site.screen() is None or isinstance(self.site.screen(), PickedUp | ProblemThanks | Idle)


class Stranger(Person):
    """Types codes that are not theirs, and takes nothing."""

    async def guess(self, codes: Sequence[str]) -> None:
        """Try one code after the other; a door that opens is a violation unless it opened for somebody else."""
        async with self.site.pavement:
            if not await self.queue():
                return
            for code in codes:
                before = self.site.ledger.pick_ups
                await self.site.enter_code(code)
                await self.hesitate(2)
                if self.site.ledger.pick_ups != before and not self.site.ledger.of_before:
                    self.site.chronicle.violated(2, f"{self.site.id}: a door opens for a stranger's code")
                if isinstance(self.site.screen(), CodeWrong):
                    await self.site.answer(Answer.DONE)


class Courier(Person):
    """Brings parcels and takes out what is to be collected."""

    unsaid: tuple[str, ...] = ()  # what was taken out before a dark screen: the locker must take it for still inside

    async def visit(self, passes: Sequence[str], things: Sequence[Thing]) -> None:
        """Sign in, drop off, collect, sign out."""
        async with self.site.pavement:
            if not await self.queue() or not await self._sign_in(passes):
                return
            for thing in things:
                await self.hesitate(3)
                if not await self._drop_off(thing):
                    return
            await self._collect()
            await self.site.answer(Answer.SIGN_OUT)

    async def _sign_in(self, passes: Sequence[str]) -> bool:
        self.tell("signs in")
        for one in passes:
            await self.site.scan(one)
            await self.hesitate(2)
        return isinstance(self.site.screen(), CourierHome)

    async def _drop_off(self, thing: Thing) -> bool:
        """Try to leave one parcel; false when the machine is no use any more."""
        self.tell(f"scans {thing.barcode}")
        await self.site.scan(thing.barcode)
        placed: list[CompartmentLabel] = []
        for _ in range(LOOKS_MAX):
            await self.hesitate(0.7)
            shown = self.site.screen()
            if isinstance(shown, CourierHome | NoCompartment | Refused | DroppedOff):
                self._settle(thing, placed, sure=isinstance(shown, DroppedOff))
                await self.site.answer(Answer.DONE)
                return True
            if shown is None or isinstance(shown, Idle | OutOfOrder):
                await self._give_up(thing, placed)
                return False
            await self._put(shown, thing, placed)
        await self._give_up(thing, placed)
        return False

    async def _put(self, shown: Screen, thing: Thing, placed: list[CompartmentLabel]) -> None:
        match shown:
            case PutParcel(label=label) if self.site.is_open(label) or self.site.pull(label):
                await self._stow(label, thing, placed)
            case ConfirmDropOff(label=label):
                await self.site.answer(Answer.DONE if label in placed else Answer.OPEN_AGAIN)
            case NotOpened(label=label, again=again):
                await self.site.answer(Answer.OPEN_AGAIN if again else Answer.CANCEL)
            case ConfirmTakenOut():
                await self.site.answer(Answer.OPEN_AGAIN if placed else Answer.DONE)
            case TakeParcel(label=label) | CloseDoor(label=label) if self.site.is_open(label):
                if label in placed and isinstance(shown, TakeParcel):
                    self._take_back(label, thing, placed)
                await self.shut(label)
            case _:
                pass

    async def _stow(self, label: CompartmentLabel, thing: Thing, placed: list[CompartmentLabel]) -> None:
        if label not in placed and self.chance.random() < TOO_BIG:
            await self.site.answer(Answer.TOO_BIG)
            await self.shut(label)
            return
        if label not in placed:
            await self.hesitate(2)
            try:
                self.site.cabinet.put_in(label, thing.barcode, self.site.loop.now_ms)
            except CabinetError:
                await self.site.answer(Answer.OCCUPIED)
                await self.shut(label)
                return
            placed.append(label)
            thing.holder = f"{self.site.id}/{label}"
            thing.odd = thing.odd or self.site.unsure(label)
            self.tell(f"puts {thing.barcode} into {label}")
        await self.hesitate(2)
        await self.shut(label)

    def _take_back(self, label: CompartmentLabel, thing: Thing, placed: list[CompartmentLabel]) -> None:
        if self.site.is_open(label) and self.site.cabinet.contents(label) == thing.barcode:
            self.site.cabinet.take_out(label, self.site.loop.now_ms)
            placed.remove(label)
            thing.holder = thing.courier

    def _settle(self, thing: Thing, placed: Sequence[CompartmentLabel], *, sure: bool) -> None:
        if placed and not sure:
            thing.odd = True

    async def _give_up(self, thing: Thing, placed: list[CompartmentLabel]) -> None:
        """Keep the parcel if the door is still open; what lies behind a shut door stays there."""
        for label in list(placed):
            self._take_back(label, thing, placed)
        thing.odd = True  # a locker that was at it books what its door did, whoever holds the parcel
        for label in self.site.open_doors():
            await self.shut(label)

    async def _collect(self) -> None:
        emptied: dict[CompartmentLabel, str] = {}
        for _ in range(LOOKS_MAX):
            await self.hesitate(1)
            shown = self.site.screen()
            if isinstance(shown, CourierHome):
                emptied = {label: found for label, found in emptied.items() if label in shown.collections}
            match shown:
                case CourierHome(collections=labels) if labels:
                    await self.site.answer(Answer.COLLECT, labels[0])
                case TakeParcel(label=label) if self.site.is_open(label):
                    emptied |= await self._empty(label)
                case NotOpened():
                    await self.site.answer(Answer.SKIP)
                case CloseDoor(label=label):
                    await self.shut(label)
                case ConfirmTakenOut(label=label):
                    inside = self.site.cabinet.contents(label) is not None
                    await self.site.answer(Answer.OPEN_AGAIN if inside else Answer.DONE)
                case Opening() | Collected():
                    pass
                case _:
                    break
        # Whoever leaves before a dark screen leaves a door open and the parcel inside; no sensor can tell that.
        self.site.tainted.update(self.site.open_doors())
        if shown is None or isinstance(shown, OutOfOrder):
            self.unsaid = tuple(emptied.values())

    async def _empty(self, label: CompartmentLabel) -> dict[CompartmentLabel, str]:
        """Take out what is inside; returns it with its compartment."""
        await self.hesitate(2)
        if not self.site.is_open(label):
            return {}
        found = self.site.cabinet.take_out(label, self.site.loop.now_ms)
        if found is None:
            await self.site.answer(Answer.EMPTY)
        else:
            self.tell(f"collects {found} from {label}")
            self.site.chronicle.deeds["collected"] += 1
        await self.shut(label)
        return {label: found} if found is not None else {}
