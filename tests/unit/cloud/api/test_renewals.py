"""Renewal over HTTP: what each refusal is, and what an answer holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509

from cloud.services.certificates import certificate_until
from provisioning.authority import LOCKER_LIFE, new_key
from provisioning.bundle import Bundle
from provisioning.device_keys import DeviceKeys, load_or_make_keys, make_csr
from provisioning.papers import leaf_of, pairs
from provisioning.renewal import RenewalAnswer, RenewalRequest, make_request
from tests.unit.cloud.api.office import Office, told
from tests.unit.cloud.api.test_enrolments import LOCKER, bundle, claim, join


@dataclass
class Joined:
    office: Office
    device: DeviceKeys
    bundle: Bundle

    def request(self) -> RenewalRequest:
        leaf = leaf_of(pairs(self.device.directory, self.bundle)[0])
        return make_request(leaf, self.device.tls, self.device.signing, make_csr(new_key()))

    async def post(self, body: bytes) -> httpx.Response:
        async with self.office.client("nobody") as http:
            return await http.post("/v1/renewals", content=body, headers={"Content-Type": "application/json"})

    async def renew(self) -> httpx.Response:
        return await self.post(msgspec.json.encode(self.request()))

    async def revoke(self, reason: str = "the card was stolen") -> httpx.Response:
        async with self.office.client("operator") as http:
            return await http.post(f"/v1/lockers/{LOCKER}/revoke", json={"reason": reason})


@pytest.fixture
async def joined(office: Office, tmp_path: Path) -> Joined:
    await office.lockers()
    device = load_or_make_keys(tmp_path / "device")
    _, raw = await join(office, device, await claim(office))
    return Joined(office, device, bundle(raw))


async def test_a_renewed_certificate_is_for_the_new_key_and_says_when_it_ends(joined: Joined) -> None:
    clock = joined.office.clock
    assert joined.bundle.certificate_until - joined.bundle.certificate_from == LOCKER_LIFE.total_seconds()
    clock.move_to(clock.now() + LOCKER_LIFE / 2)
    asked = joined.request()
    answer = await joined.post(msgspec.json.encode(asked))

    assert answer.status_code == 201
    got = msgspec.json.decode(answer.content, type=RenewalAnswer)
    leaf = x509.load_pem_x509_certificates(got.certificate_chain_pem.encode())[0]
    assert leaf.public_key() == x509.load_pem_x509_csr(asked.csr_pem.encode()).public_key()
    assert got.ends_at == int(leaf.not_valid_after_utc.timestamp()) == got.issued_at + LOCKER_LIFE.total_seconds()
    kept = await joined.office.rim.look(lambda uow: certificate_until(uow, LOCKER))
    assert kept == leaf.not_valid_after_utc


async def test_a_locker_s_page_says_until_when_its_certificate_holds(joined: Joined) -> None:
    async with joined.office.client("operator") as http:
        page = (await http.get(f"/v1/lockers/{LOCKER}")).json()

    assert datetime.fromisoformat(page["certificate_until"]).timestamp() == joined.bundle.certificate_until


async def test_too_early_too_late_and_revoked_are_told_apart(joined: Joined) -> None:
    early = await joined.renew()
    assert (early.status_code, told(early)["reason"]) == (409, "too_early")

    assert (await joined.revoke()).json() == {"id": LOCKER, "status": "quarantined"}
    revoked = await joined.renew()
    assert (revoked.status_code, told(revoked)["reason"]) == (403, "revoked")


async def test_ended_too_long_ago_is_gone(joined: Joined) -> None:
    clock = joined.office.clock
    clock.move_to(clock.now() + timedelta(days=121))
    late = await joined.renew()

    assert (late.status_code, told(late)["reason"]) == (410, "too_late")


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[1]"])
async def test_what_is_no_request_is_said(joined: Joined, body: bytes) -> None:
    answer = await joined.post(body)

    assert answer.status_code == 422
    told(answer)


async def test_an_identity_is_taken_back_once(joined: Joined) -> None:
    await joined.revoke()
    again = await joined.revoke()

    assert again.status_code == 409
    assert "no identity" in told(again)["detail"]
