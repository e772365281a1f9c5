"""The cable is cut for real: sockets tear or fall silent, and come back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from firmware_sim.network import Cable, Cut

LONG_ENOUGH_S = 60  # only ever waited out by a failing test


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
    writer.close()


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Cable("127.0.0.1", port) as laid:
        yield laid
    server.close()


async def say(cable: Cable, word: bytes) -> bytes:
    """Open a connection, say a word, return the answer."""
    reader, writer = await asyncio.open_connection(*cable.near)
    writer.write(word)
    async with asyncio.timeout(LONG_ENOUGH_S):
        answer = await reader.read(1024)
    writer.close()
    return answer


async def test_a_sound_cable_carries_both_ways(cable: Cable) -> None:
    assert await say(cable, b"hello") == b"hello"
    assert cable.bytes_passed == 10


async def test_a_cut_tears_what_is_open(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection(*cable.near)
    writer.write(b"hello")
    assert await reader.read(1024) == b"hello"
    cable.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1024)


async def test_nobody_gets_through_a_cut_cable(cable: Cable) -> None:
    cable.cut()
    try:
        answer = await say(cable, b"hello")
    except ConnectionError:
        answer = b""
    assert answer == b""


async def test_a_mended_cable_carries_again(cable: Cable) -> None:
    cable.cut()
    cable.restore()
    assert await say(cable, b"hello") == b"hello"


async def test_a_silent_cut_holds_back_and_delivers_after_the_mending(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection(*cable.near)
    writer.write(b"one")
    assert await reader.read(1024) == b"one"
    cable.cut(Cut.SILENT)
    writer.write(b"two")
    passed = cable.bytes_passed
    await asyncio.sleep(0)
    assert cable.bytes_passed == passed
    cable.restore()
    async with asyncio.timeout(LONG_ENOUGH_S):
        assert await reader.read(1024) == b"two"
    writer.close()


async def test_a_broker_that_is_away_looks_like_an_end() -> None:
    async with Cable("127.0.0.1", 1) as cable:
        reader, writer = await asyncio.open_connection(*cable.near)
        assert await reader.read(1024) == b""
        writer.close()
