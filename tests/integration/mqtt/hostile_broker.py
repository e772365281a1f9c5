"""A broker that misbehaves to order: it takes a connection, answers CONNECT, and then does what the script says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from contract.mqtt_settings import MqttSettings
from tests.contract.link_worlds import QUICK, SOON_S

CONNACK = bytes.fromhex("2003 00 00 00")
CONNACK_NOT_AUTHORISED = bytes.fromhex("2003 00 87 00")
CONNACK_NO_KEEPALIVE = bytes.fromhex("2006 00 00 03 13 0000")
CONNACK_ONE_AT_A_TIME = bytes.fromhex("2006 00 00 03 21 0001")
DISCONNECT_TAKEN_OVER = bytes.fromhex("e001 8e")
PUBLISH = 0x30
PUBACK = 0x40


@dataclass
class Peer:
    """The link as this broker sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def packet(self) -> tuple[int, bytes]:
        """Return the next packet's kind (upper half of its first byte) and body; all of ours are below 128 bytes."""
        kind, size = await self.reader.readexactly(2)
        return kind & 0xF0, await self.reader.readexactly(size)

    def send(self, packet: bytes) -> None:
        self.writer.write(packet)

    def puback(self, mid: bytes) -> None:
        self.send(bytes([PUBACK, 2]) + mid)


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class HostileBroker:
    script: Script
    connack: bytes = CONNACK
    port: int = 0
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def seen(self, connections: int) -> None:
        """Wait until the link has connected so often."""
        async with asyncio.timeout(SOON_S), self._changed:
            await self._changed.wait_for(lambda: self.connections >= connections)

    def settings(self, keepalive_s: int = 30, connect_s_max: float = 10.0) -> MqttSettings:
        return MqttSettings(
            client_id="victim",
            host="127.0.0.1",
            port=self.port,
            reconnect=QUICK,
            keepalive_s=keepalive_s,
            connect_s_max=connect_s_max,
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._changed:
            self.connections += 1
            self._changed.notify_all()
        self.writers.append(writer)
        peer = Peer(reader, writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await peer.packet()
            peer.send(self.connack)
            await self.script(peer)
        writer.close()


async def silence(peer: Peer) -> None:
    """Take everything and never say a word."""
    await peer.reader.read()


@contextlib.asynccontextmanager
async def hostile(script: Script, connack: bytes = CONNACK) -> AsyncIterator[HostileBroker]:
    broker = HostileBroker(script, connack)
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for writer in broker.writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in broker.writers), return_exceptions=True)
