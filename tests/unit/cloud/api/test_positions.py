"""A courier's phone says where it is, over HTTP: what is taken, what the recipient is told, when it is forgotten."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.disruptions import Late, Whereabouts, running_late
from cloud.domain.actors import Role, actor
from cloud.domain.positions import CourierPosition
from cloud.jobs.jobs import all_jobs
from cloud.services.records import Stop
from cloud.services.tracking_token import PURPOSE, token_for
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office, told

POSITION = f"/v1/couriers/{COURIER}/position"
CENTRE = {"lon": 21.0122, "lat": 52.2297}
SEEN = {"lon": 21.01248, "lat": 52.23}  # the centre to a hundred metres


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        yield opened


async def drive(office: Office) -> list[str]:
    """Have one courier on the road with three parcels; return them in the order of their stops."""
    await office.lockers()
    await office.parcels(3)
    await office.shift()
    [route] = (await office.plan())["routes"]
    async with office.client("courier") as http:
        await http.post(f"/v1/routes/{route['id']}/start")
        stops = (await http.get(f"/v1/couriers/{COURIER}/days/2026-11-23")).json()["stops"]
    return [stop["tasks"][0]["parcel"]["id"] for stop in stops]


async def tell(office: Office, who: str = "courier", ago_s: float = 0, **changes: Any) -> httpx.Response:
    at = office.clock.now() - timedelta(seconds=ago_s)
    body = {**CENTRE, "accuracy_m": 8.4, "at": at.isoformat(), **changes}
    async with office.client(who) as http:
        return await http.put(POSITION, json=body)


async def van_of(office: Office, parcel_id: str) -> Any:
    async with office.client("nobody") as http:
        answer = await http.get(f"/v1/tracking/{token_for(parcel_id, office.rim.keys.box.derive(PURPOSE))}")
    return answer.json()["van"]


async def test_a_phone_says_where_it_is_and_the_next_recipients_see_the_van(office: Office) -> None:
    parcels = await drive(office)
    assert (await tell(office)).json() == {"taken": True, "ignored": None}
    at = "2026-11-23T07:00:00Z"
    assert [await van_of(office, one) for one in parcels] == [
        {**SEEN, "at": at, "stops_before": number} for number in range(3)
    ]
    async with office.client("support") as http:
        assert (await http.get(POSITION)).json() == {**CENTRE, "accuracy_m": 8, "at": at}


async def test_what_cannot_be_is_refused_with_the_reason(office: Office) -> None:
    await drive(office)
    refused = [
        await tell(office, lon=180.5),
        await tell(office, lat=-90.5),
        await tell(office, ago_s=121),
        await tell(office, ago_s=-60),
    ]
    assert [answer.status_code for answer in refused] == [422] * 4
    assert "older than two minutes" in told(refused[2])["detail"]
    assert "in the future" in told(refused[3])["detail"]
    async with office.client() as http:
        assert (await http.get(POSITION)).status_code == 404


async def test_what_may_be_and_does_not_count_is_left_out(office: Office) -> None:
    await drive(office)
    assert (await tell(office, accuracy_m=900)).json() == {"taken": False, "ignored": "vague"}
    await tell(office)
    assert (await tell(office, ago_s=5)).json() == {"taken": False, "ignored": "soon"}
    office.clock.move_to(office.clock.now() + timedelta(seconds=30))
    assert (await tell(office, lat=53.0)).json() == {"taken": False, "ignored": "jump"}
    [kept] = await office.rim.look(lambda uow: uow.find(CourierPosition))
    assert (kept.lon, kept.lat) == (CENTRE["lon"], CENTRE["lat"])


async def test_nobody_says_where_somebody_else_is_nor_where_they_are_off_duty(office: Office) -> None:
    assert told(await tell(office))["status"] == 409
    await drive(office)
    assert (await tell(office, "courier2")).status_code == 403
    assert (await tell(office, "operator")).status_code == 403
    async with office.client("courier2") as http:
        assert (await http.get(POSITION)).status_code == 403
        assert (await http.delete(POSITION)).status_code == 403
        assert (await http.get(f"/v1/couriers/{OTHER_COURIER}/position")).status_code == 404


async def test_a_switch_that_is_turned_off_forgets_at_once(office: Office) -> None:
    [parcel, *_] = await drive(office)
    await tell(office)
    async with office.client("courier") as http:
        for _ in range(2):
            assert (await http.delete(POSITION)).status_code == 204
    assert await van_of(office, parcel) is None


async def test_the_timetable_forgets_who_fell_silent(office: Office) -> None:
    await drive(office)
    await tell(office)
    job = next(one for one in all_jobs(office.rim) if one.name == "forget_positions")
    assert await job.run() == 0
    office.clock.move_to(office.clock.now() + timedelta(minutes=10))
    assert [await job.run(), await job.run()] == [1, 0]


async def test_who_is_late_and_does_not_say_where_is_late_from_where_the_van_is(office: Office) -> None:
    """Half an hour's way north of the city the first stop is half an hour farther than from the depot."""

    async def late() -> Any:
        act = office.rim.act(actor(Role.COURIER, COURIER))
        await running_late(office.rim, act, Late(COURIER, timedelta(0), Whereabouts()))
        return await office.rim.look(lambda uow: min(stop.eta for stop in uow.find(Stop)))

    await drive(office)
    before = await late()
    await tell(office, lat=52.5)
    assert await late() - before > timedelta(minutes=15)
