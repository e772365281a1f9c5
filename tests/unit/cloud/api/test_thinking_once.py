"""What is thought about before it is stored: the same key gives the same answer and does nothing a second time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.services.records import Attempt, Stop
from cloud.services.records_ops import Alarm, IdempotencyKey, Notification
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office
from tests.unit.cloud.api.test_road import LATE, TROUBLE, ahead, all_of, drive, to_locker
from tests.unit.cloud.routing.test_reloads import Greedy

HAND = f"/v1/couriers/{COURIER}/hand-over"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, Greedy()) as opened:
        yield opened


async def twice(office: Office, who: str, path: str, body: dict[str, Any]) -> tuple[httpx.Response, httpx.Response]:
    async with office.client(who, **{"Idempotency-Key": path[-40:]}) as http:
        return await http.post(path, json=body), await http.post(path, json=body)


def once(answers: tuple[httpx.Response, httpx.Response], status: int = 200) -> Any:
    first, again = answers
    assert (first.status_code, again.status_code) == (status, status), (first.text, again.text)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    return first.json()


def etas(stops: list[Stop]) -> list[Any]:
    return [(stop.id, stop.eta) for stop in stops]


async def test_a_courier_who_says_it_twice_is_late_once(office: Office) -> None:
    await drive(office)
    body = {"minutes": 45, "lon": 21.0, "lat": 52.2}
    async with office.client("courier", **{"Idempotency-Key": "late"}) as http:
        first = await http.post(LATE, json=body)
        then = etas(await ahead(office))
        office.clock.move_to(office.clock.now() + timedelta(minutes=20))
        again = await http.post(LATE, json=body)
    assert once((first, again)) == {"told": 6, "late": 0}
    assert etas(await ahead(office)) == then
    assert len(await all_of(office, Notification, template="running_late")) == 6


async def test_two_at_once_under_one_key_are_one(office: Office) -> None:
    await drive(office)
    async with office.client("courier", **{"Idempotency-Key": "late"}) as http:
        answers = await asyncio.gather(*(http.post(LATE, json={"minutes": 45}) for _ in range(4)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 3
    assert len(await all_of(office, Notification, template="running_late")) == 6
    assert len(await all_of(office, IdempotencyKey, key="late")) == 1


async def test_the_same_key_about_something_else_is_refused_before_anything_is_thought(office: Office) -> None:
    await drive(office)
    async with office.client("courier", **{"Idempotency-Key": "late"}) as http:
        await http.post(LATE, json={"minutes": 45})
        then = etas(await ahead(office))
        other = await http.post(LATE, json={"minutes": 50})
    assert other.status_code == 409
    assert etas(await ahead(office)) == then


async def test_a_jam_reported_twice_is_one_alarm(office: Office) -> None:
    stops = await drive(office)
    until = (office.clock.now() + timedelta(hours=1)).isoformat()
    body = {"lon": stops[0]["lon"], "lat": stops[0]["lat"], "radius_m": 500, "minutes": 30, "until": until}
    assert once(await twice(office, "courier", "/v1/jams", body))["told"] > 0
    assert [one.kind for one in await all_of(office, Alarm)] == ["traffic_jam"]


async def test_what_was_sent_elsewhere_is_named_again(office: Office) -> None:
    stops = await drive(office)
    locker = await to_locker(office, stops[0])
    said = once(await twice(office, "courier", TROUBLE.format(locker), {"trouble": "silent"}))
    assert len(said["parcels"]) == 1


async def test_a_failed_attempt_reported_twice_is_one_and_keeps_its_locker(office: Office) -> None:
    stops = await drive(office)
    parcel = stops[0]["tasks"][0]["parcel"]["id"]
    body = {"parcel_id": parcel, "reason": "nobody at home"}
    once(await twice(office, "courier", "/v1/attempts", body), 201)
    assert len(await all_of(office, Attempt, parcel_id=parcel)) == 1


async def test_a_van_is_handed_over_once(office: Office) -> None:
    await drive(office)
    body = {"to": OTHER_COURIER, "reason": "a broken leg", "minutes": 60}
    assert once(await twice(office, "operator", HAND, body))["parcels"] == 6
    assert [one.kind for one in await all_of(office, Alarm)] == ["courier_out"]


async def test_what_was_proposed_is_confirmed_once(office: Office) -> None:
    await drive(office)
    asked = {"to": [OTHER_COURIER], "reason": "a broken axle", "minutes": 30}
    proposal = once(await twice(office, "planner", f"{HAND}/proposals", asked), 201)
    confirm = f"{HAND}/proposals/{proposal['id']}/confirm"
    assert once(await twice(office, "planner", confirm, {}))["parcels"] == 6
    assert [one.kind for one in await all_of(office, Alarm)] == ["courier_out"]
