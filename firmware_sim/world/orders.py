"""Orders to open many doors, as a witness reads them off a locker's journal: whoever opens, two operators had signed.

Knows what was really signed (``Ordered``) and what the journal says about the site; nothing of the agent's own state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from contract.bulk import MAINTENANCE_S
from contract.commands import REMOTE_OPEN_GAP_S
from contract.events import (
    AgentStarted,
    CommandAccepted,
    Entry,
    MaintenanceEnded,
    MaintenanceStarted,
    OperatorsPinned,
    ReleaseIntended,
)

SIGNATURES = 2  # trust.md
GAP_SLACK_MS = 50  # the locker counts from its decision, the witness from the commit
EXPIRY_SLACK_MS = 2_000  # whole seconds on the wire, and the commit itself
MAINTENANCE_MS = (MAINTENANCE_S + 60) * 1000  # where nothing happens a world's locker ticks half a minute late


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order as it was written and by whose keys it was signed. ``expires_ms`` is true time in this world."""

    locker: str
    labels: tuple[str, ...]
    boot: str
    expires_ms: int
    keys: frozenset[str]
    persons: frozenset[str]


class OrderTruth(Protocol):
    """What was signed, and whose keys stand in which of the root's lists."""

    def order(self, number: bytes) -> Ordered | None: ...

    def listed(self, number: int) -> frozenset[str]: ...


@dataclass(slots=True)
class OrderWitness:
    """Feed it what one locker journals; it calls ``violated`` with what must not be."""

    locker: str
    truth: OrderTruth
    now_ms: Callable[[], int]
    violated: Callable[[int, str], None]
    pinned: int = 0
    maintained_by: bytes | None = None
    staff: set[bytes] = field(default_factory=set)
    opened: set[tuple[bytes, str]] = field(default_factory=set)
    shown_ms: int = 0
    _accepted: set[bytes] = field(default_factory=set)
    _last: tuple[bytes, int] = (b"", 0)

    def said(self, entry: Entry) -> None:
        """Take note of what the journal says of site and keys."""
        match entry.event:
            case AgentStarted():
                self.maintained_by = None  # a restart ends it without a word of its own
                self._accepted.clear()
            case MaintenanceStarted(person=person):
                self.maintained_by, self.shown_ms = person, self.now_ms()
            case MaintenanceEnded():
                self.maintained_by = None
            case OperatorsPinned(number=number):
                self.pinned = number
            case CommandAccepted(command=number) if (order := self.truth.order(number)) is not None:
                self._accept(number, order)
            case _:
                pass

    def shown(self) -> None:
        """Note that a technician shows a pass, which gives maintenance mode its time anew."""
        self.shown_ms = self.now_ms()

    def closed(self) -> None:
        """Hold a screen that turns people away for maintenance against what the journal says of it."""
        if self.maintained_by is None:
            self.violated(5, "maintenance mode is on, and nobody has switched it on since the last start")
        elif (since_ms := self.now_ms() - self.shown_ms) > MAINTENANCE_MS:
            self.violated(5, f"maintenance mode is on {since_ms // 1000} s after anybody was there")

    def opens(self, entry: Entry, event: ReleaseIntended, boot: str) -> bool:
        """Hold one door against its order; false when it was no order by which it opens."""
        number, label = entry.cause or b"", event.compartment
        order = self.truth.order(number)
        if order is None:
            return False
        last, at_ms = self._last
        wrong = (
            (number not in self._accepted, "by an order this boot never accepted"),
            (order.locker != self.locker or label not in order.labels, "though the order names other doors"),
            (order.boot != boot, "by an order for an earlier boot"),
            (len(order.persons) < SIGNATURES, f"by the word of {len(order.persons)} operators"),
            (not order.keys <= self.truth.listed(self.pinned), "by a key that the root has not listed"),
            (self.maintained_by not in self.staff, "and nobody has switched maintenance on"),
            ((number, label) in self.opened, "twice by one order"),
            (last == number and self.now_ms() - at_ms < REMOTE_OPEN_GAP_S * 1000 - GAP_SLACK_MS, "too soon"),
        )
        for is_so, what in wrong:
            if is_so:
                self.violated(5, f"{label} is opened {what}")
        self.opened.add((number, label))
        self._last = (number, self.now_ms())
        return True

    def _accept(self, number: bytes, order: Ordered) -> None:
        """Note it; it ends in time on every clock, because a locker knows how long it has been running."""
        self._accepted.add(number)
        if self.now_ms() > order.expires_ms + EXPIRY_SLACK_MS:
            self.violated(5, f"an order is obeyed {(self.now_ms() - order.expires_ms) // 1000} s after it ran out")
