"""Runs a solver in a process of its own: its memory is its own, and one that overruns is ended alone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE_S = 0.2  # between two looks at the memory: what is held for less than that is missed
LAST_WORDS = 2_000  # characters of a failed child's complaint that are kept
MIB = 1024 * 1024

Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """``said`` are the lines the child wrote, as JSON; ``memory_mb`` the peak of it and all its children together."""

    said: tuple[Said, ...]
    seconds: float
    memory_mb: int
    error: str = ""


def run(module: str, ask: Said, limit_s: float, beat: Callable[[], None] | None = None) -> Ended:
    """Start ``python -m module``, hand it ``ask`` as JSON and wait until it ends or is ended at the limit."""
    return run_all(module, [ask], limit_s, beat)[0]


def run_all(
    module: str, asks: Sequence[Said], limit_s: float, beat: Callable[[], None] | None = None
) -> tuple[Ended, ...]:
    """Start a process for each of ``asks``, all at once; ``beat`` is called at every look at their memory."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_child(module, ask)) for ask in asks]
        while any(child.process.poll() is None for child in children):
            if time.monotonic() - began > limit_s:
                for child in children:
                    child.end(f"ended after {limit_s:.0f} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                next(child for child in children if child.ended is None).process.wait(SAMPLE_S)
            for child in children:
                child.look(began)
            if beat is not None:
                beat()
        for child in children:
            child.look(began)
        return tuple(child.result() for child in children)


@dataclass(slots=True, eq=False)
class _Child:
    process: subprocess.Popen[str]
    output: Any
    complaints: Any
    peak: int = 0
    ended: float | None = None
    why: str = ""

    def look(self, began: float) -> None:
        """Note how much memory is held now, or when the process ended."""
        if self.ended is None:
            self.peak = max(self.peak, held(self.process.pid))
            if self.process.poll() is not None:
                self.ended = time.monotonic() - began

    def end(self, why: str) -> None:
        """Kill the process and everything it started."""
        if self.process.poll() is None:
            self.why = why
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def result(self) -> Ended:
        self.output.seek(0)
        said = tuple(_lines(self.output.read()))
        error = self.why
        if self.process.returncode and not error:
            self.complaints.seek(0)
            error = f"exit {self.process.returncode}: {self.complaints.read()[-LAST_WORDS:].strip()}"
        own = max((int(one.get("memory_mb", 0)) for one in said), default=0)
        return Ended(said, self.ended or 0.0, max(own, self.peak // MIB), error)


@contextlib.contextmanager
def _child(module: str, ask: Said) -> Any:
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as complaints,
    ):
        json.dump(ask, given)
        given.flush()
        given.seek(0)
        process = subprocess.Popen(
            (sys.executable, "-P", "-m", module),
            stdin=given,
            stdout=output,
            stderr=complaints,
            text=True,
            start_new_session=True,
        )
        child = _Child(process, output, complaints)
        try:
            yield child
        finally:
            child.end("left behind")
            process.wait()


def _lines(text: str) -> list[Said]:
    """Return what can be read; the last line of a killed child may be torn."""
    said = []
    for line in text.splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            said.append(json.loads(line))
    return said


def held(pid: int) -> int:
    """Return the bytes a process and its children hold together; what several of them share is counted once."""
    own, shared = 0, 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory = one.memory_full_info()
                own += memory.uss
                shared = max(shared, memory.rss - memory.uss)
    return own + shared


def own_peak_mb() -> int:
    """Return the most this process itself has held so far (VmHWM; ru_maxrss would count what the parent held)."""
    with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123 - a file of the kernel
        for line in lines:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0
