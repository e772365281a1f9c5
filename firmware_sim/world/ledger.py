"""One locker's journal as a witness reads it over the agent's shoulder, entry by entry, at the moment of its commit.

Knows nothing of the agent's own state: what an entry may follow is judged from the entries, the pulses and the cloud's
tables alone. Invariants 1, 2, 3, 4 and 5 of architecture.md are checked here, after every single commit and pulse.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from contract.codec import decode_entry
from contract.events import (
    AgentStarted,
    CodeBurnt,
    CodeRefused,
    CommandDone,
    CompartmentRestored,
    Entry,
    GrantsAccepted,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelNotFound,
    ParcelPickedUp,
    Purpose,
    ReleaseIntended,
    chain,
    genesis_hash,
)
from contract.ids import BootId, CompartmentLabel, GroupId, LockerId, MessageId, ParcelRef
from contract.state import TimeQuality
from edge.store.ports import SqlValue, Statement
from firmware_sim.world.chronicle import START_MS, Chronicle
from firmware_sim.world.orders import Ordered, OrderWitness

FREE_MISSES = 5  # trust.md
AGAIN_MS = 61_000  # product.md: once more within the same minute
REOPENED_MAX = 1
EXPIRY_SLACK_MS = 2_000  # whole seconds on the wire, and the commit itself
GUESS_SLACK_MS = 1_500
SEQUENCE_BYTES = 8
CUT_OFF = "DELETE FROM entry WHERE sequence >"
MOVING_MS = 600_000  # an old word of the cloud may move such a journal first, and a newer one then again
OF_BEFORE = frozenset({2, 3})  # what a card put back from a copy cannot keep until it has heard the cloud


class CloudTruth(Protocol):
    """What the cloud's tables say, for comparison."""

    def entries(self, locker: str, first: int, last: int) -> list[bytes]: ...

    def command(self, number: bytes) -> "Issued | None": ...

    def addressee(self, number: bytes) -> str | None: ...

    def recalled(self, number: bytes) -> ParcelRef | None: ...

    def order(self, number: bytes) -> Ordered | None: ...

    def listed(self, number: int) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Issued:
    """A remote open the cloud really signed, for one ``boot``. ``expires_ms`` is true time in this world."""

    locker: str
    compartment: str
    expires_ms: int
    boot: str


