"""The cloud's tables without SQL: the same records, constraints and transactions in dictionaries.

For simulated worlds, where a unit of work through SQLAlchemy takes a millisecond and a world asks for fifty an hour.
The tests of the store's port run over both, and one seed's world leaves the same trace on either.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError

from cloud.domain.errors import AlreadyExistsError, NotFoundError
from cloud.services.ports import ROWS_MAX, Change, EventLog, LoggedEvent, Reads
from cloud.store.mapping import COUNTED, TABLE_OF
from cloud.store.memory_log import MemoryEventLog
from cloud.store.memory_reads import MemoryReads
from cloud.store.memory_shelf import Shelf, Undo, shelved
from cloud.store.tables_ops import event

R = TypeVar("R")


class MemoryTables:
    """All tables of one cloud, empty at first."""

    def __init__(self) -> None:
        """Make a shelf for every table."""
        self.shelves: Mapping[type[Any], Shelf] = shelved({**TABLE_OF, LoggedEvent: event}, COUNTED)


class MemoryUnitOfWork:
    """Implements ``cloud.services.ports.UnitOfWork``; ``undo`` takes everything back."""

    def __init__(self, tables: MemoryTables) -> None:
        """Work on ``tables`` at once; whoever runs the unit takes it back when it fails."""
        self._shelves = tables.shelves
        self.touched: set[str] = set()
        self.undo: Undo = []

    @property
    def reads(self) -> Reads:
        return MemoryReads(self._shelves)

    @property
    def log(self) -> EventLog:
        return MemoryEventLog(self._shelves, self.undo, self.touched)

    def get(self, kind: type[R], /, *key: str | int) -> R | None:
        return self._shelves[kind].at(key)

    def need(self, kind: type[R], /, *key: str | int) -> R:
        found = self._shelves[kind].at(key)
        if found is None:
            name = self._shelves[kind].table.name.replace("_", " ")
            raise NotFoundError(name, "/".join(str(part) for part in key))
        return found  # type: ignore[no-any-return]  # a shelf holds records of its kind only

    def find(self, kind: type[R], /, *, order: str = "", limit: int = ROWS_MAX, **conditions: Any) -> list[R]:
        return self._shelves[kind].find(conditions, order, limit)

    def first(self, kind: type[R], /, *, order: str = "", **conditions: Any) -> R | None:
        found = self._shelves[kind].find(conditions, order, 1)
        return found[0] if found else None

    def count(self, kind: type[Any], /, **conditions: Any) -> int:
        return len(self._shelves[kind].where(conditions))

    def add(self, *records: Any) -> None:
        grouped: dict[type[Any], list[Any]] = {}
        for record in records:
            grouped.setdefault(type(record), []).append(record)
        for kind, some in grouped.items():
            self._insert(kind, some)

    def change(self, kind: type[Any], where: Mapping[str, Any], /, **values: Any) -> int:
        shelf = self._shelves[kind]
        numbers = shelf.where(where)
        shelf.update(numbers, values, self.undo)
        return self._touch(kind, len(numbers))

    def change_many(self, kind: type[Any], changes: Sequence[Change], /) -> None:
        for one in changes:
            self.change(kind, one.where, **one.values)

    def remove(self, kind: type[Any], /, **conditions: Any) -> int:
        shelf = self._shelves[kind]
        numbers = shelf.where(conditions)
        shelf.delete(numbers, self.undo)
        return self._touch(kind, len(numbers))

    def _touch(self, kind: type[Any], rows: int) -> int:
        if rows:
            self.touched.add(kind.__name__)
        return rows

    def _insert(self, kind: type[Any], records: Sequence[Any]) -> None:
        shelf = self._shelves[kind]
        self.touched.add(kind.__name__)
        try:
            for record in records:
                shelf.insert(record, self.undo)
        except IntegrityError as error:
            if "UNIQUE" not in str(error.orig):
                raise
            name = shelf.table.name.replace("_", " ")
            raise AlreadyExistsError(f"this {name} exists already") from error
