import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from contract.codec import Downward, encode
from contract.envelope import Signer
from contract.ids import LockerId
from contract.link import Incoming
from contract.memory_link import MemoryBroker
from contract.state import Acknowledgement
from edge.locker_controller.arrivals import NotBelieved
from edge.uplink.budget import HOUR_MS, Budget, Seen
from edge.uplink.inbox import REFUSALS_PER_HOUR_MAX, REPEATS_PER_HOUR_MAX, Inbox, Trust
from tests.unit.edge.uplink.builders import (
    CLOUD,
    CLOUD_KEYS,
    LOCKER,
    STRANGER,
    FakeCloud,
    acknowledgement,
    device_link,
    revoke,
    running,
    until,
)


class RecordingSink:
    """Commits at once, or when ``gate`` is opened."""

    def __init__(self) -> None:
        self.received: list[Downward] = []
        self.refused: list[NotBelieved] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self, message: Downward) -> None:
        self.received.append(message)
        await self.gate.wait()

    async def refuse(self, refused: NotBelieved) -> None:
        self.refused.append(refused)


class World:
    def __init__(self) -> None:
        self.now_ms = 0
        self.sink = RecordingSink()
        self.acknowledged: list[Acknowledgement] = []
        self.broker = MemoryBroker()
        self.link = device_link(self.broker)

    async def note(self, acknowledgement: Acknowledgement) -> None:
        self.acknowledged.append(acknowledgement)

    def inbox(self, note: Callable[[Acknowledgement], Awaitable[None]] | None = None) -> Inbox:
        return Inbox(self.link, Trust(CLOUD_KEYS, LOCKER), self.sink, note or self.note, lambda: self.now_ms)


def _incoming(payload: bytes) -> Incoming:
    return Incoming("lm/v1/WAW-01/down/command", payload)


def _signed(number: int = 1, signer: Signer = CLOUD) -> Incoming:
    return _incoming(signer.sign(encode(revoke(number))))


async def test_a_verified_message_reaches_the_decision() -> None:
    world = World()
    await world.inbox().take(_signed())
    assert world.sink.received == [revoke()]


@pytest.mark.parametrize(
    ("incoming", "reason"),
    [
        (_incoming(b"garbage"), "malformed"),
        (_incoming(bytes(300_000)), "too_large"),
        (_signed(signer=STRANGER), "bad_signature"),
        (_incoming(Signer(type(CLOUD.key_id)("who"), CLOUD.private_key).sign(b"x")), "unknown_key"),
        (_incoming(CLOUD.sign(b"\xc1")), "malformed"),
        (_incoming(CLOUD.sign(b"\x92\xa5later\x01")), "unknown_kind"),
        (_incoming(CLOUD.sign(encode(revoke(aud=LockerId("WAW-02"))))), "wrong_locker"),
    ],
)
async def test_what_cannot_be_believed_is_refused_with_its_reason(incoming: Incoming, reason: str) -> None:
    world = World()
    await world.inbox().take(incoming)
    assert [refused.reason for refused in world.sink.refused] == [reason]
    assert world.sink.received == []


async def test_only_a_message_whose_signature_held_gives_its_id() -> None:
    world = World()
    inbox = world.inbox()
    await inbox.take(_signed(signer=STRANGER))
    await inbox.take(_incoming(CLOUD.sign(encode(revoke(7, LockerId("WAW-02"))))))
    assert [refused.id for refused in world.sink.refused] == [None, revoke(7).id]


async def test_an_acknowledgement_goes_to_the_outbox_and_not_to_the_decision() -> None:
    world = World()
    await world.inbox().take(_incoming(CLOUD.sign(encode(acknowledgement(3, b"h" * 32)))))
    assert [one.through_sequence for one in world.acknowledged] == [3]
    assert world.sink.received == []


async def test_a_flood_of_garbage_fills_its_hourly_budget_and_no_more() -> None:
    world = World()
    inbox = world.inbox()
    for number in range(500):
        await inbox.take(_incoming(b"garbage %d" % number))
    assert len(world.sink.refused) == REFUSALS_PER_HOUR_MAX
    assert (inbox.refused, inbox.dropped) == (500, 500 - REFUSALS_PER_HOUR_MAX)
    world.now_ms = HOUR_MS
    await inbox.take(_incoming(b"garbage again"))
    assert len(world.sink.refused) == REFUSALS_PER_HOUR_MAX + 1


async def test_garbage_does_not_keep_out_a_true_message() -> None:
    world = World()
    inbox = world.inbox()
    for number in range(100):
        await inbox.take(_incoming(b"garbage %d" % number))
    await inbox.take(_signed())
    assert world.sink.received == [revoke()]


async def test_a_captured_message_replayed_for_ever_is_dropped_after_its_budget() -> None:
    world = World()
    inbox = world.inbox()
    for _ in range(1_000):
        await inbox.take(_signed())
    assert len(world.sink.received) == 1 + REPEATS_PER_HOUR_MAX


async def test_a_captured_message_packed_anew_every_time_is_dropped_after_the_same_budget() -> None:
    world = World()
    inbox = world.inbox()
    packed = msgspec.msgpack.decode(_signed().payload)
    for number in range(1_000):
        await inbox.take(_incoming(msgspec.msgpack.encode([*packed, number])))
    assert len(world.sink.received) == 1 + REPEATS_PER_HOUR_MAX


async def test_the_broker_forgets_a_message_only_after_its_commit() -> None:
    world = World()
    cloud, inbox = FakeCloud(world.broker), world.inbox()
    world.sink.gate.clear()
    async with running(world.link.run, cloud.run):
        await until(lambda: cloud.link.status == "connected" and world.link.status == "connected")
        await cloud.send(revoke())
        async with running(inbox.run):
            await until(lambda: len(world.sink.received) == 1)
        world.broker.cut(LOCKER)  # stopped between decision and commit: the message comes again
        world.sink.gate.set()
        async with running(inbox.run):
            await until(lambda: len(world.sink.received) == 2)
        world.broker.cut(LOCKER)
        async with running(inbox.run):
            await cloud.send(revoke(2))
            await until(lambda: len(world.sink.received) == 3)
    assert world.sink.received == [revoke(), revoke(), revoke(2)]


def test_a_budget_is_a_sliding_hour() -> None:
    budget = Budget(2)
    assert [budget.spend(at) for at in (0, 1, 2, HOUR_MS - 1, HOUR_MS, HOUR_MS)] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert budget.refused == 3


def test_what_was_seen_is_forgotten_oldest_first() -> None:
    seen = Seen(2)
    assert [seen.before(one) for one in (b"a", b"b", b"a", b"c", b"b", b"a")] == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]
