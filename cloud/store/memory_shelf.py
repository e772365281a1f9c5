"""One table in memory: rows as records, found by hash, with the constraints its SQL table declares.

Everything about a table (keys, unique constraints, foreign keys, conversions) is read from ``tables.metadata``, so
nothing is written down twice. Every change leaves behind how to take it back.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Float, Table
from sqlalchemy.exc import IntegrityError

from cloud.services.ports import NOT_NULL, Before, From, UpTo
from cloud.store.changed import changed
from cloud.store.columns import UtcMs, Word, from_ms, to_ms
from cloud.store.memory_unique import Unique, broken, tuple_of, uniques

Convert = Callable[[Any], Any]
Undo = list[tuple["Shelf", int, Any]]

_UTC_OFFSET = timedelta(0)
_RANGES = frozenset({Before, From, UpTo, tuple, list, set, frozenset, type(NOT_NULL)})


class Shelf:
    """The rows of one kind, by row number; ``undo`` is the open unit's list of what to put back."""

    def __init__(self, kind: type[Any], table: Table, counted: str | None) -> None:
        """Begin empty; ``counted`` names a key that the table counts up itself."""
        self.kind, self.table = kind, table
        self.rows: dict[int, Any] = {}
        self.parents: list[tuple[str, Shelf]] = []
        self.children: list[tuple[str, Shelf]] = []
        self._counted = counted
        self._last = 0
        self._top: int | None = None
        self._converts = tuple((column.name, _converter(column)) for column in table.columns)
        self._nullable = frozenset(column.name for column in table.columns if column.nullable)
        self.key = tuple(column.name for column in table.primary_key.columns)
        self._by: dict[str, dict[Any, dict[int, None]]] = {}
        self._uniques = [Unique(names, about, holds) for names, about, holds in uniques(table)]
        self._touched: dict[tuple[str, ...], _Touched] = {}
        self.key_index = self._uniques[0].taken
        self._key_of, self._keys = tuple_of(self.key), frozenset(self.key)
        self._read_all = tuple_of(tuple(name for name, _ in self._converts))

    # ------------------------------------------------------------------ reading

    def at(self, key: tuple[Any, ...]) -> Any | None:
        """Return the record with this primary key."""
        number = self.key_index.get(key)
        return None if number is None else self.rows[number]

    def where(self, conditions: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the rows that meet all ``conditions``, in no order that means anything."""
        if not conditions:
            return list(self.rows)
        if len(conditions) == 1:
            ((name, value),) = conditions.items()
            if type(value) is str:  # four of five questions
                return self._equal(conditions)
        equal = {
            name: value if type(value) is str else _rounded(value)
            for name, value in conditions.items()
            if type(value) not in _RANGES
        }
        met, found = (equal.keys(), self._equal(equal)) if equal else self._sifted(conditions)
        if not found or len(met) == len(conditions):
            return found
        rows = self.rows
        for name, value in conditions.items():
            if name not in met:
                meets = _test(value)
                found = [one for one in found if meets(getattr(rows[one], name))]
        return found

    def _sifted(self, conditions: Mapping[str, Any]) -> tuple[Collection[str], list[int]]:
        """Return the condition that an index can answer and the rows that it leaves, or none and all."""
        for name, value in conditions.items():
            if isinstance(value, tuple | list | set | frozenset):
                parts = [part for part in dict.fromkeys(value) if part is not None]  # nothing compares with NULL
                return (name,), [one for part in parts for one in self.having(name, part)]
            if value is NOT_NULL:
                self.having(name, None)
                return (name,), [one for part, some in self._by[name].items() if part is not None for one in some]
        return (), list(self.rows)

    def _equal(self, wanted: Mapping[str, Any]) -> list[int]:
        """Return the rows that have all these values, by the key or by the index that leaves the fewest."""
        numbers: Collection[int] = ()
        if self._keys <= wanted.keys():
            number = self.key_index.get(tuple([wanted[name] for name in self.key]))
            if number is None:
                return []
            if len(wanted) == len(self.key):
                return [number]
            numbers = (number,)
        elif len(wanted) == 1:
            ((name, value),) = wanted.items()
            return list(self.having(name, value))
        else:
            for name, value in wanted.items():
                some = self.having(name, value)
                if not some:
                    return []
                numbers = some if not numbers or len(some) < len(numbers) else numbers
        rows, values = self.rows, tuple_of(tuple(wanted))
        expected = tuple(wanted.values())
        return [one for one in numbers if values(rows[one]) == expected]

    def find(self, conditions: Mapping[str, Any], order: str, limit: int) -> list[Any]:
        """Return records in ``order``, equals by primary key."""
        found = [self.rows[number] for number in self.where(conditions)]
        if len(found) > 1:
            found.sort(key=self._key_of)
            for name in reversed(order.split()):
                plain = name.removeprefix("-")
                found.sort(key=_orderly(plain), reverse=name.startswith("-"))
        return found[:limit]

    def last(self) -> Any | None:
        """Return the record with the largest key."""
        return self.rows[self.key_index[max(self.key_index)]] if self.key_index else None

    def having(self, name: str, value: Any) -> Collection[int]:
        """Return the numbers of the rows whose ``name`` is ``value``."""
        index = self._by.get(name)
        if index is None:
            index = self._by[name] = {}
            for number, record in self.rows.items():
                index.setdefault(getattr(record, name), {})[number] = None
        return index.get(value, ())

    # ------------------------------------------------------------------ writing

    def insert(self, record: Any, undo: Undo) -> None:
        """Add one row; raises ``IntegrityError``."""
        different = self._converted(self._read_all(record), self._converts)
        if self._counted is not None:
            different[self._counted] = self._next_counted()
        record = changed(record, different) if different else record
        number = self._last = self._last + 1
        self._put(number, record)
        undo.append((self, number, None))
        for name, parent in self.parents:
            _check_parent(record, name, parent)

    def update(self, numbers: Sequence[int], values: Mapping[str, Any], undo: Undo) -> None:
        """Change rows; either all of them or, with ``IntegrityError``, none."""
        if not numbers:
            return
        mark, touched = len(undo), self._touched_by(tuple(values))
        values = {**values, **self._converted([values[name] for name, _ in touched.converts], touched.converts)}
        indexes = [(self._by[name], name) for name in touched.names if name in self._by]
        try:
            for number in numbers:
                was = self.rows[number]
                record = changed(was, values)
                if touched.key:
                    self._check_children(was, record)
                if touched.uniques:
                    self._claim(number, was, record, touched.uniques)
                for index, name in indexes:
                    _reindex(index, number, getattr(was, name), values[name])
                self.rows[number] = record
                undo.append((self, number, was))
                for name, parent in touched.parents:
                    _check_parent(record, name, parent)
        except IntegrityError:
            take_back(undo, mark)
            raise

    def _touched_by(self, names: tuple[str, ...]) -> "_Touched":
        """Return what a change of these columns may break."""
        found = self._touched.get(names)
        if found is None:
            found = self._touched[names] = _Touched(
                names,
                tuple((name, convert) for name, convert in self._converts if name in names),
                [one for one in self._uniques if not one.about.isdisjoint(names)],
                tuple((name, parent) for name, parent in self.parents if name in names),
                key=self.key[0] in names,
            )
        return found

    def delete(self, numbers: Sequence[int], undo: Undo) -> None:
        """Remove rows; either all of them or, with ``IntegrityError``, none."""
        mark = len(undo)
        try:
            for number in numbers:
                was = self.rows[number]
                self._check_children(was, None)
                self._put(number, None)
                undo.append((self, number, was))
        except IntegrityError:
            take_back(undo, mark)
            raise

    def restore(self, number: int, record: Any | None) -> None:
        """Put a row back to what it was."""
        self._put(number, record)

    def _put(self, number: int, record: Any | None) -> None:
        """Set a row, its indexes and its unique values; None takes it away."""
        was = self.rows.get(number)
        self._claim(number, was, record, self._uniques)
        for name, index in self._by.items():
            if was is None:
                index.setdefault(getattr(record, name), {})[number] = None
            elif record is None:
                del index[getattr(was, name)][number]
            else:
                _reindex(index, number, getattr(was, name), getattr(record, name))
        if record is None:
            del self.rows[number]
            self._top = None
        else:
            self.rows[number] = record

    def _claim(self, number: int, was: Any | None, record: Any | None, uniques: Iterable[Unique]) -> None:
        """Let a row take its unique values, or none of them."""
        moves = [(unique, *unique.values(was, record)) for unique in uniques]
        for unique, old, new in moves:
            unique.check(old, new, self.table.name)
        for unique, old, new in moves:
            unique.move(number, old, new)

    def _converted(self, values: Iterable[Any], converts: Iterable[tuple[str, Convert]]) -> dict[str, Any]:
        """Return the values that the columns keep otherwise than they are given."""
        different: dict[str, Any] = {}
        for value, (name, convert) in zip(values, converts, strict=True):
            if value is None:
                if name not in self._nullable:
                    raise broken(f"NOT NULL constraint failed: {self.table.name}.{name}")
                continue
            kept = convert(value)
            if kept is not value:
                different[name] = kept
        return different

    def _check_children(self, was: Any, record: Any | None) -> None:
        """Refuse to take away what another row points to."""
        for name, child in self.children:
            target = self.key[0]
            value = getattr(was, target)
            if (record is None or getattr(record, target) != value) and child.having(name, value):
                raise broken("FOREIGN KEY constraint failed")

    def _next_counted(self) -> int:
        """Return one more than the largest number there is, as SQLite counts."""
        if self._top is None:
            self._top = max((key[0] for key in self.key_index), default=0)
        self._top += 1
        return self._top


@dataclass(frozen=True, slots=True)
class _Touched:
    """What must be looked at when some columns change; ``key``: other rows may point to them."""

    names: tuple[str, ...]
    converts: tuple[tuple[str, Convert], ...]
    uniques: list[Unique]
    parents: tuple[tuple[str, Shelf], ...]
    key: bool


def take_back(undo: Undo, mark: int = 0) -> None:
    """Undo everything since ``mark``."""
    while len(undo) > mark:
        shelf, number, record = undo.pop()
        shelf.restore(number, record)


def shelved(kinds: Mapping[type[Any], Table], counted: Mapping[type[Any], str]) -> dict[type[Any], Shelf]:
    """Return a shelf for every kind, tied to one another by their foreign keys."""
    shelves = {kind: Shelf(kind, table, counted.get(kind)) for kind, table in kinds.items()}
    by_table = {shelf.table: shelf for shelf in shelves.values()}
    for shelf in shelves.values():
        for foreign in shelf.table.foreign_keys:
            parent = by_table[foreign.column.table]
            shelf.parents.append((foreign.parent.name, parent))
            parent.children.append((foreign.parent.name, shelf))
    return shelves


def _reindex(index: dict[Any, dict[int, None]], number: int, old: Any, new: Any) -> None:
    if old != new:
        del index[old][number]
        index.setdefault(new, {})[number] = None


def _check_parent(record: Any, name: str, parent: Shelf) -> None:
    value = getattr(record, name)
    if value is not None and (value,) not in parent.key_index:
        raise broken("FOREIGN KEY constraint failed")


def _test(condition: Any) -> Callable[[Any], bool]:
    """Return whether a value meets a condition that is no equality; nothing compares with NULL."""
    if condition is NOT_NULL:
        return lambda value: value is not None
    if isinstance(condition, tuple | list | set | frozenset):
        some = frozenset(condition)
        return lambda value: value is not None and value in some
    limit = _rounded(condition.value)
    if isinstance(condition, Before):
        return lambda value: value is not None and value < limit
    if isinstance(condition, From):
        return lambda value: value is not None and value >= limit
    return lambda value: value is not None and value <= limit


def _orderly(name: str) -> Callable[[Any], Any]:
    """Sort by a column with NULL first, as SQLite does."""

    def value(record: Any) -> Any:
        found = getattr(record, name)
        return (found is not None, found)

    return value


def _converter(column: Column[Any]) -> Convert:
    """Return what a column makes of a value on its way in and out again."""
    kind = column.type
    if isinstance(kind, UtcMs):
        return _rounded
    if isinstance(kind, Word):
        words = kind.words
        return lambda value: value if type(value) is words else words(value)
    if isinstance(kind, Boolean):
        return lambda value: value if type(value) is bool else bool(value)
    plain = kind.python_type
    if isinstance(kind, Float):
        plain = float
    return lambda value: value if type(value) is plain else _plainly(plain, value)


def _plainly(plain: type[Any], value: Any) -> Any:
    return str.__str__(value) if plain is str else plain(value)


def _rounded(value: Any) -> Any:
    """Return a time as the database keeps it: whole milliseconds, UTC."""
    if not isinstance(value, datetime):
        return value
    if value.microsecond % 1000 == 0 and value.utcoffset() == _UTC_OFFSET:
        return value
    return from_ms(to_ms(value))
