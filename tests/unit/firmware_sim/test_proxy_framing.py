"""The proxy's half of MQTT 5: packets come out as they went in, however they were cut, and garbage is only refused."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.proxy.framing import Cutter, FramingError, Kind, Packet, Publish, encode_length, packet_of

BODIES = st.binary(max_size=300)
HEADS = st.integers(0x10, 0xFF)
PUBLISHES = st.builds(
    Publish,
    topic=st.text(max_size=40),
    payload=st.binary(max_size=500),
    qos=st.just(1),
    packet_id=st.integers(1, 0xFFFF),
    properties=st.binary(max_size=200),
    retain=st.booleans(),
    dup=st.booleans(),
)


@given(packets=st.lists(st.builds(packet_of, HEADS, BODIES), max_size=8), seed=st.integers(0, 2**32))
def test_packets_come_out_whole_however_the_stream_was_cut(packets: list[Packet], seed: int) -> None:
    stream, chance, cut = b"".join(one.raw for one in packets), random.Random(seed), Cutter()
    found: list[Packet] = []
    while stream:
        size = chance.randint(1, 40)
        found += cut(stream[:size])
        stream = stream[size:]
    assert found == packets


@given(publish=PUBLISHES)
def test_a_message_reads_as_it_was_written(publish: Publish) -> None:
    assert Publish.read(publish.packet()) == publish


def test_a_message_without_an_acknowledgement_has_no_number() -> None:
    publish = Publish(topic="lm/v1/A/up/telemetry", payload=b"x", qos=0)
    assert publish.packet().raw == b"\x30\x18\x00\x14lm/v1/A/up/telemetry\x00x"
    assert Publish.read(publish.packet()) == publish


def test_the_longest_lengths_of_each_size_are_those_of_the_standard() -> None:
    assert [encode_length(value).hex() for value in (0, 127, 128, 16_383, 16_384, 268_435_455)] == [
        "00",
        "7f",
        "8001",
        "ff7f",
        "808001",
        "ffffff7f",
    ]
    with pytest.raises(FramingError):
        encode_length(268_435_456)


@settings(max_examples=400)
@given(noise=st.binary(max_size=200))
def test_garbage_is_refused_or_waited_out_and_nothing_else(noise: bytes) -> None:
    try:
        found = Cutter()(noise)
    except FramingError:
        return
    for packet in found:
        try:
            Publish.read(packet)
        except FramingError:
            continue
        assert packet.kind == Kind.PUBLISH


@settings(max_examples=400)
@given(publish=PUBLISHES, at=st.integers(0, 800), flip=st.integers(1, 255))
def test_a_message_with_one_byte_changed_reads_as_something_or_is_refused(publish: Publish, at: int, flip: int) -> None:
    raw = bytearray(publish.packet().raw)
    raw[at % len(raw)] ^= flip
    try:
        read = Publish.read(Packet(bytes(raw)))
    except FramingError:
        return
    assert read != publish or read.packet().raw != bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x36\x05\x00\x00\x00\x01\x00",
        b"\x30\x00",
        b"\x30\x03\x00\x01",
        b"\x30\x04\x00\x01\xff\x00",
        b"\x40\x02\x00\x01",
        b"",
    ],
    ids=["QoS 3", "no topic", "shorter than it says", "no text", "no PUBLISH", "nothing"],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(FramingError):
        Publish.read(Packet(raw))


@pytest.mark.parametrize("raw", [b"\x30\xff\xff\xff\xff", b"\x30\xff\xff\xff\x7f"], ids=["endless", "too long"])
def test_a_length_that_no_packet_has_ends_the_stream(raw: bytes) -> None:
    with pytest.raises(FramingError):
        Cutter()(raw)
