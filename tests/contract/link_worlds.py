"""Two wires for one contract: a real mosquitto behind cuttable TCP proxies, and the broker in memory."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from contract.link import Incoming, Link, LinkStatus
from contract.link_settings import LinkSettings, Reconnect
from contract.memory_link import MemoryBroker, MemoryLink
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings
from provisioning.broker import Broker, BrokerPlace, running

SOON_S = 60.0  # a limit for a broken wire, not a measurement
# The waits must be able to grow: two rivals that both wait less than a connection takes cut each other off for ever.
QUICK = Reconnect(min_s=0.01, first_s=0.02, max_s=0.5)
# Below those that Linux and macOS give to whoever asks for any: a program that starts slowly still finds its port free.
PORTS = range(20_000, 32_000)

_given: set[int] = set()


def free_port() -> int:
    """Return a port that nobody has, and that nobody but a caller of this function is given."""
    chance = random.SystemRandom()
    while True:
        port = chance.choice(PORTS)
        if port in _given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port


@dataclass
class Proxy:
    """TCP in the middle: forwards, records what clients sent, and can be unplugged."""

    target: int
    port: int = field(default_factory=free_port)
    sent: bytearray = field(default_factory=bytearray)
    _server: asyncio.Server | None = None
    _streams: list[asyncio.StreamWriter] = field(default_factory=list)

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)

    async def unplug(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        for stream in self._streams:
            stream.transport.abort()
        self._streams.clear()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.append(writer)
        try:
            behind, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._streams.append(onward)
        await asyncio.gather(self._pump(reader, onward, self.sent), self._pump(behind, writer, bytearray()))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, record: bytearray) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                record += chunk
                sink.write(chunk)
                await sink.drain()
        sink.close()


class LinkWorld(Protocol):
    """What the contract's tests need of a wire."""

    async def link(self, settings: LinkSettings) -> Link: ...

    async def unplug(self, client_id: str) -> None: ...

    async def plug_in(self, client_id: str) -> None: ...


@dataclass
class MemoryWorld:
    broker: MemoryBroker = field(default_factory=MemoryBroker)

    async def link(self, settings: LinkSettings) -> Link:
        return MemoryLink(self.broker, replace(settings, reconnect=QUICK), random.Random(1))

    async def unplug(self, client_id: str) -> None:
        self.broker.unplug(client_id)

    async def plug_in(self, client_id: str) -> None:
        self.broker.plug_in(client_id)


@dataclass
class MqttWorld:
    broker: Broker
    proxies: dict[str, Proxy] = field(default_factory=dict)

    async def link(self, settings: LinkSettings) -> MqttLink:
        if settings.client_id not in self.proxies:
            self.proxies[settings.client_id] = Proxy(self.broker.place.port)
            await self.proxies[settings.client_id].plug_in()
        return MqttLink(self.settings(settings), random.Random(1))

    def settings(self, settings: LinkSettings) -> MqttSettings:
        return MqttSettings(
            client_id=settings.client_id,
            subscriptions=settings.subscriptions,
            will=settings.will,
            birth=settings.birth,
            identity_topic=settings.identity_topic,
            keepalive_s=settings.keepalive_s,
            reconnect=QUICK,
            host="127.0.0.1",
            port=self.proxies[settings.client_id].port,
        )

    async def unplug(self, client_id: str) -> None:
        await self.proxies[client_id].unplug()

    async def plug_in(self, client_id: str) -> None:
        await self.proxies[client_id].plug_in()


@contextlib.asynccontextmanager
async def mqtt_world(directory: Path) -> AsyncIterator[MqttWorld]:
    """Start a plain mosquitto of our own, persistent as the product's is."""
    port = free_port()
    config = directory / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nuser root\n"
        f"persistence true\npersistence_location {directory}/\nautosave_interval 1\nautosave_on_changes true\n"
        "log_dest stderr\n"
    )
    async with running(Broker(BrokerPlace(config=config, port=port), random.Random(1))) as broker:
        world = MqttWorld(broker)
        try:
            yield world
        finally:
            for proxy in world.proxies.values():
                await proxy.unplug()


async def reaches(link: Link, status: LinkStatus) -> None:
    """Wait until ``link`` has the given status."""
    reached = asyncio.Event()

    def look(_status: LinkStatus) -> None:
        if link.status is status:
            reached.set()

    link.on_status(look)
    look(link.status)
    async with asyncio.timeout(SOON_S):
        await reached.wait()


@contextlib.asynccontextmanager
async def started(link: Link) -> AsyncIterator[Link]:
    """Run ``link`` for the length of the block, connected at its beginning."""
    task = asyncio.create_task(link.run())
    try:
        await reaches(link, LinkStatus.CONNECTED)
        yield link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Reader:
    """Takes messages one by one, with a limit so that a silent wire fails the test."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._messages = link.messages()
        self._waiting: asyncio.Future[Incoming] | None = None

    async def take(self, *, acknowledging: bool = True) -> Incoming:
        message = await self._next()
        if acknowledging:
            self._link.acknowledge(message)
        return message

    async def payloads(self, count: int) -> list[bytes]:
        return [(await self.take()).payload for _ in range(count)]

    def peek(self) -> asyncio.Future[Incoming]:
        """Return the coming message as a future; ``take`` will return the same one."""
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(anext(self._messages))
        return self._waiting

    async def _next(self) -> Incoming:
        waiting = self.peek()
        self._waiting = None
        async with asyncio.timeout(SOON_S):
            return await waiting
