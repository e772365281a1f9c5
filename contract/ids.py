"""Distinct things get distinct types, so that a parcel can never be opened with a locker's name.

Ids on the wire are opaque: nobody can read a recipient, an address or a barcode out of one.
"""

import hashlib
import re
from typing import NewType

LockerId = NewType("LockerId", str)
CompartmentLabel = NewType("CompartmentLabel", str)
KeyId = NewType("KeyId", str)
ParcelRef = NewType("ParcelRef", bytes)
GrantId = NewType("GrantId", bytes)
GroupId = NewType("GroupId", bytes)
MessageId = NewType("MessageId", bytes)
BootId = NewType("BootId", bytes)
CourierRef = NewType("CourierRef", bytes)
LabelDigest = NewType("LabelDigest", bytes)

ID_BYTES = 16  # 128 bits: a guess every nanosecond for the age of the universe finds none
LOCKER_ID_MAX = 32  # fits an X.509 common name (64) and leaves topics short

_LOCKER_ID = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,30}[A-Z0-9])?")
_COMPARTMENT_LABEL = re.compile(r"[A-Z]{1,2}[0-9]{1,3}")


class IdError(ValueError):
    """A name that cannot be an id, with the text that was given."""

    def __init__(self, what: str, given: str, rule: str) -> None:
        """Say ``what`` was meant, what was ``given`` and the ``rule`` it breaks."""
        super().__init__(f"{given!r} is not a {what}: {rule}")
        self.what, self.given, self.rule = what, given, rule


def locker_id(text: str) -> LockerId:
    """Check a locker id; it becomes a topic level and a certificate's name, so only ``A-Z 0-9 -`` may stand in it."""
    if not _LOCKER_ID.fullmatch(text):
        raise IdError("locker id", text, f"use 1 to {LOCKER_ID_MAX} of A-Z, 0-9 and inner hyphens")
    return LockerId(text)


def compartment_label(text: str) -> CompartmentLabel:
    """Check a compartment label such as ``A07``: the letters and number painted on the door."""
    if not _COMPARTMENT_LABEL.fullmatch(text):
        raise IdError("compartment label", text, "use one or two capital letters and one to three digits, as in A07")
    return CompartmentLabel(text)


def normal_barcode(scanned: str) -> str:
    """Bring a barcode to the one form that is digested: no spaces or scanner control characters, capital letters."""
    return "".join(character for character in scanned.upper() if character.isalnum() or character in "-/.")


def label_digest(barcode: str) -> LabelDigest:
    """Digest a parcel's barcode (SHA-256, first 16 bytes), so that the locker can match a scan and store no barcode."""
    return LabelDigest(hashlib.sha256(b"latchmile/label/v1|" + normal_barcode(barcode).encode()).digest()[:ID_BYTES])
