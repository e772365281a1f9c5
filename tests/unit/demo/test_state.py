"""The demo's folder: kept between starts, and for one demo at a time."""

import socket
from pathlib import Path

import pytest

from demo.state import FILE, PORT_NAMES, DemoError, opened


def test_the_next_start_finds_its_ports_and_counts(tmp_path: Path) -> None:
    with opened(tmp_path, 0) as first:
        first.fetched.add("LM1")
        first.save()
    with opened(tmp_path, 0) as second:
        assert (second.ports, second.runs, second.fetched) == (first.ports, 2, {"LM1"})
    assert sorted(second.ports) == sorted(PORT_NAMES)


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with opened(tmp_path, 0), pytest.raises(DemoError, match="another demo"), opened(tmp_path, 0):
        pass


def test_a_port_that_somebody_else_has_is_exchanged(tmp_path: Path) -> None:
    with opened(tmp_path, 0) as first:
        lost = first.ports["cloud"]
    with socket.create_server(("127.0.0.1", lost)), opened(tmp_path, 0) as second:
        assert second.ports["cloud"] != lost


def test_a_port_that_was_asked_for_and_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=str(port)), opened(tmp_path, port):
            pass


def test_a_damaged_memory_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(DemoError, match="demo-reset"), opened(tmp_path, 0):
        pass
