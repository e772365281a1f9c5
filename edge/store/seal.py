"""A seal on every stored value: a bit that flips on a card must not pass for what was written.

SQLite keeps no checksums of its own, and a record whose bytes have changed may still decode: as another deadline,
another compartment. No secret is in it; who can write the card can write seals.
"""

import hashlib

SEAL_BYTES = 8  # one flip in 2^64 goes unseen; nineteen thousand records carry 150 kB more


def sealed(kind: str, key: str | bytes, value: bytes) -> bytes:
    """Return ``value`` with its seal behind it."""
    return value + _seal(kind, key, value)


def opened(kind: str, key: str | bytes, kept: bytes) -> bytes | None:
    """Return the value, or nothing when it is not what was written under this kind and key."""
    value, seal = kept[:-SEAL_BYTES], kept[-SEAL_BYTES:]
    return value if seal == _seal(kind, key, value) else None


def _seal(kind: str, key: str | bytes, value: bytes) -> bytes:
    name = key.encode() if isinstance(key, str) else key
    told = b"%d|%d|%b%b%b" % (len(kind), len(name), kind.encode(), name, value)
    return hashlib.blake2b(told, digest_size=SEAL_BYTES).digest()
