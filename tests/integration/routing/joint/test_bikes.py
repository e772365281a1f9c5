"""A day of cargo bikes end to end: shifts by the API, the real joint worker, the depot on the phone, home again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.background import Progress
from cloud.domain.actors import SYSTEM
from cloud.domain.parcel import Parcel, ParcelState
from cloud.planning import plan_day
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.services.records import Plan
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office
from tests.unit.cloud.api.test_road import all_of, post

DAY = date(2026, 11, 23)
ROOM = 2  # parcels a bike holds
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        await opened.lockers()
        await opened.parcels(9)
        for courier in (COURIER, OTHER_COURIER):
            await opened.shift(courier, loads_max=3, reload_min=10, parcels_max=ROOM)
        yield opened


async def test_bikes_come_back_for_what_does_not_fit_and_bring_all_of_it(office: Office) -> None:
    async with JointPlanner(JointOptions(seed=3, threads=1, rounds=300)) as joint:
        await joint.warm_up()  # machine code is made once, not within anybody's deadline
        plan_id = await plan_day(replace(office.rim, joint=joint), DAY, SYSTEM, Progress())
    [stored] = await all_of(office, Plan, id=plan_id)
    assert stored.planner == "joint"
    async with office.client() as http:
        routes = (await http.get(f"/v1/plans/{DAY}")).json()["routes"]
    assert sum(stop["kind"] == "depot" for route in routes for stop in route["stops"]) >= 3
    assert max(load for route in routes for load in loads(route)) <= ROOM
    office.clock.move_to(office.clock.now() + timedelta(hours=1))
    for route in routes:
        await drive(office, route)
    assert {one.state for one in await all_of(office, Parcel)} == {ParcelState.DELIVERED_HOME}


def loads(route: dict[str, Any]) -> list[int]:
    """Return how many parcels are brought from one stop at the depot to the next."""
    found = [0]
    for stop in route["stops"]:
        if stop["kind"] == "depot":
            found.append(0)
        else:
            found[-1] += len(stop["tasks"])
    return found


async def drive(office: Office, route: dict[str, Any]) -> None:
    """Do everything in its order; whatever is not aboard yet cannot be handed over."""
    courier = {COURIER: "courier", OTHER_COURIER: "courier2"}[route["courier_id"]]
    await post(office, f"/v1/routes/{route['id']}/start", {}, courier)
    for stop in route["stops"]:
        office.clock.move_to(office.clock.now() + timedelta(minutes=5))
        if stop["kind"] == "depot":
            path = f"/v1/couriers/{route['courier_id']}/stops/{stop['id']}/aboard"
            said = await post(office, path, {}, courier)
            assert (said["taken"], said["to_come"]) == (len(stop["tasks"]), 0)
            continue
        for task in stop["tasks"]:
            await post(office, f"/v1/parcels/{task['parcel']['id']}/deliver-home", {"proof": "signed"}, courier)
