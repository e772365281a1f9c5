from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, LockerUnavailableError
from cloud.domain.locker import Locker, LockerStatus
from cloud.services.device_keys import newest_key, secrets_of, signing_keys
from cloud.services.enrol_locker import ClaimMade, Enrolled, EnrolmentRefused, enrol, make_claim
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.records import Claim, LockerKey
from cloud.services.records_ops import Alarm
from contract.events import AgentStarted, DoorOpened
from contract.ids import LockerId
from provisioning.authority import Authority, Issued, create_authority
from provisioning.claims import ClaimVerdict
from provisioning.device_keys import DeviceKeys, EnrolmentRequest, RequestProblem, load_or_make_keys
from tests.unit.cloud.small_cloud import A01, BOOT, LINE, MORNING, Journal, SmallCloud

INSTALLER = actor(Role.INSTALLER, "iga")


@dataclass
class Site:
    """A locker announced in the cloud, a device on a bench, and the project's own authority."""

    cloud: SmallCloud
    authority: Authority
    keys_in: Callable[[str], DeviceKeys]

    def claim(self) -> ClaimMade:
        return self.cloud.do(lambda uow: make_claim(uow, self.cloud.act(INSTALLER), "WAW-01"))

    def ask(self, request: EnrolmentRequest) -> Enrolled | EnrolmentRefused:
        def issue(csr_pem: bytes, locker: LockerId, now: datetime) -> Issued:
            return self.authority.issue_locker(csr_pem, locker, now)

        return self.cloud.do(lambda uow: enrol(uow, self.cloud.act(), self.cloud.keys, request, issue))

    def device(self, name: str = "bench") -> DeviceKeys:
        return self.keys_in(name)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    cloud = SmallCloud()
    cloud.do(lambda uow: import_lockers(uow, cloud.act(), ImportSource("lockers", "x", ""), [LINE]))
    authority = create_authority(tmp_path / "ca", "lockers.test", MORNING)
    return Site(cloud, authority, lambda name: load_or_make_keys(tmp_path / name))


def test_a_device_with_a_claim_becomes_the_locker(site: Site) -> None:
    device = site.device()
    answer = site.ask(device.request(site.claim().secret))

    assert isinstance(answer, Enrolled)
    assert (answer.locker_id, len(answer.secrets.key), len(answer.secrets.salt)) == ("WAW-01", 32, 16)
    assert answer.layout.model == "S12"
    assert "BEGIN CERTIFICATE" in answer.chain_pem
    assert site.cloud.the(Locker).status is LockerStatus.ENROLLING
    keys = site.cloud.do(lambda uow: signing_keys(uow, ["WAW-01"]))
    assert keys == {"WAW-01": device.signing_public_key}


def test_secrets_rest_sealed(site: Site) -> None:
    answer = site.ask(site.device().request(site.claim().secret))
    assert isinstance(answer, Enrolled)
    stored = site.cloud.the(LockerKey)

    assert answer.secrets.key not in stored.key_sealed
    key = site.cloud.do(lambda uow: newest_key(uow, "WAW-01"))
    assert secrets_of(site.cloud.keys, key) == answer.secrets


def test_the_same_device_asking_again_gets_the_same_secrets(site: Site) -> None:
    request = site.device().request(site.claim().secret)
    first, second = site.ask(request), site.ask(request)

    assert isinstance(first, Enrolled)
    assert isinstance(second, Enrolled)
    assert first.secrets == second.secrets
    assert len(site.cloud.of(LockerKey)) == 1


def test_a_device_that_asks_again_a_day_later_is_refused_and_goes_on_being_the_locker(site: Site) -> None:
    request = site.device().request(site.claim().secret)
    site.ask(request)
    site.cloud.now += timedelta(hours=25)

    assert site.ask(request) == EnrolmentRefused(ClaimVerdict.EXPIRED)
    assert site.cloud.of(Alarm) == []
    assert len(site.cloud.of(LockerKey, revoked_at=None)) == 1


