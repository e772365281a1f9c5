import asyncio
import os
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.errors import BoardSetupError
from edge.drivers.scanner import SCAN_CHARACTERS_MAX, SCANS_WAITING_MAX, FedScanner, LineSplitter, SerialScanner
from edge.drivers.wiring_records import ScannerWiring

LONG_ENOUGH_S = 60  # only ever waited out by a failing test


@contextmanager
def terminal() -> Iterator[tuple[int, Path]]:
    """Open a pair of pseudo terminals: the reader's end as a path, ours as a descriptor."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        yield ours, Path(os.ttyname(theirs))
    finally:
        for end in (ours, theirs):
            os.close(end)


@asynccontextmanager
async def scanner(device: Path) -> AsyncIterator[SerialScanner]:
    opened = SerialScanner(ScannerWiring(device, 9_600), asyncio.get_running_loop())
    try:
        yield opened
    finally:
        opened.close()


async def next_scan(scans: FedScanner) -> str:
    return await asyncio.wait_for(anext(aiter(scans)), LONG_ENOUGH_S)


async def test_what_is_scanned_comes_as_one_text() -> None:
    with terminal() as (wire, device):
        async with scanner(device) as scans:
            os.write(wire, b"LM1:6BFOXN\r\nJD014600003\r")
            assert await next_scan(scans) == "LM1:6BFOXN"
            assert await next_scan(scans) == "JD014600003"


async def test_a_scan_may_arrive_in_pieces() -> None:
    with terminal() as (wire, device):
        async with scanner(device) as scans:
            os.write(wire, b"LM1:6B")
            await asyncio.sleep(0)
            os.write(wire, b"FOX\n")
            assert await next_scan(scans) == "LM1:6BFOX"


async def test_a_scanner_that_is_pulled_out_ends_what_it_yields() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    async with scanner(Path(os.ttyname(theirs))) as scans:
        os.write(ours, b"LAST\n")
        assert await next_scan(scans) == "LAST"
        os.close(theirs)
        os.close(ours)
        async with asyncio.timeout(LONG_ENOUGH_S):
            assert [text async for text in scans] == []
        scans.close()


async def test_a_scanner_that_is_closed_ends_after_what_was_waiting() -> None:
    with terminal() as (_, device):
        async with scanner(device) as scans:
            taken = [scans.feed(f"S{n}") for n in range(SCANS_WAITING_MAX)]
            scans.close()
            assert len([text async for text in scans]) == len(taken)


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    with pytest.raises(BoardSetupError, match="ttyACM9"):
        SerialScanner(ScannerWiring(tmp_path / "ttyACM9", 9_600), loop)
    loop.close()


async def test_a_device_that_is_no_port_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "file"
    plain.touch()
    with pytest.raises(BoardSetupError):
        SerialScanner(ScannerWiring(plain, 9_600), asyncio.get_running_loop())


async def test_a_camera_may_feed_scans_too() -> None:
    scans = FedScanner()
    assert scans.feed("LM1:1")
    assert await next_scan(scans) == "LM1:1"


async def test_what_piles_up_or_is_no_code_is_not_taken() -> None:
    scans = FedScanner()
    assert not scans.feed("")
    assert not scans.feed("x" * (SCAN_CHARACTERS_MAX + 1))
    assert [scans.feed("x") for _ in range(SCANS_WAITING_MAX + 1)] == [True] * SCANS_WAITING_MAX + [False]


def test_an_endless_line_is_dropped_whole_and_the_next_one_is_read() -> None:
    splitter = LineSplitter()
    assert splitter.split(b"x" * (SCAN_CHARACTERS_MAX + 50)) == []
    assert splitter.split(b"xx\nA\n") == ["A"]


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), max_size=5), st.data())
def test_how_the_bytes_are_cut_changes_nothing(texts: list[str], data: st.DataObject) -> None:
    stream = "".join(f"{text}\r\n" for text in texts).encode()
    cut = data.draw(st.integers(0, len(stream)))
    splitter = LineSplitter()
    assert splitter.split(stream[:cut]) + splitter.split(stream[cut:]) == texts
