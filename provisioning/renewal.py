"""A locker's next certificate: what it asks with, what it must prove, and what it is answered. Used on both ends.

The request proves three keys: the new one signs its own certificate request (PKCS#10), the key of the present
certificate and the device's signing key each sign that certificate together with the request. None of it is secret,
and what comes back is of no use to anybody without the new key; so whoever repeats a request gains nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from contract.ids import IdError, LockerId, locker_id
from provisioning.authority import CSR_BYTES_MAX, EARLY_START, CsrRefusedError, Key, read_csr_key

PATH = "/v1/renewals"

_CONTEXT = b"latchmile/renewal/v1|"


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST {cloud}/v1/renewals``: ``{"certificate_pem", "csr_pem", "tls_signature_b64", "signature_b64"}``.

    ``tls_signature`` is ECDSA (SHA-256, DER) by the present certificate's key, ``signature`` Ed25519 by the device's.
    """

    certificate_pem: str
    csr_pem: str
    tls_signature: bytes = msgspec.field(name="tls_signature_b64")
    signature: bytes = msgspec.field(name="signature_b64")


class RenewalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The new certificate with its chain; when it was issued and when it ends, in Unix seconds of the cloud."""

    certificate_chain_pem: str
    issued_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A readable request. ``key_digest`` names the new key: asking again for the same one is the same wish."""

    request: RenewalRequest
    certificate: x509.Certificate
    locker: LockerId
    key_digest: str


def make_request(certificate_pem: bytes, tls_key: Key, signing: Ed25519PrivateKey, csr_pem: bytes) -> RenewalRequest:
    """Ask for the certificate that follows ``certificate_pem``."""
    signed = _signed_bytes(certificate_pem, csr_pem)
    return RenewalRequest(
        certificate_pem=certificate_pem.decode(),
        csr_pem=csr_pem.decode(),
        tls_signature=tls_key.sign(signed, ec.ECDSA(hashes.SHA256())),
        signature=signing.sign(signed),
    )


def read_request(request: RenewalRequest) -> Asked | None:
    """Read what is asked; None when there is nothing to read. Nothing is proven yet."""
    certificate_pem = request.certificate_pem.encode()
    if len(certificate_pem) > CSR_BYTES_MAX:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        digest = key_digest(read_csr_key(request.csr_pem.encode()))
        name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return Asked(request, certificate, locker_id(str(name)), digest)
    except (ValueError, TypeError, IndexError, IdError, CsrRefusedError, x509.InvalidVersion):
        return None


def is_proven(asked: Asked, signing_public: bytes) -> bool:
    """Whether the asker holds the certificate's key and the device's signing key."""
    request, key = asked.request, asked.certificate.public_key()
    signed = _signed_bytes(request.certificate_pem.encode(), request.csr_pem.encode())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(request.tls_signature, signed, ec.ECDSA(hashes.SHA256()))
        Ed25519PublicKey.from_public_bytes(signing_public).verify(request.signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_digest(key: ec.EllipticCurvePublicKey) -> str:
    """Name a public key: SHA-256 of its SubjectPublicKeyInfo (RFC 5280) as hex."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def issued_at(certificate: x509.Certificate) -> datetime:
    """Return when one of our certificates was made; it holds from ``EARLY_START`` before that."""
    return certificate.not_valid_before_utc + EARLY_START


def _signed_bytes(certificate_pem: bytes, csr_pem: bytes) -> bytes:
    return _CONTEXT + hashlib.sha256(certificate_pem).digest() + hashlib.sha256(csr_pem).digest()
