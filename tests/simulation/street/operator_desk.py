"""What the operator sees and when: alarms, cases, parcels' histories and commands, noted at the cloud's commit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cloud.services.ports import LoggedEvent
from cloud.services.records import HistoryEntry
from cloud.services.records_ops import Alarm, CommandSent, Notification, SupportCase
from firmware_sim.world.office import Office

ROWS_MAX = 1_000  # far more than one scenario writes
EVENTS_MAX = 200  # one batch's worth: the newest are what is new


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing the operator saw. ``source`` names it: alarm, case, parcel, command, message, event."""

    at_ms: int
    source: str
    kind: str
    compartment: str | None
    detail: str
    severity: str = ""

    @property
    def words(self) -> str:
        """The key of its name in the console."""
        return f"{self.source}.{self.kind}"


def _sight(at_ms: int, row: Any) -> Sight:
    match row:
        case Alarm():
            return Sight(at_ms, "alarm", row.kind, row.compartment, row.detail, row.severity)
        case SupportCase():
            return Sight(at_ms, "case", row.kind, row.compartment, row.detail)
        case HistoryEntry():
            return Sight(at_ms, "parcel", row.happened, row.compartment, row.detail)
        case CommandSent():
            return Sight(at_ms, "command", f"{row.kind} {row.state}", row.compartment, row.refusal or "")
        case Notification():
            return Sight(at_ms, "message", row.template, None, row.parcel_id or "")
        case LoggedEvent():
            return Sight(at_ms, "event", row.kind, row.compartment, "")
        case _:
            raise TypeError(row)


KINDS: dict[str, tuple[type[Any], Callable[[Any], object]]] = {
    "Alarm": (Alarm, lambda row: row.id),
    "SupportCase": (SupportCase, lambda row: row.id),
    "HistoryEntry": (HistoryEntry, lambda row: row.number),
    "CommandSent": (CommandSent, lambda row: (row.id, row.state)),
    "Notification": (Notification, lambda row: row.id),
}


@dataclass
class Desk:
    """Sits before the console for as long as the cloud runs."""

    office: Office
    sights: list[Sight] = field(default_factory=list)
    _known: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.office.writer.on_commit(self._look)

    def _look(self, kinds: frozenset[str]) -> None:
        if "LoggedEvent" in kinds:
            story = self.office.do(lambda uow: uow.log.timeline(limit=EVENTS_MAX))
            for one in reversed(story):
                self._note(("event", one.locker_id, one.sequence), one)
        for name in sorted(kinds & KINDS.keys()):
            record, about = KINDS[name]
            for row in self.rows(record):
                self._note((name, about(row)), row)

    def _note(self, key: object, row: Any) -> None:
        if key not in self._known:
            self._known.add(key)
            self.sights.append(_sight(self.office.loop.now_ms, row))

    def rows(self, record: type[Any], **where: Any) -> list[Any]:
        """Return what stands in a table."""
        return list(self.office.do(lambda uow: uow.find(record, limit=ROWS_MAX, **where)))

    def standing(self, kind: str) -> list[Alarm]:
        """Return the alarms of a kind whose cause is not gone."""
        return self.rows(Alarm, kind=kind, cleared_at=None)

    def of(self, words: str, compartment: str | None, since_ms: int) -> Iterator[Sight]:
        """Yield what was seen of one kind, at one door if one is named, from a moment on."""
        for one in self.sights:
            if one.words == words and compartment in {None, one.compartment} and one.at_ms >= since_ms:
                yield one
