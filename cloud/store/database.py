"""Connections to the database: one that writes, many that only read.

SQLite in WAL mode lets readers go on while the one writer commits. ``synchronous=FULL`` makes a commit survive a power
cut; the writer pays one flush per group of units, not per unit.
"""

from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from cloud.store import tables_counters, tables_ops, tables_outside
from cloud.store.tables import metadata

BUSY_TIMEOUT_MS = 5_000  # only a migration or a backup ever holds the write lock beside our writer
READERS_MAX = 8  # read connections kept open; pages are short, the machine has few cores
CACHE_KIB = 65_536  # 64 MiB keeps the hot end of every index of a mid-sized fleet in memory

__all__ = [
    "create_schema",
    "empty_image",
    "metadata",
    "open_memory",
    "open_readers",
    "open_writer",
    "tables_counters",
    "tables_ops",
    "tables_outside",
]


def open_writer(path: Path) -> Engine:
    """Return the engine of the single writer; its transactions begin IMMEDIATE, so they never fail half way."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    _prepare(engine, begin="BEGIN IMMEDIATE", read_only=False)
    return engine


def open_readers(path: Path) -> Engine:
    """Return a pool of connections that cannot write (``mode=ro`` and ``query_only``)."""
    engine = create_engine(
        f"sqlite:///file:{path}?mode=ro&uri=true", connect_args={"check_same_thread": False}, pool_size=READERS_MAX
    )
    _prepare(engine, begin="BEGIN", read_only=True)
    return engine


def open_memory() -> Engine:
    """Return a database that lives as long as the engine, with its schema: for tests and simulated worlds."""
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    _prepare(engine, begin="BEGIN IMMEDIATE", read_only=False)
    with closing(engine.raw_connection()) as connection:
        connection.driver_connection.deserialize(empty_image())  # type: ignore[union-attr] # open: it was just made
    return engine


@cache
def empty_image() -> bytes:
    """Return a database file with the schema and nothing in it; making it takes twenty times as long as copying it."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    create_schema(engine)
    with closing(engine.raw_connection()) as connection:
        image: bytes = connection.driver_connection.serialize()  # type: ignore[union-attr] # open: it was just made
    engine.dispose()
    return image


def create_schema(engine: Engine) -> None:
    """Create all tables as the metadata has them; a served database is migrated instead (``migrate.py``)."""
    metadata.create_all(engine)


def _prepare(engine: Engine, *, begin: str, read_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = None  # the driver must not begin or commit by itself
        for pragma in _pragmas(read_only=read_only):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _pragmas(*, read_only: bool) -> tuple[str, ...]:
    shared = (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", f"cache_size=-{CACHE_KIB}", "temp_store=MEMORY")
    if read_only:
        return (*shared, "query_only=ON")
    return ("journal_mode=WAL", "synchronous=FULL", *shared)
