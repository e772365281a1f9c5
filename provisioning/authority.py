"""The network's own certificate authority: who may connect to the broker, and under which name.

An offline root signs one online issuing authority, which signs everything else. If the machine with the issuing key is
lost, the root replaces it; if a locker's key is lost, it is one name on the revocation list. Profiles follow RFC 5280;
names follow SPIFFE (spiffe.io, SPIFFE-ID).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contract.ids import LockerId, locker_id
from provisioning.files import PUBLIC, SECRET, make_directory, write_atomically

EARLY_START = timedelta(hours=48)  # a Pi without a clock may be two days behind until it has heard the network
LOCKER_LIFE = timedelta(days=30)  # a stolen card is worthless in a month even if nobody notices
SERVICE_LIFE = timedelta(days=90)
ISSUING_LIFE = timedelta(days=5 * 365)  # outlives every locker certificate it can still sign by years
ROOT_LIFE = timedelta(days=20 * 365)  # pinned on devices in the field, which live for about fifteen years
CSR_BYTES_MAX = 8 * 1024  # a P-256 request is below 1 kB

Key = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


class CsrRefusedError(ValueError):
    """A certificate request that must not be signed; the message says why."""


class KeyFileError(ValueError):
    """A file that should hold one of our keys and holds something else."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate with its chain up to, but without, the root."""

    certificate: x509.Certificate
    chain_pem: str

    @property
    def serial(self) -> int:
        return self.certificate.serial_number


@dataclass(frozen=True, slots=True)
class Identity:
    """A service's private key with its certificate chain, both PEM."""

    key_pem: bytes
    chain_pem: str


@dataclass(frozen=True, slots=True)
class Authority:
    """The online issuing authority. Times are aware; certificates begin ``EARLY_START`` before ``now``."""

    domain: str
    root: x509.Certificate
    issuing: x509.Certificate
    key: Key

    @property
    def root_pem(self) -> str:
        return _pem(self.root)

    @property
    def trust_pem(self) -> str:
        """Root and issuing certificate: what a broker needs to judge clients."""
        return _pem(self.root) + _pem(self.issuing)

    def issue_locker(self, csr_pem: bytes, locker: LockerId, now: datetime, life: timedelta = LOCKER_LIFE) -> Issued:
        """Sign a locker's key. The request's own names are ignored: the claim, not the device, says who it is."""
        name, path = locker_id(locker), f"locker/{locker}"
        builder = self._leaf(read_csr_key(csr_pem), name, now, life)
        return self._sign(_client(builder, [self._spiffe(path)]))

    def issue_client(self, name: str, now: datetime) -> Identity:
        """Make a key and certificate for a service of ours; its ``name`` must be lower case, as no locker's ever is."""
        if name != name.lower() or not name.replace("-", "").isalnum():
            raise CsrRefusedError(f"{name!r} is no service name: use lower-case letters, digits and hyphens")
        key = new_key()
        builder = self._leaf(key.public_key(), name, now, SERVICE_LIFE)
        return Identity(key_pem(key), self._sign(_client(builder, [self._spiffe(f"service/{name}")])).chain_pem)

    def issue_server(self, names: Sequence[str], now: datetime) -> Identity:
        """Make a key and certificate for a broker that is reached under ``names`` (host names or addresses)."""
        key = new_key()
        builder = self._leaf(key.public_key(), names[0], now, SERVICE_LIFE)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(name) for name in names]), critical=False)
        return Identity(key_pem(key), self._sign(builder).chain_pem)

    def _leaf(self, key: PublicKey, name: str, now: datetime, life: timedelta) -> x509.CertificateBuilder:
        builder = _builder(_name(name), self.issuing.subject, key, now - EARLY_START, now + life)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(signer, critical=False)
        )

    def _sign(self, builder: x509.CertificateBuilder) -> Issued:
        certificate = builder.sign(self.key, hashes.SHA256())
        return Issued(certificate, _pem(certificate) + _pem(self.issuing))

    def _spiffe(self, path: str) -> x509.GeneralName:
        return x509.UniformResourceIdentifier(f"spiffe://{self.domain}/{path}")


