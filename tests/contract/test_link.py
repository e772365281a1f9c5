"""What every link promises, held against mosquitto and against the broker in memory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.link import (
    PAYLOAD_BYTES_MAX,
    RECEIVE_MAXIMUM,
    Link,
    LinkDownError,
    LinkStatus,
    LinkTakenOverError,
    Outgoing,
    PayloadTooLargeError,
)
from contract.link_settings import LinkSettings
from tests.contract.link_worlds import SOON_S, LinkWorld, MemoryWorld, Reader, mqtt_world, reaches, started

DOWN = (("t/down/#", 1),)


@pytest.fixture(params=["mqtt", "memory"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LinkWorld]:
    if request.param == "memory":
        yield MemoryWorld()
        return
    async with mqtt_world(tmp_path) as real:
        yield real


def message(text: str, topic: str = "t/down/a", **more: bool) -> Outgoing:
    return Outgoing(topic, text.encode(), **more)


async def sender(world: LinkWorld) -> Link:
    return await world.link(LinkSettings(client_id="sender"))


async def listener(world: LinkWorld) -> Link:
    return await world.link(LinkSettings(client_id="listener", subscriptions=DOWN))


async def test_a_published_message_arrives_as_it_was_sent(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        await sending.publish(message("\x00bytes\xff"))

        arrived = await Reader(listening).take()

    assert (arrived.topic, arrived.payload, arrived.retained) == ("t/down/a", "\x00bytes\xff".encode(), False)


async def test_messages_arrive_in_the_order_in_which_they_were_sent(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        taking = asyncio.create_task(Reader(listening).payloads(100))
        for number in range(100):
            await sending.publish(message(str(number)))

        assert await taking == [str(number).encode() for number in range(100)]


async def test_many_tasks_may_publish_at_once(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        taking = asyncio.create_task(Reader(listening).payloads(200))
        await asyncio.gather(*(sending.publish(message(str(number))) for number in range(200)))

        assert sorted(await taking) == sorted(str(number).encode() for number in range(200))


async def test_a_publish_before_the_first_connection_is_refused(world: LinkWorld) -> None:
    link = await sender(world)

    with pytest.raises(LinkDownError):
        await link.publish(message("too early"))


async def test_a_publish_while_offline_is_refused_and_never_sent_later(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        await world.unplug("sender")
        await reaches(sending, LinkStatus.LOST)
        with pytest.raises(LinkDownError):
            await sending.publish(message("while offline"))
        await world.plug_in("sender")
        await reaches(sending, LinkStatus.CONNECTED)

        await sending.publish(message("afterwards"))

        assert (await Reader(listening).take()).payload == b"afterwards"


async def test_a_payload_above_the_limit_is_not_sent(world: LinkWorld) -> None:
    async with started(await sender(world)) as sending:
        with pytest.raises(PayloadTooLargeError):
            await sending.publish(Outgoing("t/down/a", bytes(PAYLOAD_BYTES_MAX + 1)))


async def test_a_payload_at_the_limit_arrives(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        await sending.publish(Outgoing("t/down/a", b"x" * PAYLOAD_BYTES_MAX))

        assert len((await Reader(listening).take()).payload) == PAYLOAD_BYTES_MAX


async def reconnect(world: LinkWorld, link: Link, client_id: str) -> None:
    await world.unplug(client_id)
    await reaches(link, LinkStatus.LOST)
    await world.plug_in(client_id)
    await reaches(link, LinkStatus.CONNECTED)


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        reader = Reader(listening)
        for text in ("kept", "forgotten", "kept too"):
            await sending.publish(message(text))
        taken = [await reader.take(acknowledging=False) for _ in range(3)]
        listening.acknowledge(taken[1])
        await sending.publish(message("proof that the acknowledgement is through"))
        await reader.take()

        await reconnect(world, listening, "listener")

        assert await reader.payloads(2) == [b"kept", b"kept too"]


async def test_an_acknowledgement_of_an_earlier_connection_does_nothing(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        reader = Reader(listening)
        await sending.publish(message("once"))
        old = await reader.take(acknowledging=False)
        await reconnect(world, listening, "listener")
        await reader.take(acknowledging=False)

        listening.acknowledge(old)
        await listening.publish(message("whatever was acknowledged is through", topic="t/up"))
        await reconnect(world, listening, "listener")

        assert (await reader.take()).payload == b"once"


async def test_what_nobody_had_read_when_the_wire_broke_comes_once_not_twice(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        for text in ("one", "two", "three"):
            await sending.publish(message(text))
        await listening.publish(message("by now they are in the inbox", topic="t/up"))

        await reconnect(world, listening, "listener")
        await sending.publish(message("end"))

        assert await Reader(listening).payloads(4) == [b"one", b"two", b"three", b"end"]


async def test_no_more_than_the_receive_maximum_waits_for_acknowledgement(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        for number in range(RECEIVE_MAXIMUM + 5):
            await sending.publish(message(str(number)))
        reader = Reader(listening)
        held = [await reader.take(acknowledging=False) for _ in range(RECEIVE_MAXIMUM)]

        await listening.publish(message("the way up is free", topic="t/up"))
        assert not reader.peek().done()

        listening.acknowledge(held[0])
        assert (await reader.take(acknowledging=False)).payload == str(RECEIVE_MAXIMUM).encode()


async def test_a_session_collects_messages_while_its_owner_is_away(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        await world.unplug("listener")
        await reaches(listening, LinkStatus.LOST)
        for number in range(50):
            await sending.publish(message(str(number)))

        await world.plug_in("listener")

        assert await Reader(listening).payloads(50) == [str(number).encode() for number in range(50)]


async def test_a_session_outlives_the_process_that_opened_it(world: LinkWorld) -> None:
    async with started(await sender(world)) as sending:
        async with started(await listener(world)):
            pass
        await sending.publish(message("meanwhile"))

        async with started(await listener(world)) as again:
            assert (await Reader(again).take()).payload == b"meanwhile"


async def test_a_retained_message_waits_for_later_subscribers_until_it_is_cleared(world: LinkWorld) -> None:
    async with started(await sender(world)) as sending:
        await sending.publish(message("truth", retain=True))
        await sending.publish(message("old truth", topic="t/down/b", retain=True))
        await sending.publish(message("", topic="t/down/b", retain=True))

        async with started(await listener(world)) as listening:
            reader = Reader(listening)
            arrived = await reader.take()
            await sending.publish(message("next"))
            following = await reader.take()

    assert (arrived.payload, arrived.retained) == (b"truth", True)
    assert (following.payload, following.retained) == (b"next", False)


@pytest.mark.parametrize("how", ["cut", "stopped"])
async def test_the_will_is_published_however_a_link_ends(world: LinkWorld, how: str) -> None:
    dying = await world.link(LinkSettings(client_id="dying", will=lambda: message("offline")))
    async with started(await listener(world)) as listening:
        async with started(dying):
            if how == "cut":
                await world.unplug("dying")

        assert (await Reader(listening).take()).payload == b"offline"


async def test_the_will_is_asked_for_before_every_connection(world: LinkWorld) -> None:
    sessions = iter("123")
    dying = await world.link(LinkSettings(client_id="dying", will=lambda: message(f"offline {next(sessions)}")))
    async with started(await listener(world)) as listening, started(dying):
        reader = Reader(listening)
        await world.unplug("dying")
        await reaches(dying, LinkStatus.LOST)
        first = (await reader.take()).payload
        await world.plug_in("dying")
        await reaches(dying, LinkStatus.CONNECTED)
        await world.unplug("dying")
        second = (await reader.take()).payload

    assert first == b"offline 1"
    assert second > first


async def test_a_shared_subscription_gives_each_message_to_one_member(world: LinkWorld) -> None:
    share = (("$share/ingest/t/up/#", 1),)
    one = await world.link(LinkSettings(client_id="one", subscriptions=share))
    two = await world.link(LinkSettings(client_id="two", subscriptions=share))
    seen: list[bytes] = []

    async def collect(link: Link) -> None:
        reader = Reader(link)
        while len(seen) < 40:
            seen.append((await reader.take()).payload)

    async with started(one), started(two), started(await sender(world)) as sending:
        tasks = [asyncio.create_task(collect(link)) for link in (one, two)]
        for number in range(40):
            await sending.publish(message(str(number), topic="t/up/a"))
        async with asyncio.timeout(SOON_S):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert sorted(seen) == sorted(str(number).encode() for number in range(40))


async def test_the_birth_runs_after_every_connect_and_before_the_status_says_so(world: LinkWorld) -> None:
    statuses: list[LinkStatus] = []

    async def birth(link: Link) -> None:
        statuses.append(link.status)
        await link.publish(message("online"))

    reborn = await world.link(LinkSettings(client_id="reborn", birth=birth))
    async with started(await listener(world)) as listening, started(reborn):
        reader = Reader(listening)
        first = await reader.take()
        await reconnect(world, reborn, "reborn")
        second = await reader.take()

    assert (first.payload, second.payload) == (b"online", b"online")
    assert statuses[0] is LinkStatus.CONNECTING
    assert statuses[-1] is LinkStatus.LOST


async def test_a_birth_that_fails_once_is_tried_again(world: LinkWorld) -> None:
    attempts = iter([True, False])

    async def birth(link: Link) -> None:
        if next(attempts):
            raise RuntimeError("a bug in the birth")
        await link.publish(message("online"))

    link = await world.link(LinkSettings(client_id="reborn", birth=birth))
    async with started(await listener(world)) as listening, started(link):
        assert (await Reader(listening).take()).payload == b"online"


async def test_every_change_of_status_is_told_and_a_broken_observer_harms_nobody(world: LinkWorld) -> None:
    link = await listener(world)
    told: list[LinkStatus] = []

    def broken(_status: LinkStatus) -> None:
        raise RuntimeError("a bug in an observer")

    link.on_status(broken)
    link.on_status(told.append)
    async with started(link):
        await reconnect(world, link, "listener")
        async with started(await sender(world)) as sending:
            await sending.publish(message("still alive"))
            assert (await Reader(link).take()).payload == b"still alive"

    connected, lost = LinkStatus.CONNECTED, LinkStatus.LOST
    assert told == [connected, lost, connected, lost]


def rival(boot: str) -> LinkSettings:
    async def birth(link: Link) -> None:
        await link.publish(message(f"online {boot}", topic="t/rival", retain=True))

    return LinkSettings(
        client_id="rival",
        birth=birth,
        will=lambda: message(f"offline {boot}", topic="t/rival", retain=True),
        identity_topic="t/rival",
    )


async def test_two_links_with_one_identity_do_not_fight_for_ever(world: LinkWorld) -> None:
    rivals = [await world.link(rival(boot)) for boot in ("a", "b")]
    tasks = [asyncio.create_task(link.run()) for link in rivals]
    async with asyncio.timeout(SOON_S):
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    loser = next(link for link, task in zip(rivals, tasks, strict=True) if task.done())
    for task in tasks:
        task.cancel()
    endings = await asyncio.gather(*tasks, return_exceptions=True)

    assert loser.status is LinkStatus.TAKEN_OVER
    assert any(isinstance(ending, LinkTakenOverError) for ending in endings)


async def test_a_link_that_loses_its_wire_often_is_not_taken_over(world: LinkWorld) -> None:
    link = await world.link(rival("alone"))
    async with started(link):
        for _ in range(5):
            await reconnect(world, link, "rival")

        assert link.status is LinkStatus.CONNECTED


async def test_a_successor_with_the_same_identity_is_no_rival(world: LinkWorld) -> None:
    for boot in ("first", "second", "third", "fourth"):
        async with started(await world.link(rival(boot))) as link:
            assert link.status is LinkStatus.CONNECTED


async def test_a_lossy_message_reaches_who_is_there(world: LinkWorld) -> None:
    async with started(await listener(world)) as listening, started(await sender(world)) as sending:
        await sending.publish(Outgoing("t/down/a", b"telemetry", qos=0))

        arrived = await Reader(listening).take()

    assert (arrived.payload, arrived.token) == (b"telemetry", 0)
