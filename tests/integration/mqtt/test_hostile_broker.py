"""paho's traps that only a misbehaving broker springs."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from contract.link import PAYLOAD_BYTES_MAX, LinkDownError, LinkStatus, LinkTakenOverError, Outgoing
from contract.mqtt import BACKLOG_BYTES_MAX, LOSSY_BACKLOG_MAX, TOO_MUCH, MqttLink
from contract.mqtt_settings import MqttSettings
from tests.contract.link_worlds import SOON_S, Reader, reaches, started
from tests.integration.mqtt.hostile_broker import (
    CONNACK_NO_KEEPALIVE,
    CONNACK_NOT_AUTHORISED,
    CONNACK_ONE_AT_A_TIME,
    DISCONNECT_TAKEN_OVER,
    PUBACK,
    PUBLISH,
    Peer,
    hostile,
    silence,
)

MESSAGE = Outgoing("t/up", b"event")


def link_of(settings: MqttSettings) -> MqttLink:
    return MqttLink(settings, random.Random(1))


@contextlib.asynccontextmanager
async def trying(link: MqttLink) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a link that is not expected to connect."""
    task = asyncio.create_task(link.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param("f000", id="a packet kind that a broker never sends"),
        pytest.param("3003 0009 61", id="a topic longer than its packet"),
        pytest.param("3207 0001 61 0000 00 78", id="packet id zero"),
        pytest.param("30 ffffffff 7f", id="a length that never ends"),
        pytest.param("3005 0001 61 01 ff", id="a property that does not exist"),
        pytest.param("9003 0001 00", id="an answer to a subscription that nobody asked for"),
        pytest.param("4003 0001 ff", id="an acknowledgement with a reason that does not exist"),
    ],
)
async def test_garbage_ends_the_connection_or_is_ignored_but_never_ends_the_link(garbage: str) -> None:
    async def spit(peer: Peer) -> None:
        peer.send(bytes.fromhex(garbage))
        peer.writer.write_eof()
        await silence(peer)

    async with hostile(spit) as broker, trying(link_of(broker.settings())) as running:
        await broker.seen(connections=3)

        assert not running.done()


async def test_a_topic_that_is_no_text_is_acknowledged_and_dropped_and_the_next_message_arrives() -> None:
    acknowledged: asyncio.Queue[bytes] = asyncio.Queue()

    async def poison(peer: Peer) -> None:
        peer.send(bytes.fromhex("3208 0002 fffe 0007 00 78"))
        peer.send(bytes.fromhex("3207 0001 61 0008 00 79"))
        while True:
            kind, body = await peer.packet()
            if kind == PUBACK:
                acknowledged.put_nowait(body[:2])

    async with hostile(poison) as broker, started(link_of(broker.settings())) as link:
        arrived = await Reader(link).take()
        async with asyncio.timeout(SOON_S):
            mids = [await acknowledged.get() for _ in range(2)]

    assert (arrived.topic, arrived.payload) == ("a", b"y")
    assert mids == [b"\x00\x07", b"\x00\x08"]


async def test_packets_that_arrive_together_are_all_handled_though_nothing_follows() -> None:
    async def at_once(peer: Peer) -> None:
        peer.send(b"".join(bytes([PUBLISH, 5, 0, 1, 97, 0, 48 + number]) for number in range(10)))
        await silence(peer)

    async with hostile(at_once) as broker, started(link_of(broker.settings())) as link:
        assert b"".join(await Reader(link).payloads(10)) == b"0123456789"


async def test_a_broker_that_accepts_and_never_answers_blocks_neither_the_loop_nor_the_link() -> None:
    async with hostile(silence, connack=b"") as broker:
        patient = link_of(broker.settings(connect_s_max=SOON_S))
        async with trying(patient):
            await broker.seen(connections=1)
            assert patient.last_failure == ""  # the loop goes on while the first attempt is still waiting
        hurried = link_of(broker.settings(connect_s_max=0.1))
        async with trying(hurried):
            await broker.seen(connections=3)

    assert hurried.last_failure


async def test_a_publish_that_the_broker_took_without_an_answer_fails_when_the_connection_does() -> None:
    async def take_and_drop(peer: Peer) -> None:
        kind, _ = await peer.packet()
        assert kind == PUBLISH

    async with hostile(take_and_drop) as broker, started(link_of(broker.settings())) as link:
        results = await asyncio.gather(*(link.publish(MESSAGE) for _ in range(50)), return_exceptions=True)

    assert {type(result) for result in results} == {LinkDownError}


