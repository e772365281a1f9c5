"""The ingest path's own statements: Core executemany over plain integers and bytes, built once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from cloud.services.ports import LoggedEvent
from cloud.store.tables_ops import event, ingest_head

_HEADS = select(ingest_head.c.locker_id, ingest_head.c.through_sequence, ingest_head.c.head).where(
    ingest_head.c.locker_id.in_(bindparam("lockers", expanding=True))
)
_APPEND = insert(event)
_NEW_HEAD = upsert(ingest_head)
_SET_HEAD = _NEW_HEAD.on_conflict_do_update(
    index_elements=[ingest_head.c.locker_id],
    set_={name: _NEW_HEAD.excluded[name] for name in ("through_sequence", "head", "updated_at")},
)
_ENTRIES = (
    select(event.c.entry)
    .where(event.c.locker_id == bindparam("locker"), event.c.sequence.between(bindparam("first"), bindparam("last")))
    .order_by(event.c.sequence)
)
_AFTER = (
    select(event)
    .where(event.c.locker_id == bindparam("locker"), event.c.sequence > bindparam("sequence"))
    .order_by(event.c.sequence)
    .limit(bindparam("limit"))
)


class SqlEventLog:
    """Implements ``cloud.services.ports.EventLog``."""

    def __init__(self, connection: Connection, touched: set[str]) -> None:
        """Work on ``connection`` and note in ``touched`` what changed."""
        self._connection = connection
        self._touched = touched

    def heads(self, lockers: Sequence[str], /) -> dict[str, tuple[int, bytes]]:
        rows = self._connection.execute(_HEADS, {"lockers": list(lockers)})
        return {locker: (through, head) for locker, through, head in rows}

    def set_heads(self, heads: Mapping[str, tuple[int, bytes]], now: datetime, /) -> None:
        if not heads:
            return
        rows = [
            {"locker_id": locker, "through_sequence": through, "head": head, "updated_at": now}
            for locker, (through, head) in heads.items()
        ]
        self._connection.execute(_SET_HEAD, rows)

    def append(self, events: Sequence[LoggedEvent], /) -> None:
        if not events:
            return
        self._touched.add("LoggedEvent")
        self._connection.execute(_APPEND, [_row(one) for one in events])

    def set_aside(self, locker: str, name: str, /) -> None:
        self._connection.execute(update(event).where(event.c.locker_id == locker).values(locker_id=name))
        self._connection.execute(delete(ingest_head).where(ingest_head.c.locker_id == locker))

    def entries(self, locker: str, first: int, last: int, /) -> list[bytes]:
        rows = self._connection.execute(_ENTRIES, {"locker": locker, "first": first, "last": last})
        return [entry for (entry,) in rows]

    def after(self, locker: str, sequence: int, limit: int, /) -> list[LoggedEvent]:
        asked = {"locker": locker, "sequence": sequence, "limit": limit}
        return [LoggedEvent(**row) for row in self._connection.execute(_AFTER, asked).mappings()]

    def timeline(
        self, *, locker: str | None = None, compartment: str | None = None, parcel: str | None = None, limit: int = 200
    ) -> list[LoggedEvent]:
        asked = {"locker_id": locker, "compartment": compartment, "parcel_id": parcel}
        statement = select(event).order_by(event.c.at_ms.desc(), event.c.sequence.desc()).limit(limit)
        for name, value in asked.items():
            if value is not None:
                statement = statement.where(event.c[name] == value)
        return [LoggedEvent(**row) for row in self._connection.execute(statement).mappings()]


def _row(one: LoggedEvent) -> dict[str, Any]:
    return {
        "locker_id": one.locker_id,
        "sequence": one.sequence,
        "at_ms": one.at_ms,
        "received_ms": one.received_ms,
        "kind": one.kind,
        "compartment": one.compartment,
        "parcel_id": one.parcel_id,
        "entry": one.entry,
    }
