"""``latchmile-broker`` and ``latchmile-cloud`` as a person runs them, each in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx

from tests.contract.link_worlds import free_port

READY = "cloud ready on"


class Service:
    """Use as a context manager; ``start`` may be called again after the cloud has ended."""

    def __init__(self, directory: Path) -> None:
        """Keep everything in ``directory``."""
        self.directory = directory
        self.port, self.broker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said: list[str] = []
        self._stack = ExitStack()
        self.cloud: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        broker = self._run("provisioning.app", "--dir", str(self.directory / "broker"), "--port", str(self.broker_port))
        assert broker.stdout is not None
        assert broker.stdout.readline().startswith("broker ready")
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def flags(self) -> list[str]:
        data, tls = str(self.directory / "cloud"), str(self.directory / "broker")
        ports = ["--port", str(self.port), "--broker-port", str(self.broker_port)]
        return ["--data", data, "--tls-dir", tls, *ports]

    def start(self, *flags: str) -> subprocess.Popen[str]:
        """Start the cloud and return when it is ready."""
        self.cloud = self._run("cloud.app", *self.flags(), *flags)
        assert self.cloud.stdout is not None
        self.said = []
        for line in self.cloud.stdout:
            self.said.append(line.strip())
            if line.startswith(READY):
                return self.cloud
        raise AssertionError(f"the cloud ended: {self.said}")

    def command(self, module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = (sys.executable, "-c", module, *arguments)
        surroundings = os.environ | {"COLUMNS": "200"} | environment
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env=surroundings)

    def secrets(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.directory / "cloud" / "first-start.json").read_text())
        return found

    def client(self) -> httpx.Client:
        """Return a client that may do everything."""
        key = self.secrets()["operator_key"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=120)

    def _run(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        log = self._stack.enter_context((self.directory / f"{module}.log").open("a"))
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        return process


def _end(process: "subprocess.Popen[str]") -> None:
    """Kill it and what it has started: a planner's worker sees that its cloud is gone only when it has warmed up."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
