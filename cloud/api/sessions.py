"""Signed cookies for people who sign in; nothing is stored.

A disabled account is found at its next request, because the account is read every time.
"""

import base64
import binascii
import hmac
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from cloud.services.ports import SecretBox

COOKIE = "latchmile_session"
SESSION_LIFE = timedelta(hours=12)  # one shift with overtime; a forgotten phone is signed out by the next morning
COOKIE_CHARACTERS_MAX = 512  # ours have about 150


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who signed in, and until when (Unix seconds) that holds."""

    account_id: str
    expires_at: int


_DECODER = msgspec.msgpack.Decoder(Session)


class Sessions:
    """Seals and opens the cookie's text."""

    def __init__(self, box: SecretBox) -> None:
        """Sign with a key derived for nothing else."""
        self._key = box.derive("session/v1")

    def seal(self, account_id: str, now: datetime) -> str:
        """Return the cookie of an account that just signed in."""
        body = msgspec.msgpack.encode(Session(account_id, int((now + SESSION_LIFE).timestamp())))
        return base64.urlsafe_b64encode(self._sign(body) + body).decode()

    def account_of(self, cookie: str, now: datetime) -> str | None:
        """Return the account id, or ``None`` for a cookie that is not ours or has expired."""
        if len(cookie) > COOKIE_CHARACTERS_MAX:
            return None
        try:
            raw = base64.urlsafe_b64decode(cookie.encode())
            signature, body = raw[: sha256().digest_size], raw[sha256().digest_size :]
            if not hmac.compare_digest(signature, self._sign(body)):
                return None
            session = _DECODER.decode(body)
        except (binascii.Error, UnicodeError, ValueError, msgspec.DecodeError):
            return None
        return session.account_id if now.timestamp() < session.expires_at else None

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")