@dataclass(slots=True)
class Inside:
    """Where a parcel is and what became of its code, as far as the journal tells."""

    label: CompartmentLabel
    burnt: bool = False
    gone_ms: int | None = None
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a journal says by some moment."""

    raws: list[bytes]
    head: bytes
    acknowledged: int
    parcels: dict[ParcelRef, Inside]
    holds: dict[CompartmentLabel, ParcelRef]
    groups: dict[GroupId, ParcelRef]
    pinned: int


@dataclass(slots=True)
class Ledger:
    """Feed it every commit and every pulse of one locker, over all its boots.

    ``of_before``: the card was put back from a copy, and the agent has not yet heard of it. Once it has, codes that
    were ``spent`` in the story of which the card knows nothing open nothing, and only compartments into which somebody
    has ``looked`` take parcels.
    """

    locker: LockerId
    chronicle: Chronicle
    cloud: CloudTruth
    now_ms: Callable[[], int]
    raws: list[bytes] = field(default_factory=list)
    head: bytes = b""
    acknowledged: int = 0
    boot: BootId | None = None
    intents: Counter[str] = field(default_factory=Counter)
    pulses: Counter[str] = field(default_factory=Counter)
    parcels: dict[ParcelRef, Inside] = field(default_factory=dict)
    holds: dict[CompartmentLabel, ParcelRef] = field(default_factory=dict)
    obeyed: dict[bytes, MessageId] = field(default_factory=dict)
    seen_intents: dict[MessageId, BootId | None] = field(default_factory=dict)
    recalled: set[ParcelRef] = field(default_factory=set)
    is_open: Callable[[CompartmentLabel], bool] = lambda _: True
    groups: dict[GroupId, ParcelRef] = field(default_factory=dict)
    pick_ups: int = 0
    of_before: bool = False
    spent: set[ParcelRef] = field(default_factory=set)
    looked: set[CompartmentLabel] | None = None
    events: Counter[str] = field(default_factory=Counter)
    orders: OrderWitness = field(init=False)
    _moving_until_ms: int = 0
    _last_miss: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.head = genesis_hash(self.locker)
        self.orders = OrderWitness(self.locker, self.cloud, self.now_ms, self._violated)

    # ------------------------------------------------------------------ what is fed in

    def pulse(self, label: CompartmentLabel) -> None:
        """See that the current about to flow has an intent of this boot, committed before it."""
        self.pulses[label] += 1
        self.chronicle.step("pulse", f"{self.locker} {label}")
        if self.pulses[label] > self.intents[label]:
            self._violated(1, f"{label} is pulsed without a committed intent")

    def committed(self, statements: Sequence[Statement]) -> None:
        """Read what one transaction has made durable."""
        self.chronicle.step("commit", self.locker)
        rebasing = self.of_before or self.now_ms() < self._moving_until_ms
        if rebasing and any(sql.startswith(CUT_OFF) for sql, _ in statements):
            self._rebased(statements)
            return
        for sql, params in statements:
            if sql.startswith("INSERT INTO entry"):
                self._entry(*params)  # type: ignore[arg-type]  # the three columns of the table
            elif _is_acknowledgement(sql, params):
                self._acknowledged(_sequence(params))
            elif sql.startswith(CUT_OFF):
                self._violated(4, "the journal was cut off though no disk was damaged")

    # ------------------------------------------------------------------ a card of before

    def remembered(self) -> Remembered:
        """Return a copy of what the journal says now."""
        parcels = {parcel: replace(inside) for parcel, inside in self.parcels.items()}
        holds, groups = dict(self.holds), dict(self.groups)
        return Remembered(list(self.raws), self.head, self.acknowledged, parcels, holds, groups, self.orders.pinned)

    def remember(self, before: Remembered) -> None:
        """Take it that the journal says again what it said before."""
        self.spent |= {parcel for parcel, inside in self.parcels.items() if inside.burnt}
        self.raws, self.head, self.acknowledged = list(before.raws), before.head, before.acknowledged
        self.parcels, self.holds, self.groups = before.parcels, before.holds, before.groups
        self.orders.pinned = before.pinned
        self._last_miss = (0, 0)
        self.of_before = True

    def _rebased(self, statements: Sequence[Statement]) -> None:
        """See that a journal of before goes on behind what the cloud has, with what this boot has added to it."""
        through = next(_sequence(params) for sql, params in statements if _is_acknowledgement(sql, params))
        self.raws = self.cloud.entries(self.locker, 1, through)
        self.head, self.acknowledged = chain(genesis_hash(self.locker), self.raws), through
        if len(self.raws) != through:
            self._violated(4, f"the journal goes on behind entry {through}, which the cloud has not")
        for sql, params in statements:
            if sql.startswith("INSERT INTO entry"):
                self._appended(*params)  # type: ignore[arg-type]  # the three columns of the table
        self.of_before, self.looked = False, set()
        self._moving_until_ms = self.now_ms() + MOVING_MS
        self.chronicle.tell(f"{self.locker} learns that its card is of before")

    # ------------------------------------------------------------------ the journal

    def _appended(self, sequence: int, raw: bytes, head: bytes) -> None:
        self.raws.append(raw)
        self.chronicle.step("entry", self.locker, raw)
        self.head = hashlib.sha256(self.head + raw).digest()
        if sequence != len(self.raws) or head != self.head:
            self._violated(4, f"entry {sequence} does not continue the chain at {len(self.raws)}")

    def _entry(self, sequence: int, raw: bytes, head: bytes) -> None:
        self._appended(sequence, raw, head)
        entry = decode_entry(raw)
        if not isinstance(entry, Entry):
            self._violated(4, f"entry {sequence} cannot be read")
            return
        self.events[type(entry.event).__name__] += 1
        match entry.event:
            case AgentStarted(boot=boot):
                self.boot = boot
                self.intents.clear()
                self.pulses.clear()
                self.orders.said(entry)
            case ReleaseIntended():
                self._intended(entry, entry.event)
            case CodeBurnt(group=group, compartment=label):
                self._burnt(group, label)
            case ParcelDroppedOff(parcel=parcel, compartment=label):
                self._dropped_off(parcel, label)
            case ParcelPickedUp(parcel=parcel, compartment=label):
                if parcel in self.parcels and not self.parcels[parcel].burnt:
                    self._violated(2, f"a parcel is picked up from {label} and its code is not burnt")
                self._taken(parcel, label)
            case ParcelCollected(parcel=parcel, compartment=label) | ParcelNotFound(parcel=parcel, compartment=label):
                self._taken(parcel, label)
            case CompartmentRestored(compartment=label, parcel=parcel):
                self._looked_into(label, parcel)
            case _:
                self._said(entry)

    def _said(self, entry: Entry) -> None:
        """See that what was obeyed had been said by the cloud, to this locker; take note of what people said."""
        match entry.event:
            case GrantsAccepted(message=number, carrier="wire") | CommandDone(command=number):
                if self.cloud.addressee(number) != self.locker:
                    self._violated(5, f"a message is obeyed that was meant for {self.cloud.addressee(number)}")
                parcel = self.cloud.recalled(number)
                self.recalled |= {parcel} if parcel else set()
            case CodeRefused():
                self._missed(entry, entry.event)
            case _:
                self.orders.said(entry)

    def _acknowledged(self, through: int) -> None:
        """Whatever is ticked off must lie in the cloud, byte for byte and once."""
        theirs = self.cloud.entries(self.locker, self.acknowledged + 1, through)
        if theirs != self.raws[self.acknowledged : through]:
            self._violated(4, f"acknowledged through {through}, but the cloud has other entries than the locker")
        self.acknowledged = max(self.acknowledged, through)

    # ------------------------------------------------------------------ locks and codes

    def _intended(self, entry: Entry, event: ReleaseIntended) -> None:
        self.intents[event.compartment] += 1
        if event.intent in self.seen_intents:  # the one re-pulse within the same intent
            if self.seen_intents[event.intent] != self.boot:
                self._violated(1, f"{event.compartment} is pulsed again by itself after a restart")
            return
        self.seen_intents[event.intent] = self.boot
        if event.purpose == Purpose.REMOTE and not self.orders.opens(entry, event, (self.boot or b"").hex()):
            self._remote(entry, event)
        elif event.purpose == Purpose.PICK_UP and event.parcel is not None:
            self.pick_ups += 1
            self._pick_up(event, event.parcel)
        elif event.purpose == Purpose.DROP_OFF and self.looked is not None and event.compartment not in self.looked:
            self._violated(3, f"{event.compartment} takes a parcel before anybody has looked into it")
        elif event.purpose == Purpose.DROP_OFF and event.compartment in self.holds:
            self._violated(3, f"{event.compartment} is opened for a drop-off and holds a parcel")

    def _pick_up(self, event: ReleaseIntended, parcel: ParcelRef) -> None:
        inside = self.parcels.get(parcel)
        if parcel in self.recalled:
            self._violated(2, f"{event.compartment} opens for a code that was revoked")
        if parcel in self.spent:
            self._violated(2, f"{event.compartment} opens on the memory of before for a code that is burnt")
        if inside is None or inside.label != event.compartment:
            self._violated(2, f"{event.compartment} opens for a parcel that is not in it")
        elif inside.burnt:
            age_ms = None if inside.gone_ms is None else self.now_ms() - inside.gone_ms
            inside.reopened += 1
            if age_ms is None or age_ms > AGAIN_MS or inside.reopened > REOPENED_MAX:
                self._violated(2, f"{event.compartment} opens again for a code that is burnt")

    def _remote(self, entry: Entry, event: ReleaseIntended) -> None:
        number = entry.cause or b""
        issued = self.cloud.command(number)
        if issued is None:
            self._violated(5, f"{event.compartment} is opened from afar by a command nobody issued")
        elif (issued.locker, issued.compartment) != (self.locker, event.compartment):
            self._violated(5, f"{event.compartment} obeys a command meant for {issued.locker} {issued.compartment}")
        elif issued.boot != (self.boot or b"").hex():
            self._violated(5, f"{event.compartment} obeys a command for an earlier boot")
        elif number in self.obeyed:
            self._violated(5, f"{event.compartment} obeys the same command twice")
        elif entry.quality == TimeQuality.SYNCED and self.now_ms() > issued.expires_ms + EXPIRY_SLACK_MS:
            late_s = (self.now_ms() - issued.expires_ms) // 1000
            self._violated(5, f"{event.compartment} obeys a command {late_s} s after it expired")
        self.obeyed[number] = event.intent

    def _burnt(self, group: GroupId, label: CompartmentLabel) -> None:
        parcel = self.holds.get(label)
        if parcel is None:
            self._violated(2, f"a code is burnt at {label}, which holds nothing")
            return
        if not self.is_open(label):
            self._violated(2, f"a code is burnt at {label} though its door is shut")
        self.groups[group] = parcel
        self.parcels[parcel].burnt = True

    def _missed(self, entry: Entry, event: CodeRefused) -> None:
        """See that no guess is looked at during the pause after the last one, by the locker's clock and by the world's.

        A clock that was set back says that a guess came before the last one; one set ahead, that the pause is over.
        """
        by_clock, truly = self._last_miss
        if entry.quality == TimeQuality.SYNCED:
            if event.misses > FREE_MISSES and not event.locked_s:
                self._violated(2, f"{event.misses} misses in a row and no pause")
            early_ms = min(by_clock - entry.at_ms, truly - self.now_ms())
            if early_ms > GUESS_SLACK_MS:
                self._violated(2, f"a guess counts {early_ms} ms before the pause after the last is over")
            pause_ms = event.locked_s * 1000
            self._last_miss = (entry.at_ms + pause_ms, self.now_ms() + pause_ms)

    # ------------------------------------------------------------------ parcels

    def _dropped_off(self, parcel: ParcelRef, label: CompartmentLabel) -> None:
        if label in self.holds:
            self._violated(3, f"two parcels are booked into {label}")
        known = self.parcels.get(parcel)
        if known is not None and known.gone_ms is None:
            self._violated(3, f"one parcel is booked into {known.label} and {label}")
        self.parcels[parcel] = Inside(label)
        self.holds[label] = parcel

    def _looked_into(self, label: CompartmentLabel, parcel: ParcelRef | None) -> None:
        """Take staff's word for what lies behind a door: it counts, and where it was believed to lie it does not."""
        if self.looked is not None:
            self.looked.add(label)
        if parcel is not None:
            before = self.parcels.get(parcel)
            if before is not None and self.holds.get(before.label) == parcel:
                del self.holds[before.label]
            self.parcels[parcel] = Inside(label)
            self.holds[label] = parcel

    def _taken(self, parcel: ParcelRef, label: CompartmentLabel) -> None:
        inside = self.parcels.get(parcel)
        if inside is None or self.holds.get(label) != parcel:
            self._violated(3, f"a parcel is booked out of {label} that is not in it")
            return
        inside.gone_ms = self.now_ms()
        del self.holds[label]

    def _violated(self, invariant: int, what: str) -> None:
        if self.of_before and invariant in OF_BEFORE:
            self.chronicle.step("of before", f"{self.locker}: {what}")
        else:
            self.chronicle.violated(invariant, f"{self.locker}: {what}")


def _is_acknowledgement(sql: str, params: Sequence[SqlValue]) -> bool:
    return sql.startswith("INSERT INTO meta") and params[0] == "acknowledged"


def _sequence(params: Sequence[SqlValue]) -> int:
    """Read a mark's sequence off its row."""
    mark = params[1]
    if not isinstance(mark, bytes):
        raise TypeError("every meta value is a blob")
    return int.from_bytes(mark[:SEQUENCE_BYTES], "big")


def true_ms(unix_s: int) -> int:
    """Return a Unix time as milliseconds of this world."""
    return unix_s * 1000 - START_MS
