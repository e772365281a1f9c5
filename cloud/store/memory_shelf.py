"""One table in memory: rows as records, found by hash, with the constraints its SQL table declares.

Everything about a table (keys, unique constraints, foreign keys, conversions) is read from ``tables.metadata``, so
nothing is written down twice. Every change leaves behind how to take it back.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Float, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from cloud.services.ports import NOT_NULL, Before, From, UpTo
from cloud.store.columns import UtcMs, Word, from_ms, to_ms

Convert = Callable[[Any], Any]
Undo = list[tuple["Shelf", int, Any]]
Holds = Callable[[Any], bool]
Value = tuple[Any, ...] | None

_PARTIAL = re.compile(r"(?P<column>\w+)(?: (?P<null>IS NULL|IS NOT NULL)| = '(?P<word>\w+)')?")
_UTC_OFFSET = timedelta(0)
_RANGES = (Before, From, UpTo, tuple, list, set, frozenset, type(NOT_NULL))


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
        self._uniques = [_Unique(names, holds) for names, holds in _uniques(table)]
        self.key_index = self._uniques[0].taken
        self._key_of = _tuple_of(self.key)

    # ------------------------------------------------------------------ reading

    def at(self, key: tuple[Any, ...]) -> Any | None:
        """Return the record with this primary key."""
        number = self.key_index.get(key)
        return None if number is None else self.rows[number]

    def where(self, conditions: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the rows that meet all ``conditions``, in no order that means anything."""
        if not conditions:
            return list(self.rows)
        equal = {name: _rounded(value) for name, value in conditions.items() if not isinstance(value, _RANGES)}
        rows, known = self.rows, tuple(equal)
        found = self._equal(equal) if equal else self._sifted(conditions)
        for name, value in conditions.items():
            if name not in known:
                meets = _test(value)
                found = [one for one in found if meets(getattr(rows[one], name))]
        return found

    def _sifted(self, conditions: Mapping[str, Any]) -> list[int]:
        """Return the rows that one condition leaves which an index can answer, or all."""
        for name, value in conditions.items():
            if isinstance(value, tuple | list | set | frozenset):
                return [one for part in dict.fromkeys(value) for one in self.having(name, part)]
            if value is NOT_NULL:
                self.having(name, None)
                return [one for part, some in self._by[name].items() if part is not None for one in some]
        return list(self.rows)

    def _equal(self, wanted: Mapping[str, Any]) -> list[int]:
        """Return the rows that have all these values, by the index that leaves the fewest."""
        if all(name in wanted for name in self.key):
            number = self.key_index.get(tuple(wanted[name] for name in self.key))
            numbers: Collection[int] = () if number is None else (number,)
        else:
            numbers = min((self.having(name, value) for name, value in wanted.items()), key=len)
        if len(wanted) == 1 or not numbers:
            return list(numbers)
        rows, values = self.rows, attrgetter(*wanted)
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
        if self._counted is not None:
            record = replace(record, **{self._counted: self._next_counted()})
        record = self._converted(record, self._converts)
        number = self._last = self._last + 1
        self._put(number, record)
        undo.append((self, number, None))
        for name, parent in self.parents:
            _check_parent(record, name, parent)

    def update(self, numbers: Sequence[int], values: Mapping[str, Any], undo: Undo) -> None:
        """Change rows; either all of them or, with ``IntegrityError``, none."""
        mark = len(undo)
        converts = tuple((name, convert) for name, convert in self._converts if name in values)
        try:
            for number in numbers:
                was = self.rows[number]
                record = self._converted(replace(was, **values), converts)
                self._check_children(was, record)
                self._put(number, record)
                undo.append((self, number, was))
                for name, parent in self.parents:
                    if name in values:
                        _check_parent(record, name, parent)
        except IntegrityError:
            take_back(undo, mark)
            raise

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
        moves = [(unique, *unique.values(was, record)) for unique in self._uniques]
        for unique, old, new in moves:
            unique.check(old, new, self.table.name)
        for unique, old, new in moves:
            unique.move(number, old, new)
        for name, index in self._by.items():
            _reindex(index, number, (was, record), name)
        if record is None:
            del self.rows[number]
            self._top = None
        else:
            self.rows[number] = record

    def _converted(self, record: Any, converts: Iterable[tuple[str, Convert]]) -> Any:
        changed: dict[str, Any] = {}
        for name, convert in converts:
            value = getattr(record, name)
            if value is None:
                if name not in self._nullable:
                    raise _broken(f"NOT NULL constraint failed: {self.table.name}.{name}")
                continue
            kept = convert(value)
            if kept is not value:
                changed[name] = kept
        return replace(record, **changed) if changed else record

    def _check_children(self, was: Any, record: Any | None) -> None:
        """Refuse to take away what another row points to."""
        for name, child in self.children:
            target = self.key[0]
            value = getattr(was, target)
            if (record is None or getattr(record, target) != value) and child.having(name, value):
                raise _broken("FOREIGN KEY constraint failed")

    def _next_counted(self) -> int:
        """Return one more than the largest number there is, as SQLite counts."""
        if self._top is None:
            self._top = max((key[0] for key in self.key_index), default=0)
        self._top += 1
        return self._top


