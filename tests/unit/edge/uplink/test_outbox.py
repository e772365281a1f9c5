from collections.abc import AsyncIterator

import pytest

from contract.events import EventBatch
from contract.link import LinkStatus
from contract.memory_link import MemoryBroker
from edge.store.store import Draft, Store
from edge.uplink.outbox import Outbox
from tests.unit.edge.store.builders import draft, drafts
from tests.unit.edge.uplink.builders import (
    BOOT,
    DEVICE,
    FakeCloud,
    acknowledgement,
    device_link,
    head_after,
    memory_store,
    running,
    turns,
    until,
)


class Wire:
    """A locker's outbox, a broker and a cloud, all running."""

    def __init__(self, store: Store) -> None:
        self.broker = MemoryBroker()
        self.link = device_link(self.broker)
        self.cloud = FakeCloud(self.broker)
        self.store = store
        self.outbox = Outbox(store, self.link, DEVICE, BOOT)

    async def save(self, entries: list[Draft]) -> None:
        await self.store.save([], entries)
        self.outbox.poke()

    def batches(self) -> list[EventBatch]:
        return [one for one in self.cloud.heard if isinstance(one, EventBatch)]

    def has_news(self) -> bool:
        """Whether the batch after the last acknowledged one has arrived."""
        batches = self.batches()
        return bool(batches) and batches[-1].first_sequence == self.store.acknowledged.sequence + 1

    async def commit(self, batch: EventBatch) -> None:
        """Answer as the cloud does once it has committed ``batch``."""
        last = batch.first_sequence + len(batch.entries) - 1
        await self.outbox.acknowledge(acknowledgement(last, head_after(batch.previous_hash, batch.entries)))


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire(await memory_store())
    async with running(wire.cloud.run):
        await until(lambda: wire.cloud.link.status is LinkStatus.CONNECTED)
        yield wire


async def test_events_leave_signed_and_in_order(wire: Wire) -> None:
    async with running(wire.link.run, wire.outbox.run):
        await wire.save(drafts(3))
        await until(lambda: len(wire.batches()) == 1)
    assert (wire.batches()[0].first_sequence, len(wire.batches()[0].entries)) == (1, 3)


async def test_one_batch_is_in_flight_and_the_next_begins_after_the_acknowledged_one(wire: Wire) -> None:
    async with running(wire.link.run, wire.outbox.run):
        await wire.save(drafts(3))
        await until(lambda: len(wire.batches()) == 1)
        await wire.save(drafts(2))
        await until(lambda: wire.outbox.waiting == 5)
        assert len(wire.batches()) == 1
        await wire.commit(wire.batches()[0])
        await until(lambda: len(wire.batches()) == 2)
        assert wire.batches()[1].first_sequence == 4
        await wire.commit(wire.batches()[1])
    assert wire.outbox.waiting == 0


async def test_a_lost_batch_is_sent_again_over_the_next_connection(wire: Wire) -> None:
    async with running(wire.link.run, wire.outbox.run):
        wire.broker.drop = lambda _message: True
        await wire.save(drafts(3))
        await until(lambda: wire.outbox.batches_sent == 1)
        wire.broker.drop = lambda _message: False
        wire.broker.cut(wire.link.settings.client_id)
        await until(lambda: len(wire.batches()) == 1)
    assert wire.batches()[0].first_sequence == 1


async def test_nothing_leaves_while_there_is_no_link(wire: Wire) -> None:
    async with running(wire.outbox.run):
        await wire.save(drafts(3))
        await turns(100)
        assert wire.outbox.batches_sent == 0
        async with running(wire.link.run):
            await until(lambda: len(wire.batches()) == 1)


async def test_a_long_week_leaves_in_batches_of_bounded_length(wire: Wire) -> None:
    await wire.save(drafts(450))
    async with running(wire.link.run, wire.outbox.run):
        while wire.outbox.waiting:
            await until(wire.has_news)
            await wire.commit(wire.batches()[-1])
    assert [len(batch.entries) for batch in wire.batches()] == [200, 200, 50]


async def test_an_acknowledgement_that_came_twice_or_late_changes_nothing(wire: Wire) -> None:
    async with running(wire.link.run, wire.outbox.run):
        await wire.save(drafts(3))
        await until(lambda: len(wire.batches()) == 1)
        await wire.commit(wire.batches()[0])
        await wire.commit(wire.batches()[0])
    assert wire.store.acknowledged.sequence == 3


@pytest.mark.parametrize(("through", "name"), [(50, "journal_ahead"), (3, "journal_forked")])
async def test_a_cloud_that_knows_more_or_other_is_followed_loudly(wire: Wire, through: int, name: str) -> None:
    alarms: list[str] = []

    async def note(alarm: str, _detail: str) -> None:
        alarms.append(alarm)

    wire.outbox.on_alarm(note)
    await wire.save(drafts(4))
    await wire.outbox.acknowledge(acknowledgement(through, b"c" * 32))
    assert alarms == [name]
    assert wire.store.acknowledged == (through, b"c" * 32)
    await wire.save([draft(1)])
    assert wire.store.head.sequence == wire.store.acknowledged.sequence + 1 + 4  # this boot's entries follow anew
