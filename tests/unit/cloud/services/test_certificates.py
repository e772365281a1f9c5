"""A locker renews its certificate; an operator takes one back. Real certificates, the cloud of the unit tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Locker, LockerStatus
from cloud.services.certificates import (
    ENDING,
    ENDING_IN,
    SHUT_OUT_FOR,
    ShutOut,
    certificate_until,
    ending_soon,
    to_shut_out,
    warn_of_ends,
)
from cloud.services.enrol_locker import Enrolled, enrol, make_claim
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.records import LockerKey
from cloud.services.records_certificates import LockerCertificate
from cloud.services.records_ops import Alarm, AuditEntry
from cloud.services.renew_certificate import A_DAY_MAX, Renewing, renew
from cloud.services.revoke_locker import revoke_locker
from provisioning.authority import LOCKER_LIFE, Authority, Key, create_authority, new_key
from provisioning.device_keys import DeviceKeys, load_or_make_keys, make_csr
from provisioning.renewal import RenewalRequest, make_request
from provisioning.revocation import RENEWAL_GRACE, Renewal, may_renew
from tests.unit.cloud.small_cloud import LINE, MORNING, SmallCloud

OPERATOR, INSTALLER = actor(Role.OPERATOR, "olga"), actor(Role.INSTALLER, "iga")
HALF = LOCKER_LIFE / 2
LOCKER = "WAW-01"


@dataclass
class Site:
    """A locker that has joined, with its device on the bench."""

    cloud: SmallCloud
    authority: Authority
    device: DeviceKeys
    home: Callable[[str], DeviceKeys]
    chain: bytes = b""
    keys: list[Key] = field(default_factory=list)

    def join(self, device: DeviceKeys) -> None:
        claim = self.cloud.do(lambda uow: make_claim(uow, self.cloud.act(INSTALLER), LOCKER))
        asked = device.request(claim.secret)
        found = self.cloud.do(
            lambda uow: enrol(uow, self.cloud.act(), self.cloud.keys, asked, self.authority.issue_locker)
        )
        assert isinstance(found, Enrolled)
        self.device, self.chain, self.keys = device, found.chain_pem.encode(), [device.tls]

    def request(self, csr: bytes | None = None) -> RenewalRequest:
        return make_request(self.leaf, self.keys[-1], self.device.signing, csr or make_csr(new_key()))

    def ask(self, request: RenewalRequest) -> LockerCertificate | Renewal:
        means = Renewing(partial(may_renew, self.authority), self.authority.issue_locker)
        return self.cloud.do(lambda uow: renew(uow, self.cloud.act(), request, means))

    @property
    def leaf(self) -> bytes:
        end = b"-----END CERTIFICATE-----\n"
        return self.chain[: self.chain.index(end) + len(end)]

    @property
    def serial(self) -> int:
        return x509.load_pem_x509_certificate(self.leaf).serial_number

    def shut_out(self) -> ShutOut:
        return self.cloud.do(lambda uow: to_shut_out(uow, self.cloud.now))

    def revoke(self) -> None:
        self.cloud.do(lambda uow: revoke_locker(uow, self.cloud.act(OPERATOR), LOCKER, "the card was stolen"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    cloud = SmallCloud()
    cloud.do(lambda uow: import_lockers(uow, cloud.act(), ImportSource("lockers", "x", ""), [LINE]))
    authority = create_authority(tmp_path / "ca", "lockers.test", MORNING)

    def home(name: str) -> DeviceKeys:
        return load_or_make_keys(tmp_path / name)

    site = Site(cloud, authority, home("bench"), home)
    site.join(site.device)
    return site


def test_at_half_its_life_a_certificate_is_renewed_with_a_new_key(site: Site) -> None:
    site.cloud.now += HALF
    key = new_key()
    made = site.ask(site.request(make_csr(key)))

    assert isinstance(made, LockerCertificate)
    leaf = x509.load_pem_x509_certificate(made.chain_pem.encode())
    assert leaf.public_key() == key.public_key()
    assert made.ends_at == site.cloud.now + LOCKER_LIFE == site.cloud.the(LockerKey).certificate_until
    assert [one.action for one in site.cloud.of(AuditEntry)][-1] == "renew_certificate"


def test_both_certificates_hold_until_the_old_one_ends(site: Site) -> None:
    site.cloud.now += HALF
    site.ask(site.request())

    assert site.shut_out() == ShutOut(frozenset(), ())
    again = site.ask(site.request())
    assert isinstance(again, LockerCertificate), "a card put back from a copy renews with the certificate before"


def test_a_lost_answer_is_asked_for_again_and_is_the_same_certificate(site: Site) -> None:
    site.cloud.now += HALF
    key = new_key()
    first, second = site.ask(site.request(make_csr(key))), site.ask(site.request(make_csr(key)))

    assert isinstance(first, LockerCertificate)
    assert first == second
    assert len(site.cloud.of(LockerCertificate)) == 2


def test_an_answer_lost_for_so_long_that_it_ended_is_another_certificate(site: Site) -> None:
    site.cloud.now += HALF
    key = new_key()
    lost = site.ask(site.request(make_csr(key)))
    site.cloud.now += LOCKER_LIFE
    found = site.ask(site.request(make_csr(key)))

    assert isinstance(lost, LockerCertificate)
    assert isinstance(found, LockerCertificate)
    assert lost.ends_at <= site.cloud.now < found.ends_at


@pytest.mark.parametrize(
    ("after", "answer"),
    [
        (HALF - timedelta(seconds=1), Renewal.TOO_EARLY),
        (LOCKER_LIFE + RENEWAL_GRACE + timedelta(seconds=1), Renewal.TOO_LATE),
    ],
)
def test_out_of_its_time_it_is_not(site: Site, after: timedelta, answer: Renewal) -> None:
    site.cloud.now += after

    assert site.ask(site.request()) is answer


def test_a_locker_that_was_off_for_a_summer_comes_back(site: Site) -> None:
    site.cloud.now += LOCKER_LIFE + RENEWAL_GRACE

    assert isinstance(site.ask(site.request()), LockerCertificate)


def test_a_locker_that_forgets_gets_three_a_day(site: Site) -> None:
    site.cloud.now += HALF
    for _ in range(A_DAY_MAX):
        assert isinstance(site.ask(site.request()), LockerCertificate)

    assert site.ask(site.request()) is Renewal.TOO_MANY
    site.cloud.now += timedelta(days=1, seconds=1)
    assert isinstance(site.ask(site.request()), LockerCertificate)


@pytest.mark.parametrize("part", ["tls_signature", "signature", "csr_pem"])
def test_without_both_keys_nothing_is_given(site: Site, part: str) -> None:
    site.cloud.now += HALF
    thief = make_request(site.leaf, new_key(), Ed25519PrivateKey.generate(), make_csr(new_key()))
    mixed = msgspec.structs.replace(site.request(), **{part: getattr(thief, part)})

    assert site.ask(mixed) is Renewal.NOT_PROVEN
    assert len(site.cloud.of(LockerCertificate)) == 1


def test_the_same_key_again_is_refused(site: Site) -> None:
    site.cloud.now += HALF

    assert site.ask(site.request(make_csr(site.device.tls))) is Renewal.SAME_KEY


def test_a_certificate_of_another_authority_is_refused(site: Site, tmp_path: Path) -> None:
    strange = create_authority(tmp_path / "theirs", "lockers.test", MORNING)
    issued = strange.issue_locker(site.device.csr_pem, LINE.id, MORNING)
    site.chain = issued.chain_pem.encode()
    site.cloud.now += HALF

    assert site.ask(site.request()) in {Renewal.NOT_OURS, Renewal.REVOKED}


@pytest.mark.parametrize("part", ["certificate_pem", "csr_pem"])
@pytest.mark.parametrize("text", ["", "nonsense", "x" * 10_000])
def test_what_cannot_be_read_is_refused(site: Site, part: str, text: str) -> None:
    assert site.ask(msgspec.structs.replace(site.request(), **{part: text})) is Renewal.BAD_REQUEST


def test_a_revoked_locker_renews_nothing_and_is_put_out(site: Site) -> None:
    site.revoke()
    site.cloud.now += timedelta(minutes=1)

    assert site.shut_out() == ShutOut(frozenset({site.serial}), (LOCKER,))
    assert site.cloud.the(Locker).status is LockerStatus.QUARANTINED
    site.cloud.now += HALF
    assert site.ask(site.request()) is Renewal.REVOKED


def test_a_session_is_ended_for_some_minutes_and_the_list_kept_until_the_end(site: Site) -> None:
    site.revoke()
    site.cloud.now += SHUT_OUT_FOR + timedelta(seconds=1)
    assert site.shut_out() == ShutOut(frozenset({site.serial}), ())

    site.cloud.now += LOCKER_LIFE
    assert site.shut_out() == ShutOut(frozenset(), ())


def test_every_certificate_of_a_revoked_locker_is_listed(site: Site) -> None:
    first = site.serial
    site.cloud.now += HALF
    made = site.ask(site.request())
    assert isinstance(made, LockerCertificate)
    site.revoke()

    assert site.shut_out().serials == {first, int(made.serial, 16)}


def test_a_device_that_was_replaced_is_listed_and_its_successor_left_alone(site: Site) -> None:
    old, request = site.serial, site.request()
    site.join(site.home("another"))
    site.cloud.now += HALF

    assert site.ask(request) is Renewal.REVOKED
    assert site.shut_out() == ShutOut(frozenset({old}), ())
    assert isinstance(site.ask(site.request()), LockerCertificate)


def test_a_certificate_that_was_not_renewed_raises_one_alarm_until_it_is(site: Site) -> None:
    def warned() -> int:
        return site.cloud.do(lambda uow: warn_of_ends(uow, site.cloud.act()))

    site.cloud.now += LOCKER_LIFE - ENDING_IN - timedelta(seconds=1)
    assert warned() == 0
    site.cloud.now += timedelta(seconds=2)
    assert (warned(), warned()) == (1, 0)
    assert [one.kind for one in site.cloud.of(Alarm, cleared_at=None)] == [ENDING]
    assert list(site.cloud.do(lambda uow: ending_soon(uow, site.cloud.now))) == [LINE.id]

    site.ask(site.request())
    assert site.cloud.do(lambda uow: ending_soon(uow, site.cloud.now)) == {}
    assert site.cloud.of(Alarm, cleared_at=None) == []
    assert warned() == 0


def test_a_healthy_locker_never_comes_near_the_alarm() -> None:
    assert HALF + LOCKER_LIFE / 30 + timedelta(days=3) < LOCKER_LIFE - ENDING_IN


def test_a_revoked_locker_has_no_certificate_to_end(site: Site) -> None:
    assert site.cloud.do(lambda uow: certificate_until(uow, LOCKER)) == MORNING + LOCKER_LIFE
    site.cloud.now += LOCKER_LIFE
    assert site.cloud.do(lambda uow: warn_of_ends(uow, site.cloud.act())) == 1
    site.revoke()

    assert site.cloud.of(Alarm, cleared_at=None) == []
    assert site.cloud.do(lambda uow: certificate_until(uow, LOCKER)) is None
    assert site.cloud.do(lambda uow: warn_of_ends(uow, site.cloud.act())) == 0


def test_only_an_operator_with_a_reason_revokes_and_only_once(site: Site) -> None:
    with pytest.raises(ForbiddenError):
        site.cloud.do(lambda uow: revoke_locker(uow, site.cloud.act(INSTALLER), LOCKER, "a long reason"))
    with pytest.raises(InvalidError):
        site.cloud.do(lambda uow: revoke_locker(uow, site.cloud.act(OPERATOR), LOCKER, "no"))
    site.revoke()
    with pytest.raises(ConflictError, match="no identity"):
        site.revoke()
