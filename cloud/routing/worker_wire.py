"""What the service and the VROOM worker say to each other over two pipes: length-prefixed MessagePack, a limit on all.

Neither side trusts the other's bytes. The request is plain numbers (VROOM's own vocabulary), so the worker decides
nothing and the service need not import VROOM to build it.
"""

import struct
from typing import Annotated, BinaryIO

import msgspec

PREFIX = struct.Struct("!I")
REQUEST_BYTES_MAX = 256 * 1024 * 1024  # two matrices of 5,000 places are 200 MB; STOPS_MAX below keeps under it
REPLY_BYTES_MAX = 8 * 1024 * 1024  # 10,000 stops at 20 bytes are 200 kB
VROOM_STOPS_MAX = (
    3_000  # beyond, VROOM needs 113 s before it first looks at its clock; larger days go to the joint engine
)
THREADS_MAX = 32  # more threads than the search has independent starts do nothing
EXPLORATION_MAX = 5  # VROOM's scale ends here; it accepts 9 and does not say what it means by it
ERROR_CHARS_MAX = 500  # one sentence for a log line


Natural = Annotated[int, msgspec.Meta(ge=0)]  # VROOM takes negative amounts without a word; our decoder does not


class WireError(Exception):
    """The other end sent bytes that are no message of ours."""


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A stop; its number in the request plus 1 is its VROOM id. ``windows`` are (start, end) seconds."""

    place: Natural
    service_s: Natural
    delivery: tuple[Natural, ...]
    pickup: tuple[Natural, ...]
    skills: tuple[Natural, ...]
    priority: Annotated[int, msgspec.Meta(ge=0, le=100)]
    windows: tuple[tuple[Natural, Natural], ...]


class Pause(msgspec.Struct, frozen=True, array_like=True):
    windows: tuple[tuple[Natural, Natural], ...]
    service_s: Natural


class Vehicle(msgspec.Struct, frozen=True, array_like=True):
    start: Natural | None
    end: Natural | None
    capacity: tuple[Natural, ...]
    skills: tuple[Natural, ...]
    shift: tuple[Natural, Natural]
    breaks: tuple[Pause, ...]
    fixed: Natural
    per_hour: Natural
    per_km: Natural
    tasks_max: Natural | None
    distance_m_max: Natural | None
    drive_s_max: Natural | None


class Solve(msgspec.Struct, frozen=True, tag="solve"):
    """Solve this, once for each exploration level in turn, answering after each; ``limit_s`` ends the process."""

    request_id: int
    size: Natural
    durations: bytes
    distances: bytes
    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]
    levels: tuple[Annotated[int, msgspec.Meta(ge=0, le=EXPLORATION_MAX)], ...]
    threads: Annotated[int, msgspec.Meta(ge=1, le=THREADS_MAX)]  # VROOM dies of 0 by SIGFPE
    limit_s: Annotated[int, msgspec.Meta(ge=1)]


class VehicleOrder(msgspec.Struct, frozen=True, array_like=True):
    """One vehicle's order: positive numbers are jobs (from 1), negative ones its breaks (from -1)."""

    vehicle: int
    order: tuple[int, ...]


class Solved(msgspec.Struct, frozen=True, tag="solved"):
    """``last`` is False while a deeper level is still being tried."""

    request_id: int
    level: int
    orders: tuple[VehicleOrder, ...]
    unassigned: tuple[int, ...]
    last: bool


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    request_id: int
    error: str


Reply = Solved | Failed
_ENCODER = msgspec.msgpack.Encoder()
_SOLVE = msgspec.msgpack.Decoder(Solve)
_REPLY: msgspec.msgpack.Decoder[Solved | Failed] = msgspec.msgpack.Decoder(Solved | Failed)


def frame(message: Solve | Solved | Failed) -> bytes:
    body = _ENCODER.encode(message)
    if len(body) > REQUEST_BYTES_MAX:
        raise WireError(f"a message of {len(body)} bytes; at most {REQUEST_BYTES_MAX}")
    return PREFIX.pack(len(body)) + body


def reply_length(prefix: bytes) -> int:
    (length,) = PREFIX.unpack(prefix)
    if length > REPLY_BYTES_MAX:
        raise WireError(f"a reply of {length} bytes is announced; at most {REPLY_BYTES_MAX}")
    return int(length)


def decode_reply(body: bytes) -> Reply:
    try:
        return _REPLY.decode(body)
    except msgspec.MsgspecError as error:
        raise WireError(f"a reply that is no message of ours: {error}") from error


def read_solve(pipe: BinaryIO) -> Solve | None:
    """Return the next request, None at the end of the pipe."""
    prefix = pipe.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    (length,) = PREFIX.unpack(prefix)
    if length > REQUEST_BYTES_MAX:
        raise WireError(f"a request of {length} bytes is announced; at most {REQUEST_BYTES_MAX}")
    body = pipe.read(length)
    if len(body) < length:
        return None
    try:
        return _SOLVE.decode(body)
    except msgspec.MsgspecError as error:
        raise WireError(f"a request that is no message of ours: {error}") from error
