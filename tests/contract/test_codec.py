"""Every record goes over the wire and back; its bytes are golden, so the wire cannot drift unseen."""

import contextlib
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import codec, commands, events, grants, state
from contract.codec import CodecError, Unknown
from contract.commands import Command
from tests.contract import examples

GOLDEN = Path(__file__).parent / "golden"
UNBOUND = msgspec.structs.replace(examples.DROP_OFF, courier=None)
DECODERS = (codec.decode_downward, codec.decode_presented, codec.decode_upward)


def decoded(raw: bytes) -> list[object]:
    """Return what each way in makes of ``raw``; a kind of another way is refused there."""
    found: list[object] = []
    for decoder in DECODERS:
        with contextlib.suppress(CodecError):
            found.append(decoder(raw))
    return found


def golden(name: str, raw: bytes) -> bytes:
    """Return the committed bytes; ``GOLDEN=write`` in the environment adds a new kind's file."""
    path = GOLDEN / f"{name}.hex"
    if os.environ.get("GOLDEN") == "write" and not path.exists():
        path.write_text(raw.hex() + "\n", encoding="ascii")
    return bytes.fromhex(path.read_text(encoding="ascii"))


@pytest.mark.parametrize("message", examples.MESSAGES, ids=lambda one: type(one).__name__)
def test_every_message_has_a_golden_file_and_comes_back_whole(message: msgspec.Struct) -> None:
    raw = codec.encode(message)

    assert raw == golden(type(message).__name__, raw)
    assert decoded(raw) == [message]


@pytest.mark.parametrize("entry", examples.ENTRIES, ids=lambda one: type(one.event).__name__)
def test_every_event_has_a_golden_file_and_comes_back_whole(entry: events.Entry) -> None:
    raw = codec.encode(entry)

    assert raw == golden(type(entry.event).__name__, raw)
    assert codec.decode_entry(raw) == entry


def test_the_examples_leave_no_kind_out() -> None:
    shown = {type(message) for message in examples.MESSAGES}
    unions = (codec.Downward, codec.Presented, codec.Upward, Command)
    assert shown == {kind for union in unions for kind in union.__args__}
    assert {type(event) for event in examples.EVENTS} == set(events.Event.__args__)


@pytest.mark.parametrize("decode", DECODERS)
def test_a_kind_from_the_future_is_named_and_not_refused(decode: object) -> None:
    raw = msgspec.msgpack.encode(["teleport", 1, 2])

    assert decode(raw) == Unknown("teleport")  # type: ignore[operator]  # one of the DECODERS


def test_an_event_from_the_future_is_named_and_not_refused() -> None:
    future = {"sequence": 1, "at_ms": 1, "quality": "synced", "boot": b"", "event": {"kind": "ParcelTeleported"}}

    assert codec.decode_entry(msgspec.msgpack.encode(future)) == events.UnknownEvent("ParcelTeleported")


def test_fields_from_the_future_are_passed_over() -> None:
    longer = msgspec.msgpack.decode(codec.encode(examples.COLLECT))
    longer.append("a field of version 2")
    message = grants.GrantBundle(examples.LOCKER, examples.MESSAGE, 1, 2, ())
    body = msgspec.msgpack.decode(codec.encode(message))
    body[5] = [longer]

    assert codec.decode_downward(msgspec.msgpack.encode(body)) == msgspec.structs.replace(
        message, grants=(examples.COLLECT,)
    )


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xc1", b"\xff" * 40, msgspec.msgpack.encode([]), msgspec.msgpack.encode([7]), msgspec.msgpack.encode({})]
    + [msgspec.msgpack.encode([kind, "not the fields"]) for kind in ("grants", "pass", "events")]
    + [b"\x92\xa2\xff\xfe\x01"],
)
def test_garbage_is_refused_with_a_reason(raw: bytes) -> None:
    for decode in DECODERS:
        with pytest.raises(CodecError):
            decode(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode({"event": 1}), b"\x81\xa5event\x80"]
)
def test_a_damaged_entry_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(CodecError):
        codec.decode_entry(raw)


def test_a_known_event_with_wrong_fields_is_damaged_not_unknown() -> None:
    raw = msgspec.msgpack.encode({"sequence": 1, "event": {"kind": "DoorOpened"}})
    with pytest.raises(CodecError):
        codec.decode_entry(raw)


@given(st.binary(max_size=300))
def test_no_bytes_ever_raise_anything_but_a_codec_error(raw: bytes) -> None:
    for decode in (*DECODERS, codec.decode_entry):
        try:
            decode(raw)
        except CodecError:
            continue


