"""What the service and the joint worker say to each other: length-prefixed MessagePack, a limit on all."""

import hashlib
import struct
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import numpy as np

from cloud.routing.joint.instance import Answer, Customer, Instance, Location, Option, Vehicle

PREFIX = struct.Struct("!I")
REQUEST_BYTES_MAX = 1024 * 1024 * 1024  # a time and two cost matrices of 9,000 nodes are 972 MB
REPLY_BYTES_MAX = 8 * 1024 * 1024  # 10,000 options at 20 bytes are 200 kB
ERROR_CHARS_MAX = 500  # one sentence for a log line
THREADS_MAX = 32  # see engine.THREADS_MAX; said here too, so that the service need not import the engine
SECONDS_MAX = 3_600  # see planner.DEADLINE_S_MAX

KERNEL = (
    "anneal",
    "chance",
    "compiled",
    "instance",
    "layout",
    "loads",
    "moves",
    "recreate",
    "ruin",
)  # what is compiled

Routes = tuple[tuple[int, tuple[int, ...]], ...]


class WireError(Exception):
    """The other end sent bytes that are no message of ours."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Solve this; ``limit_s`` ends the process, should nobody be left to do it."""

    request_id: int
    locations: tuple[Location, ...]
    customers: tuple[Customer, ...]
    options: tuple[Option, ...]
    vehicles: tuple[Vehicle, ...]
    time: bytes
    cost: bytes
    rooms: tuple[tuple[int, ...], ...]
    budget: tuple[int, ...]
    fewest_vehicles: bool
    seconds: Annotated[float, msgspec.Meta(gt=0, le=SECONDS_MAX)]
    seed: Annotated[int, msgspec.Meta(ge=0)]
    threads: Annotated[int, msgspec.Meta(ge=1, le=THREADS_MAX)]
    rounds: Annotated[int, msgspec.Meta(ge=1)] | None
    warm: Routes
    limit_s: Annotated[int, msgspec.Meta(ge=1)]
    metres: bytes = b""
    heat: tuple[float, float] | None = None  # a part of a cooling, in mean legs; None is the whole of it
    carry: bool = False  # answer where the search stands, as another one goes on from there
    until: float | None = (
        None  # of this machine's monotonic clock, which all its processes share: starting takes time, too
    )


class Told(msgspec.Struct, frozen=True, tag="told"):
    """Progress: ``cost`` of the best so far in the instance's units."""

    request_id: int
    cost: int
    absent: int


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    request_id: int
    routes: Routes
    absent: tuple[int, ...]
    cost: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    request_id: int
    error: str


Reply = Told | Answered | Failed
_ENCODER = msgspec.msgpack.Encoder()
_ASK = msgspec.msgpack.Decoder(Ask)
_REPLY: msgspec.msgpack.Decoder[Told | Answered | Failed] = msgspec.msgpack.Decoder(Told | Answered | Failed)


def as_instance(ask: Ask) -> Instance:
    """Return the instance of a request. Raises ValueError where its matrices have the wrong size."""
    size = len(ask.locations)
    time = np.frombuffer(ask.time, dtype=np.int32).reshape(size, size)
    cost = np.frombuffer(ask.cost, dtype=np.int32).reshape(-1, size, size)
    metres = np.frombuffer(ask.metres, dtype=np.int32).reshape(size, size) if ask.metres else None
    days = (ask.locations, ask.customers, ask.options, ask.vehicles)
    return Instance("asked", *days, time, cost, ask.rooms, ask.budget, ask.fewest_vehicles, metres=metres)


def frame(message: Ask | Reply) -> bytes:
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


def read_ask(pipe: BinaryIO) -> Ask | None:
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
        return _ASK.decode(body)
    except msgspec.MsgspecError as error:
        raise WireError(f"a request that is no message of ours: {error}") from error


def as_answer(answered: Answered) -> Answer:
    return Answer(answered.routes, answered.absent)


def cache_key() -> str:
    """Return a name for the kernel's sources: numba itself does not notice when a *called* function changes."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in KERNEL:
        digest.update((here / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]
