import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from cloud.domain.errors import OverloadedError
from cloud.domain.locker import Locker
from cloud.services.ports import LoggedEvent
from cloud.services.records import LockerKey
from cloud.services.records_ops import Alarm, IngestHead
from cloud.services.report_forgery import FORGED, report_forgery
from cloud.store.writer import Writer
from contract.events import AgentStarted, DoorClosed, DoorOpened, EventBatch
from contract.ids import BootId, CompartmentLabel, LockerId
from contract.link import Incoming
from contract.sizes import SizeClass
from contract.state import CompartmentState, LockerState, Snapshot, Telemetry, snapshot_digest
from contract.topics import Branch
from tests.unit.cloud.downlink.street import DEVICE, NAME, STRANGER, Street, Wrapped, signed, until
from tests.unit.cloud.small_cloud import A01, BOOT

DEVICE_PUBLIC = DEVICE.public_key().public_bytes_raw()
STARTED = AgentStarted(BOOT, "1.0")
OPENED, CLOSED = DoorOpened(A01), DoorClosed(A01)


def logged(street: Street, name: str = NAME) -> list[LoggedEvent]:
    return street.cloud.do(lambda uow: uow.log.timeline(locker=name))


def through(street: Street) -> int:
    heads = street.cloud.of(IngestHead, locker_id=NAME)
    return heads[0].through_sequence if heads else 0


async def test_a_batch_is_recorded_and_answered_with_where_the_cloud_stands() -> None:
    street = Street()
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED, OPENED, CLOSED))
        await until(lambda: bool(street.answers()))
    [answer] = street.answers()
    assert (answer.through_sequence, answer.head) == (3, street.journal.head)
    assert [one.sequence for one in logged(street)] == [3, 2, 1]


async def test_the_same_batch_three_times_is_recorded_once_and_answered_the_same() -> None:
    street = Street()
    batch = street.journal.batch(STARTED, OPENED)
    async with street.open(ingesting=True):
        for count in (1, 2, 3):
            await street.send(batch)
            await until(partial(answered, street, count))
    assert len(logged(street)) == 2
    assert {answer.through_sequence for answer in street.answers()} == {2}


async def test_a_broker_that_doubles_everything_changes_nothing() -> None:
    street = Street()
    street.broker.duplicate = lambda _: True
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await street.send(street.journal.batch(OPENED))
        await until(lambda: street.ingest.recorded == 2)
    assert len(logged(street)) == 2


async def test_two_batches_of_one_group_are_answered_with_one_word() -> None:
    street = Street()
    async with street.open():
        await street.send(street.journal.batch(STARTED))
        await street.send(street.journal.batch(OPENED))
        await street.ingest.record(await street.arrived(2))
        await until(lambda: bool(street.answers()))
    assert [answer.through_sequence for answer in street.answers()] == [2]


async def test_a_batch_that_skips_entries_is_answered_with_where_to_begin() -> None:
    street = Street()
    first, second = street.journal.batch(STARTED), street.journal.batch(OPENED)
    async with street.open(ingesting=True):
        await street.send(second)
        await until(lambda: bool(street.answers()))
        await street.send(first)
        await street.send(second)
        await until(lambda: street.ingest.recorded == 2)
    assert street.answers()[0].through_sequence == 0
    assert through(street) == 2


def altered(street: Street) -> bytes:
    good = bytearray(signed(street.journal.batch(STARTED)))
    good[-70] ^= 1
    return bytes(good)


def by_a_stranger(street: Street) -> bytes:
    return signed(street.journal.batch(STARTED), STRANGER)


def under_anothers_name(street: Street) -> bytes:
    batch = street.journal.batch(STARTED)
    return signed(EventBatch(LockerId("WAW-02"), batch.first_sequence, batch.previous_hash, batch.entries))


@pytest.mark.parametrize("forge", [altered, by_a_stranger, under_anothers_name])
async def test_a_forged_batch_is_refused_counted_and_taken_off_the_broker(forge: Callable[[Street], bytes]) -> None:
    street = Street()
    async with street.open():
        await street.send_raw(forge(street))
        arrived = await street.arrived(1)
        await street.ingest.record(arrived)
    assert logged(street) == []
    assert street.ingest.refused.total() == 1
    assert waiting(street) == 0
    assert [(one.kind, one.locker_id) for one in street.cloud.of(Alarm)] == [(FORGED, "WAW-01")]


