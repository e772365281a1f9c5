from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.domain.locker import Locker
from cloud.services.records import LockerKey
from cloud.services.records_ops import Alarm
from provisioning.bundle import Bundle, check_bundle, decode_bundle
from provisioning.claims import CLAIM_LIFE
from provisioning.device_keys import DeviceKeys, load_or_make_keys
from tests.unit.cloud.api.office import Office, told

LOCKER = "WAW-CEN"


async def claim(office: Office) -> str:
    async with office.client("installer") as http:
        made = await http.post(f"/v1/lockers/{LOCKER}/claims")
        assert made.status_code == 201, made.text
        return str(made.json()["claim"])


async def join(office: Office, device: DeviceKeys, secret: str) -> tuple[int, bytes]:
    async with office.client("nobody") as http:
        body = msgspec.json.encode(device.request(secret))
        answer = await http.post("/v1/enrolments", content=body, headers={"Content-Type": "application/json"})
        if not answer.is_success:
            told(answer)
        return answer.status_code, answer.content


def bundle(raw: bytes) -> Bundle:
    return decode_bundle(raw)


async def test_a_claim_and_two_proofs_make_a_locker(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    device = load_or_make_keys(tmp_path / "device")
    status, raw = await join(office, device, await claim(office))
    joined = bundle(raw)
    check_bundle(joined, device.directory)
    assert (status, joined.locker_id, joined.broker_port) == (201, LOCKER, 8883)
    assert len(joined.layout.compartments) > 0
    assert joined.cloud_keys[0].key_id == office.rim.keys.signer.key_id
    kept = await office.rim.look(lambda uow: uow.first(LockerKey, locker_id=LOCKER, revoked_at=None))
    assert kept is not None
    assert kept.signing_public == device.signing_public_key
    assert joined.k_locker not in kept.key_sealed


async def test_asking_again_after_a_lost_answer_gives_the_same_secrets(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    device = load_or_make_keys(tmp_path / "device")
    secret = await claim(office)
    first, again = [bundle((await join(office, device, secret))[1]) for _ in range(2)]
    assert (first.k_locker, first.salt_locker) == (again.k_locker, again.salt_locker)


async def test_a_second_device_with_the_claim_quarantines_both(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    secret = await claim(office)
    await join(office, load_or_make_keys(tmp_path / "first"), secret)
    status, _ = await join(office, load_or_make_keys(tmp_path / "second"), secret)
    locker = await office.rim.look(lambda uow: uow.need(Locker, LOCKER))
    alarms = await office.rim.look(lambda uow: uow.find(Alarm, locker_id=LOCKER))
    assert (status, locker.status) == (409, "quarantined")
    assert [one.kind for one in alarms] == ["claim_used_twice"]


async def test_a_claim_ends_after_its_day(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    secret = await claim(office)
    office.clock.move_to(office.clock.now() + CLAIM_LIFE)
    assert (await join(office, load_or_make_keys(tmp_path / "late"), secret))[0] == 410


async def test_an_invented_claim_is_unknown(office: Office, tmp_path: Path) -> None:
    assert (await join(office, load_or_make_keys(tmp_path / "device"), "A" * 52))[0] == 404


async def test_a_request_tied_to_another_claim_is_refused(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    device = load_or_make_keys(tmp_path / "device")
    stolen = msgspec.structs.replace(device.request("B" * 52), claim=await claim(office))
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    swapped = msgspec.structs.replace(device.request(stolen.claim), signing_public_key=other)
    async with office.client("nobody") as http:
        for request in (stolen, swapped):
            answer = await http.post("/v1/enrolments", content=msgspec.json.encode(request))
            assert told(answer)["reason"] == "signature_wrong"


async def test_the_answer_is_kept_by_nobody_on_the_way(office: Office, tmp_path: Path) -> None:
    await office.lockers()
    device = load_or_make_keys(tmp_path / "device")
    secret = await claim(office)
    async with office.client("nobody") as http:
        answer = await http.post("/v1/enrolments", content=msgspec.json.encode(device.request(secret)))
    assert answer.headers["cache-control"] == "no-store"
