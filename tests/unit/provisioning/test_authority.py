import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contract.ids import IdError, LockerId
from provisioning.authority import (
    CSR_BYTES_MAX,
    LOCKER_LIFE,
    CsrRefusedError,
    KeyFileError,
    create_authority,
    load_authority,
    load_key,
    load_or_create_authority,
    new_key,
)
from provisioning.device_keys import make_csr
from tests.unit.provisioning.examples import DOMAIN, LOCKER, NOW


def issue(tmp_path: Path) -> x509.Certificate:
    return create_authority(tmp_path / "ca", DOMAIN, NOW).issue_locker(make_csr(new_key()), LOCKER, NOW).certificate


def test_a_locker_certificate_names_the_locker_and_nothing_the_device_asked_for(tmp_path: Path) -> None:
    certificate = issue(tmp_path)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert [name.value for name in certificate.subject] == [LOCKER]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://{DOMAIN}/locker/{LOCKER}"]


def test_a_locker_certificate_is_for_clients_only(tmp_path: Path) -> None:
    extensions = issue(tmp_path).extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)

    assert list(usage.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert (constraints.critical, constraints.value.ca) == (True, False)


def test_a_locker_certificate_begins_two_days_early_and_lives_thirty(tmp_path: Path) -> None:
    certificate = issue(tmp_path)

    assert certificate.not_valid_before_utc == NOW - timedelta(hours=48)
    assert certificate.not_valid_after_utc == NOW + LOCKER_LIFE


def test_the_issuing_authority_can_make_no_authority_and_no_name_outside_the_domain(tmp_path: Path) -> None:
    issuing = create_authority(tmp_path, DOMAIN, NOW).issuing.extensions
    basic = issuing.get_extension_for_class(x509.BasicConstraints)
    names = issuing.get_extension_for_class(x509.NameConstraints)

    assert (basic.critical, basic.value.path_length) == (True, 0)
    assert (names.critical, names.value.permitted_subtrees) == (True, [x509.UniformResourceIdentifier(DOMAIN)])


def test_the_chain_leads_from_the_locker_to_the_root(tmp_path: Path) -> None:
    authority = create_authority(tmp_path, DOMAIN, NOW)
    issued = authority.issue_locker(make_csr(new_key()), LOCKER, NOW)
    leaf, issuing = x509.load_pem_x509_certificates(issued.chain_pem.encode())

    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(authority.root)
    assert issued.serial == leaf.serial_number


def test_a_server_certificate_carries_host_names_and_addresses(tmp_path: Path) -> None:
    identity = create_authority(tmp_path, DOMAIN, NOW).issue_server(["localhost", "127.0.0.1"], NOW)
    names = (
        x509.load_pem_x509_certificates(identity.chain_pem.encode())[0]
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value
    )

    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_service_certificate_carries_the_service_name(tmp_path: Path) -> None:
    identity = create_authority(tmp_path, DOMAIN, NOW).issue_client("cloud-2", NOW)
    leaf = x509.load_pem_x509_certificates(identity.chain_pem.encode())[0]

    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "cloud-2"


@pytest.mark.parametrize("name", ["Cloud", "WAW-01", "cloud/#", "+", ""])
def test_a_service_cannot_be_named_like_a_locker_or_a_wildcard(tmp_path: Path, name: str) -> None:
    with pytest.raises(CsrRefusedError, match="service name"):
        create_authority(tmp_path, DOMAIN, NOW).issue_client(name, NOW)


@pytest.mark.parametrize("name", ["cloud", "A/B", "+", "#", ""])
def test_a_locker_cannot_be_named_like_a_service_or_a_wildcard(tmp_path: Path, name: str) -> None:
    with pytest.raises(IdError):
        create_authority(tmp_path, DOMAIN, NOW).issue_locker(make_csr(new_key()), LockerId(name), NOW)


def rsa_csr() -> bytes:
    return csr_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def other_curve_csr() -> bytes:
    return csr_of(ec.generate_private_key(ec.SECP384R1()))


def csr_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM)


def stolen_key_csr() -> bytes:
    """Ask for somebody else's public key, signed with one's own."""
    mine, theirs = (x509.load_pem_x509_csr(make_csr(new_key())) for _ in range(2))
    raw = mine.public_bytes(serialization.Encoding.DER)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    swapped = raw.replace(mine.public_key().public_bytes(*form), theirs.public_key().public_bytes(*form))
    return x509.load_der_x509_csr(swapped).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("csr", "why"),
    [
        (b"", "readable"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "readable"),
        (b"x" * (CSR_BYTES_MAX + 1), "at most"),
        (rsa_csr(), "P-256"),
        (other_curve_csr(), "P-256"),
        (stolen_key_csr(), "not signed with the key"),
    ],
    ids=("empty", "torn", "too-big", "rsa", "other-curve", "stolen-key"),  # new keys would be new names in each worker
)
def test_an_unsound_request_is_refused(tmp_path: Path, csr: bytes, why: str) -> None:
    with pytest.raises(CsrRefusedError, match=why):
        create_authority(tmp_path, DOMAIN, NOW).issue_locker(csr, LOCKER, NOW)


def test_an_authority_is_loaded_as_it_was_created(tmp_path: Path) -> None:
    created = create_authority(tmp_path, DOMAIN, NOW)

    loaded = load_authority(tmp_path)

    assert (loaded.domain, loaded.root, loaded.issuing) == (DOMAIN, created.root, created.issuing)
    assert loaded.key.private_numbers() == created.key.private_numbers()


def test_an_authority_that_exists_is_continued_not_replaced(tmp_path: Path) -> None:
    first = load_or_create_authority(tmp_path, DOMAIN, NOW)

    assert load_or_create_authority(tmp_path, "another.example", NOW).root == first.root


def test_private_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    create_authority(tmp_path, DOMAIN, NOW)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.key")}
    assert modes == {"root.key": 0o600, "issuing.key": 0o600}


def test_a_key_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "some.key").write_bytes(key.private_bytes(*form))

    with pytest.raises(KeyFileError, match=r"some\.key"):
        load_key(tmp_path / "some.key")
