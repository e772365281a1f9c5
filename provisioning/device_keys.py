"""The device's two keys, made on the device and never sent anywhere: P-256 to connect, Ed25519 to sign its events."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from provisioning.authority import CsrRefusedError, key_pem, load_key, new_key, read_csr_key
from provisioning.claims import CLAIM_CHARACTERS_MAX, claim_digest
from provisioning.files import PUBLIC, TLS_KEY, make_directory, write_atomically
from provisioning.signing_key import SIGNING_KEY, DeviceKeyError, load_signing_key

__all__ = [
    "CSR",
    "SIGNING_KEY",
    "TLS_KEY",
    "DeviceKeyError",
    "DeviceKeys",
    "EnrolmentRequest",
    "RequestProblem",
    "load_or_make_keys",
    "load_signing_key",
    "make_csr",
    "verify_request",
]

CSR = "tls.csr"

_CONTEXT = b"latchmile/enrolment/v1|"


class RequestProblem(StrEnum):
    """Why an enrolment request is not believed."""

    CLAIM_MALFORMED = "claim_malformed"
    CSR_REFUSED = "csr_refused"
    SIGNING_KEY_MALFORMED = "signing_key_malformed"
    SIGNATURE_WRONG = "signature_wrong"


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST {cloud}/v1/enrolments``; msgspec writes and reads the JSON, byte strings as base64.

    ``{"claim": "...", "csr_pem": "-----BEGIN ...", "signing_public_key_b64": "...", "signature_b64": "..."}``

    The CSR proves that the device holds the P-256 key. The signature proves the Ed25519 key, and ties it to this CSR
    and this claim, so no part can be exchanged on the way.
    """

    claim: str
    csr_pem: str
    signing_public_key: bytes = msgspec.field(name="signing_public_key_b64")
    signature: bytes = msgspec.field(name="signature_b64")


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """``csr_pem`` is kept as well: asking again after a lost answer must be the very same request."""

    directory: Path
    tls: ec.EllipticCurvePrivateKey
    signing: Ed25519PrivateKey
    csr_pem: bytes

    @property
    def signing_public_key(self) -> bytes:
        return self.signing.public_key().public_bytes_raw()

    def request(self, claim: str) -> EnrolmentRequest:
        """Ask for enrolment under ``claim``."""
        return EnrolmentRequest(
            claim=claim,
            csr_pem=self.csr_pem.decode(),
            signing_public_key=self.signing_public_key,
            signature=self.signing.sign(_signed_bytes(claim, self.csr_pem)),
        )


def load_or_make_keys(directory: Path) -> DeviceKeys:
    """Take the keys in ``directory`` or make what is missing; stopped half-way, the next call continues."""
    make_directory(directory)
    if not (directory / TLS_KEY).exists():
        write_atomically(directory / TLS_KEY, key_pem(new_key()))
    if not (directory / SIGNING_KEY).exists():
        write_atomically(directory / SIGNING_KEY, _signing_pem(Ed25519PrivateKey.generate()))
    tls, signing = _load_tls(directory / TLS_KEY), load_signing_key(directory)
    if not (directory / CSR).exists():
        write_atomically(directory / CSR, make_csr(tls), PUBLIC)
    return DeviceKeys(directory, tls, signing, (directory / CSR).read_bytes())


def make_csr(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Ask for a certificate; the name in it is a placeholder, since the claim decides who the device is."""
    placeholder = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a locker to be")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(placeholder).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM)


def verify_request(request: EnrolmentRequest) -> RequestProblem | None:
    """Check both proofs of possession; None means that all is well. The claim itself is for ``check_claim``."""
    if not 0 < len(request.claim) <= CLAIM_CHARACTERS_MAX:
        return RequestProblem.CLAIM_MALFORMED
    csr_pem = request.csr_pem.encode()
    try:
        read_csr_key(csr_pem)
    except CsrRefusedError:
        return RequestProblem.CSR_REFUSED
    try:
        key = Ed25519PublicKey.from_public_bytes(request.signing_public_key)
    except ValueError:
        return RequestProblem.SIGNING_KEY_MALFORMED
    try:
        key.verify(request.signature, _signed_bytes(request.claim, csr_pem))
    except InvalidSignature:
        return RequestProblem.SIGNATURE_WRONG
    return None


def _signed_bytes(claim: str, csr_pem: bytes) -> bytes:
    return _CONTEXT + claim_digest(claim).encode() + b"|" + csr_pem


def _load_tls(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        return load_key(path)
    except (ValueError, TypeError) as error:
        raise DeviceKeyError(path) from error


def _signing_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
