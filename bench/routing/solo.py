"""One solver on one instance, in a process of its own: ``bench.child`` starts it and measures its memory."""

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bench.child import own_peak_mb
from bench.routing.curve import Point
from bench.routing.solvers import SOLVERS, Limits
from cloud.routing.joint.instance import Answer
from cloud.routing.joint.readers import read

GRACE_S = 5  # after its seconds a solver that has not come back is ended by the alarm, even inside native code


def main() -> None:
    """Read the question, solve, and write the answer as a line of JSON; before it, answers that must not be lost."""
    ask = json.load(sys.stdin)
    solver, instance = SOLVERS[ask["solver"]], read(Path(ask["path"]), ask["set"])
    solver.warm_up()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, ask["seconds"] + GRACE_S)
    began = time.monotonic()
    answer, points = solver.solve(instance, Limits(ask["seconds"], ask["seed"], ask["cores"], _tell))
    took = time.monotonic() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    _say(answer, took, points)


def _tell(seconds: float, answer: Answer) -> None:
    _say(answer, seconds, [])


def _say(answer: Answer, seconds: float, points: list[Point]) -> None:
    said: dict[str, Any] = {"routes": answer.routes, "absent": answer.absent, "seconds": round(seconds, 2)}
    print(json.dumps({**said, "points": points, "memory_mb": own_peak_mb()}), flush=True)


if __name__ == "__main__":
    main()
