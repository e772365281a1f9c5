"""The recipient's signed link: no account, one parcel, nothing to guess and nothing to store.

``token = base64url(parcel id (16 bytes) | first 16 bytes of HMAC-SHA256(key, parcel id))``; the key is
``box.derive("tracking/v1")``. 128 bits of MAC make a guess hopeless.
"""

import base64
import binascii
import hmac

from cloud.domain.errors import NotFoundError

PURPOSE = "tracking/v1"
_ID_BYTES = 16
_MAC_BYTES = 16
TOKEN_CHARACTERS_MAX = 64  # 43 are needed


def token_for(parcel_id: str, key: bytes) -> str:
    raw = bytes.fromhex(parcel_id)
    return base64.urlsafe_b64encode(raw + _mac(raw, key)).decode().rstrip("=")


def parcel_of(token: str, key: bytes) -> str:
    """Return the parcel's id; raises ``NotFoundError`` for anything ``token_for`` did not make."""
    try:
        raw = base64.urlsafe_b64decode(token[:TOKEN_CHARACTERS_MAX].encode() + b"==")
    except (binascii.Error, ValueError) as error:
        raise NotFoundError("tracking link", token[:8]) from error
    name, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
    if len(raw) != _ID_BYTES + _MAC_BYTES or not hmac.compare_digest(mac, _mac(name, key)):
        raise NotFoundError("tracking link", token[:8])
    return name.hex()


def _mac(raw: bytes, key: bytes) -> bytes:
    return hmac.digest(key, raw, "sha256")[:_MAC_BYTES]
