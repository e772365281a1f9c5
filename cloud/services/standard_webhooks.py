"""Signing and checking messages by Standard Webhooks (standardwebhooks.com, specification 1.0, symmetric ``v1``).

``v1,base64(HMAC-SHA256(secret, id.timestamp.body))``; several signatures, one for each key in force, are separated by
a space. A secret is written ``whsec_`` and base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification asks for 24 to 64
TOLERANCE = timedelta(minutes=5)  # of the sender's clock against ours, as the specification's libraries allow
SIGNATURES_MAX = 4  # two keys are in force during a rotation; more is somebody trying


def written(secret: bytes) -> str:
    """Return a secret as people copy it."""
    return PREFIX + base64.b64encode(secret).decode()


def signature(secrets: Iterable[bytes], message_id: str, at: datetime, body: bytes) -> str:
    """Return the value of ``webhook-signature``: one signature for each secret in force."""
    return " ".join(f"v1,{_digest(one, message_id, int(at.timestamp()), body)}" for one in secrets)


def headers(secrets: Iterable[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secrets, message_id, at, body),
    }


def is_signed(secrets: Iterable[bytes], given: tuple[str, str, str], body: bytes, now: datetime) -> bool:
    """Whether (id, timestamp, signature) fit the body under one of ``secrets`` and are fresh."""
    message_id, stamp, signatures = given
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= len("9999999999")):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    shown = [one.partition(",") for one in signatures.split()[:SIGNATURES_MAX]]
    wanted = [_digest(one, message_id, int(stamp), body) for one in secrets]
    return any(
        version == "v1" and hmac.compare_digest(text.encode(), one.encode())
        for version, _, text in shown
        for one in wanted
    )


def secret_of(text: str) -> bytes:
    """Return the bytes of a written secret; raises ``ValueError``."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is base64 behind whsec_") from error


def _digest(secret: bytes, message_id: str, stamp: int, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
