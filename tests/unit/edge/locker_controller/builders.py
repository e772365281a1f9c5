"""A locker to try things on: a small wall of compartments, a clock that is told, and people who are one line each."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from contract.codec import Downward
from contract.codes import StretchedCode, verifier
from contract.commands import RemoteOpen, Revoke, SetDeadline, SetService
from contract.events import Event
from contract.grants import Capability, CollectGrant, CourierPass, DropOffGrant, Grant, GrantBundle, PickUpGrant
from contract.ids import (
    BootId,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    LabelDigest,
    LockerId,
    MessageId,
    ParcelRef,
)
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import DoorLevel, TimeQuality
from edge.locker_controller.decide import Decision, Moment, decide
from edge.locker_controller.effects import ReleaseLock
from edge.locker_controller.inputs import (
    Answer,
    Answered,
    BarcodeScanned,
    CapabilityShown,
    CodeEntered,
    DoorSensed,
    Input,
    LockPulsed,
    MessageReceived,
    PassShown,
    Started,
    Tick,
)
from edge.locker_controller.persist import changes, restore
from edge.locker_controller.screen import Screen, screen
from edge.locker_controller.state import LockerRecord, Setup, new_locker
from edge.locker_controller.timekeeping import TimeReading

OPEN, CLOSED, UNKNOWN = DoorLevel.OPEN, DoorLevel.CLOSED, DoorLevel.UNKNOWN
NOON_S = 1_790_000_000 // 86_400 * 86_400 + 43_200
HOUR, DAY = 3600, 86_400
LOCKER = LockerId("WAW-01")
KEY = b"k" * 32
A01, A02, A03, A04 = (CompartmentLabel(f"A0{n}") for n in range(1, 5))
WALL = (
    CompartmentPlan(A01, SizeClass.S),
    CompartmentPlan(A02, SizeClass.M),
    CompartmentPlan(A03, SizeClass.M, low=True),
    CompartmentPlan(A04, SizeClass.L),
)

Kind = TypeVar("Kind")


def name(text: str) -> Any:
    """Return sixteen bytes one can read in a failing test, to serve as an id of any kind."""
    return text.encode().ljust(16, b".")[:16]


def parcel(text: str) -> ParcelRef:
    return ParcelRef(name(text))


def group(text: str) -> GroupId:
    return GroupId(name(f"group {text}"))


def label_on(text: str) -> LabelDigest:
    return LabelDigest(name(f"label {text}"))


def code(text: str) -> StretchedCode:
    """Return what a typed code becomes; the arithmetic itself is the contract's and tested there."""
    return StretchedCode(name(text) * 2)


def drop_off(of: str, size: SizeClass = SizeClass.M, until_s: int = NOON_S + DAY, **more: Any) -> DropOffGrant:
    grant = DropOffGrant(GrantId(name(f"drop {of}")), group(of), parcel(of), label_on(of), size, until_s)
    return msgspec.structs.replace(grant, **more)


def pick_up(of: str, typed: str = "", until_s: int = NOON_S + 2 * DAY, **more: Any) -> PickUpGrant:
    """Return the dormant pick-up of a parcel; its code is the parcel's name unless said otherwise."""
    proof = verifier(code(typed or of), parcel(of), KEY)
    return msgspec.structs.replace(
        PickUpGrant(GrantId(name(f"pick {of}")), group(of), parcel(of), proof, until_s), **more
    )


def collect(of: str, until_s: int = NOON_S + 3 * DAY, **more: Any) -> CollectGrant:
    return msgspec.structs.replace(CollectGrant(GrantId(name(f"coll {of}")), group(of), parcel(of), until_s), **more)


def courier_pass(*grants: Grant, courier: str = "Ola", until_s: int = NOON_S + HOUR, **more: Any) -> CourierPass:
    shown = CourierPass(LOCKER, MessageId(name(f"pass {courier}")), NOON_S, until_s, CourierRef(name(courier)), grants)
    return msgspec.structs.replace(shown, **more)


def capability(of: str, until_s: int = NOON_S + 2 * DAY, **more: Any) -> Capability:
    shown = Capability(LOCKER, MessageId(name(f"qr {of}")), NOON_S, until_s, group(of), parcel(of))
    return msgspec.structs.replace(shown, **more)


def bundle(*grants: Grant, named: str = "bundle", until_s: int = NOON_S + 7 * DAY, **more: Any) -> GrantBundle:
    sent = GrantBundle(LOCKER, MessageId(name(named)), NOON_S, until_s, grants)
    return msgspec.structs.replace(sent, **more)


def remote_open(label: CompartmentLabel, counter: int = 1, **more: Any) -> RemoteOpen:
    command = RemoteOpen(LOCKER, MessageId(name(f"open {counter}")), NOON_S, NOON_S + DAY, counter, boot_id(1), label)
    return msgspec.structs.replace(command, **more)


def revoke(of: str, **more: Any) -> Revoke:
    return msgspec.structs.replace(
        Revoke(LOCKER, MessageId(name(f"revoke {of}")), NOON_S, NOON_S + DAY, group(of)), **more
    )


def set_deadline(of: str, deadline: int, named: str = "deadline") -> SetDeadline:
    return SetDeadline(LOCKER, MessageId(name(named)), NOON_S, NOON_S + DAY, group(of), deadline)


def set_service(door: CompartmentLabel, /, *, in_service: bool, named: str = "service", **more: Any) -> SetService:
    command = SetService(LOCKER, MessageId(name(named)), NOON_S, NOON_S + DAY, door, in_service)
    return msgspec.structs.replace(command, **more)


def boot_id(number: int) -> BootId:
    return BootId(name(f"boot {number}"))


