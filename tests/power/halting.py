"""Runs a command in a copy of this process and takes the power away before or after one of its system calls.

The calls are counted by the interpreter's own profiling hook, so what runs is the shipped code, unchanged. What stays
on the card is what a card may keep: everything, only what was flushed, or names whose contents had not arrived.
"""

import contextlib
import gc
import io
import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from types import BuiltinMethodType, FrameType
from typing import Any, NoReturn

import msgspec

FILE_CALLS = frozenset({"open", "mkdir", "fsync", "replace", "unlink"})  # of the module posix
SOCKET_CALLS = frozenset({"sendall", "recv_into"})
WRITES = frozenset({"write"})


class Leaves(StrEnum):
    """What is on the card afterwards."""

    ALL = "the process was killed"
    FLUSHED = "the power went, what was not flushed is gone"
    TORN = "the power went, names arrived and half of what was not flushed"


class Halt(msgspec.Struct, frozen=True):
    """Stop at the ``at``-th moment (0: never); no file may grow past ``file_bytes_max`` (-1: any may)."""

    at: int = 0
    leaves: Leaves = Leaves.ALL
    file_bytes_max: int = resource.RLIM_INFINITY


class Told(msgspec.Struct, frozen=True):
    """How the copy ended: with ``code`` and what it ``said``, or halted at ``moment``."""

    code: int
    said: str = ""
    moment: str = ""


class Card:
    """What of a folder has been flushed, and what a power cut would leave of it."""

    def __init__(self, root: Path) -> None:
        """Begin with a folder all of which was flushed long ago."""
        self.root = root
        self.contents: dict[int, bytes] = {}
        self.names: dict[Path, dict[str, int]] = {}
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            for path in folder.iterdir():
                if path.is_file():
                    self.flushed(path)
            self.flushed(folder)

    def flushed(self, path: Path) -> None:
        """Note what is safe from now on: a file's bytes, or a folder's names."""
        if path.is_dir():
            self.names[path] = {one.name: one.stat().st_ino for one in path.iterdir()}
        else:
            self.contents[path.stat().st_ino] = path.read_bytes()

    def go_dark(self, leaves: Leaves) -> None:
        """Take away what had not arrived."""
        if leaves is Leaves.FLUSHED:
            self._forget(self.root)
        for path in self.root.rglob("*"):
            if path.is_file() and path.stat().st_ino not in self.contents:
                os.truncate(path, path.stat().st_size // 2)

    def _forget(self, folder: Path) -> None:
        """Give back the names that ``folder`` had when it was last flushed; each keeps its file."""
        kept = self.names.get(folder, {})
        for path in folder.iterdir():
            if kept.get(path.name) == path.stat().st_ino:
                if path.is_dir():
                    self._forget(path)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


class _Halting:
    """The profiling hook of one run."""

    def __init__(self, halt: Halt, card: Card, tell: Callable[[Told], NoReturn]) -> None:
        self.halt, self.card, self.tell = halt, card, tell
        self.count = 0

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if event not in {"c_call", "c_return"} or not isinstance(called, BuiltinMethodType):
            return
        name = _counted(called)
        if not name:
            return
        if event == "c_return" and name == "fsync":
            descriptor = frame.f_locals["descriptor"]
            self.card.flushed(Path(f"/proc/self/fd/{descriptor}").readlink())
        self.count += 1
        if self.count == self.halt.at:
            sys.setprofile(None)
            moment = f"{'before' if event == 'c_call' else 'after'} {name} of {_about(frame)}"
            if self.halt.leaves is not Leaves.ALL:
                self.card.go_dark(self.halt.leaves)
            self.tell(Told(-1, moment=moment))


def _counted(called: BuiltinMethodType) -> str:
    """Return the name of a call that changes the card or the wire, nothing for the others."""
    name, on = called.__name__, called.__self__
    if isinstance(on, socket.socket) or type(on).__name__ == "socket":
        return name if name in SOCKET_CALLS else ""
    if isinstance(on, io.BufferedWriter):
        return name if name in WRITES else ""
    return name if name in FILE_CALLS and called.__module__ == "posix" else ""


def _about(frame: FrameType | None) -> str:
    """Say what a call is about: the file being written, or else the function."""
    while frame is not None:
        if frame.f_code.co_name == "write_atomically":
            return str(frame.f_locals["path"].name)
        if frame.f_code.co_name in {"make_directory", "_post", "sweep"}:
            return frame.f_code.co_name
        frame = frame.f_back
    return "something else"


@contextlib.contextmanager
def halted(work: Callable[[], int], root: Path, halt: Halt) -> Iterator[io.BufferedReader]:
    """Do ``work`` on the folder ``root`` in a copy of this process; what the pipe yields is a ``Told``."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_the_copy(work, root, halt, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        yield pipe
    os.waitpid(child, 0)


def _in_the_copy(work: Callable[[], int], root: Path, halt: Halt, writing: int) -> NoReturn:
    def tell(told: Told) -> NoReturn:
        os.write(writing, msgspec.msgpack.encode(told))
        os._exit(0)

    gc.disable()
    said = sys.stderr = io.StringIO()
    sys.stdout = io.StringIO()
    try:
        card = Card(root)
        resource.setrlimit(resource.RLIMIT_FSIZE, (halt.file_bytes_max, resource.RLIM_INFINITY))
        sys.setprofile(_Halting(halt, card, tell))
        code = work()
        sys.setprofile(None)
        tell(Told(code, said.getvalue()))
    except BaseException as error:  # noqa: BLE001 - what escapes is the run's result: people would see a traceback
        sys.setprofile(None)
        tell(Told(-2, f"{type(error).__name__}: {error}"))
    finally:
        os._exit(1)
