"""People before a machine whose power may go: they do what the screen says, remember what they did, and try again.

Nothing about them is left to chance, for a crash point must be found again under its number.
"""

from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    ConfirmDropOff,
    ConfirmTakenOut,
    CourierHome,
    Idle,
    NotOpened,
    OutOfOrder,
    PickedUp,
    PutParcel,
    Refused,
    Screen,
    TakeParcel,
    Why,
)
from firmware_sim.world.parcels import Thing
from tests.power.rig import STAFF, Rig

TRIES = 8  # how often a person comes back before giving up
LOOKS = 60  # seconds before one screen
GONE = "gone"


async def lit(rig: Rig) -> Screen | None:
    """Wait for a screen that serves people."""
    await rig.until(lambda: rig.site.screen() is not None and not isinstance(rig.site.screen(), OutOfOrder), 40)
    return rig.site.screen()


async def recipient(rig: Rig, thing: Thing, *, by_qr: bool = False, leaves_open: bool = False) -> str:
    """Fetch a parcel; again after every power cut, until it is in hand or the screen sends one to the staff."""
    for _ in range(TRIES):
        await lit(rig)
        await rig.pause(2)
        if by_qr:
            await rig.site.scan(thing.qr or "")
        else:
            await rig.site.enter_code(thing.code or "")
        ended = await _fetching(rig, thing, leaves_open=leaves_open)
        if ended:
            return ended
    return STAFF


async def _fetching(rig: Rig, thing: Thing, *, leaves_open: bool) -> str | None:
    for _ in range(LOOKS):
        await rig.pause(1)
        shown = rig.site.screen()
        match shown:
            case TakeParcel(label=label) if rig.site.is_open(label):
                take(rig, thing, label)
                if leaves_open:
                    return GONE
                await rig.pause(1)
                rig.site.close(label)
            case CloseDoor(label=label):
                rig.site.close(label)
            case NotOpened(again=again):
                await rig.site.answer(Answer.OPEN_AGAIN if again else Answer.PROBLEM)
                if not again:
                    return STAFF
            case None | OutOfOrder() | Idle() | Refused() | PickedUp():
                return _sent_away(rig, thing, shown)
            case _:
                pass
    return None


def _sent_away(rig: Rig, thing: Thing, shown: Screen | None) -> str | None:
    """Say whether there is nothing more to do here; ``None``: come back and try again."""
    if shown is None or isinstance(shown, OutOfOrder):
        _take_what_lies_open(rig, thing)
    if isinstance(shown, Refused) and shown.reason == Why.STAFF:
        return STAFF
    return GONE if thing.fetched else None


def _take_what_lies_open(rig: Rig, thing: Thing) -> None:
    """Take one's parcel out of a door that stands open before a dark screen, and shut it: anybody would."""
    for label in rig.site.open_doors():
        if rig.site.cabinet.contents(label) == thing.barcode:
            take(rig, thing, label)
            rig.site.close(label)


def take(rig: Rig, thing: Thing, label: CompartmentLabel) -> None:
    """Take one's parcel out of an open door; it must be there."""
    found = rig.site.cabinet.contents(label)
    rig.touched[thing.barcode] = label
    if found == thing.barcode:
        rig.site.cabinet.take_out(label, rig.loop.now_ms)
        thing.holder, thing.fetched = "recipient", True
    elif not thing.fetched:
        rig.chronicle.violated(3, f"{label} opens for {thing.barcode} and holds {found}")


