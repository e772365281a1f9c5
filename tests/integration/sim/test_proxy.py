"""The man in the middle: what the weather does to packets, and that it sees into TLS when it has the keys, else not."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import LockerId
from contract.link import Incoming, LinkStatus
from contract.link_settings import Reconnect
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings
from contract.topics import Branch, build, cloud_filters
from firmware_sim.locker import LockerPlace, SimulatedLocker
from firmware_sim.paper_cloud import DOMAIN, PaperCloud, small_layout
from firmware_sim.proxy.framing import Cutter, Kind, Packet, Publish, Way, packet_of
from firmware_sim.proxy.proxy import Proxy, unaltered
from firmware_sim.proxy.seals import seals
from firmware_sim.proxy.weather import CALM, STORM, Climate, Fate, Weather
from provisioning.broker import Broker, running
from provisioning.setup import Setup, SetupWish, set_up
from tests.contract.link_worlds import Reader, free_port, started
from tests.process.programs import until

LOCKER = LockerId("SIM-1")
AT_ONCE = Reconnect(min_s=0.05, first_s=0.1, max_s=0.2)
SOON_S = 60.0
FIRST, SECOND = (Publish(topic="t", payload=text, packet_id=nth).packet() for nth, text in ((1, b"a"), (2, b"b")))
PING = packet_of(Kind.PINGREQ << 4, b"")


@dataclass
class FarEnd:
    """A broker that only writes down what it hears, and answers each packet with a ping's answer."""

    heard: list[Packet] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut = Cutter()
        try:
            while data := await reader.read(4096):
                self.heard += cut(data)
                writer.write(b"\xd0\x00")
        except OSError:
            pass
        self.ended.set()


@dataclass
class Wire:
    """The near end of a proxied connection."""

    far: FarEnd
    proxy: Proxy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *packets: Packet) -> None:
        self.writer.write(b"".join(one.raw for one in packets))
        await self.writer.drain()

    async def answers(self) -> bytes:
        """Read to the end of the connection, however it ends."""
        found = b""
        try:
            while data := await self.reader.read(4096):
                found += data
        except ConnectionError:
            pass
        return found


