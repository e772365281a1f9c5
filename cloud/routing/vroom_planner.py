"""The only place that touches VROOM, and a process of its own: ``python -m cloud.routing.vroom_planner``.

VROOM holds the interpreter's lock for the whole solve, ignores its time limit while it builds, brings pandas (72 MB)
and can die of SIGSEGV or SIGFPE. Here that costs one worker, never the service: requests come in on standard input,
replies go out on what was standard output, and whoever waits for us kills us at the deadline.
"""

import os
import resource
import signal
import sys
import time
from datetime import timedelta
from typing import Any, BinaryIO

import numpy as np

from cloud.routing.matrices import Matrix, assert_ready
from cloud.routing.worker_wire import (
    ERROR_CHARS_MAX,
    Failed,
    Job,
    Solve,
    Solved,
    Vehicle,
    VehicleOrder,
    frame,
    read_solve,
)

MEMORY_BYTES_MAX = 6 * 1024**3  # address space, threads' stacks included: a runaway solve dies before the machine does
DEEPEN_SHARE = 0.8  # of the time left is VROOM's own limit for a deeper level; it overruns by about a fifth
PROFILE = "car"  # one matrix, one profile; the name means nothing to us


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(
        resource.RLIMIT_CORE, (0, 0)
    )  # a crash is reported by its signal; a 200 MB core file helps nobody
    serve(sys.stdin.buffer, reply_pipe())


def reply_pipe() -> BinaryIO:
    """Take standard output for the replies and send what anybody else prints to standard error."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever native code prints cannot get between our replies
    return replies


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe ends."""
    import vroom  # noqa: F401, PLC0415 - here and not above, so that importing this module costs the service nothing

    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends us even inside native code, should our parent be gone
    while (request := read_solve(requests)) is not None:
        signal.alarm(request.limit_s)
        try:
            for answer in answers(request):
                _send(replies, answer)
        except Exception as error:  # noqa: BLE001 - VROOM raises a class it does not export, and TypeErrors naming nothing
            _send(replies, Failed(request.request_id, _sentence(error)))
        finally:
            signal.alarm(0)


def _send(replies: BinaryIO, answer: Solved | Failed) -> None:
    replies.write(frame(answer))
    replies.flush()


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]


def answers(request: Solve) -> Any:
    """Yield one answer per level, each from an Input of its own (VROOM crashes when one is used twice)."""
    until_s = time.monotonic() + request.limit_s
    for number, level in enumerate(request.levels):
        timeout_s = (until_s - time.monotonic()) * DEEPEN_SHARE
        if number and timeout_s <= 0:
            return
        yield _solved(request, level, timeout_s, last=number == len(request.levels) - 1)


def _solved(request: Solve, level: int, timeout_s: float, *, last: bool) -> Solved:
    solution = _solve(request, level, timeout_s)
    orders: dict[int, list[int]] = {}
    for row in solution.routes.itertuples():
        order = orders.setdefault(int(row.vehicle_id) - 1, [])
        if row.type == "job":
            order.append(int(row.id))
        elif row.type == "break":
            order.append(-int(row.id))
    return Solved(
        request.request_id,
        level,
        tuple(VehicleOrder(vehicle, tuple(visits)) for vehicle, visits in sorted(orders.items())),
        tuple(sorted(int(job._id) for job in solution.unassigned)),  # noqa: SLF001 - its only name for it
        last,
    )


def _solve(request: Solve, level: int, timeout_s: float) -> Any:
    import vroom  # noqa: PLC0415 - see serve()

    durations, distances = (_matrix(name, request) for name in ("durations", "distances"))
    day = vroom.Input()
    day.set_durations_matrix(PROFILE, durations)
    day.set_distances_matrix(PROFILE, distances)
    for number, vehicle in enumerate(request.vehicles, 1):
        day.add_vehicle(_vehicle(vroom, number, vehicle))
    for number, job in enumerate(request.jobs, 1):
        day.add_job(_job(vroom, number, job))
    return day.solve(level, nb_threads=request.threads, timeout=timedelta(seconds=timeout_s))


def _matrix(name: str, request: Solve) -> Matrix:
    """Return this Input's own copy: VROOM keeps a pointer into what it is given."""
    flat = np.frombuffer(getattr(request, name), dtype=np.uint32)
    matrix: Matrix = flat.reshape(request.size, request.size).copy(order="C")
    assert_ready(name, matrix)
    return matrix


def _vehicle(vroom: Any, number: int, vehicle: Vehicle) -> Any:
    limits = {"max_tasks": vehicle.tasks_max, "max_distance": vehicle.distance_m_max}
    return vroom.Vehicle(
        number,
        start=vehicle.start,
        end=vehicle.end,
        profile=PROFILE,
        capacity=list(vehicle.capacity),
        skills=set(vehicle.skills),
        time_window=vroom.TimeWindow(*vehicle.shift),
        breaks=[
            vroom.Break(position, [vroom.TimeWindow(*window) for window in pause.windows], service=pause.service_s)
            for position, pause in enumerate(vehicle.breaks, 1)
        ],
        costs=vroom.VehicleCosts(fixed=vehicle.fixed, per_hour=vehicle.per_hour, per_km=vehicle.per_km),
        max_travel_time=vehicle.drive_s_max,
        **{name: value for name, value in limits.items() if value is not None},
    )


def _job(vroom: Any, number: int, job: Job) -> Any:
    return vroom.Job(
        number,
        job.place,
        default_service=job.service_s,
        delivery=list(job.delivery),
        pickup=list(job.pickup),
        skills=set(job.skills),
        priority=job.priority,
        time_windows=[vroom.TimeWindow(*window) for window in job.windows],
    )


if __name__ == "__main__":
    main()
