"""A recipient chooses when: only what the running plan can keep is offered, and what was chosen is kept."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window
from cloud.planning import span_of
from cloud.routing.checker import Fault, check
from cloud.services.choose_window import WindowGoneError, choose_window
from cloud.services.plan_routes import gather_day
from cloud.services.ports import UnitOfWork
from cloud.services.records import Route, Shift, Stop, StopTask, TaskState
from cloud.services.window_board import read_board
from cloud.window_offers import decided, keep_window, windows_for
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office

DAY = "2026-11-23"


async def planned(office: Office, couriers: tuple[str, ...] = (COURIER,)) -> list[Stop]:
    """Have three parcels on one route (the test's planner lets the first courier drive three)."""
    await office.lockers()
    await office.parcels(3)
    for courier in couriers:
        await office.shift(courier)
    await office.plan()
    return await stops_of(office)


async def stops_of(office: Office) -> list[Stop]:
    return await office.rim.look(lambda uow: uow.find(Stop, order="route_id position"))


async def parcel_at(office: Office, stop: Stop) -> Parcel:
    def unit(uow: UnitOfWork) -> Parcel:
        task = uow.first(StopTask, stop_id=stop.id, state=TaskState.PENDING)
        assert task is not None
        return uow.need(Parcel, task.parcel_id)

    return await office.rim.look(unit)


async def link(office: Office, parcel: Parcel) -> str:
    async with office.client("acme") as carrier:
        token: str = (await carrier.get(f"/v1/parcels/{parcel.id}/tracking-link")).json()["token"]
    return f"/v1/tracking/{token}"


async def offered(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get(f"{path}/windows")).json()["windows"]
    return found


def inside(told: dict[str, Any]) -> bool:
    begins, eta, ends = (datetime.fromisoformat(told[name]) for name in ("begins", "eta", "ends"))
    return begins <= eta <= ends


async def test_the_windows_that_can_be_kept_are_offered_with_their_price(office: Office) -> None:
    last = (await planned(office))[-1]
    path = await link(office, await parcel_at(office, last))
    async with office.client("nobody") as http:
        windows = await offered(http, path)
    assert len(windows) >= 6
    for one in windows:
        assert inside(one)
        assert one["price_cents"] >= 0
    assert min(one["price_cents"] for one in windows) == 0
    assert datetime.fromisoformat(windows[0]["begins"]) >= office.clock.now() + timedelta(minutes=30)


async def test_a_chosen_window_changes_the_route_and_is_the_parcels_promise(office: Office) -> None:
    stops = await planned(office)
    parcel = await parcel_at(office, stops[0])
    path = await link(office, parcel)
    async with office.client("nobody") as http:
        choice = (await offered(http, path))[-1]
        kept = await http.post(f"{path}/window", json={name: choice[name] for name in ("begins", "ends")})
        assert kept.status_code == 200, kept.text
        page = (await http.get(path)).json()
    assert inside(kept.json())
    assert datetime.fromisoformat(page["window_from"]) == datetime.fromisoformat(choice["begins"])
    after = await stops_of(office)
    assert [stop.position for stop in after] == [0, 1, 2]
    assert after[-1].id == stops[0].id
    assert after[-1].eta == datetime.fromisoformat(kept.json()["eta"])
    assert (await parcel_at(office, after[-1])).window_to == datetime.fromisoformat(choice["ends"])


async def test_the_next_plan_keeps_it_or_the_checker_refuses_the_plan(office: Office) -> None:
    parcel = await parcel_at(office, (await planned(office))[0])
    act = office.rim.act(actor(Role.RECIPIENT, parcel.id))
    choice = (await windows_for(office.rim, act, parcel.id))[-1]
    await keep_window(office.rim, act, parcel.id, choice.window)
    day = datetime.fromisoformat(DAY).date()
    data = await office.rim.look(lambda uow: gather_day(uow, office.act(), span_of(office.rim, day)))
    stop = next(one for one in data.problem.stops if parcel.id in one.parcels)
    (window,) = stop.windows
    assert data.span.begins + timedelta(seconds=window.start_s) == choice.window.begins
    travel = await office.rim.travel.matrix(data.problem.places(), office.clock.now())
    plan = await office.rim.planner.plan(data.problem, travel, 10.0)
    faults = {one.fault for one in check(data.problem, travel, plan)}
    assert faults <= {Fault.WINDOW}
    begins = {step.ref: step.begin_s for route in plan.routes for step in route.steps}
    in_time = window.start_s <= begins.get(stop.id, window.start_s) <= window.end_s
    assert in_time == (Fault.WINDOW not in faults)


async def test_a_window_that_is_gone_meanwhile_says_so(office: Office) -> None:
    stops = await planned(office)
    parcel = await parcel_at(office, stops[0])
    act = office.rim.act(actor(Role.RECIPIENT, parcel.id))
    board = await office.rim.look(lambda uow: read_board(uow, act, parcel.id))
    assert board is not None
    window = (await windows_for(office.rim, act, parcel.id))[2].window
    travel = await office.rim.travel.matrix(board.places(), office.clock.now())
    chosen = decided(board, window, travel)
    assert chosen is not None
    other = await parcel_at(office, stops[1])
    await office.rim.do(
        lambda uow: uow.change(StopTask, {"parcel_id": other.id}, state=TaskState.CANCELLED, done_at=act.now)
    )
    with pytest.raises(WindowGoneError):
        await office.rim.do(lambda uow: choose_window(uow, act, chosen))
    assert await keep_window(office.rim, act, parcel.id, window)


async def test_a_window_that_was_never_offered_is_refused_with_a_sentence(office: Office) -> None:
    path = await link(office, await parcel_at(office, (await planned(office))[0]))
    night = {"begins": f"{DAY}T21:00:00Z", "ends": f"{DAY}T23:00:00Z"}
    async with office.client("nobody") as http:
        refused = await http.post(f"{path}/window", json=night)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:latchmile:problem:window-gone"


async def test_a_parcel_may_change_the_van_before_it_has_left_and_never_afterwards(office: Office) -> None:
    stops = await planned(office, (COURIER, OTHER_COURIER))
    parcel = await parcel_at(office, stops[0])
    other = await office.rim.do(lambda uow: _empty_route(uow, office, stops[0].route_id))
    act = office.rim.act(actor(Role.RECIPIENT, parcel.id))
    board = await office.rim.look(lambda uow: read_board(uow, act, parcel.id))
    assert board is not None
    assert len(board.lanes) == 2
    await office.rim.do(lambda uow: uow.change(Route, {"id": stops[0].route_id}, started_at=act.now))
    last = await parcel_at(office, stops[-1])
    driving = await office.rim.look(lambda uow: read_board(uow, act, last.id))
    assert driving is not None
    assert [lane.route.id for lane in driving.lanes] == [stops[0].route_id]
    assert other not in {lane.route.id for lane in driving.lanes}
    assert await office.rim.look(lambda uow: read_board(uow, act, parcel.id)) is None  # the courier is on the way there


async def test_a_parcel_that_changes_vans_is_on_one_route_only(office: Office) -> None:
    stops = await planned(office, (COURIER, OTHER_COURIER))
    parcel = await parcel_at(office, stops[0])
    other = await office.rim.do(lambda uow: _empty_route(uow, office, stops[0].route_id))
    busy = office.clock.now() + timedelta(hours=2)
    await office.rim.do(lambda uow: uow.change(Shift, {"courier_id": COURIER}, ends_at=busy))
    act = office.rim.act(actor(Role.RECIPIENT, parcel.id))
    window = (await windows_for(office.rim, act, parcel.id))[-1].window
    eta = await keep_window(office.rim, act, parcel.id, window)
    assert window.begins <= eta <= window.ends
    after = await stops_of(office)
    assert [stop.route_id for stop in after if stop.id == stops[0].id] == [other]
    assert [stop.position for stop in after if stop.route_id == stops[0].route_id] == [0, 1]


async def test_nobody_is_offered_anything_who_waits_for_no_courier(office: Office) -> None:
    await office.lockers()
    [parcel] = await office.parcels(1)
    act = office.rim.act(actor(Role.RECIPIENT, parcel.id))
    assert await windows_for(office.rim, act, parcel.id) == ()
    with pytest.raises(WindowGoneError):
        await keep_window(office.rim, act, parcel.id, Window(act.now, act.now + timedelta(hours=2)))


def _empty_route(uow: UnitOfWork, office: Office, like: str) -> str:
    """Give the other courier an empty route of the same plan and return its id."""
    route = uow.need(Route, like)
    (shift,) = uow.find(Shift, courier_id=OTHER_COURIER)
    new = replace(route, id=office.rim.ids.new(), courier_id=OTHER_COURIER, shift_id=shift.id)
    uow.add(new)
    return new.id