def test_a_replaced_device_that_asks_again_learns_nothing_of_its_successor(site: Site) -> None:
    old, new = site.device("old"), site.device("new")
    first = old.request(site.claim().secret)
    site.ask(first)
    site.cloud.later(hours=1)
    site.ask(new.request(site.claim().secret))

    assert site.ask(first) == EnrolmentRefused(ClaimVerdict.EXPIRED)
    assert site.cloud.of(Alarm) == []
    keys = site.cloud.do(lambda uow: signing_keys(uow, ["WAW-01"]))
    assert keys == {"WAW-01": new.signing_public_key}


def test_after_a_quarantine_no_repeat_helps_either_device(site: Site) -> None:
    claim = site.claim().secret
    first, second = site.device("first").request(claim), site.device("second").request(claim)
    site.ask(first)
    site.ask(second)

    assert site.ask(first) == EnrolmentRefused(ClaimVerdict.EXPIRED)
    assert site.ask(second) == EnrolmentRefused(ClaimVerdict.USED)
    assert site.cloud.of(LockerKey, revoked_at=None) == []


def test_a_claim_in_two_hands_quarantines_the_locker_and_both_devices(site: Site) -> None:
    claim = site.claim().secret
    site.ask(site.device("first").request(claim))
    refused = site.ask(site.device("second").request(claim))

    assert refused == EnrolmentRefused(ClaimVerdict.USED)
    assert site.cloud.the(Alarm).kind == "claim_used_twice"
    assert site.cloud.the(Locker).status is LockerStatus.QUARANTINED
    with pytest.raises(LockerUnavailableError):
        site.cloud.do(lambda uow: newest_key(uow, "WAW-01"))


def test_an_unknown_an_expired_and_a_replaced_claim_are_refused(site: Site) -> None:
    device = site.device()
    assert site.ask(device.request("AAAA")) == EnrolmentRefused(ClaimVerdict.UNKNOWN)
    old = site.claim().secret
    new = site.claim().secret
    assert site.ask(device.request(old)) == EnrolmentRefused(ClaimVerdict.EXPIRED)
    site.cloud.now += timedelta(hours=24)
    assert site.ask(device.request(new)) == EnrolmentRefused(ClaimVerdict.EXPIRED)
    assert site.cloud.of(LockerKey) == []


def test_a_request_without_proof_is_refused_and_burns_nothing(site: Site) -> None:
    request = site.device().request(site.claim().secret)
    stolen = EnrolmentRequest(
        claim=request.claim, csr_pem=request.csr_pem, signing_public_key=b"p" * 32, signature=request.signature
    )

    assert isinstance(site.ask(stolen), EnrolmentRefused)
    assert site.ask(stolen) == EnrolmentRefused(RequestProblem.SIGNATURE_WRONG)
    assert site.cloud.the(Claim).used_at is None


def test_a_new_device_begins_a_new_journal_and_the_old_one_is_kept(site: Site) -> None:
    site.ask(site.device("old").request(site.claim().secret))
    Journal("WAW-01", site.cloud).say(DoorOpened(A01))
    site.cloud.later(hours=1)
    site.ask(site.device("new").request(site.claim().secret))
    answer = Journal("WAW-01", site.cloud).say(AgentStarted(BOOT, "2.0"))

    assert (answer.refused, answer.through_sequence) == (None, 1)
    kinds = {one.kind for one in site.cloud.do(lambda uow: uow.log.timeline())}
    assert kinds == {"AgentStarted", "DoorOpened"}
    assert len(site.cloud.of(LockerKey, revoked_at=None)) == 1


def test_claims_are_made_by_those_who_fit_lockers_for_lockers_that_still_live(site: Site) -> None:
    with pytest.raises(ForbiddenError):
        site.cloud.do(lambda uow: make_claim(uow, site.cloud.act(actor(Role.COURIER, "c")), "WAW-01"))
    site.cloud.do(lambda uow: uow.change(Locker, {"id": "WAW-01"}, status=LockerStatus.DECOMMISSIONED))
    with pytest.raises(ConflictError):
        site.claim()
