"""One suite for both databases: what holds for aiosqlite in a locker holds for its twin in a simulated world."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from edge.store.errors import StoreError, StoreFact, store_error
from edge.store.ports import Database, Statement
from tests.unit.edge.store.builders import Open

MAKE = Statement("CREATE TABLE thing (name TEXT PRIMARY KEY, value BLOB) STRICT")
PUT = "INSERT INTO thing VALUES (?, ?)"


async def test_a_transaction_is_read_back_by_whoever_opens_the_file_next(open_database: Open, tmp_path: Path) -> None:
    first = await open_database(tmp_path / "a.db")
    await first.transact([MAKE, Statement(PUT, ("one", b"1")), Statement(PUT, ("two", b"2"))])
    await first.close()
    second = await open_database(tmp_path / "a.db")
    assert await second.fetch("SELECT name, value FROM thing ORDER BY name") == [("one", b"1"), ("two", b"2")]
    await second.close()


async def test_a_failing_statement_undoes_those_before_it(database: Database) -> None:
    await database.transact([MAKE])
    with pytest.raises(StoreError):
        await database.transact([Statement(PUT, ("one", b"1")), Statement("INSERT INTO nowhere VALUES (1)")])
    await database.transact([Statement(PUT, ("two", b"2"))])
    assert await database.fetch("SELECT name FROM thing") == [("two",)]


async def test_an_unreadable_question_is_a_store_error(database: Database) -> None:
    with pytest.raises(StoreError):
        await database.fetch("SELECT * FROM nowhere")


async def test_the_disk_is_waited_for_at_every_commit(database: Database) -> None:
    assert await database.fetch("PRAGMA synchronous") == [(2,)]
    assert await database.fetch("PRAGMA journal_mode") == [("wal",)]


async def test_a_full_disk_is_a_fact_and_passes(database: Database) -> None:
    await database.transact([MAKE])
    pages = (await database.fetch("PRAGMA page_count"))[0][0]
    await database.fetch(f"PRAGMA max_page_count={pages!r}")
    with pytest.raises(StoreError) as caught:
        await database.transact([Statement(PUT, ("big", bytes(100_000)))])
    assert caught.value.fact is StoreFact.DISK_FULL
    await database.fetch("PRAGMA max_page_count=100000")
    await database.transact([Statement(PUT, ("big", bytes(100_000)))])


async def test_a_read_only_store_is_a_fact(database: Database) -> None:
    await database.transact([MAKE])
    await database.fetch("PRAGMA query_only=ON")
    with pytest.raises(StoreError) as caught:
        await database.transact([Statement(PUT, ("one", b"1"))])
    assert caught.value.fact is StoreFact.READ_ONLY


async def test_a_file_that_is_no_database_is_corrupt(open_database: Open, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"certainly not SQLite" * 500)
    with pytest.raises(StoreError) as caught:
        await open_database(tmp_path / "a.db")
    assert caught.value.fact is StoreFact.CORRUPT


async def test_a_folder_that_is_not_there_cannot_be_opened(open_database: Open, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        await open_database(tmp_path / "missing" / "a.db")
    assert caught.value.fact is StoreFact.CANNOT_OPEN


async def test_a_cancelled_transaction_leaves_the_database_usable(database: Database) -> None:
    await database.transact([MAKE])
    work = asyncio.ensure_future(database.transact([Statement(PUT, (str(n), b"")) for n in range(100)]))
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await database.transact([Statement(PUT, ("after", b""))])
    count = (await database.fetch("SELECT count(*) FROM thing"))[0][0]
    assert count in (1, 101)


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, StoreFact.IO_FAILED),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreFact.BUSY),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreFact.READ_ONLY),
        (sqlite3.SQLITE_CONSTRAINT, StoreFact.OTHER),
        (None, StoreFact.OTHER),
    ],
)
def test_every_result_code_becomes_a_fact(code: int | None, fact: StoreFact) -> None:
    error = sqlite3.OperationalError("in SQLite's words")
    if code is not None:
        error.sqlite_errorcode = code
    assert store_error(error).fact is fact
