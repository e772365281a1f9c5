"""What is signed is believed; what is not, is not, whoever says it."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.envelope import ENVELOPE_BYTES_MAX, EnvelopeRejectedError, Rejection, Signer, pae, verify
from contract.ids import KeyId

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer(KeyId("cloud-1"), KEY)
PINNED = {KeyId("cloud-1"): KEY.public_key()}


def rejection(raw: bytes) -> Rejection:
    """Return why ``raw`` was rejected."""
    with pytest.raises(EnvelopeRejectedError) as caught:
        verify(raw, PINNED)
    return caught.value.reason


def test_a_signed_body_comes_back() -> None:
    assert verify(SIGNER.sign(b"body"), PINNED).body == b"body"


def test_an_altered_body_is_rejected() -> None:
    assert rejection(SIGNER.sign(b"body").replace(b"body", b"b0dy")) is Rejection.BAD_SIGNATURE


def test_a_key_that_is_not_pinned_is_rejected_by_name() -> None:
    stranger = Signer(KeyId("cloud-9"), Ed25519PrivateKey.generate())
    with pytest.raises(EnvelopeRejectedError, match="cloud-9") as caught:
        verify(stranger.sign(b"body"), PINNED)
    assert caught.value.reason is Rejection.UNKNOWN_KEY


def test_somebody_elses_key_under_a_pinned_name_is_rejected() -> None:
    forger = Signer(KeyId("cloud-1"), Ed25519PrivateKey.generate())
    assert rejection(forger.sign(b"body")) is Rejection.BAD_SIGNATURE


def test_an_oversize_envelope_is_rejected_unread() -> None:
    assert rejection(bytes(ENVELOPE_BYTES_MAX + 1)) is Rejection.TOO_LARGE


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(["cloud-1", b"body"]),
        msgspec.msgpack.encode(["cloud-1", b"body", b"short"]),
        msgspec.msgpack.encode(["k" * 33, b"body", bytes(64)]),
        b"\x93\xa2\xff\xfe\xc4\x00\xc4\x00",
    ],
)
def test_what_is_no_envelope_is_rejected(raw: bytes) -> None:
    assert rejection(raw) is Rejection.MALFORMED


def test_a_signature_over_the_bare_body_is_not_one_over_the_envelope() -> None:
    raw = msgspec.msgpack.encode(["cloud-1", b"body", KEY.sign(b"body")])
    assert rejection(raw) is Rejection.BAD_SIGNATURE


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_no_two_bodies_are_signed_alike(one: bytes, other: bytes) -> None:
    assert (pae(one) == pae(other)) == (one == other)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_flipped_byte_is_believed(place: int, flip: int) -> None:
    raw = bytearray(SIGNER.sign(b"open A07 for the recipient of one parcel"))
    raw[place % len(raw)] ^= flip
    with pytest.raises(EnvelopeRejectedError):
        verify(bytes(raw), PINNED)
