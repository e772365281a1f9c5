"""A device that does not know the year enrols and renews over real TLS; what is surely over, it never believes.

The machine's own clock cannot be turned in a test, so the network's certificates are.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from provisioning.authority import LOCKER_LIFE, create_authority, write_identity
from provisioning.bundle import load_bundle
from provisioning.client import CloudPlace, EnrolmentError, Exit, enrol
from provisioning.device_keys import EnrolmentRequest
from provisioning.papers import pairs
from provisioning.renewal import RenewalAnswer, RenewalRequest
from provisioning.renewing import Outcome, Verdict, renew
from tests.integration.provisioning.test_enrolment import Answer, Renew, accept, cloud
from tests.survives import survived
from tests.unit.provisioning.examples import LOCKER, Office, office

NOW = datetime.now(UTC)  # OpenSSL compares certificates with the real clock
TEN_YEARS = timedelta(days=3_652)
ROW = "Enrolment over HTTPS with a clock ten years behind or ahead"
RENEWING = "Renewal over HTTPS with a clock ten years behind or ahead"
SHOWN_BY = "tests/integration/provisioning/test_enrolment_clock.py"


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return office(tmp_path / "ca")


@contextmanager
def secure_cloud(folder: Path, when: datetime, answer: Answer, renewals: Renew | None = None) -> Iterator[CloudPlace]:
    """Serve over TLS as it would be at ``when``; yields the place for a device whose clock nobody steers."""
    authority = create_authority(folder / "authority", "lockers.example", when)
    write_identity(folder, "cloud", authority.issue_server(("localhost",), when))
    (folder / "root.crt").write_text(authority.root_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cloud.crt", folder / "cloud.key")
    with cloud(answer, context, renewals) as url:
        yield CloudPlace(
            url=url.replace("http://127.0.0.1", "https://localhost"),
            ca=folder / "root.crt",
            synced=lambda: False,
            sure_s=int((NOW - TEN_YEARS).timestamp()),
        )


@pytest.mark.parametrize("off", [TEN_YEARS, -TEN_YEARS], ids=["clock behind", "clock ahead"])
def test_a_device_whose_clock_is_ten_years_wrong_enrols(tmp_path: Path, desk: Office, off: timedelta) -> None:
    with secure_cloud(tmp_path, NOW + off, accept(desk)) as place:
        bundle = enrol(place, "CLAIM", tmp_path / "device")

    assert load_bundle(tmp_path / "device") == bundle
    survived(ROW, "behind" if off > timedelta(0) else "ahead", tried=1, broken=0, shown_by=SHOWN_BY)


@pytest.mark.parametrize("off", [TEN_YEARS, -TEN_YEARS], ids=["clock behind", "clock ahead"])
def test_a_locker_whose_clock_is_ten_years_wrong_renews(tmp_path: Path, desk: Office, off: timedelta) -> None:
    def sign(request: RenewalRequest) -> tuple[int, bytes]:
        issued = desk.authority.issue_locker(request.csr_pem.encode(), LOCKER, NOW + off)
        from_s, until_s = (int((NOW + off + life).timestamp()) for life in (timedelta(0), LOCKER_LIFE))
        answer = RenewalAnswer(certificate_chain_pem=issued.chain_pem, issued_at=from_s, ends_at=until_s)
        return 201, msgspec.json.encode(answer)

    device = tmp_path / "device"
    with secure_cloud(tmp_path, NOW + off, accept(desk), sign) as place:
        bundle = enrol(place, "CLAIM", device)
        assert renew(device, bundle, place) == Outcome(Verdict.RENEWED)
        sure = CloudPlace(url=place.url, ca=place.ca, synced=lambda: True, sure_s=place.sure_s)
        refused = renew(device, bundle, sure)

    assert [pair.number for pair in pairs(device, bundle)] == [1, 0]
    assert refused.verdict is Verdict.FAILED, "with a clock that is steered the certificate's dates count"
    assert "certificate" in refused.detail
    survived(RENEWING, "behind" if off > timedelta(0) else "ahead", tried=1, broken=0, shown_by=SHOWN_BY)


def test_with_a_clock_that_is_steered_the_certificate_s_dates_count(tmp_path: Path, desk: Office) -> None:
    with secure_cloud(tmp_path, NOW - TEN_YEARS, accept(desk)) as place:
        known = CloudPlace(url=place.url, ca=place.ca, synced=lambda: True, sure_s=place.sure_s)
        with pytest.raises(EnrolmentError, match="expired") as caught:
            enrol(known, "CLAIM", tmp_path / "device")

    assert caught.value.code is Exit.UNREACHABLE


def test_a_certificate_that_ended_before_the_software_was_built_is_refused_and_learns_no_claim(
    tmp_path: Path, desk: Office
) -> None:
    heard: list[EnrolmentRequest] = []

    def listen(request: EnrolmentRequest) -> tuple[int, bytes]:
        heard.append(request)
        return accept(desk)(request)

    with secure_cloud(tmp_path, NOW - TEN_YEARS, listen) as place:
        lost = CloudPlace(url=place.url, ca=place.ca, synced=lambda: False)
        with pytest.raises(EnrolmentError, match="expired"):
            enrol(lost, "CLAIM", tmp_path / "device")

    assert heard == []


def test_a_doubtful_clock_excuses_no_other_authority_and_no_other_name(tmp_path: Path, desk: Office) -> None:
    (tmp_path / "ours").mkdir()
    create_authority(tmp_path / "ours" / "authority", "lockers.example", NOW)
    root = create_authority(tmp_path / "ours" / "authority", "lockers.example", NOW).root_pem
    (tmp_path / "ours" / "root.crt").write_text(root)
    with secure_cloud(tmp_path, NOW + TEN_YEARS, accept(desk)) as place:
        for wrong in (
            CloudPlace(url=place.url, ca=tmp_path / "ours" / "root.crt", synced=lambda: False),
            CloudPlace(url=place.url.replace("localhost", "127.0.0.1"), ca=place.ca, synced=lambda: False),
        ):
            with pytest.raises(EnrolmentError, match="CERTIFICATE_VERIFY_FAILED"):
                enrol(wrong, "CLAIM", tmp_path / "device")
