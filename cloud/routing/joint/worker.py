"""The joint search in a process of its own: ``python -m cloud.routing.joint.worker``.

The service never imports numba (0.4 s, 60 MB). Requests come in on standard input, progress and answers go out on what
was standard output; whoever waits for us kills us at the deadline, and an alarm does should they be gone.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO

from cloud.routing.joint.wire import (
    ERROR_CHARS_MAX,
    Answered,
    Ask,
    Failed,
    Reply,
    Told,
    as_instance,
    cache_key,
    frame,
    read_ask,
)

MEMORY_BYTES_MAX = 6 * 1024**3  # address space, threads' stacks included: a runaway search dies before the machine does
CACHE_VARIABLE = "NUMBA_CACHE_DIR"
PR_SET_PDEATHSIG = 1  # prctl(2)
SECONDS_MIN = 0.05  # of search, however late the worker is ready: a construction with a touch of mending


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    end_with_parent()
    use_cache()
    if "--warm" in sys.argv[1:]:
        os.nice(10)  # whoever waits for a page comes first
        _warm()
    else:
        serve(sys.stdin.buffer, _reply_pipe())


def end_with_parent() -> None:
    """Have the kernel end us when whoever started us is killed.

    Otherwise a service that dies again and again leaves a worker each time, which makes machine code for minutes.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def use_cache() -> None:
    """Keep machine code by the sources it was made from: code of an older version must never run.

    Call it before numba is imported for the first time. A child of a process that called it keeps the same folder.
    """
    parent, own = Path(os.environ.get(CACHE_VARIABLE) or Path(__file__).parent / "__pycache__"), f"joint-{cache_key()}"
    os.environ[CACHE_VARIABLE] = str(parent if parent.name == own else parent / own)


def _reply_pipe() -> BinaryIO:
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else prints cannot get between our replies
    return replies


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe ends."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends us even inside native code
    _warm()
    while (ask := read_ask(requests)) is not None:
        signal.alarm(ask.limit_s)
        try:
            _send(replies, _solved(ask, replies))
        except (ValueError, IndexError, MemoryError) as error:
            _send(replies, Failed(ask.request_id, f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]))
        finally:
            signal.alarm(0)


def _warm() -> None:
    from cloud.routing.joint.warm import warm_up  # noqa: PLC0415 - brings numba, which importing this module must not

    warm_up()


def _send(replies: BinaryIO, reply: Reply) -> None:
    replies.write(frame(reply))
    replies.flush()


def _solved(ask: Ask, replies: BinaryIO) -> Answered:
    from cloud.routing.joint.engine import Effort, Found, Tuning, solve  # noqa: PLC0415 - as above
    from cloud.routing.joint.instance import Answer  # noqa: PLC0415 - beside the other

    def tell(found: Found) -> None:
        _send(replies, Told(ask.request_id, found.cost, found.absent))

    tuning = Tuning() if ask.heat is None else Tuning(hot=ask.heat[0], cold=ask.heat[1], warm_hot=ask.heat[0])
    left_s = ask.seconds if ask.until is None else max(SECONDS_MIN, min(ask.seconds, ask.until - time.monotonic()))
    effort = Effort(left_s, ask.seed, ask.threads, ask.rounds, tuning, ask.carry)
    warm = Answer(ask.warm) if ask.warm else None
    answer, found = solve(as_instance(ask), effort, time.monotonic, warm, tell)
    return Answered(ask.request_id, answer.routes, answer.absent, found.cost)


if __name__ == "__main__":
    main()