async def test_a_flood_of_forgeries_raises_one_alarm() -> None:
    street = Street()
    async with street.open():
        for number in range(20):
            await street.send_raw(b"forged %d" % number)
        await street.ingest.record(await street.arrived(20))
    assert street.ingest.refused.total() == 20
    assert [one.kind for one in street.cloud.of(Alarm)] == [FORGED]


def test_a_forgery_says_nothing_new_while_its_alarm_stands() -> None:
    street = Street()
    for reason in ("bad_signature", "malformed"):
        street.cloud.do(partial(report_forgery, act=street.desk.act(), locker_id="WAW-01", reason=reason))
    (alarm,) = street.cloud.of(Alarm)
    assert alarm.detail.endswith("bad_signature")


async def test_a_chain_that_forks_is_refused_and_raises_an_alarm() -> None:
    street = Street()
    other = Street()
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await until(lambda: street.ingest.recorded == 1)
        await street.send(other.journal.batch(OPENED, CLOSED))
        await until(lambda: street.ingest.refused.total() == 1)
    assert through(street) == 1
    assert [one.kind for one in street.cloud.of(Alarm)] == ["journal_forked"]


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"\xff" * 64, b"not msgpack at all", b"\x93\xa1x\xa1y\xa1z"])
@pytest.mark.parametrize("branch", [Branch.EVENTS, Branch.REPORT, Branch.STATE, Branch.TELEMETRY])
async def test_garbage_is_acknowledged_and_counted(garbage: bytes, branch: Branch) -> None:
    street = Street()
    async with street.open():
        await street.send_raw(garbage, branch)
        await street.ingest.record(await street.arrived(1))
    assert street.ingest.refused.total() == 1
    assert waiting(street) == 0


async def test_a_locker_nobody_enrolled_is_refused() -> None:
    street = Street()
    async with street.open():
        await street.send_raw(signed(street.journal.batch(STARTED)), name="WAW-99")
        await street.ingest.record(await street.arrived(1))
    assert "WAW-99: no key is known for this locker" in street.ingest.refused


async def test_a_flood_of_different_refusals_does_not_fill_the_memory() -> None:
    street = Street()
    flood = [Incoming(f"lm/v1/X{number}/up/events", b"x") for number in range(1_000)]
    await street.ingest.record(flood)
    assert street.ingest.refused.total() == 1_000
    assert len(street.ingest.refused) <= 257


async def test_nothing_is_acknowledged_before_the_commit() -> None:
    slow = SlowWriter()
    street = Street(slow.around)
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await until(lambda: slow.asked)
        assert waiting(street) == 1
        assert street.answers() == []
        slow.go_on()
        await until(lambda: bool(street.answers()))
        assert waiting(street) == 0


async def test_a_full_writer_is_waited_for_and_nothing_is_lost() -> None:
    full = FullWriter()
    street = Street(full.around)
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await until(lambda: bool(street.answers()))
    assert full.refused == 1
    assert through(street) == 1


async def test_a_message_that_breaks_us_is_set_aside_and_the_others_are_recorded() -> None:
    street = Street(PoisonedWriter)
    second = street.cloud.locker("WAW-02")
    street.cloud.do(lambda uow: uow.change(LockerKey, {"locker_id": "WAW-02"}, signing_public=DEVICE_PUBLIC))
    async with street.open():
        await street.send(street.journal.batch(STARTED))
        await street.send_raw(signed(second.batch(STARTED), name="WAW-02"), name="WAW-02")
        await street.ingest.record(await street.arrived(2))
    assert through(street) == 0
    assert len(logged(street, "WAW-02")) == 1
    assert street.ingest.refused[f"{NAME}: cannot be recorded: PoisonError"] == 1
    assert waiting(street) == 0