async def test_a_publish_nobody_waits_for_any_more_still_holds_its_place_until_it_is_answered() -> None:
    taken: asyncio.Queue[bytes] = asyncio.Queue()
    may_answer = asyncio.Event()

    async def answer_late(peer: Peer) -> None:
        while True:
            _, body = await peer.packet()
            taken.put_nowait(body)
            await may_answer.wait()
            peer.puback(body[6:8])

    async with hostile(answer_late, CONNACK_ONE_AT_A_TIME) as broker, started(link_of(broker.settings())) as link:
        impatient = asyncio.create_task(link.publish(MESSAGE))
        await taken.get()
        impatient.cancel()
        patient = asyncio.create_task(link.publish(Outgoing("t/up", b"next")))
        await asyncio.wait({impatient})
        assert taken.empty()
        may_answer.set()
        async with asyncio.timeout(SOON_S):
            await patient
            assert (await taken.get()).endswith(b"next")


async def test_the_servers_own_receive_maximum_is_kept() -> None:
    unanswered_at_once: list[int] = []

    async def one_at_a_time(peer: Peer) -> None:
        _, body = await peer.packet()
        while True:
            following = asyncio.create_task(peer.packet())
            await asyncio.sleep(0)  # long enough to read what is here already
            unanswered_at_once.append(2 if following.done() else 1)
            peer.puback(body[6:8])
            _, body = await following

    async with hostile(one_at_a_time, CONNACK_ONE_AT_A_TIME) as broker, started(link_of(broker.settings())) as link:
        await asyncio.gather(*(link.publish(MESSAGE) for _ in range(10)))

    assert unanswered_at_once == [1] * 10


async def test_three_takeovers_told_by_the_broker_end_the_link() -> None:
    async def take_over(peer: Peer) -> None:
        peer.send(DISCONNECT_TAKEN_OVER)
        await silence(peer)

    async with hostile(take_over) as broker:
        link = link_of(broker.settings())
        with pytest.raises(LinkTakenOverError):
            async with asyncio.timeout(SOON_S):
                await link.run()

    assert (link.status, broker.connections) == (LinkStatus.TAKEN_OVER, 3)


async def test_a_refused_connection_is_tried_again_and_says_why() -> None:
    async with hostile(silence, CONNACK_NOT_AUTHORISED) as broker:
        link = link_of(broker.settings())
        async with trying(link):
            await broker.seen(connections=3)

    assert "Not authorized" in link.last_failure
    assert link.status is LinkStatus.CONNECTING


async def test_the_watchdog_ends_a_connection_that_nothing_is_heard_on_even_if_the_broker_wants_no_keepalive() -> None:
    async with hostile(silence, CONNACK_NO_KEEPALIVE) as broker:
        link = link_of(broker.settings(keepalive_s=1))
        async with started(link):
            await reaches(link, LinkStatus.LOST)
            assert link.last_failure.startswith("nothing processed")


def publish_packet(payload: bytes, mid: int, qos: int = 1) -> bytes:
    """Return a PUBLISH on topic ``a``; a payload of a length that needs three bytes to say it."""
    body = b"\x00\x01a" + (mid.to_bytes(2) if qos else b"") + b"\x00" + payload
    length, size = b"", len(body)
    while size or not length:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
    return bytes([PUBLISH | qos << 1]) + length + body


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param([publish_packet(b"x", 1 + number % 60_000) for number in range(LOSSY_BACKLOG_MAX + 1)], id="many"),
        pytest.param([publish_packet(b"x", 7) for _ in range(LOSSY_BACKLOG_MAX + 1)], id="one id again and again"),
        pytest.param(
            [
                publish_packet(bytes(PAYLOAD_BYTES_MAX), 1 + number)
                for number in range(BACKLOG_BYTES_MAX // PAYLOAD_BYTES_MAX + 1)
            ],
            id="large ones",
        ),
        pytest.param([publish_packet(b"x", 1, qos=2)], id="one that it never releases"),
        pytest.param([bytes.fromhex("32 80808040")], id="one of 128 MB"),
    ],
)
async def test_a_broker_that_sends_more_than_we_said_we_take_is_left_before_memory_grows(flood: list[bytes]) -> None:
    async def pour(peer: Peer) -> None:
        for packet in flood:
            peer.send(packet)
            await peer.writer.drain()
        await silence(peer)

    async with hostile(pour) as broker:
        link = link_of(broker.settings())
        async with trying(link) as running:
            await broker.seen(connections=3)

            assert link.last_failure == TOO_MUCH
            assert not running.done()


async def test_lossy_messages_beyond_the_backlog_are_dropped_and_the_connection_lives() -> None:
    async def pour(peer: Peer) -> None:
        for number in range(LOSSY_BACKLOG_MAX + 10):
            peer.send(publish_packet(b"%d" % number, 0, qos=0))
            await peer.writer.drain()
        await silence(peer)

    async with hostile(pour) as broker, started(link_of(broker.settings())) as link:
        reader = Reader(link)
        assert (await reader.take()).payload == b"0"
        assert broker.connections == 1
