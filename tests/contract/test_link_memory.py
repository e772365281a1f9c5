"""What the broker in memory can do beyond the contract: break it, on request."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from contract.link import Link, LinkStatus, Outgoing
from contract.link_settings import LinkSettings
from contract.memory_link import MATCHES_KEPT, MemoryBroker, MemoryLink, matches
from tests.contract.link_worlds import QUICK, Reader, reaches, started

DOWN = (("t/down/#", 1),)


def link(
    broker: MemoryBroker,
    client_id: str,
    subscriptions: tuple[tuple[str, int], ...] = (),
    will: Callable[[], Outgoing] | None = None,
) -> MemoryLink:
    settings = LinkSettings(client_id=client_id, subscriptions=subscriptions, will=will, reconnect=QUICK)
    return MemoryLink(broker, settings, random.Random(1))


def message(text: str, topic: str = "t/down/a") -> Outgoing:
    return Outgoing(topic, text.encode())


@pytest.mark.parametrize(
    ("topic_filter", "topic", "does"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/b", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/uptime", False),
        ("+/uptime", "$SYS/uptime", False),
        ("$SYS/#", "$SYS/uptime", True),
    ],
)
def test_a_filter_matches_as_the_standard_says(topic_filter: str, topic: str, does: bool) -> None:  # noqa: FBT001 - a table
    assert matches(topic_filter, topic) is does


async def test_a_dropped_message_was_acknowledged_and_never_arrives() -> None:
    broker = MemoryBroker(drop=lambda sent: sent.payload == b"lost")
    async with started(link(broker, "sender")) as sending, started(link(broker, "l", subscriptions=DOWN)) as listening:
        await sending.publish(message("lost"))
        await sending.publish(message("kept"))

        assert (await Reader(listening).take()).payload == b"kept"


async def test_a_doubled_message_arrives_twice() -> None:
    broker = MemoryBroker(duplicate=lambda _sent: True)
    async with started(link(broker, "sender")) as sending, started(link(broker, "l", subscriptions=DOWN)) as listening:
        await sending.publish(message("twice"))

        assert await Reader(listening).payloads(2) == [b"twice", b"twice"]


async def test_a_broker_that_died_comes_back_with_its_sessions_and_publishes_no_will() -> None:
    broker = MemoryBroker()
    listening = link(broker, "l", subscriptions=DOWN, will=lambda: message("will"))
    async with started(link(broker, "sender")) as sending, started(listening):
        await sending.publish(message("unacknowledged"))
        reader = Reader(listening)
        await reader.take(acknowledging=False)

        await restart(broker, listening, sending)

        await sending.publish(message("after"))
        assert await reader.payloads(2) == [b"unacknowledged", b"after"]


async def test_a_link_waits_for_a_broker_that_is_not_up_yet() -> None:
    broker = MemoryBroker(is_up=False)
    early = link(broker, "early")
    task = asyncio.create_task(early.run())
    while not early.last_failure:  # noqa: ASYNC110 - the link tells no observer of a first attempt that failed
        await asyncio.sleep(0)
    broker.come_back()

    await reaches(early, LinkStatus.CONNECTED)
    task.cancel()


async def test_a_broker_that_was_restarted_empty_has_forgotten_everything() -> None:
    broker = MemoryBroker()
    listening = link(broker, "l", subscriptions=DOWN)
    async with started(link(broker, "sender")) as sending, started(listening):
        await sending.publish(replace(message("truth"), retain=True))
        reader = Reader(listening)
        old = await reader.take(acknowledging=False)

        broker.go_down(forgetting=True)
        listening.acknowledge(old)
        broker.cut("l")
        await restart(broker, listening, sending)

        await sending.publish(message("new"))
        assert (await reader.take()).payload == b"new"


async def restart(broker: MemoryBroker, *links: Link) -> None:
    broker.go_down()
    for each in links:
        await reaches(each, LinkStatus.LOST)
    broker.come_back()
    for each in links:
        await reaches(each, LinkStatus.CONNECTED)


async def test_an_expired_message_is_not_delivered_to_a_session_that_comes_late() -> None:
    broker = MemoryBroker()
    listening = link(broker, "l", subscriptions=DOWN)
    async with started(link(broker, "sender")) as sending, started(listening):
        broker.unplug("l")
        await reaches(listening, LinkStatus.LOST)
        await sending.publish(replace(message("too late"), expiry_s=0))
        await sending.publish(replace(message("in time"), expiry_s=3600))
        await sending.publish(replace(message("lossy"), qos=0))
        broker.plug_in("l")

        assert (await Reader(listening).take()).payload == b"in time"


async def test_a_shared_subscription_is_sent_no_retained_messages_and_overlapping_filters_deliver_once() -> None:
    broker = MemoryBroker()
    shared = link(broker, "shared", subscriptions=(("$share/x/t/down/#", 1),))
    overlapping = link(broker, "overlapping", subscriptions=(("t/down/#", 0), ("t/+/a", 1), ("other", 1)))
    async with started(link(broker, "sender")) as sending:
        await sending.publish(replace(message("retained"), retain=True))
        async with started(shared), started(overlapping):
            await sending.publish(message("fresh"))

            assert (await Reader(shared).take()).payload == b"fresh"
            assert await Reader(overlapping).payloads(3) == [b"retained", b"retained", b"fresh"]


async def test_a_shared_subscription_keeps_messages_while_every_member_is_away() -> None:
    broker = MemoryBroker()
    shared = link(broker, "shared", subscriptions=(("$share/x/t/down/#", 1),))
    async with started(link(broker, "sender")) as sending, started(shared):
        broker.unplug("shared")
        await reaches(shared, LinkStatus.LOST)
        await sending.publish(message("waiting"))
        broker.plug_in("shared")

        assert (await Reader(shared).take()).payload == b"waiting"


async def test_who_subscribes_late_hears_topics_that_were_spoken_of_before() -> None:
    broker = MemoryBroker()
    async with started(link(broker, "sender")) as sending:
        await sending.publish(message("nobody listens"))
        async with started(link(broker, "l", subscriptions=DOWN)) as listening:
            await sending.publish(message("heard"))

            assert (await Reader(listening).take()).payload == b"heard"


async def test_a_buffer_is_delivered_as_it_was_when_it_was_published() -> None:
    broker = MemoryBroker()
    async with started(link(broker, "sender")) as sending, started(link(broker, "l", subscriptions=DOWN)) as listening:
        buffer = bytearray(b"as it was")
        await sending.publish(Outgoing("t/down/a", buffer))  # type: ignore[arg-type]  # what a careless caller hands over
        buffer[:] = b"not again"

        assert (await Reader(listening).take()).payload == b"as it was"


def test_a_flood_of_topics_is_not_remembered() -> None:
    broker = MemoryBroker()
    for number in range(MATCHES_KEPT + 1):
        broker.route(message("x", f"t/{number}"))

    assert len(broker._ways) == 1
