"""The one-time right to join: made in the console, typed or scanned at the locker, worth nothing afterwards.

Only a digest is stored, so a stolen database enrols nobody. These are rules; the cloud keeps the records and burns a
claim in the same transaction that signs the certificate.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLAIM_BYTES = 32  # 256 bits: cannot be guessed, so the endpoint needs no lockout of its own
CLAIM_LIFE = timedelta(hours=24)  # the fitter's working day, with a night to spare
CLAIM_CHARACTERS_MAX = 128  # 52 are needed; people add spaces and hyphens


class ClaimVerdict(StrEnum):
    """What becomes of a claim that was presented."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"  # whoever sees this raises an alarm: two devices hold the same claim


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """What is stored: the digest (64 hexadecimal characters) and the times, never the claim."""

    digest: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewClaim:
    """``text`` is shown once, as characters and QR (base32, fit for QR's alphanumeric mode)."""

    text: str
    record: ClaimRecord


def make_claim(entropy: bytes, now: datetime) -> NewClaim:
    """Make a claim from ``CLAIM_BYTES`` fresh random bytes."""
    if len(entropy) != CLAIM_BYTES:
        raise ValueError(f"a claim is made from {CLAIM_BYTES} random bytes, not {len(entropy)}")
    text = base64.b32encode(entropy).decode().rstrip("=")
    return NewClaim(text, ClaimRecord(claim_digest(text), now + CLAIM_LIFE))


def claim_digest(text: str) -> str:
    """Digest a claim as presented, forgiving case, spaces and hyphens; this is the key to find its record by."""
    plain = "".join(text[:CLAIM_CHARACTERS_MAX].upper().replace("-", " ").split())
    return hashlib.sha256(b"latchmile/claim/v1|" + plain.encode()).hexdigest()


def check_claim(record: ClaimRecord | None, now: datetime) -> ClaimVerdict:
    """Judge the record that ``claim_digest`` found, None when there was none."""
    if record is None:
        return ClaimVerdict.UNKNOWN
    if record.used_at is not None:
        return ClaimVerdict.USED
    return ClaimVerdict.EXPIRED if now >= record.expires_at else ClaimVerdict.ACCEPTED
