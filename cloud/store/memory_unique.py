"""What may occur once only in a table in memory: primary keys, unique constraints and partial unique indexes."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

Holds = Callable[[Any], bool]
Value = tuple[Any, ...] | None

_PARTIAL = re.compile(r"(?P<column>\w+)(?: (?P<null>IS NULL|IS NOT NULL)| = '(?P<word>\w+)')?")


class Unique:
    """Columns whose values may occur once, among the rows for which ``holds``, which looks at the rest of ``about``."""

    def __init__(self, names: tuple[str, ...], about: frozenset[str], holds: Holds) -> None:
        self.names, self.about, self.holds, self._tuple = names, about, holds, tuple_of(names)
        self.taken: dict[tuple[Any, ...], int] = {}

    def values(self, was: Any | None, record: Any | None) -> tuple[Value, Value]:
        """Return what a row has taken before and after a change."""
        return self._value(was), self._value(record)

    def check(self, old: Value, new: Value, table: str) -> None:
        """Raise ``IntegrityError`` where ``new`` is another row's."""
        if new is not None and new != old and new in self.taken:
            named = ", ".join(f"{table}.{name}" for name in self.names)
            raise broken(f"UNIQUE constraint failed: {named}")

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


@cache
def tuple_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads several attributes at once."""
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda record: (read(record),)


def broken(why: str) -> IntegrityError:
    """Return the error that the SQL store raises, so that callers need not know which store they have."""
    return IntegrityError(why, None, Exception(why))


def uniques(table: Table) -> Iterator[tuple[tuple[str, ...], frozenset[str], Holds]]:
    """Yield every set of columns that must be unique, the primary key first, and all columns that it depends on."""
    names = tuple(column.name for column in table.primary_key.columns)
    yield names, frozenset(names), _always
    for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(constraint, UniqueConstraint):
            names = tuple(column.name for column in constraint.columns)
            yield names, frozenset(names), _always
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        if index.unique:
            names = tuple(column.name for column in index.columns)
            condition = str(index.dialect_options["sqlite"]["where"])
            about, holds = _holds(condition)
            yield names, frozenset((*names, about)), holds


def _always(_record: Any) -> bool:
    return True


def _holds(condition: str) -> tuple[str, Holds]:
    """Read the column and the condition of a partial index: ``x``, ``x IS [NOT] NULL`` or ``x = 'word'``."""
    read = _PARTIAL.fullmatch(condition)
    if read is None:
        raise ValueError(f"the condition {condition!r} of a partial index cannot be read")
    name, null, word = read["column"], read["null"], read["word"]
    if word is not None:
        return name, lambda record: bool(getattr(record, name) == word)
    if null is not None:
        return name, lambda record: (getattr(record, name) is None) is (null == "IS NULL")
    return name, lambda record: bool(getattr(record, name))
