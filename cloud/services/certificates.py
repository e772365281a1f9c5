"""Which certificates lockers have, which of them are taken back, and which end soon although they should not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.domain.locker import Locker, LockerStatus
from cloud.services.attention import alarm
from cloud.services.ports import NOT_NULL, Act, From, UnitOfWork, UpTo
from cloud.services.records import LockerKey
from cloud.services.records_certificates import LockerCertificate
from cloud.services.records_ops import Alarm
from provisioning.authority import Issued, read_csr_key
from provisioning.renewal import key_digest

ENDING = "certificate_ending"
ENDING_IN = timedelta(days=10)
"""A locker renews with 14 to 15 of 30 days left; with ten, four days of asking have been in vain."""
SHUT_OUT_FOR = timedelta(minutes=3)
"""For so long a revoked locker's session is ended again and again: the broker has read the list within seconds."""
_IN_USE = (LockerStatus.ENROLLING, LockerStatus.ACTIVE, LockerStatus.QUARANTINED)


@dataclass(frozen=True, slots=True)
class ShutOut:
    """``serials`` of certificates taken back that have not ended; ``lockers`` whose session is to be ended now."""

    serials: frozenset[int]
    lockers: tuple[str, ...]


def remember(uow: UnitOfWork, act: Act, key: LockerKey, csr_pem: bytes, issued: Issued) -> LockerCertificate:
    """Keep a certificate that was made for a locker's key, and let it be the newest one."""
    ends_at = issued.certificate.not_valid_after_utc
    made = LockerCertificate(
        id=act.ids.new(),
        locker_id=key.locker_id,
        key_id=key.id,
        serial=f"{issued.serial:x}",
        key_digest=key_digest(read_csr_key(csr_pem)),
        chain_pem=issued.chain_pem,
        issued_at=act.now,
        ends_at=ends_at,
    )
    uow.add(made)
    uow.change(LockerKey, {"id": key.id}, certificate_serial=made.serial, certificate_until=ends_at)
    uow.change(Alarm, {"locker_id": key.locker_id, "kind": ENDING, "cleared_at": None}, cleared_at=act.now)
    return made


def certificate_until(uow: UnitOfWork, locker_id: str) -> datetime | None:
    """Return when a locker's newest certificate ends; None for one that has none."""
    key = uow.first(LockerKey, order="-created_at", locker_id=locker_id, revoked_at=None)
    return None if key is None else key.certificate_until


def ending_soon(uow: UnitOfWork, now: datetime) -> dict[str, datetime]:
    """Return, by locker, when certificates end that should have been renewed by now."""
    keys = uow.find(LockerKey, order="created_at", revoked_at=None, certificate_until=UpTo(now + ENDING_IN))
    return {one.locker_id: one.certificate_until for one in keys if one.certificate_until is not None}


def warn_of_ends(uow: UnitOfWork, act: Act) -> int:
    """Raise an alarm for every locker in use whose certificate ends soon, once; return how many are new."""
    ending = uow.find(LockerKey, revoked_at=None, certificate_until=UpTo(act.now + ENDING_IN))
    if not ending:
        return 0
    used = {one.id for one in uow.find(Locker, status=_IN_USE)}
    standing = {one.locker_id for one in uow.find(Alarm, kind=ENDING, cleared_at=None)}
    new = [one for one in ending if one.locker_id in used - standing]
    uow.add(*(_ending(act, one) for one in new))
    return len(new)


def to_shut_out(uow: UnitOfWork, now: datetime) -> ShutOut:
    """Return what the broker must refuse, and whom it must put out; a locker that joined anew is left alone."""
    revoked = {one.id: one for one in uow.find(LockerKey, revoked_at=NOT_NULL, certificate_until=From(now))}
    made = uow.find(LockerCertificate, key_id=tuple(revoked), ends_at=From(now)) if revoked else []
    serials = {one.serial for one in made} | {one.certificate_serial for one in revoked.values()}
    recent = {one.locker_id for one in revoked.values() if one.revoked_at and now - one.revoked_at <= SHUT_OUT_FOR}
    joined = {one.locker_id for one in uow.find(LockerKey, locker_id=tuple(recent), revoked_at=None)} if recent else ()
    return ShutOut(frozenset(int(one, 16) for one in serials if one), tuple(sorted(recent.difference(joined))))


def _ending(act: Act, key: LockerKey) -> Alarm:
    until = key.certificate_until or act.now
    detail = f"the locker's certificate ends {until.isoformat(timespec='seconds')} and was not renewed"
    return alarm(act, (key.locker_id, None), (ENDING, "warning"), detail)
