"""Bytes that claim to come from the cloud, by wire or on a phone's screen, checked before anybody acts on them.

Size, signature under a pinned key, kind, and whether it was meant for this locker. Expiry, replay and the rest need the
locker's state and are decided in ``decide``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, assert_never

import msgspec

from contract.bulk import LIST_BYTES_MAX, ORDER_BYTES_MAX, OpenMany
from contract.codec import (
    QR_PREFIX,
    CodecError,
    Downward,
    Presented,
    Unknown,
    decode_downward,
    decode_presented,
    from_qr,
)
from contract.commands import RefusalReason
from contract.envelope import Envelope, EnvelopeRejectedError, KeyRing, Rejection, verify
from contract.grants import Capability, CourierPass, Presence
from contract.ids import LockerId, MessageId, label_digest
from edge.locker_controller.inputs import (
    BarcodeScanned,
    CapabilityShown,
    Input,
    OperatorShown,
    PassShown,
    PresentationRefused,
)

Document = TypeVar("Document", bound="Downward | Presented")

NUMBER_MAX = 1 << 40  # Unix seconds of the year 36,812; what is larger breaks arithmetic, not doors
BYTES_MAX = 64  # ids have 16, digests and verifiers 32
TEXT_CHARACTERS_MAX = 256  # a name, a reason, a phone number
LONGER: Mapping[type, Mapping[str, int]] = {OpenMany: {"order": ORDER_BYTES_MAX}, Envelope: {"body": LIST_BYTES_MAX}}


@dataclass(frozen=True, slots=True)
class NotBelieved:
    """Why a document is not acted upon; ``id`` only once its signature held, so that nobody else can choose it."""

    reason: str
    id: MessageId | None = None


def read_wire(payload: bytes, keys: KeyRing, locker: LockerId) -> Downward | NotBelieved:
    """Read what came over the link."""
    try:
        document = decode_downward(verify(payload, keys).body)
    except EnvelopeRejectedError as error:
        return NotBelieved(error.reason)
    except CodecError:
        return NotBelieved(Rejection.MALFORMED)
    if isinstance(document, Unknown):
        return NotBelieved(RefusalReason.UNKNOWN_KIND)
    return _meant_for(locker, document)


def scanned(text: str, keys: KeyRing, locker: LockerId) -> tuple[Input, int | None]:
    """Say what a scanned text means, and when it was signed if it was signed by somebody we believe (Unix s).

    Whatever does not claim to be a document of ours is taken for a parcel's barcode.
    """
    if not text.startswith(QR_PREFIX):
        return BarcodeScanned(label_digest(text)), None
    document = read_scan(text, keys, locker)
    match document:
        case NotBelieved():
            return PresentationRefused(document.reason), None
        case CourierPass():
            return PassShown(document), document.issued_at
        case Capability():
            return CapabilityShown(document), document.issued_at
        case Presence():
            return OperatorShown(document), document.issued_at
        case _ as never:
            assert_never(never)


def read_scan(text: str, keys: KeyRing, locker: LockerId) -> Presented | NotBelieved:
    """Read what a person held in front of the scanner."""
    try:
        document = decode_presented(verify(from_qr(text), keys).body)
    except EnvelopeRejectedError as error:
        return NotBelieved(error.reason)
    except CodecError:
        return NotBelieved(Rejection.MALFORMED)
    if isinstance(document, Unknown):
        return NotBelieved(RefusalReason.UNKNOWN_KIND)
    return _meant_for(locker, document)


def _meant_for(locker: LockerId, document: Document) -> Document | NotBelieved:
    """Pass on what is for this locker and within the bounds of its kind, whoever signed it."""
    if not is_plausible(document):
        return NotBelieved(RefusalReason.LIMIT_REACHED)
    return document if document.aud == locker else NotBelieved(RefusalReason.WRONG_LOCKER, document.id)


def is_plausible(value: Any, bytes_max: int = BYTES_MAX) -> bool:
    """Say whether no part of a document is larger than any honest one: what is kept for years must stay small."""
    match value:
        case None:
            return True
        case int():
            return 0 <= value <= NUMBER_MAX
        case bytes():
            return len(value) <= bytes_max
        case str():
            return len(value) <= TEXT_CHARACTERS_MAX
        case msgspec.Struct():
            return _is_plausible_throughout(value)
        case _:
            return all(is_plausible(one) for one in value)


def _is_plausible_throughout(document: msgspec.Struct) -> bool:
    """Look at every field; in a loop and not in a generator, because every message passes here."""
    longer = LONGER.get(type(document), {})
    for name in document.__struct_fields__:
        if not is_plausible(getattr(document, name), longer.get(name, BYTES_MAX)):
            return False
    return True
