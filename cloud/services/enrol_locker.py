"""A device joins as a locker: a claim is made, shown once, presented with proofs, and burnt with the certificate.

A refusal is a value, not an error, because it leaves traces that must be kept: a claim presented by a second device
raises an alarm and quarantines the locker. The same device asking again (its answer was lost) gets the same secrets.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.locker import Locker, LockerStatus, change_status, require_machine
from cloud.services import audit, boots
from cloud.services.attention import alarm
from cloud.services.certificates import remember
from cloud.services.device_keys import LockerSecrets, about_key, revoke_keys, secrets_of
from cloud.services.models import layout_of
from cloud.services.operator_keys import newest_list
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import Claim, LockerKey, PreparedCode
from contract.codes import KEY_BYTES, SALT_BYTES
from contract.ids import LockerId
from contract.layout import Layout
from provisioning import claims
from provisioning.authority import Issued
from provisioning.claims import ClaimRecord, ClaimVerdict
from provisioning.device_keys import EnrolmentRequest, RequestProblem, verify_request
from provisioning.renewal import issued_at

IssueCertificate = Callable[[bytes, LockerId, datetime], Issued]


@dataclass(frozen=True, slots=True)
class ClaimMade:
    """``secret`` is shown once, as text and QR."""

    locker_id: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the device's bundle is made of, beside the network's own facts."""

    locker_id: str
    chain_pem: str
    secrets: LockerSecrets
    layout: Layout
    operators: bytes = b""
    issued_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentRefused:
    why: RequestProblem | ClaimVerdict


def make_claim(uow: UnitOfWork, act: Act, locker_id: str) -> ClaimMade:
    """Make a one-time right to join as this locker; earlier unused ones end."""
    require(act.actor, Role.OPERATOR, Role.INSTALLER)
    locker = uow.need(Locker, locker_id)
    require_machine(locker)
    status = change_status(locker.status, LockerStatus.ENROLLING)
    if locker.status is LockerStatus.ANNOUNCED:
        uow.change(Locker, {"id": locker_id}, status=status, updated_at=act.now)
    made = claims.make_claim(act.ids.bytes(claims.CLAIM_BYTES), act.now)
    uow.change(Claim, {"locker_id": locker_id, "used_at": None}, expires_at=act.now)
    uow.add(
        Claim(
            id=act.ids.new(),
            digest=made.record.digest,
            locker_id=locker_id,
            created_by=str(act.actor),
            created_at=act.now,
            expires_at=made.record.expires_at,
            used_at=None,
            used_from=None,
        )
    )
    audit.note(uow, act, "make_claim", locker_id)
    return ClaimMade(locker_id, made.text, made.record.expires_at)


def enrol(
    uow: UnitOfWork, act: Act, keys: Keys, request: EnrolmentRequest, issue_certificate: IssueCertificate
) -> Enrolled | EnrolmentRefused:
    """Judge a request and, if it holds, sign the certificate and burn the claim in one transaction."""
    problem = verify_request(request)
    if problem is not None:
        return EnrolmentRefused(problem)
    claim = uow.first(Claim, digest=claims.claim_digest(request.claim))
    device = _fingerprint(request)
    if claim is not None and claim.used_from == device:
        return _again(uow, act, keys, (claim, request), issue_certificate)
    verdict = claims.check_claim(_record(claim), act.now)
    if claim is None or verdict is not ClaimVerdict.ACCEPTED:
        if claim is not None and verdict is ClaimVerdict.USED:
            _quarantine(uow, act, claim)
        return EnrolmentRefused(verdict)
    locker = uow.need(Locker, claim.locker_id)
    certificate = issue_certificate(request.csr_pem.encode(), LockerId(locker.id), act.now)
    secrets = _replace_key(uow, act, keys, (locker, request), certificate)
    uow.change(Claim, {"id": claim.id, "used_at": None}, used_at=act.now, used_from=device)
    status = change_status(locker.status, LockerStatus.ENROLLING)
    uow.change(Locker, {"id": locker.id}, status=status, boot_nonce=None, session=0, updated_at=act.now)
    audit.note(uow, act, "enrol", locker.id, detail=f"certificate {certificate.serial:x}")
    return _enrolled(uow, locker, certificate, secrets)


