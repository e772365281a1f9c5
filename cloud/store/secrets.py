"""Secrets at rest: AES-256-GCM under the master key, bound to the row they belong to (NIST SP 800-38D)."""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12  # random nonces are safe for 2^32 messages under one key; the whole fleet seals a few million a year


class SealBrokenError(Exception):
    """A sealed value was altered, moved to another row, or sealed under another master key."""


class AesGcmBox:
    """The ``SecretBox`` of the cloud. Keys for different purposes are derived, never shared."""

    def __init__(self, master_key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        """Take the 32-byte ``master_key``; ``random_bytes`` makes nonces."""
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError(f"the master key has {len(master_key)} bytes, {MASTER_KEY_BYTES} are needed")
        self._master = master_key
        self._random_bytes = random_bytes
        self._derived: dict[str, bytes] = {}  # as many as the program has purposes
        self._cipher = AESGCM(self.derive("seal/v1"))

    def seal(self, plain: bytes, about: str) -> bytes:
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Return the plain bytes; raises ``SealBrokenError``."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(f"the seal on {about} is broken, or the master key is another one") from error

    def derive(self, purpose: str) -> bytes:
        key = self._derived.get(purpose)
        if key is None:
            hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"latchmile/" + purpose.encode())
            key = self._derived[purpose] = hkdf.derive(self._master)
        return key
