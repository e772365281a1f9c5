"""``latchmile-broker`` as a person runs it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from contract.mqtt_settings import TlsFiles
from contract.mqtt_wire import open_wire
from tests.contract.link_worlds import free_port


@contextlib.contextmanager
def command(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioning.app", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def child(process: "subprocess.Popen[str]") -> psutil.Process:
    (mosquitto,) = psutil.Process(process.pid).children()
    return mosquitto


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    with command("--dir", str(tmp_path), "--port", str(port), "--name", "broker.example.org") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"broker ready on 127.0.0.1:{port}")
        cloud = TlsFiles(tmp_path / "root.crt", tmp_path / "cloud.crt", tmp_path / "cloud.key")
        (await open_wire("localhost", port, cloud)).close()
        mosquitto = child(process)

        process.send_signal(number)

        assert process.wait(timeout=60) == 0
        assert not mosquitto.is_running()


def test_its_child_does_not_outlive_it(tmp_path: Path) -> None:
    with command("--dir", str(tmp_path), "--port", str(free_port())) as process:
        assert process.stdout is not None
        process.stdout.readline()
        mosquitto = child(process)

        os.kill(process.pid, signal.SIGKILL)

        mosquitto.wait(timeout=60)
    assert not mosquitto.is_running()


def test_it_says_why_it_cannot_begin(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    (tmp_path / "authority" / "issuing.crt").write_text("not a certificate")
    (tmp_path / "authority" / "root.crt").write_text("not a certificate")

    with command("--dir", str(tmp_path), "--port", str(free_port())) as process:
        _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.startswith("latchmile-broker: ")
    assert "Traceback" not in said