class _Unique:
    """Columns whose values may occur once, among the rows for which ``holds``."""

    def __init__(self, names: tuple[str, ...], holds: Holds) -> None:
        self.names, self.holds, self._tuple = names, holds, _tuple_of(names)
        self.taken: dict[tuple[Any, ...], int] = {}

    def values(self, was: Any | None, record: Any | None) -> tuple[Value, Value]:
        """Return what a row has taken before and after a change."""
        return self._value(was), self._value(record)

    def check(self, old: Value, new: Value, table: str) -> None:
        """Raise ``IntegrityError`` where ``new`` is another row's."""
        if new is not None and new != old and new in self.taken:
            named = ", ".join(f"{table}.{name}" for name in self.names)
            raise _broken(f"UNIQUE constraint failed: {named}")

    def move(self, number: int, old: Value, new: Value) -> None:
        """Let go of ``old`` and take ``new``."""
        if old == new:
            return
        if old is not None:
            del self.taken[old]
        if new is not None:
            self.taken[new] = number

    def _value(self, record: Any | None) -> Value:
        if record is None or not self.holds(record):
            return None
        value = self._tuple(record)
        return None if None in value else value


def _tuple_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads several attributes at once."""
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda record: (read(record),)


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


def _reindex(index: dict[Any, dict[int, None]], number: int, change: tuple[Any, Any], name: str) -> None:
    was, record = change
    old = None if was is None else getattr(was, name)
    new = None if record is None else getattr(record, name)
    if was is not None and record is not None and old == new:
        return
    if was is not None:
        del index[old][number]
    if record is not None:
        index.setdefault(new, {})[number] = None


def _check_parent(record: Any, name: str, parent: Shelf) -> None:
    value = getattr(record, name)
    if value is not None and (value,) not in parent.key_index:
        raise _broken("FOREIGN KEY constraint failed")


def _broken(why: str) -> IntegrityError:
    """Return the error that the SQL store raises, so that callers need not know which store they have."""
    return IntegrityError(why, None, Exception(why))


def _uniques(table: Table) -> Iterator[tuple[tuple[str, ...], Holds]]:
    """Yield every set of columns that must be unique, the primary key first."""
    yield tuple(column.name for column in table.primary_key.columns), _always
    for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(constraint, UniqueConstraint):
            yield tuple(column.name for column in constraint.columns), _always
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        if index.unique:
            yield tuple(column.name for column in index.columns), _holds(str(index.dialect_options["sqlite"]["where"]))


def _always(_record: Any) -> bool:
    return True


def _holds(condition: str) -> Holds:
    """Read the condition of a partial index: ``x``, ``x IS NULL``, ``x IS NOT NULL`` or ``x = 'word'``."""
    read = _PARTIAL.fullmatch(condition)
    if read is None:
        raise ValueError(f"the condition {condition!r} of a partial index cannot be read")
    name, null, word = read["column"], read["null"], read["word"]
    if word is not None:
        return lambda record: bool(getattr(record, name) == word)
    if null is not None:
        return lambda record: (getattr(record, name) is None) is (null == "IS NULL")
    return lambda record: bool(getattr(record, name))


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
