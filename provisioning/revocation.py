"""Taking a certificate back, and deciding who may have the next one.

A revocation list only blocks *new* connections: the broker leaves a live session up, so whoever revokes also makes the
application refuse the locker and restarts or kicks its session.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization

from provisioning.authority import EARLY_START, LOCKER_LIFE, Authority, CsrRefusedError, read_csr_key
from provisioning.files import PUBLIC, write_atomically

REVOKED = "revoked.crl"  # in the broker's directory
RENEWAL_GRACE = timedelta(days=90)  # a locker that stood in a flooded cellar for a summer may still come back
LIST_LIFE = timedelta(days=30)  # the broker refuses everybody once its list is stale; it is signed anew at every start
# A certificate revoked longer ago than this has expired and its grace is over, so it needs no line any more.
LISTED_MAX = LOCKER_LIFE + RENEWAL_GRACE + timedelta(days=10)


class Renewal(StrEnum):
    """The answer to a locker that asks for its next certificate."""

    GRANTED = "granted"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    REVOKED = "revoked"
    SAME_KEY = "same_key"
    NOT_OURS = "not_ours"
    BAD_REQUEST = "bad_request"
    NOT_PROVEN = "not_proven"
    TOO_MANY = "too_many"


class RevocationList:
    """The signed list in one file, which the broker reads at its start and on SIGHUP."""

    def __init__(self, path: Path, authority: Authority) -> None:
        """Keep the list at ``path``; a missing file is an empty list until ``refresh`` writes it."""
        self._path, self._authority = path, authority

    def serials(self) -> frozenset[int]:
        return frozenset(entry.serial_number for entry in self._entries())

    def version(self) -> tuple[int, int]:
        """Return what changes whenever the list is written: the file is always a new one."""
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns

    def revoke(self, serial: int, now: datetime) -> None:
        """Add ``serial`` and sign the list anew; revoking twice changes nothing."""
        entries = list(self._entries())
        if serial not in {entry.serial_number for entry in entries}:
            entries.append(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
        self._write(entries, now)

    def refresh(self, now: datetime) -> None:
        """Sign the list anew so that it stays current, dropping what has long expired."""
        self._write([entry for entry in self._entries() if now - entry.revocation_date_utc <= LISTED_MAX], now)

    def _entries(self) -> list[x509.RevokedCertificate]:
        return list(self._load() or ())

    def _load(self) -> x509.CertificateRevocationList | None:
        if not self._path.exists():
            return None
        return x509.load_pem_x509_crl(self._path.read_bytes())

    def _next_number(self) -> int:
        known = self._load()
        return 1 if known is None else known.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1

    def _write(self, entries: list[x509.RevokedCertificate], now: datetime) -> None:
        builder = (
            x509.CertificateRevocationListBuilder(revoked_certificates=entries)
            .issuer_name(self._authority.issuing.subject)
            .last_update(now - EARLY_START)
            .next_update(now + LIST_LIFE)
            .add_extension(x509.CRLNumber(self._next_number()), critical=False)
        )
        signed = builder.sign(self._authority.key, hashes.SHA256())
        write_atomically(self._path, signed.public_bytes(serialization.Encoding.PEM), PUBLIC)


def may_renew(
    authority: Authority, certificate: x509.Certificate, csr_pem: bytes, revoked: Collection[int], now: datetime
) -> Renewal:
    """Judge a renewal: from half life until ``RENEWAL_GRACE`` after the end, with a new key, unless revoked."""
    try:
        certificate.verify_directly_issued_by(authority.issuing)
        new_key = read_csr_key(csr_pem)
    except CsrRefusedError:
        return Renewal.BAD_REQUEST
    except (InvalidSignature, ValueError, TypeError):
        return Renewal.NOT_OURS
    if certificate.serial_number in revoked:
        return Renewal.REVOKED
    if new_key == certificate.public_key():
        return Renewal.SAME_KEY
    return _window(certificate, now)


def _window(certificate: x509.Certificate, now: datetime) -> Renewal:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc - EARLY_START
    if now < certificate.not_valid_after_utc - life / 2:
        return Renewal.TOO_EARLY
    if now > certificate.not_valid_after_utc + RENEWAL_GRACE:
        return Renewal.TOO_LATE
    return Renewal.GRANTED
