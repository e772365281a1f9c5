"""The rows of the trap table that a real mosquitto shows."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contract.link import Link, LinkDownError, LinkStatus, Outgoing
from contract.link_settings import LinkSettings
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings
from tests.contract.link_worlds import QUICK, SOON_S, MqttWorld, Reader, mqtt_world, reaches, started

DOWN = (("t/down/#", 1),)
CONNECT_HEAD = b"\x00\x04MQTT\x05"
CLEAN_START = 0x02
MESSAGE_EXPIRY = b"\x02"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[MqttWorld]:
    async with mqtt_world(tmp_path) as real:
        yield real


async def test_nagles_algorithm_is_off(world: MqttWorld) -> None:
    link = await world.link(LinkSettings(client_id="quick"))
    assert not link.has_no_delay

    async with started(link):
        assert link.has_no_delay


async def test_no_connection_ever_asks_for_a_clean_start(world: MqttWorld) -> None:
    link = await world.link(LinkSettings(client_id="loyal"))
    async with started(link):
        await world.unplug("loyal")
        await reaches(link, LinkStatus.LOST)
        await world.plug_in("loyal")
        await reaches(link, LinkStatus.CONNECTED)

    heads = bytes(world.proxies["loyal"].sent).split(CONNECT_HEAD)[1:]
    assert [head[0] & CLEAN_START for head in heads] == [0, 0]


async def test_the_message_expiry_goes_along_as_a_property(world: MqttWorld) -> None:
    async with started(await world.link(LinkSettings(client_id="sender"))) as link:
        await link.publish(Outgoing("t/down/a", b"open", expiry_s=60))

    assert MESSAGE_EXPIRY + (60).to_bytes(4, "big") + b"open" in world.proxies["sender"].sent


async def test_a_frozen_broker_is_noticed_by_the_keepalive_and_found_again_when_it_thaws(world: MqttWorld) -> None:
    link = await world.link(LinkSettings(client_id="patient", keepalive_s=1))
    async with started(link):
        world.broker.suspend()
        waiting = asyncio.create_task(link.publish(Outgoing("t/up", b"into the void")))
        await reaches(link, LinkStatus.LOST)
        with pytest.raises(LinkDownError):
            await waiting
        world.broker.resume()

        async with asyncio.timeout(SOON_S):
            while not await went_out(link, Outgoing("t/up", b"heard")):
                await reaches(link, LinkStatus.CONNECTED)


async def went_out(link: Link, message: Outgoing) -> bool:
    """Publish; with a keepalive of a second a busy machine is a broken wire now and then."""
    try:
        await link.publish(message)
    except LinkDownError:
        return False
    return True


async def test_a_queued_message_outlives_a_broker_that_is_killed(world: MqttWorld) -> None:
    will = Outgoing("t/gone", b"gone")
    listening = await world.link(LinkSettings(client_id="listener", subscriptions=DOWN, will=lambda: will))
    sending = await world.link(LinkSettings(client_id="sender", subscriptions=(("t/gone", 1),)))
    async with started(listening), started(sending):
        await world.unplug("listener")
        await Reader(sending).take()  # mosquitto saves what it queues, not what it believes to be on its way
        await sending.publish(Outgoing("t/down/a", b"before the kill"))
        await sending.publish(Outgoing("t/elsewhere", b"answered in a later turn, so the one above has been saved"))

        first = world.broker.pid
        world.broker.kill()
        await reaches(sending, LinkStatus.LOST)
        await reaches(sending, LinkStatus.CONNECTED)
        await world.plug_in("listener")

        assert (await Reader(listening).take()).payload == b"before the kill"
        assert world.broker.pid != first


async def test_one_loop_holds_more_links_than_pahos_threads_could(world: MqttWorld) -> None:
    count = 400
    async with AsyncExitStack() as stack:
        links = [many(world, number) for number in range(count)]
        await asyncio.gather(*(stack.enter_async_context(started(link)) for link in links))
        sending = await stack.enter_async_context(started(await world.link(LinkSettings(client_id="sender"))))
        await asyncio.gather(
            *(sending.publish(Outgoing(f"t/{number}", str(number).encode())) for number in range(count))
        )

        heard = await asyncio.gather(*(Reader(link).take() for link in links))

    assert [message.payload for message in heard] == [str(number).encode() for number in range(count)]


def many(world: MqttWorld, number: int) -> MqttLink:
    settings = MqttSettings(
        client_id=f"many-{number}",
        subscriptions=((f"t/{number}", 1),),
        host="127.0.0.1",
        port=world.broker.place.port,
        reconnect=QUICK,
    )
    return MqttLink(settings, random.Random(number))
