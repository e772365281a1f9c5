"""Opening many doors of one locker: an order that two operators sign with keys of their own, and whose keys those are.

The cloud carries both and can make neither: the order's signatures are made in the operators' browsers, and the list of
their keys is signed by the offline root that every device pins. The order is JSON, unlike everything else on the wire,
because it is the one text a person signs: the page shows what stands in exactly these bytes (docs/adr/0018).
"""

import hashlib
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.envelope import Envelope, EnvelopeRejectedError, pae, verify
from contract.ids import KeyId, LockerId, MessageId

BULK_DOORS_MAX = 60  # half a minute a door, opened, looked into and shut, is the half hour that maintenance lasts
BULK_LIFE_S = 600  # the second operator is called to the screen and reads; what takes longer is asked for again
BULK_SIGNATURES = 2
BULK_REASON_CHARACTERS = (5, 200)  # a sentence somebody can read before signing it
MAINTENANCE_S = 1800  # one visit; whoever is still there shows the pass again
OPERATORS_MAX = 32  # who may open in bulk is a handful in a fleet; the list stays one small message
OPERATOR_LIST_LIFE_S = 90 * 24 * 3600  # a taken-over cloud can keep a newer list back, so the older one ends by itself
ORDER_BYTES_MAX = 2048  # 60 labels, a reason of 200 characters and the ids are about 1 kB
LIST_BYTES_MAX = 4096  # 32 operators take about 2 kB
PERSON_BYTES = 16
ROOT_KEY_ID = KeyId("root")

_BULK_DOMAIN = b"lm/bulk/v1"
_KEY_ID_DIGITS = 16


class OperatorKey(msgspec.Struct, frozen=True, array_like=True):
    """The public half (Ed25519, 32 bytes) of a key that one operator holds; ``person`` is opaque here."""

    person: bytes
    public_key: bytes


class OperatorList(msgspec.Struct, frozen=True, array_like=True, tag="operators"):
    """Whose signatures open in bulk, by word of the offline root; a higher ``number`` replaces what was before."""

    number: int
    issued_at: int
    expires_at: int
    keys: tuple[OperatorKey, ...]
    version: int = 1


class PinOperators(msgspec.Struct, frozen=True, array_like=True, tag="pin_operators"):
    """Bring a locker the list of operators; ``statement`` is the root's envelope around an ``OperatorList``."""

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    statement: Envelope
    version: int = 1


class OrderSignature(msgspec.Struct, frozen=True, array_like=True):
    """One operator's signature over the order's bytes, and which key made it (``operator_key_id``)."""

    key_id: KeyId
    signature: bytes


class OpenMany(msgspec.Struct, frozen=True, array_like=True, tag="open_many"):
    """Open the doors that ``order`` lists, one after the other; ``id`` is the order's, so it is used at most once."""

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    order: bytes
    signatures: tuple[OrderSignature, ...]
    version: int = 1


class BulkOrder(msgspec.Struct, frozen=True, tag_field="kind", tag="open_many", kw_only=True):
    """What two operators sign. Ids are hex; times are Unix seconds, ``until_uptime_ms`` is the device's own clock.

    Both ends hold, and neither may be left open: the device's hour can be wrong, and how long it has been running not.
    ``counter`` rises from order to order at one locker: the second in which it was asked for.
    """

    locker: LockerId
    order: str
    boot: str
    counter: int
    issued_at: int
    expires_at: int
    until_uptime_ms: int
    compartments: tuple[str, ...]
    reason: str


class BulkError(ValueError):
    """An order or a list that is not what it claims to be; the message says why."""


_ORDER = msgspec.json.Decoder(BulkOrder)
_LIST = msgspec.msgpack.Decoder(OperatorList)


def write_order(order: BulkOrder) -> bytes:
    """Return the text that is shown and signed."""
    return msgspec.json.encode(order)


def read_order(raw: bytes) -> BulkOrder:
    """Read an order; raises ``BulkError``."""
    try:
        return _ORDER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulkError(f"this is no order to open doors: {error}") from error


def signed_text(order: bytes) -> bytes:
    """Return the bytes under an operator's signature: of a domain of their own, so they are good for nothing else."""
    return pae(order, _BULK_DOMAIN)


def operator_key_id(public_key: bytes) -> KeyId:
    """Name a key after itself."""
    return KeyId(f"op-{hashlib.sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]}")


def signed_by(public_key: bytes, order: bytes, signature: bytes) -> bool:
    """Whether this key made this signature over this order."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_text(order))
    except (InvalidSignature, ValueError):
        return False
    return True


def find_key(keys: Sequence[OperatorKey], key_id: str) -> OperatorKey | None:
    return next((key for key in keys if operator_key_id(key.public_key) == key_id), None)


def read_statement(raw: bytes) -> Envelope:
    """Read the envelope around a list, from a file or a bundle; raises ``BulkError``."""
    try:
        return msgspec.msgpack.decode(raw, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulkError(f"this is no list of operators: {error}") from error


def read_list(statement: Envelope, root_of_trust: bytes) -> OperatorList:
    """Return the list that the offline root has signed; raises ``BulkError``."""
    try:
        root = Ed25519PublicKey.from_public_bytes(root_of_trust)
        told = _LIST.decode(verify(msgspec.msgpack.encode(statement), {ROOT_KEY_ID: root}).body)
    except (ValueError, EnvelopeRejectedError, msgspec.DecodeError) as error:
        raise BulkError(f"this list of operators is not by the offline root: {error}") from error
    if len(told.keys) > OPERATORS_MAX:
        raise BulkError(f"{len(told.keys)} operators; at most {OPERATORS_MAX}")
    return told
