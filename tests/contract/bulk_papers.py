"""Orders to open many doors and lists of operators, signed by whom a test likes."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import (
    ROOT_KEY_ID,
    BulkOrder,
    OpenMany,
    OperatorList,
    OrderSignature,
    operator_key_id,
    read_statement,
    signed_text,
    write_order,
)
from contract.codec import encode
from contract.envelope import Envelope, Signer
from contract.ids import LockerId, MessageId


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def stated(listed: OperatorList, by: Ed25519PrivateKey) -> Envelope:
    """Return a list under the root's name, by whatever key."""
    return read_statement(Signer(ROOT_KEY_ID, by).sign(encode(listed)))


def signature(key: Ed25519PrivateKey, raw: bytes) -> OrderSignature:
    return OrderSignature(operator_key_id(public(key)), key.sign(signed_text(raw)))


def command(order: BulkOrder, lives: tuple[int, int], *keys: Ed25519PrivateKey) -> OpenMany:
    """Return the command that brings an order with these keys' signatures; ``lives`` from and until (Unix seconds)."""
    raw, number = write_order(order), MessageId(bytes.fromhex(order.order))
    return OpenMany(LockerId(order.locker), number, *lives, raw, tuple(signature(key, raw) for key in keys))
