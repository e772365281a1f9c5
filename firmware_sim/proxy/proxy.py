"""The proxy itself: every connection is carried both ways, packet by packet, through a mangle and the weather.

::

    locker -- TLS or TCP --> Proxy: Cutter > mangle > Weather -- TLS or TCP --> broker

Without seals TLS passes unseen, in pieces instead of packets: those can be delayed and cut off, but not altered.
"""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from firmware_sim.network import CHUNK_BYTES, LOOPBACK, tear
from firmware_sim.proxy.framing import Cutter, FramingError, Packet, Way
from firmware_sim.proxy.seals import Seals, name_of
from firmware_sim.proxy.weather import Fate, Weather

CONNECTIONS_MAX = 256  # sixty lockers, each with a few connections whose end nobody has noticed yet
CONNECT_S_MAX = 10.0  # as the link's own patience
STOP_S_MAX = 1.0  # torn connections end at once; only one that is being made may still wait for a dead broker

_log = logging.getLogger(__name__)

Mangle = Callable[[Packet, Way], Sequence[Packet]]


def unaltered(packet: Packet, _way: Way) -> Sequence[Packet]:
    """Be a mangle that does nothing."""
    return (packet,)


@dataclass(slots=True, eq=False)
class Connection:
    """One connection of ``name`` (nothing when TLS passes unseen), with a writer for each way."""

    name: str
    writers: dict[Way, asyncio.StreamWriter]
    closed: set[Way] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, packet: Packet, way: Way) -> None:
        """Write as if the other end had; what goes a way that is closed is gone."""
        if way not in self.closed:
            self.writers[way].write(packet.raw)
            await self.writers[way].drain()

    def close(self, *ways: Way) -> None:
        """Let nothing more pass these ways, and tell nobody."""
        self.closed.update(ways)

    def half_close(self, way: Way) -> None:
        """End one way with a FIN, below TLS, as a router does that has lost half of its memory."""
        self.close(way)
        line: socket.socket | None = self.writers[way].get_extra_info("socket")
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_WR)

    def tear(self) -> None:
        """Reset both ends, unless they have gone already: a loss tears later, and much may happen meanwhile."""
        if self.over.is_set():
            return
        self.over.set()
        for writer in self.writers.values():
            tear(writer)


class Proxy:
    """Serves a free port of loopback. Use as an async context manager."""

    def __init__(
        self,
        broker: tuple[str, int],
        *,
        weather: Weather | None = None,
        mangle: Mangle = unaltered,
        seals: Seals | None = None,
        blind: bool = False,
    ) -> None:
        """Lead to the ``broker``'s host and port; nothing is opened before the block begins.

        With ``seals`` TLS ends here on both sides; without them the wire is plain TCP, or TLS that passes unseen:
        then be ``blind``. ``broker``, ``weather`` and ``mangle`` may be replaced at any time.
        """
        self.broker = broker
        self.weather = weather or Weather(random.Random(0))
        self.mangle = mangle
        self.blind = blind
        self.connections: set[Connection] = set()
        self.made = 0
        self._seals = seals
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        context = self._seals.server if self._seals else None
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0, ssl=context)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._server is not None:
            self._server.close()
        self.tear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_S_MAX)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def near(self) -> tuple[str, int]:
        """Where lockers connect to: host and port."""
        if self._server is None:
            raise RuntimeError("the proxy does not stand yet: use it as a context manager")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def tear(self) -> None:
        """Reset every connection."""
        for connection in tuple(self.connections):
            connection.tear()

    async def inject(self, packet: Packet, way: Way, name: str = "") -> int:
        """Send ``packet`` over every connection, or those of ``name``; return over how many."""
        chosen = [one for one in self.connections if not name or one.name == name]
        for one in chosen:
            await one.send(packet, way)
        return len(chosen)

    # ------------------------------------------------------------------ connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= CONNECTIONS_MAX:
            tear(writer)
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            name = name_of(writer.get_extra_info("ssl_object")) if self._seals else ""
            async with asyncio.timeout(CONNECT_S_MAX):
                behind, onward = await self._reach(name)
        except (OSError, TimeoutError) as error:
            _log.info("proxy_broker_away", extra={"error": str(error)})
            tear(writer)
            return
        connection = Connection(name, {Way.UP: onward, Way.DOWN: writer})
        await self._live(connection, {Way.UP: reader, Way.DOWN: behind})

    async def _reach(self, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.broker
        if self._seals is None:
            return await asyncio.open_connection(host, port)
        return await asyncio.open_connection(host, port, ssl=self._seals.client(name), server_hostname=host)

    async def _live(self, connection: Connection, readers: dict[Way, asyncio.StreamReader]) -> None:
        self.made += 1
        self.connections.add(connection)
        ways = [asyncio.create_task(self._carry(connection, readers[way], way)) for way in Way]
        over = asyncio.create_task(connection.over.wait())
        try:
            # One end's goodbye ends a connection, but not a half-close of ours: the other way is to go on.
            await asyncio.wait([over, *ways], return_when=asyncio.FIRST_COMPLETED)
        finally:
            connection.over.set()
            self.connections.discard(connection)
            for one in (over, *ways):
                one.cancel()
            await asyncio.gather(over, *ways, return_exceptions=True)
            for writer in connection.writers.values():
                writer.close()

    async def _carry(self, connection: Connection, source: asyncio.StreamReader, way: Way) -> None:
        cut: Callable[[bytes], list[Packet]] = (lambda data: [Packet(data)]) if self.blind else Cutter()
        try:
            while data := await source.read(CHUNK_BYTES):
                for packet in cut(data):
                    for one in self.mangle(packet, way):
                        await self._pass(connection, one, way)
        except FramingError as error:
            _log.warning("proxy_framing", extra={"way": str(way), "error": str(error)})
            connection.tear()
        except OSError:
            pass  # one end has gone: the other learns it by the end of its own connection

    # ------------------------------------------------------------------ weather

    async def _pass(self, connection: Connection, packet: Packet, way: Way) -> None:
        """See one packet through the weather."""
        if way in connection.closed:
            return
        fate = self.weather.fate(packet, blind=self.blind)
        if fate in (Fate.DELAYED, Fate.STALLED):
            await asyncio.sleep(self.weather.seconds(fate))
        if fate in (Fate.PASSED, Fate.DELAYED, Fate.STALLED, Fate.DOUBLED):
            await connection.send(packet, way)
        if fate is Fate.DOUBLED:
            await connection.send(packet, way)
        elif fate is Fate.HALF_CLOSED:
            connection.half_close(way)
        elif fate is Fate.RESET:
            connection.tear()
        elif fate in (Fate.LOST, Fate.BLACK_HOLE):
            connection.close(*((way,) if fate is Fate.LOST else Way))
            asyncio.get_running_loop().call_later(self.weather.seconds(fate), connection.tear)