class Courier:
    """Brings parcels; knows what is in hand and where the rest went."""

    def __init__(self, rig: Rig, *, leaves: bool = False) -> None:
        """``leaves``: walks off, with what is in hand, when the screen goes dark."""
        self.rig, self.leaves = rig, leaves
        self.answers: list[Answer] = []
        self.put: dict[str, CompartmentLabel] = {}
        self.left = False

    async def bring(self, *things: Thing) -> None:
        """Drop off every parcel, collect what is to be collected, sign out."""
        for _ in range(TRIES):
            if await self._visit(things):
                return

    async def _visit(self, things: tuple[Thing, ...]) -> bool:
        """Do one visit; false when the machine went dark and it has to be begun again."""
        if self.left:
            return True
        site = self.rig.site
        await lit(self.rig)
        for one in self.rig.passes():
            await site.scan(one)
            await self.rig.pause(1)
        await self._settle_question()
        for thing in things:
            if thing.barcode not in self.put and not await self._drop_off(thing):
                return False
        if not await self._collect():
            return False
        await site.answer(Answer.SIGN_OUT)
        await self.rig.pause(1)
        return True

    async def _settle_question(self) -> None:
        """Answer what the machine asks about a parcel from before it went dark."""
        shown = self.rig.site.screen()
        if isinstance(shown, ConfirmDropOff):
            inside = shown.label in self.put.values()
            await self.rig.site.answer(Answer.DONE if inside else Answer.CANCEL)
            await self.rig.pause(1)
        if isinstance(self.rig.site.screen(), ConfirmTakenOut):
            await self.rig.site.answer(Answer.DONE)
            await self.rig.pause(1)

    async def _drop_off(self, thing: Thing) -> bool:
        site = self.rig.site
        await site.scan(thing.barcode)
        for _ in range(LOOKS):
            await self.rig.pause(1)
            shown = site.screen()
            match shown:
                case None | OutOfOrder():
                    self._dark(thing)
                    return False
                case PutParcel(label=label) if site.is_open(label):
                    await self._stow(thing, label)
                case ConfirmDropOff():
                    await site.answer(Answer.DONE)
                case CloseDoor(label=label):
                    site.close(label)
                case CourierHome() | Refused() | Idle() if thing.barcode in self.put:
                    return True
                case Idle():
                    return False
                case Refused():
                    await site.answer(Answer.DONE)
                    return False
                case _:
                    pass
        return False

    async def _stow(self, thing: Thing, label: CompartmentLabel) -> None:
        site = self.rig.site
        if self.answers:
            await site.answer(self.answers.pop(0))
            site.close(label)
            return
        if thing.barcode not in self.put:
            site.cabinet.put_in(label, thing.barcode, self.rig.loop.now_ms)
            self.put[thing.barcode] = label
            self.rig.touched[thing.barcode] = label
            thing.holder = f"{site.id}/{label}"
        await self.rig.pause(1)
        site.close(label)

    def _dark(self, thing: Thing) -> None:
        """Shut what stands open before a dark screen; who leaves takes the parcel along."""
        self.left = self.leaves
        for label in self.rig.site.open_doors():
            if self.leaves and self.rig.site.cabinet.contents(label) == thing.barcode:
                self.rig.site.cabinet.take_out(label, self.rig.loop.now_ms)
                thing.holder = thing.courier
                del self.put[thing.barcode]
            self.rig.site.close(label)

    async def _collect(self) -> bool:
        site = self.rig.site
        for _ in range(LOOKS):
            await self.rig.pause(1)
            match site.screen():
                case CourierHome(collections=labels) if labels:
                    await site.answer(Answer.COLLECT, labels[0])
                case TakeParcel(label=label) if site.is_open(label):
                    self._empty(label)
                case CloseDoor(label=label):
                    site.close(label)
                case ConfirmTakenOut():
                    await site.answer(Answer.DONE)
                case CourierHome():
                    return True
                case None | OutOfOrder() | Idle():
                    for label in site.open_doors():
                        self._empty(label)
                    return False
                case _:
                    pass
        return False

    def _empty(self, label: CompartmentLabel) -> None:
        found = self.rig.site.cabinet.take_out(label, self.rig.loop.now_ms)
        for thing in self.rig.things.values():
            if thing.barcode == found:
                thing.holder = thing.courier
                self.rig.touched[thing.barcode] = label
        self.rig.site.close(label)
