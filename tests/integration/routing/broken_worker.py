"""A worker that misbehaves on request: ``python broken_worker.py <how>``. It speaks the protocol until it does not."""

import os
import signal
import sys
from collections.abc import Callable

from cloud.routing.worker_wire import PREFIX, Failed, Solve, Solved, VehicleOrder, frame, read_solve


def _all_on_first(request: Solve) -> tuple[VehicleOrder, ...]:
    return (VehicleOrder(0, tuple(range(1, len(request.jobs) + 1))),)


def _say(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _answer(request: Solve, orders: tuple[VehicleOrder, ...], *, last: bool = True) -> None:
    _say(frame(Solved(request.request_id, 0, orders, (), last)))


def _die(number: signal.Signals) -> Callable[[Solve], None]:
    return lambda _: os.kill(os.getpid(), number)


def _hang(_: Solve) -> None:
    while True:
        signal.pause()


def _complain(_: Solve) -> None:
    sys.stderr.write("x" * 100_000 + "\nterminate called after throwing\n")
    sys.exit(3)


def _first_then_hang(request: Solve) -> None:
    _answer(request, _all_on_first(request), last=False)
    _hang(request)


def _later_hang(request: Solve) -> None:
    if request.request_id == 1:
        _answer(request, _all_on_first(request))
    else:
        _first_then_hang(request)


def _first_then_crash(request: Solve) -> None:
    _answer(request, _all_on_first(request), last=False)
    os.kill(os.getpid(), signal.SIGSEGV)


def _close_pipe_and_live(request: Solve) -> None:
    os.close(1)
    _hang(request)


def _half(_: Solve) -> None:
    _say(PREFIX.pack(500) + b"x")
    sys.exit(0)


HOW: dict[str, Callable[[Solve], None]] = {
    "segv": _die(signal.SIGSEGV),
    "fpe": _die(signal.SIGFPE),
    "kill": _die(signal.SIGKILL),
    "hang": _hang,
    "exit": _complain,
    "first-then-hang": _first_then_hang,
    "later-hang": _later_hang,
    "first-then-crash": _first_then_crash,
    "close-pipe": _close_pipe_and_live,
    "garbage": lambda _: _say(PREFIX.pack(5) + b"hello"),
    "huge": lambda _: _say(PREFIX.pack(2**31)),
    "half": _half,
    "other-request": lambda request: _say(frame(Solved(request.request_id + 7, 0, (), (), last=True))),
    "fails": lambda request: _say(frame(Failed(request.request_id, "ValueError: no"))),
    "ghost-job": lambda request: _answer(request, (VehicleOrder(0, (999,)),)),
    "twice": lambda request: _answer(request, (VehicleOrder(0, (1, 1)),)),
    "all-on-first": lambda request: _answer(request, _all_on_first(request)),
    "nothing": lambda request: _answer(request, ()),
}

if __name__ == "__main__":
    if sys.argv[1] == "deaf":  # never reads, so that a large request fills the pipe
        _hang(Solve(0, 0, b"", b"", (), (), (), 1, 1))
    while (asked := read_solve(sys.stdin.buffer)) is not None:
        HOW[sys.argv[1]](asked)
