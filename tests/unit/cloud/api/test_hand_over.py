"""A van that cannot go on: proposed, confirmed, met, and taken over parcel by parcel; who has what is always true."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.domain.actors import SYSTEM
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.eta import STEP, Expected, expected
from cloud.services.people import create_courier
from cloud.services.ports import UnitOfWork
from cloud.services.records import BRINGS, Courier, Route, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.records_ops import Alarm, AuditEntry
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office
from tests.unit.cloud.api.test_road import ahead, all_of, post, promise
from tests.unit.cloud.routing.test_reloads import Greedy

THIRD = "c2" * 16
DAY = "/v1/couriers/{}/days/2026-11-23"
HAND = f"/v1/couriers/{COURIER}/hand-over"
ASK = f"{HAND}/proposals"
CONFIRM = f"{ASK}/{{}}/confirm"
BACK = "/v1/parcels/{}/bring-back"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, Greedy(), Pages()) as opened:
        act = opened.rim.act(SYSTEM)
        third = Courier(
            id=THIRD, name="Cleo", email=None, phone=None, language="pl", active=True, created_at=opened.clock.now()
        )
        await opened.rim.do(lambda uow: create_courier(uow, act, third))
        await drive(opened)
        yield opened


async def drive(office: Office) -> None:
    """Have one courier on the road with six parcels."""
    await office.lockers()
    await office.parcels(6)
    await office.shift()
    [route] = (await office.plan())["routes"]
    office.clock.move_to(office.clock.now() + timedelta(hours=1, minutes=5))
    await post(office, f"/v1/routes/{route['id']}/start", {})


async def on_shift(office: Office, courier: str, parcels_max: int) -> None:
    """Put somebody on a shift that has begun, with a van of their own and no route."""
    office.clock.move_to(office.clock.now() - timedelta(hours=1, minutes=1))
    await office.shift(courier, parcels_max=parcels_max)
    office.clock.move_to(office.clock.now() + timedelta(hours=1, minutes=1))


async def ask(office: Office, **more: Any) -> dict[str, Any]:
    async with office.client("planner") as http:
        answer = await http.post(ASK, json={"reason": "a broken axle"} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def day_of(office: Office, courier: str) -> dict[str, Any]:
    async with office.client() as http:
        found: dict[str, Any] = (await http.get(DAY.format(courier))).json()
    return found


async def who_has(office: Office) -> dict[str, str]:
    return {one.id: one.custodian.removeprefix("courier:") for one in await all_of(office, Parcel)}


async def test_one_who_is_named_meets_the_van_and_takes_all_of_it(office: Office) -> None:
    body = {"to": OTHER_COURIER, "reason": "a broken leg", "minutes": 60}
    said = await post(office, HAND, body, "operator")
    assert said == {"parcels": 6, "left_behind": 0, "told": 6, "late": 0}
    stops = (await day_of(office, OTHER_COURIER))["stops"]
    assert [one["kind"] for one in stops] == ["meeting"] + ["home"] * 6
    assert (await ahead(office))[0].eta - office.clock.now() >= timedelta(minutes=60)
    assert set((await who_has(office)).values()) == {COURIER}
    async with office.client("courier") as http:
        assert "Courier 1 comes about" in (await http.get("/courier/day?lang=en")).text
    async with office.client("courier2") as http:
        assert "Meet Courier 0&#39;s van" in (await http.get("/courier/day?lang=en")).text
        early = {"parcel_id": stops[1]["tasks"][0]["parcel"]["id"], "reason": "nobody at home"}
        assert (await http.post("/v1/attempts", json=early)).status_code == 409
        taken = await http.post(f"/v1/couriers/{OTHER_COURIER}/stops/{stops[0]['id']}/aboard", json={})
        assert taken.json()["taken"] == 6
        assert (await http.post("/v1/attempts", json=early)).status_code == 201
    assert set((await who_has(office)).values()) == {OTHER_COURIER}
    assert [one.kind for one in await all_of(office, Alarm)] == ["courier_out"]
    assert "take_van_over" in {one.action for one in await all_of(office, AuditEntry)}


async def test_who_can_be_at_the_van_in_an_hour_is_expected_in_an_hour_there_and_later_behind(office: Office) -> None:
    await post(office, HAND, {"to": OTHER_COURIER, "reason": "a broken leg", "minutes": 60}, "operator")
    now, meeting = office.clock.now(), (await ahead(office))[0]

    def unit(uow: UnitOfWork) -> Mapping[str, Expected]:
        return expected(uow, uow.need(Route, meeting.route_id), now, UTC)

    told = await office.rim.look(unit)
    assert told[meeting.id].at == meeting.eta >= now + timedelta(minutes=60)
    assert min(one.begins for one in told.values()) >= meeting.eta - STEP
    assert len(told) == 7


async def test_two_share_what_one_has_no_room_for_and_no_parcel_is_in_two_vans(office: Office) -> None:
    await on_shift(office, OTHER_COURIER, 3)
    await on_shift(office, THIRD, 3)
    before = await ahead(office)
    asked = await ask(office)
    assert sorted(one["parcels"] for one in asked["takes"]) == [3, 3]
    assert asked["left_behind"] == []
    assert all(one["more_cents"] > 0 for one in asked["takes"])
    assert await ahead(office) == before
    said = await post(office, CONFIRM.format(asked["id"]), {}, "operator")
    assert (said["parcels"], said["left_behind"]) == (6, 0)
    tasks = await all_of(office, StopTask, state=TaskState.PENDING)
    route_of = {one.id: one.route_id for one in await all_of(office, Stop)}
    bring = {one.parcel_id: route_of[one.stop_id] for one in tasks if one.task in BRINGS}
    meet = {one.parcel_id: route_of[one.stop_id] for one in tasks if one.task is Task.TAKE_OVER}
    assert (len(tasks), len(bring)) == (12, 6)
    assert bring == meet
    async with office.client() as http:
        assert (await http.post(CONFIRM.format(asked["id"]), json={})).status_code == 404


async def test_what_is_not_scanned_stays_in_the_van_that_is_stuck(office: Office) -> None:
    await post(office, HAND, {"to": OTHER_COURIER, "reason": "ill"}, "operator")
    meeting, first, *_ = (await day_of(office, OTHER_COURIER))["stops"]
    path = f"/v1/couriers/{OTHER_COURIER}/stops/{meeting['id']}/aboard"
    taken = first["tasks"][0]["parcel"]
    async with office.client("courier2") as http:
        said = (await http.post(path, json={"parcels": [taken["barcode"]], "is_all": True})).json()
    assert (said["taken"], said["left_behind"]) == (1, 5)
    has = await who_has(office)
    assert has.pop(taken["id"]) == OTHER_COURIER
    assert set(has.values()) == {COURIER}
    left = await all_of(office, Parcel, custodian=f"courier:{COURIER}")
    assert {one.state for one in left} == {ParcelState.DELIVERY_FAILED}
    async with office.client("courier") as http:
        assert (await http.get("/courier/day?lang=en")).text.count(">Handed over<") == 5
        back = await http.post(BACK.format(left[0].id), json={})
    assert back.status_code == 200, back.text
    assert len(await ahead(office)) == 1


async def test_what_nobody_has_room_for_is_named_and_goes_back(office: Office) -> None:
    await on_shift(office, OTHER_COURIER, 2)
    asked = await ask(office, to=[OTHER_COURIER])
    assert ([one["parcels"] for one in asked["takes"]], len(asked["left_behind"])) == ([2], 4)
    said = await post(office, CONFIRM.format(asked["id"]), {}, "planner")
    assert said["left_behind"] == 4
    failed = await all_of(office, Parcel, state=ParcelState.DELIVERY_FAILED)
    assert {one.id for one in failed} == set(asked["left_behind"])
    assert {one.custodian for one in failed} == {f"courier:{COURIER}"}


async def test_a_courier_on_the_road_goes_on_to_their_next_stop_first_and_keeps_their_own(office: Office) -> None:
    own = await busy(office)
    asked = await ask(office, to=[OTHER_COURIER])
    [taking] = asked["takes"]
    assert (taking["parcels"], taking["more_m"] > 0) == (4, True)
    await post(office, CONFIRM.format(asked["id"]), {}, "operator")
    stops = (await day_of(office, OTHER_COURIER))["stops"]
    assert [one["id"] for one in stops[:1]] == own[:1]
    assert stops[1]["kind"] == "meeting"
    assert set(own) < {one["id"] for one in stops}
    assert [one["eta"] for one in stops] == sorted(one["eta"] for one in stops)


async def busy(office: Office) -> list[str]:
    """Give the last two stops of the van to somebody who is on the road with a van of their own."""
    await on_shift(office, OTHER_COURIER, 9)
    [route] = await all_of(office, Route)
    twin = replace(route, id=office.rim.ids.new(), courier_id=OTHER_COURIER)
    await office.rim.do(lambda uow: uow.add(twin))
    moved = (await ahead(office))[-2:]
    for stop in moved:
        tasks = await all_of(office, StopTask, stop_id=stop.id)
        await _move(office, stop, twin.id, tasks[0].parcel_id)
    return [one.id for one in moved]


async def _move(office: Office, stop: Stop, route_id: str, parcel_id: str) -> None:
    await office.rim.do(lambda uow: uow.change(Stop, {"id": stop.id}, route_id=route_id))
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcel_id}, custodian=f"courier:{OTHER_COURIER}"))


async def test_a_route_that_changed_since_is_not_handed_over(office: Office) -> None:
    asked = await ask(office, to=[OTHER_COURIER])
    tasks = (await day_of(office, COURIER))["stops"][0]["tasks"]
    await post(office, f"/v1/parcels/{tasks[0]['parcel']['id']}/deliver-home", {"proof": "signed"})
    async with office.client() as http:
        assert (await http.post(CONFIRM.format(asked["id"]), json={})).status_code == 409
    office.clock.move_to(office.clock.now() + timedelta(minutes=10))
    async with office.client() as http:
        assert (await http.post(CONFIRM.format(asked["id"]), json={})).status_code == 404


async def test_a_promise_that_is_lost_anyway_is_brought_late_and_told(office: Office) -> None:
    await promise(office, (await ahead(office))[-1], 1)
    said = await post(office, HAND, {"to": OTHER_COURIER, "reason": "ill", "minutes": 45}, "operator")
    assert (said["parcels"], said["late"]) == (6, 1)


async def test_nobody_takes_over_from_themselves_from_nobody_or_beside_a_route_of_their_own(office: Office) -> None:
    async with office.client("planner") as http:
        own = await http.post(HAND, json={"to": COURIER, "reason": "ill"})
        none = await http.post(HAND.replace(COURIER, OTHER_COURIER), json={"to": COURIER, "reason": "ill"})
        [route] = await all_of(office, Route)
        twin = replace(route, id=office.rim.ids.new(), courier_id=OTHER_COURIER, started_at=None)
        await office.rim.do(lambda uow: uow.add(twin))
        stop = (await ahead(office))[-1]
        await office.rim.do(lambda uow: uow.change(Stop, {"id": stop.id}, route_id=twin.id))
        busy = await http.post(HAND, json={"to": OTHER_COURIER, "reason": "ill"})
    assert (own.status_code, none.status_code, busy.status_code) == (422, 404, 409)
    assert (await ask(office))["takes"] == []


async def test_the_console_asks_shows_and_confirms(office: Office) -> None:
    page = f"/console/couriers/{COURIER}/hand-over"
    async with office.client("planner") as http:
        assert page in (await http.get("/console/plan?lang=en")).text
        assert "Tick nobody" in (await http.get(f"{page}?lang=en")).text
        no_reason = await http.post(page, data={"minutes": "15"})
        odd = await http.post(page, data={"reason": "ill", "minutes": "7"})
        asked = await http.post(page, data={"reason": "ill", "minutes": "15", f"to_{OTHER_COURIER}": "1"})
        shown = (await http.get(f"{asked.headers['location']}&lang=en")).text
        over = await http.get(f"{page}?proposal={'0' * 32}")
        done = await http.post(f"{page}/{asked.headers['location'].partition('=')[2]}")
        gone = await http.post(f"{page}/{'0' * 32}")
    assert (no_reason.status_code, odd.status_code, over.status_code) == (409, 409, 303)
    assert ("Courier 1" in shown, "comes for this" in shown) == (True, True)
    assert (done.status_code, done.headers["location"], gone.status_code) == (303, "/console/plan", 409)
    assert len((await day_of(office, OTHER_COURIER))["stops"]) == 7
    async with office.client("support") as http:
        assert (await http.get(page)).status_code == 403


async def test_what_was_never_loaded_waits_for_the_next_plan(office: Office) -> None:
    last = (await ahead(office))[-1]
    [task] = await all_of(office, StopTask, stop_id=last.id)
    depot = replace(last, id=office.rim.ids.new(), kind=StopKind.DEPOT, position=last.position)
    load = replace(task, id=office.rim.ids.new(), stop_id=depot.id, task=Task.LOAD)
    await office.rim.do(lambda uow: uow.add(depot, load))
    home = {"custodian": "carrier:acme", "state": ParcelState.PLANNED}
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": task.parcel_id}, **home))
    asked = await ask(office, to=[OTHER_COURIER])
    assert (asked["at_depot"], asked["takes"][0]["parcels"]) == ([task.parcel_id], 5)
    await post(office, CONFIRM.format(asked["id"]), {}, "operator")
    [parcel] = await all_of(office, Parcel, id=task.parcel_id)
    assert (parcel.state, parcel.custodian) == (ParcelState.ANNOUNCED, "carrier:acme")
    assert task.parcel_id not in {one.parcel_id for one in await all_of(office, StopTask, state=TaskState.PENDING)}
