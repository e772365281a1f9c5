"""A hundred thousand ways to bend a message: seeded, so that a failing one can be named and played again."""

import random
from collections.abc import Callable, Sequence

import msgspec

from contract.envelope import Envelope

# MessagePack's first bytes by what they announce (msgpack/spec.md): swapping one for another is a lie about a type.
TYPES = bytes((0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, *range(0xC0, 0xE1), 0xFF))
LENGTHS = (0, 1, 31, 32, 63, 65, 0x7F, 0x80, 0xFF, 0xFFFF, 0xFFFFFFFF)
FLIPS_MAX = 8
NUMBERS = (0, 1, -1, 2**31, 2**32 - 1, 2**40 + 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1)

Mutate = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def bits_flipped(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    bent = bytearray(true)
    for _ in range(chance.randint(1, FLIPS_MAX)):
        bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
    return bytes(bent)


def cut_short(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    return true[: chance.randrange(len(true))]


def grown(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    return true + chance.randbytes(chance.randint(1, 64))


def spliced(true: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    return true[: chance.randrange(len(true))] + other[chance.randrange(len(other)) :]


def parts_exchanged(true: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Put the body of one under the signature of another, or under another key's name."""
    one, other = opened(true), opened(chance.choice(others))
    parts = [chance.choice(pair) for pair in zip((one.key_id, one.body, one.signature), _parts(other), strict=True)]
    return msgspec.msgpack.encode(parts)


def field_altered(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Decode the body, alter one field of it however deep, and put it back under the old signature."""
    envelope = opened(true)
    body = msgspec.msgpack.decode(envelope.body)
    place = chance.randrange(1, len(body))
    body[place] = _altered(body[place], chance)
    return msgspec.msgpack.encode([envelope.key_id, msgspec.msgpack.encode(body), envelope.signature])


def length_lied_about(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Announce another length where the envelope announces one: of the name, the body or the signature."""
    bent, envelope = bytearray(true), opened(true)
    names = 1 + len(envelope.key_id)
    place = chance.choice((0, 1, names + 1, names + 2, len(true) - len(envelope.signature) - 1))
    bent[place] = chance.choice(LENGTHS) & 0xFF
    return bytes(bent)


def type_swapped(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    bent = bytearray(true)
    bent[chance.randrange(min(len(bent), 24))] = chance.choice(TYPES)
    return bytes(bent)


def signature_of_nothing(true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Sign with points and numbers that weak verifiers let pass: zero, the identity, the group's order and more."""
    envelope = opened(true)
    low = (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\xec" + b"\xff" * 30 + b"\x7f", chance.randbytes(32))
    parts = [envelope.key_id, envelope.body, chance.choice(low) + chance.choice((*low, envelope.signature[32:]))]
    return msgspec.msgpack.encode(parts)


def nested_deeply(_true: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    return chance.choice((b"\x91", b"\x81", b"\xdc\x00\x01")) * chance.randint(1, 4_000)


MUTATIONS: tuple[Mutate, ...] = (
    bits_flipped,
    cut_short,
    grown,
    spliced,
    parts_exchanged,
    field_altered,
    length_lied_about,
    type_swapped,
    signature_of_nothing,
    nested_deeply,
)


def opened(payload: bytes) -> Envelope:
    return msgspec.msgpack.decode(payload, type=Envelope)


def _parts(envelope: Envelope) -> tuple[str, bytes, bytes]:
    return envelope.key_id, envelope.body, envelope.signature


def _altered(value: object, chance: random.Random) -> object:
    match value:
        case bool():
            return not value
        case int():
            return chance.choice((*NUMBERS, value + 1, value + 60, value + 86_400))
        case bytes():
            return chance.choice((b"", value[:-1], value + b"\0", chance.randbytes(len(value))))
        case str():
            return chance.choice(("", value + "x", "A02", "WAW-02", "x" * 1_000))
        case [_, *_]:
            altered = list(value)
            place = chance.randrange(len(altered))
            altered[place] = _altered(altered[place], chance)
            return altered
        case _:
            return chance.choice((None, [], {}, 0, b""))
