"""A cheap stand-in for Argon2id, for worlds only: what takes 50 ms on purpose would be all a simulated year does."""

import hashlib

from contract.codes import PickUpCode, StretchedCode


def cheap_stretch(code: PickUpCode, salt: bytes) -> StretchedCode:
    """Return 32 bytes that depend on code and salt; protects nothing."""
    return StretchedCode(hashlib.blake2b(code.encode(), digest_size=32, salt=salt[:16]).digest())
