import asyncio
import logging
import socket
import sys
from pathlib import Path

import pytest

from edge import health
from edge.logs import FactsFormatter


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(0.0)
    return listener


def test_systemd_is_told(systemd: socket.socket) -> None:
    assert health.notify("READY=1", {"NOTIFY_SOCKET": systemd.getsockname()})
    assert systemd.recv(100) == b"READY=1"
    systemd.close()


def test_an_abstract_socket_is_reached() -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("")  # the kernel picks an abstract name
    address = "@" + listener.getsockname()[1:].decode()
    assert health.notify("READY=1", {"NOTIFY_SOCKET": address})
    assert listener.recv(100) == b"READY=1"
    listener.close()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_nobody_listening_is_no_error(environment: dict[str, str]) -> None:
    assert not health.notify("READY=1", environment)


@pytest.mark.parametrize(("usec", "patience"), [("30000000", 30.0), ("", None), ("0", None), ("soon", None)])
def test_the_watchdogs_patience_is_systemds(usec: str, patience: float | None) -> None:
    assert health.watchdog_s({"WATCHDOG_USEC": usec}) == patience


async def test_pings_stop_when_the_loop_does_not_turn(systemd: socket.socket) -> None:
    alive = [True, True, False, False, False]
    answers = iter(alive)
    done = asyncio.Event()

    def is_alive() -> bool:
        answer = next(answers, None)
        if answer is None:
            done.set()
        return bool(answer)

    environment = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "3000"}
    watching = asyncio.create_task(health.watch(is_alive, environment))
    await done.wait()
    watching.cancel()
    pings = [systemd.recv(100) for _ in range(alive.count(True))]
    assert pings == [b"WATCHDOG=1"] * alive.count(True)
    with pytest.raises(BlockingIOError):  # and not one more
        systemd.recv(100)
    systemd.close()


def test_the_process_has_a_weight() -> None:
    assert health.resident_bytes() > 1_000_000


def test_a_line_of_the_log_is_a_name_and_its_facts() -> None:
    record = logging.makeLogRecord({"msg": "store_failed", "levelname": "ERROR", "fact": "disk_full"})
    assert FactsFormatter().format(record) == "error store_failed fact='disk_full'"


def test_a_traceback_follows_its_line() -> None:
    try:
        raise KeyError("x")  # noqa: TRY301 - the traceback is what is wanted
    except KeyError:
        record = logging.makeLogRecord({"msg": "broke", "levelname": "ERROR", "exc_info": sys.exc_info()})
    assert FactsFormatter().format(record).splitlines()[-1] == "KeyError: 'x'"
