"""The product's commands as an operator starts them: real processes that are begun, frozen, killed and ended by pid."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

BIN = Path(sys.executable).parent
SOON_S = 120.0  # a limit for a broken product on a busy machine, not a measurement
RISE_S = 400.0  # the same for a program that starts: four seconds of a core, on a machine with fifty things to do
LOOK_EVERY_S = 0.05
STOP_S_MAX = 90.0

Found = TypeVar("Found")


class NeverError(AssertionError):
    """Something that was waited for did not come; the message says what, and what was seen last."""


async def until(look: Callable[[], Found], what: str, within_s: float = SOON_S) -> Found:
    """Look again and again until what is seen is true, and return it; raises ``NeverError``."""

    async def ask() -> Found:
        return look()

    return await until_told(ask, what, within_s)


async def until_told(ask: Callable[[], Awaitable[Found]], what: str, within_s: float = SOON_S) -> Found:
    """Ask again and again until the answer is true, and return it; raises ``NeverError``."""
    ends_s = time.monotonic() + within_s
    while not (found := await ask()):
        if time.monotonic() >= ends_s:
            raise NeverError(f"waited {within_s:.0f} s for {what}; saw {found!r} last")
        await asyncio.sleep(LOOK_EVERY_S)
    return found


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; it may vanish between two questions, and a zombie has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass(slots=True)
class Program:
    """One command of the product. Everything it and its children say goes to ``log``, over all its lives."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: dict[int, psutil.Process] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Begin a life of it. Should the test itself be killed, the kernel ends the program too."""
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*guard, str(BIN / self.command[0]), *self.command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
            )
        self.family()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise NeverError(f"{self.name} was never started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return the process and all its children, and remember them: in the end none may be left."""
        if not self.is_running:
            return []
        own = psutil.Process(self.pid)
        found = [own, *own.children(recursive=True)]
        self.seen |= {one.pid: one for one in found}
        return found

    def child(self, name: str) -> psutil.Process:
        """Return the child with this name; raises ``NeverError``."""
        found = [one for one in self.family() if one.name() == name]
        if not found:
            raise NeverError(f"{self.name} has no child {name}")
        return found[0]

    def freeze(self) -> None:
        """Stop it where it stands, as a machine does that swaps itself to death."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """``kill -9``: no goodbye, nothing flushed."""
        self.family()
        os.kill(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(STOP_S_MAX)

    def stop(self) -> int:
        """End it in an orderly way and return its exit code; what does not listen is killed, which the code shows."""
        if self._process is None:
            return 0
        self.family()
        if self.is_running:
            self.thaw()
            self._process.terminate()
        try:
            return self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def left(self) -> list[psutil.Process]:
        """Return those of its processes, of all its lives, that are still there."""
        return [one for one in self.seen.values() if is_alive(one)]


async def run(
    name: str,
    *arguments: str,
    say: str = "",
    environment: Mapping[str, str] | None = None,
    within_s: float = SOON_S,
) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / name),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "250", **(environment or {})},
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(say.encode()), within_s)
    except TimeoutError:
        process.terminate()  # it ends what it has started
        await process.wait()
        raise
    return process.returncode or 0, out.decode()
