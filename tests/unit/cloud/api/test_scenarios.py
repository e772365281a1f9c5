"""Scenarios by API: a job first, the answer when it is done, and words for what cannot be asked."""

from cloud.services.scenarios import Answer, NewLocker, Way, keep_answer
from tests.unit.cloud.api.office import Office

ASKED = {"day": "2026-11-23", "opt_in": 0.3, "new_lockers": 2}


async def test_a_question_is_a_job_and_its_answer_is_read_by_the_same_id(office: Office) -> None:
    async with office.client() as client:
        job = (await client.post("/v1/scenarios", json=ASKED, headers={"Idempotency-Key": "one"})).json()
        again = (await client.post("/v1/scenarios", json=ASKED, headers={"Idempotency-Key": "one"})).json()
        assert (job["job"], job["state"], again["id"]) == ("scenario", "waiting", job["id"])
        asked = (await client.get(f"/v1/scenarios/{job['id']}")).json()
        assert (asked["opt_in"], asked["new_lockers"], asked["model"], asked["answer"]) == (0.3, 2, "M20", None)
        answer = Answer((Way("as_it_is", 12_345, 67_000, 5.5, 2, 30, 40, 10, 0),), (NewLocker(21.0, 52.2, 7),))
        await office.rim.do(lambda uow: keep_answer(uow, job["id"], answer))
        told = (await client.get(f"/v1/scenarios/{job['id']}")).json()["answer"]
        day = {"from": "2026-11-23", "to": "2026-11-23"}
        none = await client.get("/v1/scenarios/saved.csv", params=day)
        job = (await client.post("/v1/scenarios", json={"day": "2026-11-23"}, headers={"Idempotency-Key": "2"})).json()
        doors = Way("doors", 20_000, 80_000, 6.5, 3, 40, 40, 0, 0)
        await office.rim.do(lambda uow: keep_answer(uow, job["id"], Answer((*answer.ways, doors))))
        saved = await client.get("/v1/scenarios/saved.csv", params=day)
    header = "day,with_lockers_cents,without_cents,saved_cents"
    assert none.text.split("\r\n") == [header, ""]
    assert saved.text.split("\r\n") == [header, "2026-11-23,12345,20000,7655", ""]
    assert told["ways"][0]["cents"] == 12_345
    assert told["new_lockers"] == [{"lon": 21.0, "lat": 52.2, "parcels": 7}]


async def test_what_cannot_be_worked_out_ends_as_a_failed_job_that_says_why(office: Office) -> None:
    async with office.client() as client:
        job = (await client.post("/v1/scenarios", json=ASKED, headers={"Idempotency-Key": "one"})).json()
        await office.rim.background.do_next()
        ended = (await client.get(f"/v1/jobs/{job['id']}")).json()
    assert ended["state"] == "failed"
    assert "not ready" in ended["detail"]


async def test_what_no_service_could_read_is_refused_with_the_field(office: Office) -> None:
    async with office.client() as client:
        for wrong in ({"opt_in": 1.5}, {"new_lockers": 21}, {"day": "tomorrow"}):
            answer = await client.post("/v1/scenarios", json=ASKED | wrong, headers={"Idempotency-Key": str(wrong)})
            assert answer.status_code == 422
            assert next(iter(wrong)) in answer.text
        unknown = await client.post(
            "/v1/scenarios", json=ASKED | {"model": "X99"}, headers={"Idempotency-Key": "unknown"}
        )
        assert unknown.status_code == 404
        assert (await client.get(f"/v1/scenarios/{'0' * 32}")).status_code == 404
