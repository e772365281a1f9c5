"""Every SQL statement of the edge, made purely, so that SQL stands in one place.

Tables: ``entry`` is the journal, ``record`` the state, ``meta`` a few scalars. The outbox is no table: it is the
journal past the acknowledged sequence.
"""

from collections.abc import Iterable, Sequence

from edge.store.ports import Change, Statement
from edge.store.seal import sealed

SCHEMA_VERSION = 2  # 1: values stood without a seal
UNSEALED_VERSION = 1
BUSY_TIMEOUT_MS = 2_000  # someone reading the file by hand must not fail a drop-off; longer would stop the machine

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # intent before pulse means: on the disk, not in a cache
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-1024",  # 1 MiB: the agent reads whole tables once at start and hardly ever after
    "PRAGMA journal_size_limit=4194304",  # a WAL that grew once gives its room back
    "PRAGMA cell_size_check=ON",  # look twice at pages from a card that flips bits
)

_SCHEMA = (
    Statement("CREATE TABLE entry (sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL) STRICT"),
    Statement(
        "CREATE TABLE record (kind TEXT NOT NULL, key ANY NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key))"
        " STRICT, WITHOUT ROWID"
    ),
    Statement("CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    Statement(f"PRAGMA user_version={SCHEMA_VERSION}"),
)
TABLES = frozenset(one.sql for one in _SCHEMA[:-1])

SELECT_VERSION = "PRAGMA user_version"
CHECK = "PRAGMA quick_check(1)"  # looks at the structure of every page; what stands in the rows has seals and a chain
SELECT_SCHEMA = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
SELECT_META = "SELECT name, value FROM meta"
SELECT_RECORDS = "SELECT kind, key, value FROM record"
SELECT_PAGE = "SELECT sequence, bytes, hash FROM entry WHERE sequence > ? ORDER BY sequence LIMIT ?"


def readable(text: bytes) -> str:
    """Read a text that a flipped bit may have made unreadable: its seal tells, the other rows are still good."""
    return text.decode(errors="replace")


def schema() -> tuple[Statement, ...]:
    """Return what makes an empty file a store."""
    return _SCHEMA


def put_meta(name: str, value: bytes) -> Statement:
    """Remember one scalar."""
    return Statement(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (name, sealed("meta", name, value)),
    )


def forget_meta(name: str) -> Statement:
    """Forget one scalar."""
    return Statement("DELETE FROM meta WHERE name = ?", (name,))


def put_changes(changes: Iterable[Change]) -> list[Statement]:
    """Keep or forget records."""
    return [_put_change(change) for change in changes]


def _put_change(change: Change) -> Statement:
    if change.value is None:
        return Statement("DELETE FROM record WHERE kind = ? AND key = ?", (change.kind, change.key))
    return _put_record(change.kind, change.key, change.value)


def _put_record(kind: str, key: str | bytes, value: bytes) -> Statement:
    return Statement(
        "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (kind, key, sealed(kind, key, value)),
    )


def seal_all(meta: Iterable[tuple[str, bytes]], records: Iterable[tuple[str, str | bytes, bytes]]) -> list[Statement]:
    """Give the values of a file of before their seals."""
    return [
        *(put_meta(name, value) for name, value in meta),
        *(_put_record(kind, key, value) for kind, key, value in records),
        Statement(f"PRAGMA user_version={SCHEMA_VERSION}"),
    ]


def append(rows: Sequence[tuple[int, bytes, bytes]]) -> list[Statement]:
    """Append journal rows (sequence, exact bytes, chain head after them); a sequence used twice fails the commit."""
    return [Statement("INSERT INTO entry VALUES (?, ?, ?)", row) for row in rows]


def replace(rows: Sequence[tuple[int, bytes, bytes]]) -> list[Statement]:
    """Write journal rows over damaged ones."""
    return [Statement("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", row) for row in rows]


def forget_through(sequence: int) -> Statement:
    """Forget journal rows up to and including ``sequence``."""
    return Statement("DELETE FROM entry WHERE sequence <= ?", (sequence,))


def forget_after(sequence: int) -> Statement:
    """Forget journal rows past ``sequence``."""
    return Statement("DELETE FROM entry WHERE sequence > ?", (sequence,))
