"""The event log in memory: what ``event_log.py`` does in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud.services.ports import LoggedEvent
from cloud.services.records_ops import IngestHead
from cloud.store.memory_shelf import Shelf, Undo


class MemoryEventLog:
    """Implements ``cloud.services.ports.EventLog``."""

    def __init__(self, shelves: Mapping[type[Any], Shelf], undo: Undo, touched: set[str]) -> None:
        """Work on ``shelves``, leaving in ``undo`` and ``touched`` what a unit of work leaves."""
        self._events, self._heads = shelves[LoggedEvent], shelves[IngestHead]
        self._undo, self._touched = undo, touched

    def heads(self, lockers: Sequence[str], /) -> dict[str, tuple[int, bytes]]:
        found = (self._heads.at((locker,)) for locker in lockers)
        return {one.locker_id: (one.through_sequence, one.head) for one in found if one is not None}

    def set_heads(self, heads: Mapping[str, tuple[int, bytes]], now: datetime, /) -> None:
        for locker, (through, head) in heads.items():
            numbers = self._heads.where({"locker_id": locker})
            if numbers:
                values = {"through_sequence": through, "head": head, "updated_at": now}
                self._heads.update(numbers, values, self._undo)
            else:
                record = IngestHead(locker_id=locker, through_sequence=through, head=head, updated_at=now)
                self._heads.insert(record, self._undo)

    def append(self, events: Sequence[LoggedEvent], /) -> None:
        if not events:
            return
        self._touched.add("LoggedEvent")
        for one in events:
            self._events.insert(one, self._undo)

    def set_aside(self, locker: str, name: str, /) -> None:
        self._events.update(self._events.where({"locker_id": locker}), {"locker_id": name}, self._undo)
        self._heads.delete(self._heads.where({"locker_id": locker}), self._undo)

    def entries(self, locker: str, first: int, last: int, /) -> list[bytes]:
        if last - first < len(self._events.rows):
            found = [self._events.at((locker, sequence)) for sequence in range(first, last + 1)]
            return [one.entry for one in found if one is not None]
        theirs = self._events.find({"locker_id": locker}, "sequence", len(self._events.rows))
        return [one.entry for one in theirs if first <= one.sequence <= last]

    def after(self, locker: str, sequence: int, limit: int, /) -> list[LoggedEvent]:
        theirs = self._events.find({"locker_id": locker}, "sequence", len(self._events.rows))
        return [one for one in theirs if one.sequence > sequence][:limit]

    def timeline(
        self, *, locker: str | None = None, compartment: str | None = None, parcel: str | None = None, limit: int = 200
    ) -> list[LoggedEvent]:
        asked = {"locker_id": locker, "compartment": compartment, "parcel_id": parcel}
        conditions = {name: value for name, value in asked.items() if value is not None}
        return self._events.find(conditions, "-at_ms -sequence", limit)
