"""Service and worker mistrust each other's bytes; the kernel's cache goes by everything that is compiled."""

import io
from pathlib import Path

import pytest

from cloud.routing.joint import wire
from cloud.routing.joint.wire import (
    PREFIX,
    Answered,
    Ask,
    WireError,
    as_instance,
    cache_key,
    decode_reply,
    frame,
    read_ask,
    reply_length,
)
from tests.unit.cloud.routing.joint.builders import an_instance


def an_ask() -> Ask:
    day = an_instance()
    parts = (day.locations, day.customers, day.options, day.vehicles, day.time.tobytes(), day.cost.tobytes())
    return Ask(1, *parts, day.rooms, day.budget, False, 1.0, 1, 1, None, (), 5)  # noqa: FBT003 - a record's field


def test_a_request_arrives_as_it_was_sent() -> None:
    heard = read_ask(io.BytesIO(frame(an_ask())))
    assert heard == an_ask()
    assert as_instance(an_ask()).locations == an_instance().locations
    assert as_instance(an_ask()).cost.shape == (1, 5, 5)


def test_an_answer_arrives_as_it_was_sent() -> None:
    answer = Answered(1, ((0, (1, 2)),), (), 7)
    said = frame(answer)
    assert decode_reply(said[PREFIX.size :]) == answer


def test_the_end_of_the_pipe_is_no_request() -> None:
    assert read_ask(io.BytesIO(b"")) is None
    assert read_ask(io.BytesIO(frame(an_ask())[:-1])) is None


def test_nonsense_is_refused() -> None:
    with pytest.raises(WireError, match="no message of ours"):
        decode_reply(b"\xc1")
    with pytest.raises(WireError, match="no message of ours"):
        read_ask(io.BytesIO(PREFIX.pack(1) + b"\xc1"))
    with pytest.raises(WireError, match="at most"):
        reply_length(PREFIX.pack(2**32 - 1))
    with pytest.raises(WireError, match="at most"):
        read_ask(io.BytesIO(PREFIX.pack(2**32 - 1)))


def test_whatever_is_compiled_is_in_the_cache_key() -> None:
    folder = Path(wire.__file__).parent
    compiled = {path.stem for path in folder.glob("*.py") if "@compiled" in path.read_text(encoding="utf-8")}
    assert compiled <= set(wire.KERNEL)
    assert len(cache_key()) == 16
