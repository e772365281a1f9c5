"""Whose parcel stays in a van that cannot go on, or at the depot, is told so once; the van counts for what it drove."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.records import Route
from cloud.services.records_ops import Notification
from cloud.services.tracking_token import PURPOSE, token_for
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_office
from tests.unit.cloud.api.test_hand_over import HAND, day_of, drive, on_shift
from tests.unit.cloud.api.test_road import ahead, all_of, post
from tests.unit.cloud.routing.test_reloads import Greedy

CANNOT = {"to": OTHER_COURIER, "reason": "ill"}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, Greedy(), Pages()) as opened:
        await drive(opened)
        yield opened


async def told(office: Office) -> list[str]:
    return sorted(one.parcel_id for one in await all_of(office, Notification, template="not_today"))


async def tracking(office: Office, parcel: str) -> str:
    token = token_for(parcel, office.rim.keys.box.derive(PURPOSE))
    async with office.client("nobody") as http:
        return (await http.get(f"/t/{token}?lang=en")).text


async def bring(office: Office, parcels: list[str]) -> None:
    for parcel in parcels:
        await post(office, f"/v1/parcels/{parcel}/deliver-home", {"proof": "signed"})


async def parcels_ahead(office: Office, courier: str = COURIER) -> list[str]:
    stops: list[Any] = (await day_of(office, courier))["stops"]
    return [task["parcel"]["id"] for stop in stops for task in stop["tasks"] if task["state"] == "pending"]


async def test_who_gets_nothing_today_is_told_once_and_the_page_says_the_same_until_it_is_planned(
    office: Office,
) -> None:
    await on_shift(office, OTHER_COURIER, 2)
    said = await post(office, HAND, CANNOT, "operator")
    left = [one for one in await all_of(office, Parcel) if one.state is ParcelState.DELIVERY_FAILED]
    assert (said["left_behind"], await told(office)) == (4, sorted(one.id for one in left))
    for one in left:
        shown = await tracking(office, one.id)
        assert ("Not today after all" in shown, "Did not come that day" in shown) == (True, True)
        assert "Could not be handed over" not in shown
    (other, *_) = [one for one in await all_of(office, Parcel) if one.id not in await told(office)]
    assert "Not today" not in await tracking(office, other.id)
    for one in left:
        await post(office, f"/v1/parcels/{one.id}/bring-back", {})
    assert "Not today after all" in await tracking(office, left[0].id)
    office.clock.move_to(office.clock.now() + timedelta(hours=20))
    await office.sign_in_all()
    await office.shift()
    await office.plan("2026-11-24")
    assert "Not today" not in await tracking(office, left[0].id)
    assert len(await told(office)) == 4


async def test_what_is_left_twice_on_one_day_is_told_once(office: Office) -> None:
    await post(office, HAND, CANNOT, "operator")
    meeting, *_ = (await day_of(office, OTHER_COURIER))["stops"]
    path = f"/v1/couriers/{OTHER_COURIER}/stops/{meeting['id']}/aboard"
    assert await told(office) == []
    async with office.client("courier2") as http:
        for _ in range(2):
            assert (await http.post(path, json={"parcels": [], "is_all": True})).status_code == 200
    assert len(await told(office)) == 6


async def test_a_van_that_got_stuck_counts_for_what_it_drove_and_until_then(office: Office) -> None:
    await on_shift(office, OTHER_COURIER, 9)
    [before] = await all_of(office, Route)
    office.clock.move_to(office.clock.now() + timedelta(hours=1))
    await bring(office, (await parcels_ahead(office))[:2])
    await post(office, HAND, CANNOT, "operator")
    [after] = await all_of(office, Route, courier_id=COURIER)
    assert 0 < after.distance_m < before.distance_m
    assert after.ends_at == min(before.ends_at, office.clock.now())
    assert len(await ahead(office)) == 5
    async with office.client("planner") as http:
        report = (await http.get("/v1/kpis?from=2026-11-23&to=2026-11-23")).json()
    kilometres = {one["key"]: one["km"] for one in report["by_courier"]}
    assert kilometres == {COURIER: pytest.approx(after.distance_m / 1_000, abs=0.01)}
    assert [(one["stops"], one["parcels"]) for one in report["by_courier"]] == [(2, 2)], "nobody stood at the others"


async def test_a_van_that_never_got_anywhere_drove_nothing(office: Office) -> None:
    await post(office, HAND, CANNOT, "operator")
    [after] = await all_of(office, Route, courier_id=COURIER)
    assert after.distance_m == 0
