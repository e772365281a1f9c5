"""The demo's folder: one demo at a time in it, its ports and what it has to remember for the next start."""

import fcntl
import json
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning.files import make_directory, write_atomically

FILE = "demo.json"
LOCK = "demo.lock"
LOOPBACK = "127.0.0.1"
PORT_NAMES = ("cloud", "mails", "simulator", "broker", "smtp")
TRIES_MAX = 50  # looking for a free port again; two in a row taken by others is rare enough
# Below those that a kernel gives to whoever asks for any: what starts seconds later still finds its port free.
PORTS = range(20_000, 32_000)


class DemoError(Exception):
    """The demo cannot run or go on; the message says what to do."""


@dataclass(slots=True)
class State:
    """``runs`` counts the starts; ``fetched`` are the barcodes their recipients have at home."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    fetched: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Write demo.json; nothing in it matters outside this machine, but passwords stand in it."""
        known = {
            "ports": self.ports,
            "runs": self.runs,
            "fetched": sorted(self.fetched),
            "secrets": self.secrets,
        }
        write_atomically(self.folder / FILE, json.dumps(known, indent=1).encode())

    def path(self, *parts: str) -> Path:
        """Return a folder inside, made if missing."""
        return make_directory(self.folder.joinpath(*parts))


@contextmanager
def opened(folder: Path, port_base: int) -> Iterator[State]:
    """Take the folder for this process; raises ``DemoError`` when another demo has it."""
    make_directory(folder)
    with (folder / LOCK).open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"another demo runs in {folder}; use another STATE_DIR, or end it first") from error
        state = _read(folder)
        state.runs += 1
        state.ports = _ports(state.ports, port_base)
        state.save()
        yield state


def _read(folder: Path) -> State:
    try:
        known: dict[str, Any] = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        return State(folder)
    except ValueError as error:
        raise DemoError(f"{folder / FILE} is damaged ({error}); make demo-reset begins anew") from error
    return State(
        folder,
        {str(name): int(port) for name, port in known.get("ports", {}).items()},
        int(known.get("runs", 0)),
        set(known.get("fetched", ())),
        dict(known.get("secrets", {})),
    )


def _ports(known: dict[str, int], base: int) -> dict[str, int]:
    """Return a free port for every name: those asked for, else those of last time, else any."""
    if base:
        wanted = {name: base + nth for nth, name in enumerate(PORT_NAMES)}
        taken = [str(port) for port in wanted.values() if not _is_free(port)]
        if taken:
            raise DemoError(f"ports {', '.join(taken)} are taken; use another PORT_BASE, or none")
        return wanted
    ports: dict[str, int] = {}
    for name in PORT_NAMES:
        last = known.get(name, 0)
        ports[name] = last if last and _is_free(last) else _free_port(set(ports.values()))
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_port(taken: set[int]) -> int:
    for _ in range(TRIES_MAX):
        port = random.SystemRandom().choice(PORTS)
        if port not in taken and _is_free(port):
            return port
    raise DemoError("this machine gives no free port")
