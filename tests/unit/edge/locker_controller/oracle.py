"""What must be true of a locker whatever happens to it, kept in plain sets and numbers beside the real thing.

The oracle learns only from events and from what was done; it knows nothing of how decisions are made.
"""

from dataclasses import dataclass, field

from msgspec.structs import replace

from contract.events import (
    CodeBurnt,
    CodeRefused,
    CommandAccepted,
    DoorOpened,
    Event,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelNotFound,
    ParcelPickedUp,
    ReleaseIntended,
)
from contract.ids import CompartmentLabel, MessageId, ParcelRef
from edge.locker_controller.effects import Decision, ReleaseLock
from edge.locker_controller.inputs import (
    Answer,
    Answered,
    CapabilityShown,
    CodeEntered,
    Input,
    LockPulsed,
    Started,
    Tick,
)
from edge.locker_controller.limits import EVENTS_PER_DECISION_MAX
from edge.locker_controller.persist import changes, restore
from edge.locker_controller.state import LockerRecord, Lockout, new_locker
from tests.unit.edge.locker_controller.builders import DAY, Scene, code

PULSE_FORGOTTEN_MS = 10_000
PAUSES_S = (0, 0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920)


@dataclass
class Oracle:
    """The books as a careful bystander would keep them."""

    inside: dict[CompartmentLabel, ParcelRef] = field(default_factory=dict)
    burnt: set[ParcelRef] = field(default_factory=set)
    dead: set[ParcelRef] = field(default_factory=set)
    intents: dict[MessageId, CompartmentLabel] = field(default_factory=dict)
    of_this_boot: set[MessageId] = field(default_factory=set)
    after_burning: dict[ParcelRef, int] = field(default_factory=dict)
    obeyed: set[MessageId] = field(default_factory=set)
    pulsing: MessageId | None = None
    pulsing_since_ms: int = 0
    misses: int = 0
    day_until_ms: int = 0
    locked_until_ms: int = 0

    def miss(self, ms: int) -> None:
        """Count a wrong code; a day after the first they are forgiven."""
        if ms >= self.day_until_ms:
            self.misses, self.day_until_ms = 0, ms + DAY * 1000
        self.misses += 1

    def after_power(self, lockout: Lockout, ms: int, away_ms: int) -> None:
        """See that a power cut shortens neither pause nor day, and go on with what is left of both now."""
        assert lockout.at_ms == ms or not (lockout.pause_ms or lockout.day_ms)
        assert max(0, self.locked_until_ms - (ms - away_ms)) <= lockout.pause_ms
        assert max(0, self.day_until_ms - (ms - away_ms)) <= lockout.day_ms
        self.locked_until_ms, self.day_until_ms = ms + lockout.pause_ms, ms + lockout.day_ms

    def book(self, event: Event) -> None:
        """Write one event into the books; two parcels in one place, or one in two, is the end."""
        match event:
            case ParcelDroppedOff(parcel=what, compartment=label):
                assert label not in self.inside
                assert what not in self.inside.values()
                self.inside[label] = what
            case ParcelPickedUp(parcel=what, compartment=label):
                assert self.inside.pop(label) == what
                assert what in self.burnt
            case ParcelCollected(parcel=what, compartment=label) | ParcelNotFound(parcel=what, compartment=label):
                assert self.inside.pop(label) == what
            case CodeBurnt(compartment=label):
                assert self.inside[label] not in self.burnt
                self.burnt.add(self.inside[label])
            case DoorOpened(compartment=label, intent=intent) if intent is not None:
                assert self.intents[intent] == label
            case CommandAccepted(command=command):
                assert command not in self.obeyed
                self.obeyed.add(command)
            case _:
                pass


