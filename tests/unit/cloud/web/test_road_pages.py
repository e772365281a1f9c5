"""What a courier taps when the day goes wrong, and the windows a recipient is shown, through the pages themselves."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.services.ports import UnitOfWork
from cloud.services.records import Shift, Stop, StopTask, TaskState
from tests.unit.cloud.api.office import COURIER, URL, Office, open_busy_office

DAY = f"/v1/couriers/{COURIER}/days/2026-11-23"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_busy_office(tmp_path) as opened:
        yield opened


async def ahead(office: Office) -> list[Stop]:
    def unit(uow: UnitOfWork) -> list[Stop]:
        left = {task.stop_id for task in uow.find(StopTask, state=TaskState.PENDING)}
        return [stop for stop in uow.find(Stop, order="position") if stop.id in left]

    return await office.rim.look(unit)


async def drive(office: Office) -> None:
    [route] = (await office.plan())["routes"]
    office.clock.move_to(office.clock.now() + timedelta(hours=1))
    async with office.client("courier") as http:
        assert (await http.post(f"/v1/routes/{route['id']}/start")).status_code == 200


async def test_late_is_one_tap_and_moves_every_arrival(office: Office) -> None:
    await drive(office)
    before = [stop.eta for stop in await ahead(office)]
    async with office.client("courier") as http:
        page = await http.get("/courier/day?lang=en")
        assert "I am late" in page.text
        done = await http.post("/courier/late", data={"minutes": "40", "lon": "21.0", "lat": "52.2"})
        assert done.status_code == 303
        odd = await http.post("/courier/late", data={"minutes": "soon"})
    assert odd.status_code == 422
    after = [stop.eta for stop in await ahead(office)]
    assert all(late - early > timedelta(minutes=20) for late, early in zip(after, before, strict=True))


async def test_a_break_stands_before_the_stop_it_comes_before(office: Office) -> None:
    await drive(office)
    first, second, *rest = await ahead(office)

    def unit(uow: UnitOfWork) -> None:
        for stop in (second, *rest):
            uow.change(Stop, {"id": stop.id}, eta=stop.eta + timedelta(minutes=30))
        uow.change(Shift, {}, break_from=first.eta, break_to=first.eta + timedelta(hours=1), break_s=1_800)

    await office.rim.do(unit)
    async with office.client("courier") as http:
        page = await http.get("/courier/day?lang=en")
        told = (await http.get(DAY)).json()["stops"]
    assert page.text.count("First your break: 30 min") == 1
    assert {one["id"]: one["break_before_s"] for one in told if one["break_before_s"]} == {second.id: 1_800}


async def test_a_van_with_nothing_left_to_do_is_home_on_the_plan(office: Office) -> None:
    async def plan() -> str:
        async with office.client("operator") as http:
            return (await http.get("/console/plan?day=2026-11-23&lang=en")).text

    await drive(office)
    assert ">on the road</span>" in await plan()
    done = {"state": TaskState.DONE, "done_at": office.clock.now()}
    await office.rim.do(lambda uow: uow.change(StopTask, {"state": TaskState.PENDING}, **done))
    page = await plan()
    assert (">home</span>" in page, ">on the road</span>" in page) == (True, False)


async def test_a_jam_is_one_tap_where_the_phone_says_where(office: Office) -> None:
    await drive(office)
    async with office.client("courier") as http:
        assert "I am in a jam" in (await http.get("/courier/day?lang=en")).text
        nowhere = await http.post("/courier/jam", data={"minutes": "20"})
        done = await http.post("/courier/jam", data={"minutes": "20", "lon": "21.0", "lat": "52.2"})
    assert (nowhere.status_code, done.status_code) == (422, 303)
    [jam] = office.rim.replans.jams(office.clock.now())
    assert (jam.place.lon, jam.place.lat, jam.delay_s) == (21.0, 52.2, 1_200)


async def test_a_locker_that_does_not_answer_is_one_tap_too(office: Office) -> None:
    await drive(office)
    first = (await ahead(office))[0]
    async with office.client("courier") as http:
        stops = (await http.get(DAY)).json()["stops"]
        parcel = stops[0]["tasks"][0]["parcel"]["id"]
        body = {"parcel_id": parcel, "reason": "nobody at home", "lon": first.lon, "lat": first.lat}
        locker = (await http.post("/v1/attempts", json=body)).json()["assigned"]["locker_id"]
        done = await http.post(f"/courier/lockers/{locker}/trouble", data={"trouble": "silent"})
        assert done.status_code == 303
        odd = await http.post(f"/courier/lockers/{locker}/trouble", data={"trouble": "ugly"})
    assert odd.status_code == 422
    assert locker not in {stop.locker_id for stop in await ahead(office)}


@pytest.mark.parametrize(("language", "title"), [("en", "When suits you?"), ("pl", "Kiedy"), ("de", "Wann passt")])
async def test_a_recipient_chooses_among_what_can_be_kept(office: Office, language: str, title: str) -> None:
    await office.plan()
    last = (await ahead(office))[-1]
    [task] = await office.rim.look(lambda uow: uow.find(StopTask, stop_id=last.id))
    async with office.client("acme") as carrier, office.client("nobody", Origin=URL) as http:
        link = (await carrier.get(f"/v1/parcels/{task.parcel_id}/tracking-link")).json()["token"]
        page = (await http.get(f"/t/{link}?lang={language}")).text
        assert title in page
        offered = (await http.get(f"/v1/tracking/{link}/windows")).json()["windows"]
        assert page.count('name="window"') == len(offered) > 3
        choice = page.split('name="window" value="')[2].split('"')[0].replace("&#43;", "+")
        done = await http.post(f"/t/{link}/window", data={"window": choice})
        assert (done.status_code, done.headers["location"]) == (303, f"/t/{link}?told=window#told")
        gone = await http.post(f"/t/{link}/window?lang={language}", data={"window": "2026-11-23T21:00/23:00"})
    assert gone.status_code == 422
