"""A locker gets its next certificate. What it shows proves who it is; the claim of its first day is long burnt.

A certificate that has ended may still renew for ninety days: a locker that was off for a summer comes back by itself,
unless somebody has revoked it or another device has taken its place. Asked again for the same key, the answer is the
same certificate.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.x509 import Certificate

from cloud.services import audit
from cloud.services.certificates import remember
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import LockerKey
from cloud.services.records_certificates import LockerCertificate
from contract.ids import LockerId
from provisioning.authority import Issued
from provisioning.renewal import Asked, RenewalRequest, is_proven, read_request
from provisioning.revocation import Renewal

A_DAY_MAX = 3  # one is honest, a second after a lost card; more is a locker that forgets, or a thief with its keys
MayRenew = Callable[[Certificate, bytes, Collection[int], datetime], Renewal]
IssueCertificate = Callable[[bytes, LockerId, datetime], Issued]


@dataclass(frozen=True, slots=True)
class Renewing:
    """What the network's authority says and does."""

    may_renew: MayRenew
    issue: IssueCertificate


def renew(uow: UnitOfWork, act: Act, request: RenewalRequest, means: Renewing) -> LockerCertificate | Renewal:
    """Judge a request and give the next certificate, or say why not."""
    asked = read_request(request)
    if asked is None:
        return Renewal.BAD_REQUEST
    key = _key_of(uow, asked)
    verdict = _judge(asked, key, means, act.now)
    if key is None or verdict is not Renewal.GRANTED:
        return verdict
    known = uow.first(LockerCertificate, order="-issued_at", key_id=key.id, key_digest=asked.key_digest)
    if known is not None and known.ends_at > act.now:  # one that has ended meanwhile is of no use to anybody
        return known
    if uow.count(LockerCertificate, key_id=key.id, issued_at=From(act.now - timedelta(days=1))) >= A_DAY_MAX:
        return Renewal.TOO_MANY
    csr_pem = request.csr_pem.encode()
    made = remember(uow, act, key, csr_pem, means.issue(csr_pem, asked.locker, act.now))
    after = f"certificate {made.serial} after {asked.certificate.serial_number:x}"
    audit.note(uow, act, "renew_certificate", asked.locker, detail=after)
    return made


def _judge(asked: Asked, key: LockerKey | None, means: Renewing, now: datetime) -> Renewal:
    """Say whether this certificate may be renewed by whoever asks; who proves nothing learns nothing of its age."""
    revoked = () if key else (asked.certificate.serial_number,)
    verdict = means.may_renew(asked.certificate, asked.request.csr_pem.encode(), revoked, now)
    if key is None or verdict in {Renewal.BAD_REQUEST, Renewal.NOT_OURS}:
        return verdict
    return verdict if is_proven(asked, key.signing_public or b"") else Renewal.NOT_PROVEN


def _key_of(uow: UnitOfWork, asked: Asked) -> LockerKey | None:
    """Return the locker's key in force if the certificate was made for it; None for any other is a revocation."""
    key = uow.first(LockerKey, order="-created_at", locker_id=asked.locker, revoked_at=None)
    serial = f"{asked.certificate.serial_number:x}"
    if key is None or key.certificate_serial == serial:
        return key
    return key if uow.first(LockerCertificate, key_id=key.id, serial=serial) else None