async def test_a_new_device_is_believed_once_keys_are_forgotten() -> None:
    street = Street()
    new = STRANGER.public_key().public_bytes_raw()
    async with street.open():
        await street.send(street.journal.batch(STARTED))
        await street.ingest.record(await street.arrived(1))
        street.cloud.do(lambda uow: uow.change(LockerKey, {"locker_id": NAME}, signing_public=new))
        street.ingest.forget_keys()
        await street.send(street.journal.batch(OPENED), key=STRANGER)
        await street.ingest.record(await street.arrived(1))
    assert through(street) == 2


async def test_a_state_moves_the_lockers_presence() -> None:
    street = Street()
    async with street.open(ingesting=True):
        await street.send(state(online=False), branch=Branch.STATE)
        await until(lambda: waiting(street) == 0)
    assert not street.cloud.the(Locker, id=NAME).online


async def test_a_birth_is_answered_with_its_boot_and_session_and_a_will_is_not() -> None:
    street = Street()
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await street.send(state(online=False), branch=Branch.STATE)
        await street.send(state(online=True), branch=Branch.STATE)
        await until(lambda: len(street.answers()) == 2)
    answer = street.answers()[-1]
    assert (answer.boot, answer.session) == (BootId(BOOT), 2)
    assert (answer.through_sequence, answer.head) == (1, street.journal.head)
    assert street.answers()[0].boot is None


async def test_a_picture_of_this_moment_is_answered_with_its_digest_and_an_older_one_is_not() -> None:
    street = Street()
    async with street.open(ingesting=True):
        await street.send(street.journal.batch(STARTED))
        await street.send(picture(through=0), branch=Branch.REPORT)
        await street.send(picture(through=1), branch=Branch.REPORT)
        await until(lambda: len(street.answers()) == 2)
        await until(lambda: waiting(street) == 0)
    assert [answer.picture for answer in street.answers()] == [None, picture(through=1).digest]


async def test_metrics_go_to_whoever_asked_and_are_never_recorded() -> None:
    street = Street()
    async with street.open(ingesting=True):
        await street.send(Telemetry(LockerId(NAME), 1, {"temperature": 21.0}), branch=Branch.TELEMETRY)
        await until(lambda: bool(street.telemetry))
    assert logged(street) == []


async def test_what_came_while_the_cloud_was_away_is_recorded_when_it_is_back() -> None:
    street = Street()
    async with street.open():
        street.broker.unplug("cloud")
        await street.send(street.journal.batch(STARTED, OPENED))
        ingesting = asyncio.create_task(street.ingest.run())
        street.broker.plug_in("cloud")
        await until(lambda: bool(street.answers()))
        ingesting.cancel()
    assert through(street) == 2


def answered(street: Street, count: int) -> bool:
    return len(street.answers()) >= count


def picture(*, through: int) -> Snapshot:
    seen = (CompartmentState(CompartmentLabel("A01"), SizeClass.S, "closed"),)
    return Snapshot(LockerId(NAME), BootId(BOOT), 1, through, 0, seen, snapshot_digest(seen))


def state(*, online: bool) -> LockerState:
    return LockerState(LockerId(NAME), online, BootId(BOOT), 2, "1.0", 1, "synced")


def waiting(street: Street) -> int:
    """Return how many messages the broker holds for the cloud, unacknowledged."""
    session = street.broker._sessions["cloud"]
    return len(session.in_flight) + len(session.queue)


class PoisonError(Exception):
    """A fault in a service of ours."""


class SlowWriter(Wrapped):
    """Commits when it is told to."""

    def __init__(self) -> None:
        self.asked = False
        self._may = asyncio.Event()

    def go_on(self) -> None:
        self._may.set()

    async def before(self) -> None:
        self.asked = True
        await self._may.wait()


class FullWriter(Wrapped):
    """Refuses the first unit."""

    refused = 0

    async def before(self) -> None:
        if not self.refused:
            self.refused = 1
            raise OverloadedError("full")


class PoisonedWriter(Wrapped):
    """Breaks over any unit that records something of the first locker."""

    def __init__(self, inner: Writer) -> None:
        self.inner = inner

    async def run(self, unit: Any) -> Any:
        def poisoned(uow: Any) -> Any:
            found = unit(uow)
            if any(one.locker_id == NAME for one in found):
                raise PoisonError(NAME)
            return found

        return await self.inner.run(poisoned)