def _again(
    uow: UnitOfWork, act: Act, keys: Keys, about: tuple[Claim, EnrolmentRequest], issue_certificate: IssueCertificate
) -> Enrolled | EnrolmentRefused:
    """Answer the device that used the claim once more, for as long as it is the locker.

    Late, or after another device took its place, it is refused without alarm: it is one device, whatever it asks.
    """
    claim, request = about
    key = uow.first(LockerKey, order="-created_at", locker_id=claim.locker_id, revoked_at=None)
    if key is None or key.signing_public != request.signing_public_key or act.now >= claim.expires_at:
        return EnrolmentRefused(ClaimVerdict.EXPIRED)
    locker = uow.need(Locker, claim.locker_id)
    certificate = issue_certificate(request.csr_pem.encode(), LockerId(locker.id), act.now)
    remember(uow, act, key, request.csr_pem.encode(), certificate)
    audit.note(uow, act, "enrol_again", locker.id, detail=f"certificate {certificate.serial:x}")
    return _enrolled(uow, locker, certificate, secrets_of(keys, key))


def _enrolled(uow: UnitOfWork, locker: Locker, certificate: Issued, secrets: LockerSecrets) -> Enrolled:
    listed = newest_list(uow)
    operators = listed.statement if listed else b""
    leaf = certificate.certificate
    layout = layout_of(uow, locker.model)
    life = (issued_at(leaf), leaf.not_valid_after_utc)
    return Enrolled(locker.id, certificate.chain_pem, secrets, layout, operators, *life)


def _replace_key(
    uow: UnitOfWork, act: Act, keys: Keys, about: tuple[Locker, EnrolmentRequest], certificate: Issued
) -> LockerSecrets:
    """Give the locker new secrets; what the device before it journalled stays, under that device's name."""
    locker, request = about
    old = uow.first(LockerKey, order="-created_at", locker_id=locker.id)
    if old is not None:
        revoke_keys(uow, act, locker.id)
        uow.remove(PreparedCode, locker_id=locker.id)
        uow.log.set_aside(locker.id, f"{locker.id}@{old.id}")
        boots.forget(uow, locker.id)
    secrets = LockerSecrets(act.ids.bytes(KEY_BYTES), act.ids.bytes(SALT_BYTES))
    number = act.ids.new()
    key = LockerKey(
        id=number,
        locker_id=locker.id,
        key_sealed=keys.box.seal(secrets.key, about_key(number)),
        salt_sealed=keys.box.seal(secrets.salt, about_key(number)),
        signing_public=request.signing_public_key,
        certificate_serial=f"{certificate.serial:x}",
        certificate_until=certificate.certificate.not_valid_after_utc,
        created_at=act.now,
        revoked_at=None,
    )
    uow.add(key)
    remember(uow, act, key, request.csr_pem.encode(), certificate)
    return secrets


def _quarantine(uow: UnitOfWork, act: Act, claim: Claim) -> None:
    """Trust neither of two devices that hold the same claim."""
    revoke_keys(uow, act, claim.locker_id)
    uow.change(Locker, {"id": claim.locker_id}, status=LockerStatus.QUARANTINED, intake_open=False, updated_at=act.now)
    detail = "two devices presented one claim; both are refused until an operator makes a new one"
    uow.add(alarm(act, (claim.locker_id, None), ("claim_used_twice", "critical"), detail))


def _record(claim: Claim | None) -> ClaimRecord | None:
    return None if claim is None else ClaimRecord(claim.digest, claim.expires_at, claim.used_at)


def _fingerprint(request: EnrolmentRequest) -> str:
    return hashlib.sha256(request.signing_public_key + request.csr_pem.encode()).hexdigest()
