"""The cable between one simulated locker and its broker: a TCP forwarder that can be cut for real and mended again.

Nothing in the agent is told about it. A cut is what the agent's sockets see: torn connections, or a silence in which
everything is taken and nothing arrives, as behind a dead modem.
"""

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from typing import Self

CHUNK_BYTES = 64 * 1024
LOOPBACK = "127.0.0.1"
CONNECTIONS_MAX = 16  # an agent has one; a few more are old ones whose end has not been noticed yet

_NO_LINGER = struct.pack("ii", 1, 0)  # SO_LINGER with 0 s: closing sends RST, as a machine does that has gone


class Cut(StrEnum):
    """How a cable fails."""

    RESET = "reset"
    """Both ends learn it at once: connections are reset, new ones torn as soon as they are made."""
    SILENT = "silent"
    """Nobody learns it: connections stand, and nothing passes until the cable is mended."""


class Cable:
    """Forwards ``port`` on loopback to a broker. Use as an async context manager."""

    def __init__(self, host: str, port: int) -> None:
        """Lead to the broker at ``host``:``port``; nothing is opened before the block begins."""
        self._far = (host, port)
        self._open = asyncio.Event()
        self._open.set()
        self._cut: Cut | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self.bytes_passed = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._server is not None:
            self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    @property
    def near(self) -> tuple[str, int]:
        """Where the locker connects to: host and port."""
        if self._server is None:
            raise RuntimeError("the cable is not laid yet: use it as a context manager")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def is_cut(self) -> bool:
        return self._cut is not None

    def cut(self, how: Cut = Cut.RESET) -> None:
        """Cut it; a second cut of the other kind replaces the first."""
        self._cut = how
        if how is Cut.SILENT:
            self._open.clear()
            return
        self._open.set()
        for writer in tuple(self._writers):
            tear(writer)

    def restore(self) -> None:
        """Mend it; what a silent cut held back passes now, as it would after TCP's own repetitions."""
        self._cut = None
        self._open.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut is Cut.RESET or len(self._handlers) >= CONNECTIONS_MAX:
            tear(writer)
            return
        task = asyncio.current_task()
        if task is not None:
            self._handlers.add(task)
            task.add_done_callback(self._handlers.discard)
        await self._forward(reader, writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways until one end or the cable gives up."""
        self._writers.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            await self._open.wait()
            far_reader, far = await asyncio.open_connection(*self._far)
            self._writers.add(far)
            ways = (self._carry(reader, far), self._carry(far_reader, writer))
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in tasks:
                    one.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except OSError:
            pass  # the broker is away: the locker sees its connection end, as it would
        finally:
            self._hang_up(writer, far)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK_BYTES):
            await self._open.wait()
            sink.write(data)
            await sink.drain()
            self.bytes_passed += len(data)

    def _hang_up(self, *writers: asyncio.StreamWriter | None) -> None:
        for writer in writers:
            if writer is not None:
                self._writers.discard(writer)
                writer.close()


def tear(writer: asyncio.StreamWriter) -> None:
    """End a connection without a goodbye."""
    line = writer.get_extra_info("socket")
    if line is not None:
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
