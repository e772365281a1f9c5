"""Shifts over the API: the same rules as the console's form and the file of shifts."""

from datetime import timedelta
from typing import Any

import pytest

from cloud.services.records import Shift
from cloud.services.records_ops import AuditEntry
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, told

SHIFTS = f"/v1/couriers/{COURIER}/shifts"
PLACE = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
TIMES = {"starts_at": "2026-11-23T10:00:00+01:00", "ends_at": "2026-11-23T14:00:00+01:00"}
LATER = {"starts_at": "2026-11-23T14:00:00+01:00", "ends_at": "2026-11-23T18:00:00+01:00"}
LATER_END = {"ends_at": "2026-11-23T17:00:00Z"}
ASKED: dict[str, Any] = TIMES | PLACE


async def shifts_of_day(office: Office, day: str = "2026-11-23") -> list[dict[str, Any]]:
    async with office.client("planner") as http:
        found: list[dict[str, Any]] = (await http.get(f"/v1/shifts/{day}")).json()["shifts"]
    return found


async def test_a_shift_that_overlaps_another_of_its_courier_is_refused_and_the_other_is_named(office: Office) -> None:
    async with office.client("planner") as http:
        made = (await http.post(SHIFTS, json=ASKED)).json()
        refused = told(await http.post(SHIFTS, json=ASKED | {"starts_at": "2026-11-23T12:59:00Z"} | LATER_END))
        other = await http.post(f"/v1/couriers/{OTHER_COURIER}/shifts", json=ASKED)
        after = await http.post(SHIFTS, json=LATER | PLACE)
    assert (refused["status"], refused["type"]) == (422, "urn:latchmile:problem:shift-overlaps")
    assert refused["shift"]["id"] == made["id"]
    assert refused["errors"] == [{"field": "starts_at", "reason": "this courier drives from 09:00 to 13:00 already"}]
    assert (other.status_code, after.status_code) == (201, 201)
    assert len(await shifts_of_day(office)) == 3


IMPOSSIBLE: list[tuple[dict[str, str], str]] = [
    ({"starts_at": "2026-11-22T08:00:00Z", "ends_at": "2026-11-22T16:00:00Z"}, "ends_at"),
    ({"starts_at": "2028-11-22T08:00:00Z", "ends_at": "2028-11-22T16:00:00Z"}, "starts_at"),
    ({"starts_at": "9999-12-31T08:00:00Z", "ends_at": "9999-12-31T23:00:00Z"}, "starts_at"),
    ({"starts_at": "0001-01-01T00:00:00+14:00", "ends_at": "0001-01-01T08:00:00+14:00"}, "ends_at"),
]


@pytest.mark.parametrize(("times", "field"), IMPOSSIBLE)
async def test_a_shift_that_is_over_or_years_away_is_refused(office: Office, times: dict[str, str], field: str) -> None:
    async with office.client() as http:
        answer = told(await http.post(SHIFTS, json=ASKED | times))
    assert (answer["status"], [one["field"] for one in answer["errors"]]) == (422, [field])


async def test_a_days_shifts_are_listed_with_what_they_have_to_do(office: Office) -> None:
    await office.lockers()
    await office.parcels(3)
    await office.shift()
    await office.plan()
    [line] = await shifts_of_day(office)
    said = {name: line[name] for name in ("courier_id", "courier_name", "state", "parcels", "parcels_max", "loads_max")}
    assert said == {
        "courier_id": COURIER,
        "courier_name": "Courier 0",
        "state": "waiting",
        "parcels": 3,
        "parcels_max": 150,
        "loads_max": 1,
    }
    assert await shifts_of_day(office, "2026-11-24") == []


async def test_a_shift_is_said_anew_once_under_one_key(office: Office) -> None:
    async with office.client("planner") as http:
        made = (await http.post(SHIFTS, json=ASKED)).json()["id"]
        await http.post(SHIFTS, json=LATER | PLACE)
    async with office.client("planner", **{"Idempotency-Key": "anew"}) as http:
        wanted = ASKED | {"starts_at": "2026-11-23T09:00:00+01:00", "parcels_max": 60}
        first = await http.put(f"{SHIFTS}/{made}", json=wanted)
        again = await http.put(f"{SHIFTS}/{made}", json=wanted)
    async with office.client("planner") as http:
        longer = told(await http.put(f"{SHIFTS}/{made}", json=ASKED | LATER_END))
        strange = told(await http.put(f"/v1/couriers/{OTHER_COURIER}/shifts/{made}", json=ASKED))
    assert (first.status_code, first.content) == (200, again.content)
    assert (first.json()["parcels_max"], first.json()["id"]) == (60, made)
    assert (longer["type"], strange["status"]) == ("urn:latchmile:problem:shift-overlaps", 404)
    entries = await office.rim.look(lambda uow: uow.find(AuditEntry, action="change_shift"))
    assert len(entries) == 1


async def test_a_shift_is_taken_back_and_says_what_waits(office: Office) -> None:
    await office.lockers()
    await office.parcels(3)
    await office.shift()
    await office.plan()
    [line] = await shifts_of_day(office)
    async with office.client("planner") as http:
        strange = told(await http.delete(f"/v1/couriers/{OTHER_COURIER}/shifts/{line['id']}"))
        done = await http.delete(f"{SHIFTS}/{line['id']}")
        gone = told(await http.delete(f"{SHIFTS}/{line['id']}"))
    assert (strange["status"], done.json(), gone["status"]) == (404, {"parcels_waiting": 3}, 404)
    assert await shifts_of_day(office) == []


async def test_a_shift_somebody_drives_in_stays_as_it_is(office: Office) -> None:
    await office.lockers()
    await office.parcels(1)
    await office.shift()
    [route] = (await office.plan())["routes"]
    async with office.client() as http:
        await http.post(f"/v1/routes/{route['id']}/start")
        [line] = await shifts_of_day(office)
        answers = [
            await http.put(f"{SHIFTS}/{line['id']}", json=ASKED),
            await http.delete(f"{SHIFTS}/{line['id']}"),
        ]
    assert (line["state"], [told(one)["status"] for one in answers]) == ("driving", [409, 409])
    [kept] = await office.rim.look(lambda uow: uow.find(Shift))
    assert kept.ends_at - kept.starts_at == timedelta(hours=8)