@asynccontextmanager
async def wire(climate: Climate) -> AsyncIterator[Wire]:
    far = FarEnd()
    async with await asyncio.start_server(far.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        weather = Weather(random.Random(1), climate)
        async with Proxy((host, port), weather=weather) as proxy, asyncio.timeout(SOON_S):
            reader, writer = await asyncio.open_connection(*proxy.near)
            yield Wire(far, proxy, reader, writer)
            writer.close()


async def test_in_calm_weather_everything_passes_both_ways() -> None:
    async with wire(CALM) as one:
        await one.say(FIRST, SECOND, PING)
        assert await one.reader.readexactly(2) == b"\xd0\x00"
        one.writer.write_eof()
        await one.far.ended.wait()
        assert one.far.heard == [FIRST, SECOND, PING]


async def test_messages_are_doubled_and_nothing_else() -> None:
    async with wire(Climate(doubled=1.0)) as one:
        await one.say(FIRST, PING, SECOND)
        one.writer.write_eof()
        await one.far.ended.wait()
        assert one.far.heard == [FIRST, FIRST, PING, SECOND, SECOND]


async def test_what_is_delayed_comes_later_in_the_same_order() -> None:
    async with wire(Climate(delayed=0.5, stalled=0.5, delay_s_max=0.02, stall_s_max=0.05)) as one:
        await one.say(FIRST, SECOND, PING)
        one.writer.write_eof()
        await one.far.ended.wait()
        assert one.far.heard == [FIRST, SECOND, PING]


async def test_what_is_swallowed_is_gone_and_the_connection_stands() -> None:
    async with wire(Climate(swallowed=1.0)) as one:
        await one.say(FIRST)
        await until(lambda: one.proxy.weather.counts[Fate.SWALLOWED], "the packet to be swallowed")
        one.proxy.weather.climate = CALM
        await one.say(SECOND)
        assert await one.reader.readexactly(2) == b"\xd0\x00"
        assert one.far.heard == [SECOND]


@pytest.mark.parametrize(
    "climate",
    [Climate(lost=1.0, end_s_max=0.05), Climate(black_hole=1.0, hole_s_max=0.05), Climate(reset=1.0)],
    ids=["lost", "a black hole", "reset"],
)
async def test_a_connection_does_not_outlive_what_it_lost(climate: Climate) -> None:
    async with wire(climate) as one:
        await one.say(FIRST, SECOND)
        assert await one.answers() == b""
        await one.far.ended.wait()
        assert one.far.heard == []


async def test_a_half_closed_connection_still_speaks_the_other_way() -> None:
    async with wire(Climate(half_closed=1.0)) as one:
        await one.say(FIRST)
        await one.far.ended.wait()
        assert one.far.heard == []
        one.proxy.weather.climate = CALM
        await one.proxy.inject(PING, Way.DOWN)
        assert await one.reader.readexactly(2) == PING.raw


async def test_garbage_ends_the_connection_and_not_the_proxy() -> None:
    async with wire(CALM) as one:
        await one.say(Packet(b"\x30\xff\xff\xff\xff"))
        assert await one.answers() == b""
        await one.far.ended.wait()
        reader, writer = await asyncio.open_connection(*one.proxy.near)
        writer.write(PING.raw)
        assert await reader.readexactly(2) == b"\xd0\x00"
        writer.close()


async def test_a_broker_that_is_away_shows_as_a_reset() -> None:
    async with Proxy(("127.0.0.1", free_port())) as proxy, asyncio.timeout(SOON_S):
        reader, writer = await asyncio.open_connection(*proxy.near)
        with pytest.raises(ConnectionError):
            await reader.readexactly(1)
        writer.close()


def test_the_same_seed_is_the_same_weather_and_a_storm_has_everything() -> None:
    runs = [Weather(random.Random(5), STORM) for _ in range(2)]
    drawn = [[weather.fate(FIRST) for _ in range(3_000)] for weather in runs]
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == set(Fate)
    blind = Weather(random.Random(5), STORM)
    assert {blind.fate(FIRST, blind=True) for _ in range(3_000)} == {
        Fate.PASSED,
        Fate.DELAYED,
        Fate.STALLED,
        Fate.HALF_CLOSED,
        Fate.RESET,
        Fate.BLACK_HOLE,
    }


# ---------------------------------------------------------------- with a real locker and a real broker


@dataclass
class Place:
    """A broker with mutual TLS, the cloud's link to it, and a locker that reaches it through ``proxy``."""

    proxy: Proxy
    cloud: Reader
    locker: SimulatedLocker

    async def word(self, branch: Branch) -> Incoming:
        """Wait for the next message of the locker on this branch."""
        while (message := await self.cloud.take()).topic != build(LOCKER, branch):
            pass
        return message


@asynccontextmanager
async def place(folder: Path, make: Callable[[Setup], Proxy]) -> AsyncIterator[Place]:
    setup = set_up(SetupWish(directory=folder / "broker", port=free_port(), domain=DOMAIN), datetime.now(UTC))
    bundle = folder / "lockers" / LOCKER
    async with running(Broker(setup.place, random.Random(1))), make(setup) as proxy, asyncio.timeout(SOON_S * 2):
        PaperCloud(folder / "broker" / "authority", broker=proxy.near).enrol(LOCKER, small_layout(), bundle)
        link = MqttLink(_cloud(setup), random.Random(2))
        async with started(link):
            stand = LockerPlace(bundle=bundle, data=folder / "data", reconnect=AT_ONCE)
            async with SimulatedLocker(stand) as locker:
                yield Place(proxy, Reader(link), locker)


def _cloud(setup: Setup) -> MqttSettings:
    filters = tuple((name, 1) for name in cloud_filters())
    there, tls = setup.place, setup.services["cloud"]
    return MqttSettings(client_id="cloud", subscriptions=filters, host=there.host, port=there.port, tls=tls)


def _sealed(folder: Path, mangle: Callable[[Packet, Way], Sequence[Packet]]) -> Callable[[Setup], Proxy]:
    def make(setup: Setup) -> Proxy:
        ends = seals(folder / "broker", folder / "lockers", datetime.now(UTC))
        return Proxy((setup.place.host, setup.place.port), mangle=mangle, seals=ends)

    return make


async def test_with_the_keys_it_reads_and_alters_what_a_locker_says(tmp_path: Path) -> None:
    def backwards(packet: Packet, way: Way) -> Sequence[Packet]:
        if packet.kind != Kind.PUBLISH or way is Way.DOWN:
            return (packet,)
        said = Publish.read(packet)
        return (replace(said, payload=said.payload[::-1]).packet(),)

    async with place(tmp_path, _sealed(tmp_path, backwards)) as here:
        altered = (await here.word(Branch.STATE)).payload
        assert {one.name for one in here.proxy.connections} == {LOCKER}
        here.proxy.mangle = unaltered
        here.proxy.tear()
        head = altered[::-1][:8]
        assert altered[:8] != head
        # Whatever else was said backwards may still be on its way.
        while (await here.word(Branch.STATE)).payload[:8] != head:
            pass


async def test_what_it_injects_is_refused_and_the_locker_stays_reachable(tmp_path: Path) -> None:
    async with place(tmp_path, _sealed(tmp_path, unaltered)) as here:
        await here.word(Branch.STATE)
        forged = Publish(topic=build(LOCKER, Branch.COMMAND), payload=b"open everything", qos=0)
        assert await here.proxy.inject(forged.packet(), Way.DOWN, LOCKER) == 1
        uplink = here.locker.agent.uplink
        assert uplink is not None
        await until(lambda: uplink.inbox.refused, "the forged message to be refused")
        assert uplink.link.status is LinkStatus.CONNECTED


async def test_without_the_keys_the_link_passes_unseen_and_can_only_be_cut(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def peep(packet: Packet, _way: Way) -> Sequence[Packet]:
        seen.append(packet.raw)
        return (packet,)

    def make(setup: Setup) -> Proxy:
        return Proxy((setup.place.host, setup.place.port), mangle=peep, blind=True)

    async with place(tmp_path, make) as here:
        await here.word(Branch.STATE)
        here.proxy.tear()
        await until(lambda: here.proxy.made > 1, "the locker to connect again")
        await here.word(Branch.STATE)
        assert not any(b"lm/v1" in raw for raw in seen)
