from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.authority import LOCKER_LIFE, create_authority, new_key
from provisioning.device_keys import make_csr
from provisioning.revocation import LISTED_MAX, RENEWAL_GRACE, Renewal, RevocationList, may_renew
from tests.unit.provisioning.examples import DOMAIN, LOCKER, NOW, office

HALF_LIFE = NOW + LOCKER_LIFE / 2
MOMENT = timedelta(seconds=1)


def revocation_list(tmp_path: Path) -> RevocationList:
    return RevocationList(tmp_path / "revoked.crl", create_authority(tmp_path / "ca", DOMAIN, NOW))


def test_a_list_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert revocation_list(tmp_path).serials() == frozenset()


def test_revoked_serials_are_listed_once_and_survive(tmp_path: Path) -> None:
    revoked = revocation_list(tmp_path)

    for serial in (7, 9, 7):
        revoked.revoke(serial, NOW)

    assert revoked.serials() == {7, 9}


def test_the_list_is_signed_current_and_numbered(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", DOMAIN, NOW)
    revoked = RevocationList(tmp_path / "revoked.crl", authority)
    revoked.refresh(NOW)
    revoked.revoke(7, NOW + MOMENT)

    crl = x509.load_pem_x509_crl((tmp_path / "revoked.crl").read_bytes())

    assert crl.is_signature_valid(authority.issuing.public_key())  # type: ignore[arg-type] # the issuing key is P-256
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2
    assert crl.next_update_utc == NOW + MOMENT + timedelta(days=30)


def test_a_line_is_dropped_when_its_certificate_could_not_even_renew_any_more(tmp_path: Path) -> None:
    revoked = revocation_list(tmp_path)
    revoked.revoke(7, NOW)

    revoked.refresh(NOW + LISTED_MAX)
    assert revoked.serials() == {7}
    revoked.refresh(NOW + LISTED_MAX + MOMENT)
    assert revoked.serials() == frozenset()


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        (NOW, Renewal.TOO_EARLY),
        (HALF_LIFE - MOMENT, Renewal.TOO_EARLY),
        (HALF_LIFE, Renewal.GRANTED),
        (NOW + LOCKER_LIFE + MOMENT, Renewal.GRANTED),
        (NOW + LOCKER_LIFE + RENEWAL_GRACE, Renewal.GRANTED),
        (NOW + LOCKER_LIFE + RENEWAL_GRACE + MOMENT, Renewal.TOO_LATE),
    ],
)
def test_renewal_opens_at_half_life_and_closes_after_the_grace(tmp_path: Path, when: datetime, answer: Renewal) -> None:
    authority = office(tmp_path).authority
    old = authority.issue_locker(make_csr(new_key()), LOCKER, NOW)

    assert may_renew(authority, old.certificate, make_csr(new_key()), frozenset(), when) is answer


def test_a_revoked_certificate_renews_never(tmp_path: Path) -> None:
    authority = office(tmp_path).authority
    old = authority.issue_locker(make_csr(new_key()), LOCKER, NOW)

    assert may_renew(authority, old.certificate, make_csr(new_key()), {old.serial}, HALF_LIFE) is Renewal.REVOKED


def test_a_renewal_needs_a_new_key(tmp_path: Path) -> None:
    authority, key = office(tmp_path).authority, new_key()
    old = authority.issue_locker(make_csr(key), LOCKER, NOW)

    assert may_renew(authority, old.certificate, make_csr(key), frozenset(), HALF_LIFE) is Renewal.SAME_KEY


def test_a_certificate_of_another_authority_is_not_ours(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ours", DOMAIN, NOW)
    theirs = create_authority(tmp_path / "theirs", DOMAIN, NOW).issue_locker(make_csr(new_key()), LOCKER, NOW)

    assert may_renew(authority, theirs.certificate, make_csr(new_key()), frozenset(), HALF_LIFE) is Renewal.NOT_OURS


def test_an_unsound_request_is_a_bad_request(tmp_path: Path) -> None:
    authority = office(tmp_path).authority
    old = authority.issue_locker(make_csr(new_key()), LOCKER, NOW)

    assert may_renew(authority, old.certificate, b"nonsense", frozenset(), HALF_LIFE) is Renewal.BAD_REQUEST