def create_authority(directory: Path, domain: str, now: datetime) -> Authority:
    """Make root and issuing authority in ``directory``. Afterwards ``offline/`` belongs into a safe."""
    root_key, issuing_key = new_key(), new_key()
    root = _make_root(root_key, domain, now)
    issuing = _make_issuing(root, root_key, issuing_key, domain, now)
    offline = make_directory(make_directory(directory) / "offline")
    write_atomically(offline / "root.key", key_pem(root_key))
    write_atomically(directory / "issuing.key", key_pem(issuing_key))
    write_atomically(directory / "root.crt", _pem(root).encode(), PUBLIC)
    write_atomically(directory / "issuing.crt", _pem(issuing).encode(), PUBLIC)  # last: its presence means complete
    return Authority(domain, root, issuing, issuing_key)


def load_authority(directory: Path) -> Authority:
    """Read what ``create_authority`` wrote; raises ``FileNotFoundError`` or ``ValueError`` when it is not whole."""
    root = x509.load_pem_x509_certificate((directory / "root.crt").read_bytes())
    issuing = x509.load_pem_x509_certificate((directory / "issuing.crt").read_bytes())
    constraint = issuing.extensions.get_extension_for_class(x509.NameConstraints).value
    domain = str((constraint.permitted_subtrees or [])[0].value)
    return Authority(domain, root, issuing, load_key(directory / "issuing.key"))


def load_or_create_authority(directory: Path, domain: str, now: datetime) -> Authority:
    """Continue with the authority in ``directory`` or begin one."""
    if (directory / "issuing.crt").exists():
        return load_authority(directory)
    return create_authority(directory, domain, now)


def read_csr_key(csr_pem: bytes) -> PublicKey:
    """Return the key of a sound request: readable, P-256, signed with that very key; raises ``CsrRefusedError``."""
    if len(csr_pem) > CSR_BYTES_MAX:
        raise CsrRefusedError(f"the request has {len(csr_pem)} bytes; at most {CSR_BYTES_MAX}")
    try:
        csr = x509.load_pem_x509_csr(csr_pem)
        key, is_proven = csr.public_key(), csr.is_signature_valid
    except (ValueError, TypeError) as error:
        raise CsrRefusedError("the request is not a readable PEM certificate request") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CsrRefusedError("the request's key is not on the curve P-256")
    if not is_proven:
        raise CsrRefusedError("the request is not signed with the key it asks for")
    return key


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(path: Path) -> Key:
    """Read a P-256 private key; raises ``ValueError`` when it is something else."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path} does not hold an elliptic curve key")
    return key


def write_identity(directory: Path, name: str, identity: Identity) -> None:
    """Write ``name.key`` and ``name.crt``, the key first: a certificate without its key would look complete."""
    write_atomically(directory / f"{name}.key", identity.key_pem, SECRET)
    write_atomically(directory / f"{name}.crt", identity.chain_pem.encode(), PUBLIC)


def _make_root(key: Key, domain: str, now: datetime) -> x509.Certificate:
    name = _name(f"{domain} root")
    builder = _builder(name, name, key.public_key(), now - EARLY_START, now + ROOT_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True).sign(key, hashes.SHA256())


def _make_issuing(root: x509.Certificate, root_key: Key, key: Key, domain: str, now: datetime) -> x509.Certificate:
    builder = _builder(
        _name(f"{domain} issuing"), root.subject, key.public_key(), now - EARLY_START, now + ISSUING_LIFE
    )
    only_us = x509.NameConstraints([x509.UniformResourceIdentifier(domain)], None)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(only_us, critical=True)
        .add_extension(signer, critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _client(builder: x509.CertificateBuilder, names: list[x509.GeneralName]) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
