"""The few column types all tables share.

Times are integer milliseconds since the Unix epoch, UTC: they sort and compare as numbers, mean the same in SQLite and
PostgreSQL, take 6 bytes in SQLite where an ISO string takes 24, and are what journal entries carry (``at_ms``).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy import text as literal_text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    return (at - EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    return EPOCH + ms * _MS


class UtcMs(TypeDecorator[datetime]):
    """An aware ``datetime`` in Python, an integer of milliseconds in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else from_ms(value)


class Word(TypeDecorator[StrEnum]):
    """A ``StrEnum`` kept as its text; a plain string column without a database enum, so that words can be added."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        """Remember the closed set ``words`` that values come back as."""
        super().__init__(32)
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else self.words(value)


def at(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column for a moment."""
    return Column(name, UtcMs(), nullable=null)


def each(make: Callable[..., Column[Any]], *names: str, null: bool = False) -> Iterator[Column[Any]]:
    """Yield columns of one kind."""
    return (make(name, null=null) for name in names)


def name_of(name: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    """Return a short text column: ids, names, words (at most 255 characters, checked where bytes enter)."""
    return Column(name, String(255), nullable=null, primary_key=key)


def word(name: str, words: type[StrEnum], *, key: bool = False) -> Column[Any]:
    return Column(name, Word(words), nullable=False, primary_key=key)


def text(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column for text of any length."""
    return Column(name, Text(), nullable=null)


def number(name: str, *, null: bool = False, key: bool = False) -> Column[Any]:
    return Column(name, BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def counted(name: str) -> Column[Any]:
    """Return a key that the database counts up itself (in SQLite that is the row's own number)."""
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def real(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Float(), nullable=null)


def flag(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Boolean(), nullable=null)


def blob(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, LargeBinary(), nullable=null)


def partial(name: str | None, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index over the rows for which ``where`` holds: the few that are live, not all that ever were."""
    condition = literal_text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