class Witness(Scene):
    """A scene in which every single decision is held against the oracle and every state against its own records."""

    def __init__(self) -> None:
        """Begin with nothing inside and nothing on the card."""
        self.oracle = Oracle()
        self.records: dict[tuple[str, str | bytes], bytes] = {}
        super().__init__()

    def give(self, given: Input) -> Decision:
        before = self.state
        if isinstance(given, Started):
            self.oracle.pulsing = None
            self.oracle.of_this_boot.clear()
        if isinstance(given, LockPulsed) and given.intent == self.oracle.pulsing:
            self.oracle.pulsing = None
        busy = before.task is not None or before.pulse is not None
        decision = super().give(given)
        assert len(decision.events) <= EVENTS_PER_DECISION_MAX
        self._check_releases(given, decision, before)
        self._check_guessing(given, decision, busy=busy)
        self._check_records(before, decision.state)
        assert self.screen() is not None
        return decision

    def restarts(self, after_s: float = 5) -> Decision:
        """Cut the power: nothing is left but what was written, decision by decision."""
        self.state = self._restored()
        self.ms += round(after_s * 1000)
        decision = self.starts()
        self.oracle.after_power(self.state.lockout, self.ms, round(after_s * 1000))
        return decision

    def _check_releases(self, given: Input, decision: Decision, before: LockerRecord) -> None:
        locks = [effect for effect in decision.effects if isinstance(effect, ReleaseLock)]
        intended = []
        for event in decision.events:
            if isinstance(event, ReleaseIntended):
                intended.append((event.intent, event.compartment))
                self._check_intent(given, event)
            self.oracle.book(event)
        assert [(lock.intent, lock.label) for lock in locks] == intended
        assert len(locks) <= 1
        assert not (locks and isinstance(given, Started))
        for lock in locks:
            waited_ms = self.ms - self.oracle.pulsing_since_ms
            assert self.oracle.pulsing is None or waited_ms >= PULSE_FORGOTTEN_MS
            self.oracle.pulsing, self.oracle.pulsing_since_ms = lock.intent, self.ms
        assert self.inside() == self.oracle.inside
        assert before.setup is decision.state.setup

    def _check_intent(self, given: Input, event: ReleaseIntended) -> None:
        oracle, label = self.oracle, event.compartment
        if event.intent in oracle.intents:
            assert isinstance(given, Tick), "only time pulses again within an intent"
            assert event.intent in oracle.of_this_boot, "nothing is pulsed again after a start"
            assert oracle.intents[event.intent] == label
            return
        oracle.of_this_boot.add(event.intent)
        oracle.intents[event.intent] = label
        if event.purpose == "drop_off":
            assert label not in oracle.inside
        if event.purpose == "collection":
            assert oracle.inside[label] == event.parcel
        if event.purpose == "remote":
            assert event.parcel == oracle.inside.get(label)
        if event.purpose != "pick_up":
            return
        assert event.parcel is not None
        if isinstance(given, CodeEntered):
            assert given.stretched == code(event.parcel.rstrip(b".").decode())
        elif isinstance(given, CapabilityShown):
            assert given.capability.parcel == event.parcel
        else:
            assert isinstance(given, Answered)
            assert given.answer is Answer.OPEN_AGAIN
        self._check_right(given, event.parcel, label)

    def _check_right(self, given: Input, what: ParcelRef, label: CompartmentLabel) -> None:
        """Hold an opening for a recipient against what is inside, burnt and revoked."""
        if what not in self.oracle.burnt:
            assert self.oracle.inside[label] == what
            assert what not in self.oracle.dead or isinstance(given, Answered)
            return
        assert isinstance(given, Answered), "a burnt code opens nothing"
        assert label not in self.oracle.inside
        self.oracle.after_burning[what] = self.oracle.after_burning.get(what, 0) + 1
        assert self.oracle.after_burning[what] == 1

    def _check_guessing(self, given: Input, decision: Decision, *, busy: bool) -> None:
        oracle = self.oracle
        told = [event for event in decision.events if isinstance(event, CodeRefused)]
        if not isinstance(given, CodeEntered):
            assert told == []
            return
        if self.ms < oracle.locked_until_ms:
            assert told == []
            assert not [event for event in decision.events if isinstance(event, ReleaseIntended)]
        elif given.stretched == code("wrong") and not busy:
            oracle.miss(self.ms)
            pause_s = PAUSES_S[oracle.misses] if oracle.misses < len(PAUSES_S) else 3600
            assert told == [CodeRefused(oracle.misses, pause_s)]
            oracle.locked_until_ms = self.ms + pause_s * 1000
        elif told:
            oracle.miss(self.ms)
            oracle.locked_until_ms = self.ms + told[0].locked_s * 1000
        elif any(isinstance(event, ReleaseIntended) for event in decision.events):
            oracle.misses = 0

    def _check_records(self, before: LockerRecord, after: LockerRecord) -> None:
        for change in changes(before, after):
            if change.value is None:
                self.records.pop((change.kind, change.key), None)
            else:
                self.records[change.kind, change.key] = change.value
        assert self._restored() == durable(after)

    def _restored(self) -> LockerRecord:
        return restore(self.setup, [(kind, key, value) for (kind, key), value in self.records.items()])


def durable(state: LockerRecord) -> LockerRecord:
    """Return the part of a state that must be found again after a restart."""
    return replace(
        new_locker(state.setup),
        configuration=state.configuration,
        compartments=state.compartments,
        grants=state.grants,
        groups=state.groups,
        inbox=state.inbox,
        lockout=state.lockout,
        remote=state.remote,
        pace_ms=state.pace_ms,
        task=state.task,
    )
