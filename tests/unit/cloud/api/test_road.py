"""A day that does not go as planned, over HTTP: routes change, promises that can be kept are, people are told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cloud.disruptions import Late, Whereabouts, remember_jams, running_late
from cloud.domain.actors import Role, actor
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.parcel import Parcel, ParcelState
from cloud.replanning import improve
from cloud.replans import Replans
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import PlannerTimeoutError, ProgressCallback, silent
from cloud.routing.problem import Problem
from cloud.routing.vroom_request import assemble, translate
from cloud.routing.worker_wire import VehicleOrder
from cloud.services.ports import UnitOfWork
from cloud.services.records import Consent, IssuedGrant, Stop, StopTask, TaskState
from cloud.services.records_ops import Alarm, Notification, SupportCase
from tests.unit.cloud.api.office import COURIER, NOW, OTHER_COURIER, Office, open_office

DAY = f"/v1/couriers/{COURIER}/days/2026-11-23"
LATE = f"/v1/couriers/{COURIER}/late"
NOWHERE = Whereabouts()
TROUBLE = f"/v1/couriers/{COURIER}/lockers/{{}}/trouble"


class Talent:
    """A planner for one courier: the first stop of the problem first, then always the nearest that is left.

    Told to be ``slow``, it never answers.
    """

    def __init__(self) -> None:
        self.slow = False

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del progress
        if self.slow:
            raise PlannerTimeoutError(deadline_s)
        words = translate(problem, travel)
        left = list(range(1, len(words.jobs) + 1))
        order = [left.pop(0)] if left else []
        while left:
            here = words.jobs[order[-1] - 1].place
            left.sort(key=lambda one: -int(travel.durations_s[here, words.jobs[one - 1].place]))
            order.append(left.pop())
        return assemble(problem, travel, words, (VehicleOrder(0, tuple(order)),) if order else ())


@pytest.fixture
def planner() -> Talent:
    return Talent()


@pytest.fixture
async def office(tmp_path: Path, planner: Talent) -> AsyncIterator[Office]:
    async with open_office(tmp_path, planner) as opened:
        yield opened


async def drive(office: Office, parcels: int = 6) -> list[dict[str, Any]]:
    """Plan a day for one courier, set off an hour later, and return the stops."""
    await office.lockers()
    await office.parcels(parcels)
    await office.shift()
    [route] = (await office.plan())["routes"]
    office.clock.move_to(office.clock.now() + timedelta(hours=1))
    async with office.client("courier") as http:
        await http.post(f"/v1/routes/{route['id']}/start")
        stops: list[dict[str, Any]] = (await http.get(DAY)).json()["stops"]
    return stops


async def ahead(office: Office) -> list[Stop]:
    def unit(uow: UnitOfWork) -> list[Stop]:
        left = {task.stop_id for task in uow.find(StopTask, state=TaskState.PENDING)}
        return [stop for stop in uow.find(Stop, order="position") if stop.id in left]

    return await office.rim.look(unit)


async def all_of(office: Office, kind: type[Any], **conditions: Any) -> list[Any]:
    return await office.rim.look(lambda uow: uow.find(kind, **conditions))


async def promise(office: Office, stop: Stop, minutes: float) -> None:
    """Promise the parcels of a stop to come within so many minutes from now."""
    now = office.clock.now()
    values = {"window_from": now - timedelta(hours=1), "window_to": now + timedelta(minutes=minutes)}
    tasks = await all_of(office, StopTask, stop_id=stop.id)
    ids = tuple(task.parcel_id for task in tasks)
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": ids}, **values))


async def post(office: Office, path: str, body: dict[str, Any], who: str = "courier") -> Any:
    async with office.client(who) as http:
        answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_is_late_says_so_and_everybody_who_waits_longer_is_told(office: Office) -> None:
    await drive(office)
    before = await ahead(office)
    said = await post(office, LATE, {"minutes": 45, "lon": 21.0, "lat": 52.2})
    after = await ahead(office)
    assert [stop.id for stop in after] == [stop.id for stop in before]
    assert after[0].eta - office.clock.now() > timedelta(minutes=45)
    assert said == {"told": 6, "late": 0}
    notes = await all_of(office, Notification, template="running_late")
    assert len(notes) == 6
    assert "Europe/Warsaw" in notes[0].context


async def test_a_delay_nobody_notices_is_told_to_nobody(office: Office) -> None:
    await drive(office)
    await post(office, LATE, {"minutes": 0})
    first = [stop.eta for stop in await ahead(office)]
    said = await post(office, LATE, {"minutes": 10})
    assert said == {"told": 0, "late": 0}
    assert [stop.eta for stop in await ahead(office)] > first


async def test_a_promise_that_can_be_kept_is_driven_to_next_but_one(office: Office) -> None:
    """The courier is driving to the first stop already; nobody is turned round."""
    await drive(office)
    before = await ahead(office)
    await promise(office, before[-1], 70)
    said = await post(office, LATE, {"minutes": 40, "lon": before[0].lon, "lat": before[0].lat})
    after = [stop.id for stop in await ahead(office)]
    assert after.index(before[-1].id) < len(after) - 1
    assert after[0] == before[0].id
    assert said["late"] == 0


async def test_a_promise_that_is_lost_is_a_case_and_its_recipient_is_told(office: Office) -> None:
    await drive(office)
    last = (await ahead(office))[-1]
    await promise(office, last, 30)
    said = await post(office, LATE, {"minutes": 60})
    assert said["late"] == 1
    assert [one.kind for one in await all_of(office, SupportCase)] == ["promise_lost"]


async def test_nobody_speaks_of_another_couriers_route_nor_of_none(office: Office) -> None:
    await drive(office)
    async with office.client("courier2") as http:
        assert (await http.post(LATE, json={"minutes": 5})).status_code == 403
        own = f"/v1/couriers/{OTHER_COURIER}/late"
        assert (await http.post(own, json={"minutes": 5})).status_code == 404
    async with office.client("courier") as http:
        assert (await http.post(LATE, json={"minutes": 481})).status_code == 422


async def test_a_jam_on_the_way_delays_those_behind_it_and_is_an_alarm(office: Office) -> None:
    await drive(office)
    before = await ahead(office)
    at, until = before[3], (office.clock.now() + timedelta(hours=2)).isoformat()
    body = {"lon": at.lon, "lat": at.lat, "radius_m": 50, "minutes": 60, "until": until}
    said = await post(office, "/v1/jams", body, "operator")
    after = {stop.id: stop.eta for stop in await ahead(office)}
    assert after[before[0].id] - before[0].eta < timedelta(minutes=10)
    assert after[before[3].id] - before[3].eta > timedelta(minutes=50)
    assert said["told"] == 3
    assert [one.kind for one in await all_of(office, Alarm)] == ["traffic_jam"]
    restarted = replace(office.rim, replans=Replans())
    await remember_jams(restarted)
    assert restarted.replans.jams(NOW) == office.rim.replans.jams(NOW) != ()


async def test_a_jam_elsewhere_changes_no_route(office: Office) -> None:
    await drive(office)
    before = await ahead(office)
    until = (office.clock.now() + timedelta(hours=2)).isoformat()
    said = await post(office, "/v1/jams", {"lon": 20.7, "lat": 52.4, "minutes": 60, "until": until}, "planner")
    assert said == {"told": 0, "late": 0}
    assert await ahead(office) == before


async def test_a_jam_that_is_over_or_never_ends_is_refused(office: Office) -> None:
    body = {"lon": 21.0, "lat": 52.2, "minutes": 10}
    async with office.client() as http:
        for hours in (-1, 13):
            until = (office.clock.now() + timedelta(hours=hours)).isoformat()
            assert (await http.post("/v1/jams", json={**body, "until": until})).status_code == 422


async def to_locker(office: Office, stop: dict[str, Any]) -> str:
    """Have an attempt fail and return the locker the parcel goes to; its recipient walks as far as it takes."""
    await office.rim.do(lambda uow: uow.change(Consent, {"withdrawn_at": None}, walk_m_max=5_000))
    parcel = stop["tasks"][0]["parcel"]["id"]
    body = {"parcel_id": parcel, "reason": "nobody at home", "lon": stop["lon"], "lat": stop["lat"]}
    async with office.client("courier") as http:
        answer = await http.post("/v1/attempts", json=body)
    locker: str = answer.json()["assigned"]["locker_id"]
    return locker


@pytest.mark.parametrize("trouble", ["silent", "full"])
async def test_what_a_locker_does_not_take_goes_to_another_on_the_way(office: Office, trouble: str) -> None:
    stops = await drive(office)
    locker = await to_locker(office, stops[0])
    [moved] = (await post(office, TROUBLE.format(locker), {"trouble": trouble}))["parcels"]
    other = moved["assigned"]["locker_id"]
    assert other != locker
    parcel = (await all_of(office, Parcel, id=moved["parcel_id"]))[0]
    assert (parcel.state, parcel.locker_id) == (ParcelState.ASSIGNED_TO_LOCKER, other)
    active = await all_of(office, Reservation, state=ReservationState.ACTIVE)
    assert [one.locker_id for one in active] == [other]
    live = await all_of(office, IssuedGrant, state="issued")
    assert {grant.locker_id for grant in live} == {other}
    assert [stop.locker_id for stop in await ahead(office) if stop.locker_id] == [other]
    assert [one.kind for one in await all_of(office, Alarm)] == ["locker_takes_nothing"]
    assert len(await all_of(office, Notification, template="another_locker")) == 1
    assert (await post(office, TROUBLE.format(locker), {"trouble": trouble}))["parcels"] == []


async def test_without_another_locker_it_stays_in_the_van_and_the_courier_hears_why(office: Office) -> None:
    stops = await drive(office)
    locker = await to_locker(office, stops[0])
    await office.rim.do(lambda uow: uow.change(Consent, {"withdrawn_at": None}, walk_m_max=1))
    await office.rim.do(lambda uow: uow.change(Parcel, {}, locker_allowed=False))
    [kept] = (await post(office, TROUBLE.format(locker), {"trouble": "full"}))["parcels"]
    assert kept["assigned"] is None
    assert kept["why_not"]
    parcel = (await all_of(office, Parcel, id=kept["parcel_id"]))[0]
    assert (parcel.state, parcel.custodian) == (ParcelState.DELIVERY_FAILED, f"courier:{COURIER}")


async def test_a_better_order_is_found_afterwards_and_only_if_it_is_better(office: Office, planner: Talent) -> None:
    await drive(office, 8)
    stops = await ahead(office)
    shuffled = [stops[0], *stops[:3:-1], *stops[1:4]]
    for number, stop in enumerate(shuffled):
        await _put(office, stop.id, number)
    route = stops[0].route_id
    planner.slow = True
    assert not await improve(office.rim, route)
    planner.slow = False
    assert await improve(office.rim, route)
    better = await ahead(office)
    assert better[0].id == shuffled[0].id
    assert _metres(better) < _metres(shuffled)
    assert not await improve(office.rim, route)


async def test_every_change_asks_for_a_better_order_once(office: Office) -> None:
    stops = await drive(office)
    await to_locker(office, stops[0])
    await running_late(
        office.rim, office.rim.act(actor(Role.COURIER, COURIER)), Late(COURIER, timedelta(minutes=5), NOWHERE)
    )
    assert await office.rim.replans.next() == (await ahead(office))[0].route_id
    assert not office.rim.replans.is_waiting


def _metres(stops: list[Stop]) -> float:
    return sum(abs(a.lon - b.lon) + abs(a.lat - b.lat) for a, b in pairwise(stops))


async def _put(office: Office, stop_id: str, position: int) -> None:
    eta = office.clock.now() + timedelta(minutes=5 * position)
    await office.rim.do(lambda uow: uow.change(Stop, {"id": stop_id}, position=position, eta=eta))
