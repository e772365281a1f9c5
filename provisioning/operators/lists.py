"""The list of operators who may open in bulk: looked at by a person, signed by the offline root, pinned by lockers.

The cloud hands out the keys that were registered there (``RegisteredKeys``, JSON); a taken-over cloud could slip one of
its own in. So whoever signs compares every fingerprint with the operator whose key it is, by voice or in person.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.bulk import (
    OPERATOR_LIST_LIFE_S,
    OPERATORS_MAX,
    PERSON_BYTES,
    ROOT_KEY_ID,
    BulkError,
    OperatorKey,
    OperatorList,
)
from contract.codec import encode
from contract.envelope import Signer

FINGERPRINT_GROUPS, GROUP_DIGITS = 5, 4  # 80 bits: nobody finds a second key to them, and they are read out in a breath


class RegisteredKey(msgspec.Struct, frozen=True, kw_only=True):
    """One operator's public key as the cloud lists it; ``name`` is for the eyes of whoever signs."""

    person: str
    name: str
    public_key: bytes = msgspec.field(name="public_key_b64")


class RegisteredKeys(msgspec.Struct, frozen=True):
    """``GET /v1/operator-keys/list``: the confirmed keys, to be carried to the offline root."""

    keys: tuple[RegisteredKey, ...]


def read_registered(raw: bytes) -> RegisteredKeys:
    """Read the cloud's file and check every key in it; raises ``BulkError``."""
    try:
        listed = msgspec.json.decode(raw, type=RegisteredKeys)
        for key in listed.keys:
            Ed25519PublicKey.from_public_bytes(key.public_key)
            if len(bytes.fromhex(key.person)) != PERSON_BYTES:
                raise BulkError(f"{key.name}: the person's number has not {PERSON_BYTES} bytes")
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BulkError(f"this is no list of registered keys: {error}") from error
    if len(listed.keys) > OPERATORS_MAX:
        raise BulkError(f"{len(listed.keys)} keys; at most {OPERATORS_MAX}")
    return listed


def fingerprint(public_key: bytes) -> str:
    """Return what two people compare: five groups of four hexadecimal digits of the key's SHA-256."""
    digits = hashlib.sha256(public_key).hexdigest()
    return " ".join(digits[at : at + GROUP_DIGITS] for at in range(0, FINGERPRINT_GROUPS * GROUP_DIGITS, GROUP_DIGITS))


def sign_list(root: Ed25519PrivateKey, keys: Sequence[RegisteredKey], now_s: int) -> bytes:
    """Return the root's statement; its number is the second in which it was signed, so a later list is a newer one."""
    listed = OperatorList(
        number=now_s,
        issued_at=now_s,
        expires_at=now_s + OPERATOR_LIST_LIFE_S,
        keys=tuple(OperatorKey(bytes.fromhex(key.person), key.public_key) for key in keys),
    )
    return Signer(ROOT_KEY_ID, root).sign(encode(listed))
