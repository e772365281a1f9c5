"""The record of every certificate a locker was given: what to take back, and what to answer when it asks again."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerCertificate:
    """``key_id`` is the ``LockerKey`` it belongs to, ``key_digest`` names the certified key, ``serial`` is hex."""

    id: str
    locker_id: str
    key_id: str
    serial: str
    key_digest: str
    chain_pem: str
    issued_at: datetime
    ends_at: datetime
