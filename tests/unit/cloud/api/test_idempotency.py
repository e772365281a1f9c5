import httpx
import pytest

from cloud.services.records import Claim, Courier
from cloud.services.records_ops import ApiKey, IdempotencyKey, JobRun
from tests.unit.cloud.api.office import CSV, Office, told

KEY = {"Idempotency-Key": "5e1f9a52-one"}
PLACE = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
TIMES = {"starts_at": "2026-11-23T08:00:00+01:00", "ends_at": "2026-11-23T16:00:00+01:00"}


async def test_the_same_request_twice_does_the_work_once_and_says_the_same(office: Office) -> None:
    async with office.client(**KEY) as http:
        first = await http.post("/v1/couriers", json={"name": "Ewa"})
        again = await http.post("/v1/couriers", json={"name": "Ewa"})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await office.rim.look(lambda uow: uow.find(Courier, name="Ewa"))) == 1


async def test_without_a_key_the_work_is_done_each_time(office: Office) -> None:
    async with office.client() as http:
        for _ in range(2):
            await http.post("/v1/couriers", json={"name": "Ewa"})
    assert len(await office.rim.look(lambda uow: uow.find(Courier, name="Ewa"))) == 2


async def test_a_key_used_for_another_request_is_refused(office: Office) -> None:
    async with office.client(**KEY) as http:
        await http.post("/v1/couriers", json={"name": "Ewa"})
        refused = await http.post("/v1/couriers", json={"name": "Jan"})
    assert told(refused)["status"] == 409


async def test_the_same_key_of_somebody_else_is_another_key(office: Office) -> None:
    async with office.client(**KEY) as http, office.client("planner", **KEY) as planner:
        first = await http.post("/v1/couriers", json={"name": "Ewa"})
        other = await planner.post("/v1/couriers", json={"name": "Ewa"})
    assert first.json()["id"] != other.json()["id"]


async def test_a_refusal_is_not_remembered(office: Office) -> None:
    wanted = {"id": "ee" * 16, "name": "Ewa"}
    shift = f"/v1/couriers/{'ee' * 16}/shifts"
    async with office.client(**KEY) as http:
        assert (await http.post(shift, json=TIMES | PLACE)).status_code == 404
        async with office.client() as other:
            await other.post("/v1/couriers", json=wanted)
        assert (await http.post(shift, json=TIMES | PLACE)).status_code == 201


async def test_a_plan_asked_for_twice_is_planned_once(office: Office) -> None:
    async with office.client(**KEY) as http:
        ids = {(await http.post("/v1/plans", json={"day": "2026-11-23"})).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert len(await office.rim.look(lambda uow: uow.find(JobRun))) == 1
    await office.work()
    assert office.rim.background.progress(ids.pop()).note == "done"  # type: ignore[union-attr] # it was asked for


async def test_a_file_sent_twice_under_a_key_lands_once(office: Office) -> None:
    text = CSV + "P-1,Ada,ada@example.com,Zlota,21.0,52.2,200,150,60,900,yes\n"
    async with office.client("acme", **KEY) as http:
        first, again = [await http.post("/v1/imports/parcels", content=text) for _ in range(2)]
    assert first.json() == again.json()
    assert len(await office.rim.look(lambda uow: uow.find(JobRun))) == 1


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1/api-keys", {"carrier": "acme", "scopes": ["parcels"]}, ApiKey),
        ("/v1/lockers/WAW-CEN/claims", None, Claim),
    ],
)
async def test_a_secret_told_once_rests_sealed(office: Office, path: str, body: object, kind: type) -> None:
    await office.lockers()
    async with office.client(**KEY) as http:
        answer = await http.post(path, json=body)
        again = await http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    secret = str(answer.json().get("secret") or answer.json()["claim"])
    assert again.json() == answer.json()
    [kept] = await office.rim.look(lambda uow: uow.find(IdempotencyKey))
    assert secret.encode() not in kept.body
    assert secret not in str(await office.rim.look(lambda uow: uow.find(kind)))


@pytest.mark.parametrize("key", ["", "x" * 101, "line\tbreak", "zażółć"])
async def test_a_key_that_is_none_is_refused(office: Office, key: str) -> None:
    headers = httpx.Headers([(b"Idempotency-Key", key.encode())])
    async with office.client() as http:
        refused = await http.post("/v1/couriers", json={"name": "Ewa"}, headers=headers)
    assert told(refused)["status"] == 422
