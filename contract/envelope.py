"""Signed bytes: the exact bytes that were signed travel along, so nothing ever needs to be written the same way twice.

``signature = Ed25519(PAE("lm/v1", body))``. PAE is the pre-authentication encoding of DSSE (secure-systems-lab/dsse,
protocol.md) and PASETO: every part goes with its length, so no two different pairs encode alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.ids import KeyId

DOMAIN = b"lm/v1"
ENVELOPE_BYTES_MAX = 256 * 1024  # equals the link's limit; refused before anything is parsed
SIGNATURE_BYTES = 64
KEY_ID_CHARACTERS_MAX = 32  # a name, never data


class Rejection(StrEnum):
    """Why an envelope was not believed."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"


class EnvelopeRejectedError(Exception):
    """An envelope that must not be acted upon; ``reason`` says why."""

    def __init__(self, reason: Rejection, key_id: str = "") -> None:
        """Keep the ``reason`` and, when it could be read, the ``key_id`` that was claimed."""
        super().__init__(f"envelope rejected: {reason}" + (f" (key {key_id!r})" if key_id else ""))
        self.reason, self.key_id = reason, key_id


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """``[key_id, body, signature]`` in MessagePack."""

    key_id: str
    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name under which the other side has pinned its public half."""

    key_id: KeyId
    private_key: Ed25519PrivateKey

    def sign(self, body: bytes) -> bytes:
        """Wrap ``body`` into a signed envelope, ready for the wire or a QR code."""
        return _ENCODER.encode(Envelope(self.key_id, body, self.private_key.sign(pae(body))))


KeyRing = Mapping[KeyId, Ed25519PublicKey]

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Envelope)


def pae(body: bytes, domain: bytes = DOMAIN) -> bytes:
    """Return the bytes that are signed for ``body``; what is signed in one ``domain`` means nothing in another."""
    return b"DSSEv1 %d %b %d %b" % (len(domain), domain, len(body), body)


def verify(raw: bytes, keys: KeyRing) -> Envelope:
    """Return the envelope once its signature holds under a pinned key; raises ``EnvelopeRejectedError``."""
    if len(raw) > ENVELOPE_BYTES_MAX:
        raise EnvelopeRejectedError(Rejection.TOO_LARGE)
    try:
        envelope = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnvelopeRejectedError(Rejection.MALFORMED) from error
    if len(envelope.key_id) > KEY_ID_CHARACTERS_MAX or len(envelope.signature) != SIGNATURE_BYTES:
        raise EnvelopeRejectedError(Rejection.MALFORMED)
    key = keys.get(KeyId(envelope.key_id))
    if key is None:
        raise EnvelopeRejectedError(Rejection.UNKNOWN_KEY, envelope.key_id)
    try:
        key.verify(envelope.signature, pae(envelope.body))
    except InvalidSignature as error:
        raise EnvelopeRejectedError(Rejection.BAD_SIGNATURE, envelope.key_id) from error
    return envelope
