"""The tables in memory answer as SQL does: one list of random deeds, run on both, gives the same answers and rows."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Index, Integer, MetaData, Table
from sqlalchemy.exc import IntegrityError

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import AlreadyExistsError, NotFoundError
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel
from cloud.services.ports import NOT_NULL, Before, Change, From, LoggedEvent, UnitOfWork, UpTo
from cloud.services.records import Courier, HistoryEntry, Shift
from cloud.services.records_ops import Model
from cloud.store.columns import text as text_column
from cloud.store.database import open_memory
from cloud.store.mapping import TABLE_OF
from cloud.store.memory import MemoryTables
from cloud.store.memory_shelf import Shelf
from cloud.store.memory_writer import MemoryReader, MemoryWriter
from cloud.store.reader import Reader
from cloud.store.writer import InlineWriter
from contract.sizes import SizeClass
from firmware_sim.world.parcels import a_parcel
from tests.unit.cloud.small_cloud import MORNING

Deed = Callable[[UnitOfWork], Any]


class Both:
    """SQL and memory side by side; what one answers the other must."""

    def __init__(self) -> None:
        engine, tables = open_memory(), MemoryTables()
        self.writers = (InlineWriter(engine), MemoryWriter(tables))
        self.readers = (Reader(engine), MemoryReader(tables))

    def do(self, deed: Deed) -> Any:
        told: list[frozenset[str]] = []
        answers = []
        for writer in self.writers:
            writer.on_commit(told.append)
            answers.append(_answer(writer.now, deed))
            writer._observers.clear()
        assert answers[0] == answers[1]
        assert told[:1] == told[1:]
        return answers[1]

    def see(self, deed: Deed) -> Any:
        answers = [_answer(reader.read, deed) for reader in self.readers]
        assert answers[0] == answers[1]
        return answers[1]


def _answer(run: Callable[[Deed], Any], deed: Deed) -> Any:
    try:
        return run(deed)
    except (AlreadyExistsError, NotFoundError, IntegrityError) as error:
        return type(error)


def courier(number: int, name: str = "C", email: str | None = None, after_us: int = 0) -> Courier:
    created_at = MORNING + timedelta(microseconds=after_us)
    return Courier(
        id=f"c{number}",
        name=name,
        email=email,
        phone=None,
        language="pl",
        active=bool(number % 2),
        created_at=created_at,
    )


def shift(number: int, whose: int) -> Shift:
    return Shift(
        id=f"s{number}",
        courier_id=f"c{whose}",
        starts_at=MORNING,
        ends_at=MORNING + timedelta(hours=number),
        start_lon=21,
        start_lat=52.2,
        end_lon=21.0,
        end_lat=52.2,
        parcels_max=number,
        weight_g_max=1,
        volume_l_max=1,
    )


def _all(unit: list[Deed], uow: UnitOfWork) -> list[Any]:
    return [deed(uow) for deed in unit]


def _add(record: Any) -> Deed:
    return lambda uow: uow.add(record)


def _remove(kind: type[Any], **where: Any) -> Deed:
    return lambda uow: uow.remove(kind, **where)


def _change(where: dict[str, Any], values: dict[str, Any]) -> Deed:
    return lambda uow: uow.change(Courier, where, **values)


def _change_many(wheres: list[str], name: str) -> Deed:
    changes = [Change({"id": one}, {"name": name}) for one in wheres]
    return lambda uow: uow.change_many(Courier, changes)


def _find(where: dict[str, Any], order: str, limit: int) -> Deed:
    return lambda uow: (uow.find(Courier, order=order, limit=limit, **where), uow.count(Courier, **where))


numbers = st.integers(0, 4)
names = st.sampled_from(["A", "B", "b"])
emails = st.sampled_from([None, "x@x.test", "y@x.test"])
times_us = st.sampled_from([0, 999, 1_000, 1_500, 2_000_000])
moments = times_us.map(lambda us: MORNING + timedelta(microseconds=us))
ids = numbers.map("c{}".format)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "id": ids | st.lists(ids, max_size=3),
        "name": names | st.frozensets(names, max_size=2),
        "email": emails | st.just(NOT_NULL),
        "active": st.booleans(),
        "created_at": st.one_of(moments, moments.map(Before), moments.map(From), moments.map(UpTo)),
    },
)
orders = st.lists(
    st.sampled_from(["name", "-name", "email", "-email", "-created_at", "active"]), max_size=2, unique=True
)
changes_made = st.fixed_dictionaries({}, optional={"id": ids, "name": names, "email": emails, "created_at": moments})
deeds = st.one_of(
    st.builds(_add, st.builds(courier, numbers, names, emails, times_us)),
    st.builds(_add, st.builds(shift, numbers, numbers)),
    st.builds(lambda where: _remove(Courier, **where), conditions),
    st.builds(lambda number: _remove(Shift, id=f"s{number}"), numbers),
    st.builds(_change, conditions, changes_made.filter(bool)),
    st.builds(_change_many, st.lists(ids, max_size=3), names),
    st.builds(_find, conditions, orders.map(" ".join), st.integers(1, 3)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(deeds, min_size=1, max_size=4), max_size=12))
def test_random_units_leave_the_same_rows_and_give_the_same_answers(units: list[list[Deed]]) -> None:
    both = Both()
    for unit in units:
        both.do(partial(_all, unit))
        both.see(lambda uow: (uow.find(Courier, order="id"), uow.find(Shift, order="id")))


def test_a_unit_that_fails_in_the_middle_leaves_nothing() -> None:
    both = Both()
    both.do(lambda uow: uow.add(courier(1), courier(2, email="x@x.test"), shift(1, 2)))
    before = both.see(lambda uow: (uow.find(Courier), uow.find(Shift)))

    def fails(uow: UnitOfWork) -> None:
        uow.remove(Courier, id="c1")
        uow.change(Courier, {"id": "c2"}, name="other")
        uow.add(courier(3), courier(2))

    assert both.do(fails) is AlreadyExistsError
    assert both.see(lambda uow: (uow.find(Courier), uow.find(Shift))) == before


def test_a_parent_with_children_stays_and_a_child_needs_its_parent() -> None:
    both = Both()
    both.do(lambda uow: uow.add(courier(1), shift(1, 1)))

    assert both.do(lambda uow: uow.remove(Courier, id="c1")) is IntegrityError
    assert both.do(lambda uow: uow.change(Courier, {"id": "c1"}, id="c9")) is IntegrityError
    assert both.do(lambda uow: uow.change(Shift, {"id": "s1"}, courier_id="nobody")) is IntegrityError
    assert both.do(lambda uow: uow.add(shift(2, 9))) is IntegrityError
    assert both.do(lambda uow: uow.need(Courier, "c9")) is NotFoundError
    assert both.see(lambda uow: uow.count(Shift)) == 1


def test_only_one_live_reservation_a_parcel_and_history_counts_itself() -> None:
    both = Both()
    both.do(_seed_parcel)

    def reservation(number: int, state: ReservationState) -> Reservation:
        return Reservation(
            id=f"r{number}",
            locker_id="L1",
            parcel_id="p",
            size=SizeClass.S,
            state=state,
            created_at=MORNING,
            expires_at=MORNING,
            ended_at=None,
        )

    active, ended = ReservationState.ACTIVE, ReservationState.RELEASED
    assert both.do(lambda uow: uow.add(reservation(1, active), reservation(2, ended), reservation(3, ended))) is None
    assert both.do(lambda uow: uow.add(reservation(4, active))) is AlreadyExistsError
    assert both.do(lambda uow: uow.change(Reservation, {"id": "r2"}, state=active)) is IntegrityError
    both.do(lambda uow: uow.change(Reservation, {"id": "r1"}, state=ended))
    assert both.do(lambda uow: uow.change(Reservation, {"id": "r2"}, state=active)) == 1
    both.do(lambda uow: uow.remove(HistoryEntry, number=2))
    both.do(lambda uow: uow.add(_history(), _history()))
    assert [one.number for one in both.see(lambda uow: uow.find(HistoryEntry, order="number"))] == [1, 2, 3]


def _history() -> HistoryEntry:
    return HistoryEntry(
        parcel_id="p",
        at=MORNING,
        recorded_at=MORNING,
        happened="x",
        state="announced",
        custodian="carrier",
        actor="system",
        locker_id=None,
        compartment=None,
        detail="",
    )


def _seed_parcel(uow: UnitOfWork) -> None:
    uow.add(Model(name="M", layout="{}", created_at=MORNING))
    uow.add(_locker(), a_parcel("p", "P1", "c1", MORNING, (0, None)), _history(), _history())


def _locker() -> Locker:
    return Locker(
        id="L1",
        name="L1",
        model="M",
        status=LockerStatus.ACTIVE,
        lon=21.0,
        lat=52.0,
        address="",
        opening_hours="24/7",
        time_zone="Europe/Warsaw",
        online=True,
        seen_at=None,
        reported_at=None,
        unserved_since=None,
        boot_nonce=None,
        session=0,
        agent_version=None,
        command_counter=0,
        intake_open=True,
        created_at=MORNING,
        updated_at=MORNING,
    )


def event(locker: str, sequence: int, **said: Any) -> LoggedEvent:
    about: dict[str, Any] = {
        "at_ms": sequence,
        "received_ms": 9,
        "kind": "DoorOpened",
        "compartment": None,
        "parcel_id": None,
    }
    return LoggedEvent(locker_id=locker, sequence=sequence, entry=b"%d" % sequence, **about | said)


def test_the_event_log_answers_alike() -> None:
    both = Both()
    both.do(
        lambda uow: uow.log.append(
            [event("L1", n, at_ms=n // 2, parcel_id="p" if n % 2 else None) for n in range(1, 8)]
        )
    )
    both.do(lambda uow: uow.log.append([]))
    both.do(lambda uow: uow.log.append([event("L2", 1, compartment="A1")]))
    both.do(lambda uow: uow.log.set_heads({"L1": (7, b"h"), "L2": (1, b"i")}, MORNING))
    both.do(lambda uow: uow.log.set_heads({"L1": (8, b"j")}, MORNING))

    assert both.do(lambda uow: uow.log.append([event("L1", 3)])) is IntegrityError
    assert both.see(lambda uow: uow.log.heads(("L1", "L3"))) == {"L1": (8, b"j")}
    assert both.see(lambda uow: uow.log.entries("L1", 2, 4)) == [b"2", b"3", b"4"]
    assert len(both.see(lambda uow: uow.log.entries("L1", 1, 1 << 40))) == 7
    assert [one.sequence for one in both.see(lambda uow: uow.log.after("L1", 4, 2))] == [5, 6]
    assert both.see(lambda uow: uow.log.after("L1", 7, 2)) == []
    assert both.see(lambda uow: uow.log.timeline(limit=3))[0].sequence == 7
    assert len(both.see(lambda uow: uow.log.timeline(locker="L1", parcel="p"))) == 4
    assert both.see(lambda uow: uow.log.timeline(compartment="A1"))[0].locker_id == "L2"
    both.do(lambda uow: uow.log.set_aside("L1", "L1/1"))
    assert both.see(lambda uow: uow.log.heads(("L1", "L2"))) == {"L2": (1, b"i")}
    assert len(both.see(lambda uow: uow.log.entries("L1/1", 1, 99))) == 7


def test_a_reader_changes_nothing() -> None:
    tables = MemoryTables()
    MemoryReader(tables).read(lambda uow: uow.add(courier(1)))

    assert MemoryReader(tables).read(lambda uow: uow.count(Courier)) == 0


async def test_an_answer_comes_through_a_future_or_a_wait_and_so_does_an_error() -> None:
    writer = MemoryWriter(MemoryTables())

    assert await writer.run(lambda uow: uow.count(Courier)) == 0
    assert writer.submit(lambda uow: uow.count(Locker)).result() == 0
    with pytest.raises(NotFoundError):
        writer.submit(lambda uow: uow.need(Parcel, "p")).result()


def test_every_table_of_the_metadata_can_be_kept_in_memory() -> None:
    assert set(MemoryTables().shelves) == {*TABLE_OF, LoggedEvent}


def test_a_condition_that_cannot_be_read_is_an_error_at_once() -> None:
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True), text_column("word"))
    Index("odd", table.c.word, unique=True, sqlite_where=table.c.word != "x")
    with pytest.raises(ValueError, match="cannot be read"):
        Shelf(Courier, table, None)
