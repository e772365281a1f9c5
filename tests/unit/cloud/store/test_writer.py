import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from cloud.domain.errors import AlreadyExistsError, NotFoundError, OverloadedError
from cloud.services.ports import Change, UnitOfWork
from cloud.services.records import Courier
from cloud.services.records_ops import Model
from cloud.store.database import create_schema, open_memory, open_readers, open_writer
from cloud.store.reader import Reader
from cloud.store.writer import QUEUE_MAX, InlineWriter, ThreadWriter, Writer
from tests.unit.cloud.small_cloud import MORNING


def a_model(name: str) -> Model:
    return Model(name=name, layout="{}", created_at=MORNING)


def a_courier(name: str) -> Courier:
    return Courier(id=name, name=name, email=None, phone=None, language="pl", active=True, created_at=MORNING)


def add(name: str) -> Any:
    return lambda uow: uow.add(a_model(name))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_schema(open_writer(tmp_path / "cloud.db"))
    return tmp_path / "cloud.db"


@pytest.fixture(params=["thread", "inline"])
def writer(path: Path, request: pytest.FixtureRequest) -> Iterator[Writer]:
    engine = open_writer(path)
    if request.param == "inline":
        yield InlineWriter(engine)
    else:
        with ThreadWriter(engine) as running:
            yield running


@pytest.fixture
def reader(path: Path) -> Reader:
    return Reader(open_readers(path))


def names(reader: Reader) -> list[str]:
    return [one.name for one in reader.read(lambda uow: uow.find(Model, order="name"))]


def test_an_answer_means_that_readers_see_it(writer: Writer, reader: Reader) -> None:
    writer.submit(add("S12")).result()

    assert names(reader) == ["S12"]


async def test_the_loop_can_wait_for_a_unit(writer: Writer, reader: Reader) -> None:
    await asyncio.gather(*(writer.run(add(f"m{number}")) for number in range(20)))

    assert len(names(reader)) == 20


def test_one_failing_unit_takes_back_only_its_own_work(writer: Writer, reader: Reader) -> None:
    def half_way(uow: UnitOfWork) -> None:
        uow.add(a_courier("half"))
        uow.add(a_model("m1"))

    first, failing, last = writer.submit(add("m1")), writer.submit(half_way), writer.submit(add("m2"))
    first.result()
    last.result()

    assert isinstance(failing.exception(), AlreadyExistsError)
    assert names(reader) == ["m1", "m2"]
    assert reader.read(lambda uow: uow.count(Courier)) == 0


def test_an_error_reaches_its_caller_as_it_was_raised(writer: Writer) -> None:
    failed = writer.submit(lambda uow: uow.need(Model, "X"))
    with pytest.raises(NotFoundError, match="no model 'X'"):
        failed.result()


def test_observers_hear_which_kinds_changed_once_a_group_is_committed(writer: Writer, reader: Reader) -> None:
    heard: list[tuple[frozenset[str], int]] = []
    writer.on_commit(lambda kinds: heard.append((kinds, len(names(reader)))))
    writer.submit(add("m1")).result()
    writer.submit(lambda uow: uow.count(Model)).result()
    writer.submit(lambda uow: uow.change(Model, {"name": "m1"}, layout="[]")).result()

    assert [kinds for kinds, _ in heard] == [frozenset({"Model"}), frozenset({"Model"})]
    assert heard[0][1] == 1


def test_a_change_that_changed_nothing_wakes_nobody(writer: Writer) -> None:
    heard: list[frozenset[str]] = []
    writer.submit(add("m1")).result()
    writer.on_commit(heard.append)
    writer.submit(lambda uow: uow.change(Model, {"name": "none"}, layout="[]")).result()
    writer.submit(lambda uow: uow.change_many(Model, [Change({"name": "none"}, {"layout": "[]"})])).result()
    writer.submit(lambda uow: uow.remove(Model, name="none")).result()
    writer.submit(lambda uow: uow.remove(Model, name="m1")).result()

    assert heard == [frozenset({"Model"})]


def test_waiting_units_are_committed_as_one_group(path: Path) -> None:
    heard: list[frozenset[str]] = []
    open_gate = threading.Event()

    def wait(uow: UnitOfWork) -> None:
        del uow
        open_gate.wait(60)

    with ThreadWriter(open_writer(path)) as running:
        running.on_commit(heard.append)
        running.submit(wait)
        futures = [running.submit(add(f"m{number}")) for number in range(50)]
        open_gate.set()
        for future in futures:
            future.result()

    assert len(heard) <= 2


def test_a_full_queue_says_so_at_once(path: Path) -> None:
    open_gate = threading.Event()
    with ThreadWriter(open_writer(path)) as running:
        begun = threading.Event()

        def hold(uow: UnitOfWork) -> None:
            del uow
            begun.set()
            open_gate.wait(60)

        running.submit(hold)
        begun.wait(60)
        for _ in range(QUEUE_MAX):
            running.submit(lambda _: None)
        with pytest.raises(OverloadedError):
            running.submit(lambda _: None)
        open_gate.set()


def test_what_was_queued_before_the_end_is_still_written(path: Path, reader: Reader) -> None:
    with ThreadWriter(open_writer(path)) as running:
        futures: list[Future[Any]] = [running.submit(add(f"m{number:02d}")) for number in range(30)]

    assert all(future.done() for future in futures)
    assert len(names(reader)) == 30


def test_a_group_that_cannot_be_committed_fails_all_its_callers_and_the_writer_goes_on(path: Path) -> None:
    def broken(uow: Any) -> None:
        uow.connection.exec_driver_sql("ROLLBACK")

    with ThreadWriter(open_writer(path)) as running:
        assert running.submit(broken).exception() is not None
        running.submit(add("after")).result()

    assert names(Reader(open_readers(path))) == ["after"]


def test_readers_cannot_write(reader: Reader) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        reader.read(lambda uow: uow.add(a_model("m1")))


def test_a_reader_sees_one_moment_while_the_writer_goes_on(path: Path, reader: Reader) -> None:
    inline = InlineWriter(open_writer(path))

    def look_twice(uow: UnitOfWork) -> tuple[int, int]:
        before = uow.count(Model)
        inline.now(add("m1"))
        return before, uow.count(Model)

    assert reader.read(look_twice) == (0, 0)
    assert names(reader) == ["m1"]


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
)
def test_the_writer_s_connection_is_durable_and_strict(path: Path, pragma: str, value: object) -> None:
    assert _pragma(open_writer(path), pragma) == value


def test_a_database_in_memory_has_its_schema() -> None:
    assert InlineWriter(open_memory()).now(lambda uow: uow.count(Model)) == 0


def _pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()