def kinds(decision: Decision) -> list[type[Event]]:
    return [type(event) for event in decision.events]


def releases(decision: Decision) -> list[CompartmentLabel]:
    return [effect.label for effect in decision.effects if isinstance(effect, ReleaseLock)]


class Scene:
    """One locker and what happens to it. Every step returns its decision; time passes only when a step says so."""

    def __init__(self, wall: tuple[CompartmentPlan, ...] = WALL, quality: TimeQuality = TimeQuality.SYNCED) -> None:
        """Begin with an enrolled locker whose doors are closed and whose agent has just started."""
        self.setup = Setup(LOCKER, Layout("small", wall), KEY)
        self.state: LockerRecord = new_locker(self.setup)
        self.levels: dict[CompartmentLabel, DoorLevel] = {plan.label: CLOSED for plan in wall}
        self.quality = quality
        self.ms = 5_000
        self.wall_leap_s = 0
        self.signers_s = 0
        self.boots = 0
        self.turns = 0
        self.intent = MessageId(b"")
        self.journal: list[Event] = []
        self.starts()

    # ---------------------------------------------------------------- time and inputs

    def now(self) -> TimeReading:
        sure_ms = NOON_S * 1000 + self.ms
        now_ms = sure_ms + self.wall_leap_s * 1000
        return TimeReading(now_ms // 1000, now_ms, self.ms, self.quality, sure_ms, self.signers_s * 1000)

    def give(self, given: Input) -> Decision:
        self.turns += 1
        decision = decide(self.state, given, Moment(self.now(), MessageId(name(f"intent {self.turns}"))))
        self.state = decision.state
        self.journal.extend(decision.events)
        for effect in decision.effects:
            if isinstance(effect, ReleaseLock):
                self.intent = effect.intent
        return decision

    def ticks(self, after_s: float = 0) -> Decision:
        self.ms += round(after_s * 1000)
        return self.give(Tick(self.levels))

    def starts(self, levels: Mapping[CompartmentLabel, DoorLevel] | None = None) -> Decision:
        self.boots += 1
        return self.give(Started(boot_id(self.boots), "1.0", self.levels if levels is None else levels))

    def restarts(self, after_s: float = 5) -> Decision:
        """Cut the power: only what was stored is left, and the doors are looked at anew."""
        self.state = stored(self.state)
        self.ms += round(after_s * 1000)
        return self.starts()

    # ---------------------------------------------------------------- doors and locks

    def lock_answers(self, failure: str | None = None) -> Decision:
        return self.give(LockPulsed(self.intent, failure))

    def senses(self, label: CompartmentLabel, level: DoorLevel) -> Decision:
        self.levels[label] = level
        return self.give(DoorSensed(label, level))

    def door_opens(self, label: CompartmentLabel) -> Decision:
        return self.senses(label, OPEN)

    def door_closes(self, label: CompartmentLabel) -> Decision:
        return self.senses(label, CLOSED)

    def swings(self, label: CompartmentLabel) -> Decision:
        """Let the lock answer, the door open and close again; returns the decision at the closing."""
        self.lock_answers()
        self.door_opens(label)
        return self.door_closes(label)

    def stays_shut(self) -> Decision:
        """Let the lock be pulsed twice in vain; returns the decision that gives up."""
        self.lock_answers()
        self.ticks(after_s=3)
        self.lock_answers()
        return self.ticks(after_s=3)

    # ---------------------------------------------------------------- people and the cloud

    def signs_in(self, *grants: Grant, courier: str = "Ola") -> Decision:
        return self.give(PassShown(courier_pass(*grants, courier=courier)))

    def scans(self, of: str) -> Decision:
        return self.give(BarcodeScanned(label_on(of)))

    def types(self, text: str) -> Decision:
        return self.give(CodeEntered(code(text)))

    def shows(self, of: str, **more: Any) -> Decision:
        return self.give(CapabilityShown(capability(of, **more)))

    def taps(self, answer: Answer, label: CompartmentLabel | None = None) -> Decision:
        return self.give(Answered(answer, label))

    def hears(self, message: Downward) -> Decision:
        return self.give(MessageReceived(message))

    def knows_somebody(self) -> None:
        """Let the cloud have said a word, so that this is no new card any more and a code may be guessed."""
        self.hears(bundle(pick_up("somebody's"), named="first word"))

    def puts_in(self, of: str, size: SizeClass = SizeClass.M) -> CompartmentLabel:
        """Let a courier put a parcel in, start to end; returns where it is."""
        self.signs_in(drop_off(of, size), pick_up(of))
        (label,) = releases(self.scans(of))
        self.swings(label)
        self.taps(Answer.DONE)
        self.taps(Answer.SIGN_OUT)
        self.journal.clear()
        return label

    # ---------------------------------------------------------------- what is to be seen

    def screen(self) -> Screen:
        return screen(self.state, self.now())

    def inside(self) -> dict[CompartmentLabel, ParcelRef]:
        return {label: one.parcel for label, one in self.state.compartments.items() if one.parcel is not None}

    def withdrawn(self) -> dict[CompartmentLabel, str]:
        return {label: one.withdrawn for label, one in self.state.compartments.items() if one.withdrawn}

    def suspects(self) -> set[CompartmentLabel]:
        return {label for label, one in self.state.compartments.items() if one.suspect}


def stored(state: LockerRecord) -> LockerRecord:
    """Return what a restart finds of ``state``."""
    written = changes(new_locker(state.setup), state)
    return restore(state.setup, [(one.kind, one.key, one.value) for one in written if one.value is not None])


def only(decision: Decision, kind: type[Kind]) -> Kind:
    """Return the one event of this kind."""
    (event,) = [event for event in decision.events if isinstance(event, kind)]
    return event
