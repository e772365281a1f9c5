"""Bytes that claim to come from the cloud, by wire or on a phone's screen, checked before anybody acts on them.

Size, signature under a pinned key, kind, and whether it was meant for this locker. Expiry, replay and the rest need the
locker's state and are decided in ``decide``.
"""

from dataclasses import dataclass

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
from contract.envelope import EnvelopeRejectedError, KeyRing, Rejection, verify
from contract.ids import LockerId, MessageId


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
    return document if document.aud == locker else NotBelieved(RefusalReason.WRONG_LOCKER, document.id)


def is_ours(scanned: str) -> bool:
    """Whether a scanned text claims to be a signed document; anything else is taken for a parcel's barcode."""
    return scanned.startswith(QR_PREFIX)


def read_scan(scanned: str, keys: KeyRing, locker: LockerId) -> Presented | NotBelieved:
    """Read what a person held in front of the scanner."""
    try:
        document = decode_presented(verify(from_qr(scanned), keys).body)
    except EnvelopeRejectedError as error:
        return NotBelieved(error.reason)
    except CodecError:
        return NotBelieved(Rejection.MALFORMED)
    if isinstance(document, Unknown):
        return NotBelieved(RefusalReason.UNKNOWN_KIND)
    return document if document.aud == locker else NotBelieved(RefusalReason.WRONG_LOCKER, document.id)
