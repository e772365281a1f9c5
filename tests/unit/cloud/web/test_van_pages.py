"""Where the van is, on the pages: told to recipients in their words, to staff with its age, used by couriers' taps."""

import html
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.positions import CourierPosition
from cloud.services import positions
from cloud.services.records import Stop, StopTask
from cloud.services.tracking_token import PURPOSE, token_for
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, NOW, Office, open_office

HERE = (21.0122, 52.2297)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Have a courier with three stops on the road, who shows where the van is."""
    async with open_office(tmp_path, pages=Pages()) as opened:
        await opened.lockers()
        await opened.parcels(3)
        await opened.shift()
        [route] = (await opened.plan())["routes"]
        async with opened.client("courier") as http:
            assert (await http.post(f"/v1/routes/{route['id']}/start")).status_code == 200
        act = opened.rim.act(actor(Role.COURIER, COURIER))
        here = CourierPosition(courier_id=COURIER, lon=HERE[0], lat=HERE[1], accuracy_m=9, at=NOW)
        await opened.rim.do(lambda uow: positions.keep(uow, act, here))
        yield opened


async def parcel_of(office: Office, position: int) -> str:
    [stop] = await office.rim.look(lambda uow: uow.find(Stop, position=position))
    [task] = await office.rim.look(lambda uow: uow.find(StopTask, stop_id=stop.id))
    return task.parcel_id


async def page_of(office: Office, parcel_id: str, language: str = "en") -> str:
    async with office.client("nobody") as http:
        link = f"/t/{token_for(parcel_id, office.rim.keys.box.derive(PURPOSE))}?lang={language}"
        return html.unescape((await http.get(link)).text)


@pytest.mark.parametrize(
    ("language", "second", "next_one"),
    [
        ("en", "The van was here at 08:00, 1 stop before you.", "The van was here at 08:00; you are next."),
        ("pl", "o 08:00, 1 przystanek przed Tobą.", "o 08:00; następny przystanek jest u Ciebie."),
        ("de", "um 08:00, 1 Stopp vor Ihnen.", "um 08:00; Sie sind als Nächstes dran."),
    ],
)
async def test_a_recipient_reads_where_the_van_was(office: Office, language: str, second: str, next_one: str) -> None:
    assert second in await page_of(office, await parcel_of(office, 1), language)
    assert next_one in await page_of(office, await parcel_of(office, 0), language)


async def test_on_the_way_to_a_locker_the_van_comes_to_the_pick_up_point(office: Office) -> None:
    parcel = await parcel_of(office, 0)
    going = {"state": ParcelState.ASSIGNED_TO_LOCKER, "locker_id": "WAW-CEN"}
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcel}, **going))

    assert "The van was here at 08:00; your pick-up point is next." in await page_of(office, parcel)


async def test_a_parcel_at_home_shows_no_van(office: Office) -> None:
    parcel = await parcel_of(office, 0)
    async with office.client("courier") as http:
        await http.post(f"/v1/parcels/{parcel}/deliver-home", json={"proof": "Ada"})

    assert "The van was" not in await page_of(office, parcel)


async def test_staff_see_the_van_with_its_age_and_an_installer_does_not(office: Office) -> None:
    office.clock.move_to(NOW + timedelta(minutes=3))
    pages = {}
    for who in ("planner", "installer"):
        async with office.client(who) as http:
            pages[who] = html.unescape((await http.get("/console/plan?lang=en")).text)

    assert "Van seen 3 minutes ago (08:00)" in pages["planner"]
    assert "Courier 0's van, 3 minutes ago" in pages["planner"]
    assert "Van seen" not in pages["installer"]


async def test_a_jam_reported_without_a_place_is_where_the_van_is(office: Office) -> None:
    async with office.client("courier") as http:
        assert (await http.post("/courier/jam", data={"minutes": "20"})).status_code == 303
    [jam] = office.rim.replans.jams(NOW)

    assert (jam.place.lon, jam.place.lat) == HERE


async def test_the_switch_is_on_the_page_of_who_drives_and_of_nobody_else(office: Office) -> None:
    pages = {}
    for who in ("courier", "courier2"):
        async with office.client(who) as http:
            pages[who] = (await http.get("/courier/day?lang=en")).text

    assert f'data-share="/v1/couriers/{COURIER}/position"' in pages["courier"]
    assert "data-share" not in pages["courier2"]
