"""Keys of a world: Ed25519, or a keyed hash that takes a hundredth of the time and refuses the same things.

A cheap key's public half is its secret, so it protects nothing from who can read; in a world nobody reads, and altered
bytes, other keys and other domains are refused as by Ed25519. A share of all worlds runs on real keys.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PERSON = b"latchmile world"


@dataclass(frozen=True, slots=True)
class CheapPublicKey:
    """Verifies; has of ``Ed25519PublicKey`` what the product calls."""

    raw: bytes

    def public_bytes_raw(self) -> bytes:
        return self.raw

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise ``InvalidSignature`` unless ``signature`` is of ``data`` by this key."""
        if not hmac.compare_digest(_tag(self.raw, data), signature):
            raise InvalidSignature


@dataclass(frozen=True, slots=True)
class CheapPrivateKey:
    """Signs; has of ``Ed25519PrivateKey`` what the product calls."""

    raw: bytes

    def public_key(self) -> CheapPublicKey:
        return CheapPublicKey(self.raw)

    def sign(self, data: bytes) -> bytes:
        return _tag(self.raw, data)


@dataclass(frozen=True, slots=True)
class KeyKind:
    """How keys are made in one world."""

    private: Callable[[bytes], Ed25519PrivateKey]
    public: Callable[[bytes], Ed25519PublicKey]


def _cheap_private(seed: bytes) -> Ed25519PrivateKey:
    return cast("Ed25519PrivateKey", CheapPrivateKey(seed))


def _cheap_public(raw: bytes) -> Ed25519PublicKey:
    return cast("Ed25519PublicKey", CheapPublicKey(raw))


REAL = KeyKind(Ed25519PrivateKey.from_private_bytes, Ed25519PublicKey.from_public_bytes)
CHEAP = KeyKind(_cheap_private, _cheap_public)


def _tag(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=64, key=key, person=_PERSON).digest()