@pytest.mark.parametrize("age", ["first", "second"])
def test_a_pass_written_before_it_carried_commands_or_bound_its_courier_is_still_read(age: str) -> None:
    old = golden(f"CourierPass-{age}", b"")
    (now,) = [one for one in examples.MESSAGES if isinstance(one, grants.CourierPass)]

    assert codec.decode_presented(old) == msgspec.structs.replace(now, grants=(UNBOUND, examples.PICK_UP))
    assert old != codec.encode(now)


def test_grants_written_before_they_were_bound_to_a_courier_are_anybody_s() -> None:
    (now,) = [one for one in examples.MESSAGES if isinstance(one, grants.GrantBundle)]
    then = msgspec.structs.replace(now, grants=(UNBOUND, examples.PICK_UP, examples.COLLECT))

    assert codec.decode_downward(golden("GrantBundle-first", b"")) == then


def test_a_configuration_written_before_there_were_quiet_hours_has_none() -> None:
    (now,) = [one for one in examples.MESSAGES if isinstance(one, state.Desired)]

    assert codec.decode_downward(golden("Desired-first", b"")) == now


@pytest.mark.parametrize(
    ("kind", "age", "since"),
    [
        (commands.RemoteOpen, "first", {"until_uptime_ms": 0}),
        (commands.SetService, "first", {"parcel": None, "label": None}),
        (grants.GrantBundle, "second", {"again": False}),
        (state.LockerState, "first", {"uptime_ms": 0, "maintenance_s": 0, "operators_number": 0}),
        (state.LockerState, "second", {"maintenance_s": 0, "operators_number": 0}),
        (state.Snapshot, "first", {"uptime_ms": 0}),
        (state.Acknowledgement, "first", {"boot": None, "session": 0, "picture": None}),
    ],
)
def test_what_was_written_before_a_field_was_added_is_still_read(
    kind: type[msgspec.Struct], age: str, since: dict[str, int | None]
) -> None:
    (now,) = [one for one in examples.MESSAGES if isinstance(one, kind)]

    assert decoded(golden(f"{kind.__name__}-{age}", b"")) == [msgspec.structs.replace(now, **since)]


def test_a_compartment_restored_before_it_could_be_told_what_lies_in_it_is_still_read() -> None:
    entry = codec.decode_entry(golden("CompartmentRestored-first", b""))

    assert isinstance(entry, events.Entry)
    assert entry.event == events.CompartmentRestored(examples.A07)


def test_a_door_left_open_journalled_before_it_named_the_parcel_is_still_read() -> None:
    entry = codec.decode_entry(golden("DoorLeftOpen-first", b""))

    assert isinstance(entry, events.Entry)
    assert entry.event == events.DoorLeftOpen(examples.A07, 60)


@given(st.binary(max_size=codec.QR_BODY_BYTES_MAX))
def test_what_goes_into_a_qr_code_comes_out_of_it(envelope: bytes) -> None:
    text = codec.to_qr(envelope)

    assert len(text) <= codec.QR_CHARACTERS_MAX
    assert codec.from_qr(text) == envelope


def test_an_envelope_too_large_for_a_qr_code_is_refused() -> None:
    with pytest.raises(CodecError, match="do not fit"):
        codec.to_qr(bytes(codec.QR_BODY_BYTES_MAX + 1))


@pytest.mark.parametrize("text", ["", "5901234123457", "LM1:!!!", "LM1:" + "A" * 5000])
def test_a_text_that_is_not_our_qr_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        codec.from_qr(text)


def test_fourteen_parcels_fit_one_courier_pass() -> None:
    pairs = (UNBOUND, examples.PICK_UP) * 14
    one = grants.CourierPass(examples.LOCKER, examples.MESSAGE, 1, 2, examples.COURIER, pairs)

    assert len(codec.encode(one)) + 80 <= codec.QR_BODY_BYTES_MAX  # 80 bytes: key id, signature and their frames


def test_a_chain_finds_a_lost_an_altered_and_a_swapped_entry() -> None:
    genesis = events.genesis_hash(examples.LOCKER)
    entries = [b"one", b"two", b"three"]
    head = events.chain(genesis, entries)

    assert events.chain(events.chain(genesis, entries[:1]), entries[1:]) == head
    for wrong in ([b"one", b"three"], [b"one", b"Two", b"three"], [b"two", b"one", b"three"]):
        assert events.chain(genesis, wrong) != head
