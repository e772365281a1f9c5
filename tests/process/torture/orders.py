"""Orders to open many doors during a storm: what was asked for, and what journals and the cloud make of each.

A kill may end an order at any moment. Then the rest of its doors stay shut, and the locker says so: by an order that
was accepted each door is either opened once or named as left.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from contract.events import (
    AgentStarted,
    BulkEnded,
    CommandAccepted,
    Entry,
    MaintenanceEnded,
    MaintenanceStarted,
    ReleaseIntended,
)
from tests.process.torture.reckoning import Findings

REMOTE = "remote"


@dataclass(slots=True)
class Ordered:
    """``sent``: the second operator was told that it is on its way. ``stage`` and ``doors``: what the cloud says."""

    id: str
    locker: str
    labels: tuple[str, ...]
    sent: bool = False
    stage: str = ""
    doors: Mapping[str, str] = field(default_factory=dict)

    @property
    def cause(self) -> bytes:
        return bytes.fromhex(self.id)


@dataclass(slots=True)
class Carried:
    """What one locker wrote down about one order; boots are counted from its first."""

    accepted: list[int] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    ended: list[BulkEnded] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Reads one locker's journal, and finds doors that no order opens, or at a time at which none may."""

    known: dict[bytes, Carried]
    found: Findings
    boot: int = 0
    maintained: bool = False

    def read(self, entry: Entry) -> None:
        match entry.event:
            case AgentStarted():
                self.boot, self.maintained = self.boot + 1, False
            case MaintenanceStarted():
                self.maintained = True
            case MaintenanceEnded():
                self.maintained = False
            case CommandAccepted(command=cause) if cause in self.known:
                self.known[cause].accepted.append(self.boot)
            case BulkEnded(command=cause) if cause in self.known:
                self.known[cause].ended.append(entry.event)
            case ReleaseIntended(compartment=label, purpose=purpose) if purpose == REMOTE:
                self._released(label, self.known.get(entry.cause or b""))
            case _:
                pass

    def _released(self, label: str, carried: Carried | None) -> None:
        if carried is None:
            self.found.forbidden.append(f"{label} opened by no order")
            return
        carried.released.append(label)
        if not self.maintained:
            self.found.forbidden.append(f"{label} opened by an order, and nobody has switched maintenance mode on")
        if self.boot not in carried.accepted:
            self.found.forbidden.append(f"{label} opened by an order that this boot never accepted")


def compare_orders(entries: Iterable[Entry], orders: Iterable[Ordered], found: Findings) -> dict[bytes, Carried]:
    """Hold one locker's orders against its journal and the console's page; return what was made of them."""
    by_cause = {one.cause: one for one in orders}
    known = {cause: Carried() for cause in by_cause}
    reader = _Reader(known, found)
    for entry in entries:
        reader.read(entry)
    for cause, order in by_cause.items():
        for kind, what in (*_wrong(order, known[cause]), *_wrongly_told(order, known[cause])):
            getattr(found, kind).append(f"order {order.id} at {order.locker}: {what}")
    return known


def _wrong(order: Ordered, carried: Carried) -> Iterator[tuple[str, str]]:
    released, ended = Counter(carried.released), carried.ended
    for label, times in released.items():
        if label not in order.labels:
            yield "forbidden", f"{label} is not in it"
        if times > 1:
            yield "doubled", f"{label} opened {times} times"
    if len(carried.accepted) > 1:
        yield "doubled", f"accepted {len(carried.accepted)} times"
    if len(ended) != len(carried.accepted):
        yield "lost", f"accepted {len(carried.accepted)} times, reported {len(ended)} times"
    for one in ended:
        if sorted([*carried.released, *one.left]) != sorted(order.labels) or one.begun != len(carried.released):
            yield "lost", f"{one.begun} opened and {one.left} left of {order.labels}, in truth {carried.released}"


def _wrongly_told(order: Ordered, carried: Carried) -> Iterator[tuple[str, str]]:
    """Hold the console's page against the journal; a page that is not there has a number for its stage."""
    if not order.stage or order.stage.isdigit() or (carried.ended and order.stage != "ended"):
        yield "lost", f"reported {len(carried.ended)} times, and the cloud says {order.stage or 'nothing'}"
    left = {label for one in carried.ended for label in one.left}
    for label in order.labels:
        if (label in carried.released, label in left) != _told(order.doors.get(label, "")):
            yield "lost", f"{carried.released} opened and {left} left; the page: {order.doors}"


def _told(stage: str) -> tuple[bool, bool]:
    """Return whether the page says of a door that its lock was released, and that it was left."""
    return stage not in ("", "waiting", "left"), stage == "left"
