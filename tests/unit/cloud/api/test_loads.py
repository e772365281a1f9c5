"""A van that is loaded several times a day, over HTTP: planned, driven, late, and what stays at the depot."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.domain.capacity import Reservation
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.records import Consent, HistoryEntry, Shift, StopTask, Task, TaskState
from cloud.services.records_ops import Notification
from cloud.services.window_board import read_board
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office
from tests.unit.cloud.api.test_road import ahead, all_of, post

DAY = f"/v1/couriers/{COURIER}/days/2026-11-23"
ABOARD = f"/v1/couriers/{COURIER}/stops/{{}}/aboard"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, pages=Pages()) as opened:
        await opened.lockers()
        await opened.parcels(6)
        await opened.shift(loads_max=2, reload_min=10, parcels_max=3)
        yield opened


async def drive(office: Office) -> list[dict[str, Any]]:
    [route] = (await office.plan())["routes"]
    office.clock.move_to(office.clock.now() + timedelta(hours=1))
    started = await post(office, f"/v1/routes/{route['id']}/start", {})
    assert started["parcels_loaded"] == 3
    return await stops(office)


async def stops(office: Office) -> list[dict[str, Any]]:
    async with office.client("courier") as http:
        found: list[dict[str, Any]] = (await http.get(DAY)).json()["stops"]
    return found


async def deliver(office: Office, these: list[dict[str, Any]]) -> None:
    for stop in these:
        for task in stop["tasks"]:
            await post(office, f"/v1/parcels/{task['parcel']['id']}/deliver-home", {"proof": "signed"})


async def test_a_day_of_two_loads_goes_back_to_the_depot_between_them(office: Office) -> None:
    planned = await drive(office)
    assert [one["kind"] for one in planned] == ["home"] * 3 + ["depot"] + ["home"] * 3
    depot, later = planned[3], planned[4:]
    assert (depot["lon"], depot["lat"], depot["service_s"]) == (21.0, 52.2, 600)
    loaded = {task["parcel"]["id"] for task in depot["tasks"]}
    assert loaded == {task["parcel"]["id"] for one in later for task in one["tasks"]}
    assert sorted(one["eta"] for one in planned) == [one["eta"] for one in planned]
    in_van = [one for one in await all_of(office, Parcel) if one.custodian == f"courier:{COURIER}"]
    assert {one.id for one in in_van}.isdisjoint(loaded)
    await deliver(office, planned[:3])
    said = await post(office, ABOARD.format(depot["id"]), {"parcels": [later[0]["tasks"][0]["parcel"]["barcode"]]})
    assert (said["taken"], said["to_come"]) == (1, 2)
    said = await post(office, ABOARD.format(depot["id"]), {"is_all": True})
    assert (said["taken"], said["to_come"], said["left_behind"]) == (2, 0, 0)
    assert await office.rim.replans.next() == said["route_id"]
    await deliver(office, later)
    assert {one.state for one in await all_of(office, Parcel)} == {ParcelState.DELIVERED_HOME}
    assert {one.state for one in await all_of(office, StopTask)} == {TaskState.DONE}


async def test_planning_again_leaves_the_next_load_to_the_van_that_comes_back_for_it(office: Office) -> None:
    await drive(office)
    await office.shift(OTHER_COURIER)
    again = await office.plan()
    assert [len(one["stops"]) for one in again["routes"]] == [7]
    assert again["unplanned"] == []


async def test_who_is_late_comes_back_for_the_next_load_in_the_same_order(office: Office) -> None:
    planned = await drive(office)
    said = await post(office, f"/v1/couriers/{COURIER}/late", {"minutes": 40})
    after = await stops(office)
    assert [one["kind"] for one in after] == [one["kind"] for one in planned]
    assert {one["id"] for one in after[:3]} == {one["id"] for one in planned[:3]}
    assert [one["id"] for one in after[3:]] == [one["id"] for one in planned[3:]]
    assert all(late["eta"] > early["eta"] for late, early in zip(after[3:], planned[3:], strict=True))
    assert said["told"] == len(await all_of(office, Notification, template="running_late")) == 6


async def test_recipients_choose_no_windows_until_the_last_load_is_aboard(office: Office) -> None:
    planned = await drive(office)
    last, depot, act = planned[-1]["tasks"][0]["parcel"]["id"], planned[3], office.act()
    assert await office.rim.look(lambda uow: read_board(uow, act, last)) is None
    await post(office, ABOARD.format(depot["id"]), {})
    board = await office.rim.look(lambda uow: read_board(uow, act, last))
    assert board is not None
    assert board.parcel_id == last


async def test_what_stays_at_the_depot_is_planned_again(office: Office) -> None:
    planned = await drive(office)
    depot = planned[3]
    first, *left = [task["parcel"]["id"] for task in depot["tasks"]]
    said = await post(office, ABOARD.format(depot["id"]), {"parcels": [first], "is_all": True})
    assert (said["taken"], said["to_come"], said["left_behind"]) == (1, 0, 2)
    parcels = await all_of(office, Parcel, id=tuple(left))
    assert {(one.state, one.custodian) for one in parcels} == {(ParcelState.ANNOUNCED, "carrier:acme")}
    assert len(await all_of(office, HistoryEntry, happened="left_at_depot")) == 2
    await office.shift(OTHER_COURIER)
    routes = (await office.plan())["routes"]
    assert sorted(len(one["stops"]) for one in routes) == [2, 7]


async def test_only_who_drives_says_what_came_aboard_and_only_what_lies_there(office: Office) -> None:
    [route] = (await office.plan())["routes"]
    depot = route["stops"][3]["id"]
    async with office.client("courier2") as other, office.client("courier") as http:
        assert (await other.post(ABOARD.format(depot), json={})).status_code == 403
        assert (await http.post(ABOARD.format(depot), json={})).status_code == 409
        await http.post(f"/v1/routes/{route['id']}/start")
        strange = await http.post(ABOARD.format(depot), json={"parcels": ["nobody's"]})
        nothing = await http.post(ABOARD.format(route["stops"][0]["id"]), json={})
        early = {"parcel_id": route["stops"][4]["tasks"][0]["parcel"]["id"], "reason": "nobody at home"}
        failed = await http.post("/v1/attempts", json=early)
    assert (strange.status_code, nothing.status_code, failed.status_code) == (422, 422, 409)


async def test_a_parcel_of_the_next_load_that_goes_to_a_locker_is_still_loaded_first(office: Office) -> None:
    planned = await drive(office)
    parcel = planned[4]["tasks"][0]["parcel"]["id"]
    await office.rim.do(lambda uow: uow.change(Consent, {"withdrawn_at": None}, walk_m_max=50_000))
    [locker, *_] = await all_of(office, Locker)
    async with office.client() as http:
        done = await http.post(f"/v1/parcels/{parcel}/assign", json={"locker_id": locker.id})
    pending = {one.task: one for one in await all_of(office, StopTask, parcel_id=parcel, state=TaskState.PENDING)}
    assert set(pending) == {Task.LOAD, Task.DROP_OFF}, done.text
    order = [one.id for one in await ahead(office)]
    assert order.index(pending[Task.LOAD].stop_id) < order.index(pending[Task.DROP_OFF].stop_id)
    assert len(await all_of(office, Reservation)) == 1


@pytest.mark.parametrize("more", [{"loads_max": 11}, {"loads_max": 0}, {"reload_min": 121}])
async def test_a_shift_of_impossible_loads_is_refused(office: Office, more: dict[str, int]) -> None:
    [shift] = await all_of(office, Shift)
    times = {"starts_at": shift.starts_at.isoformat(), "ends_at": shift.ends_at.isoformat()}
    place = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
    async with office.client() as http:
        answer = await http.post(f"/v1/couriers/{COURIER}/shifts", json=times | place | more)
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, list(more))


async def test_the_phone_shows_the_depot_as_a_stop_and_loads_there(office: Office) -> None:
    [route] = (await office.plan())["routes"]
    async with office.client("courier") as http:
        assert "The first load is 3 parcels" in (await http.get("/courier/day?lang=en")).text
    planned = await drive_on(office, route["id"])
    await deliver(office, planned[:3])
    path = f"/courier/stops/{planned[3]['id']}/aboard"
    barcode = planned[4]["tasks"][0]["parcel"]["barcode"]
    async with office.client("courier") as http:
        page = (await http.get("/courier/day?lang=en")).text
        assert "Back to the depot" in page
        assert "3 parcels to load" in page
        assert (await http.post(path, data={"parcel": barcode})).status_code == 303
        assert (await http.post(path, data={"parcel": "strange"})).status_code == 422
        assert (await http.post(path, data={})).status_code == 303
        assert "Back to the depot" in (await http.get("/courier/day?lang=en")).text  # in the list, done
    async with office.client() as http:
        assert "2 loads" in (await http.get("/console/plan?lang=en")).text
    assert {one.kind for one in await ahead(office)} == {"home"}


async def drive_on(office: Office, route: str) -> list[dict[str, Any]]:
    await post(office, f"/v1/routes/{route}/start", {})
    return await stops(office)
