"""The simulator's control server: what the page, the demo and the end-to-end test ask of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contract.ids import LockerId
from edge.locker_controller.screens import Idle
from firmware_sim.control import serving
from firmware_sim.control_client import RemoteDoors, RemoteLockers
from firmware_sim.deeds import Break, Close, Power, Pull, Restart, UnknownLockerError, Uplink
from firmware_sim.fleet import Fleet
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.locker import LockerPlace, LockerStartError
from firmware_sim.paper_cloud import PaperCloud, small_layout
from firmware_sim.people import Courier, Pace, Recipient, Spot
from firmware_sim.physics import CabinetError

BARCODE = "LM2611230000001"
NAMES = ("SIM-1", "SIM-2")


@pytest.fixture
async def fleet(cloud: PaperCloud, tmp_path: Path) -> AsyncIterator[Fleet]:
    for name in NAMES:
        cloud.enrol(LockerId(name), small_layout(), tmp_path / name)
    places = [LockerPlace(bundle=tmp_path / name, data=tmp_path / name / "data", offline=True) for name in NAMES]
    async with Fleet(places) as standing:
        yield standing


@pytest.fixture
async def url(fleet: Fleet) -> AsyncIterator[str]:
    async with serving(fleet, 0) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def remote(url: str) -> AsyncIterator[RemoteLockers]:
    async with RemoteLockers(url) as lockers:
        yield lockers


async def test_every_locker_is_shown_with_its_doors_and_screen(remote: RemoteLockers) -> None:
    first, second = await remote.pictures()
    assert (first.id, second.id) == NAMES
    assert [door.label for door in first.doors] == [f"A0{nth}" for nth in range(1, 9)]
    assert first.screen == Idle(online=False, full=False)
    assert not any(door.open or door.parcel for door in first.doors)


async def test_people_live_a_parcels_life_through_it(cloud: PaperCloud, remote: RemoteLockers, pace: Pace) -> None:
    parcel = cloud.promise(LockerId("SIM-1"), BARCODE)
    [picture, _] = await remote.pictures()
    async with Kiosk(picture.kiosk_url) as kiosk:
        spot = Spot(kiosk, RemoteDoors(remote, "SIM-1"))
        label = await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(LockerId("SIM-1"), [parcel])])
        [picture, _] = await remote.pictures()
        assert {door.label: door.parcel for door in picture.doors}[label] == BARCODE
        assert (await Recipient(pace).pick_up(spot, parcel.code)).parcel == BARCODE


async def test_power_comes_and_goes(remote: RemoteLockers) -> None:
    await remote.do("SIM-1", Power(on=False))
    [dark, lit] = await remote.pictures()
    assert (dark.power, dark.screen, lit.power) == (False, None, True)
    await remote.do("SIM-1", Power(on=True))
    [picture, _] = await remote.pictures()
    assert picture.power
    await remote.do("SIM-1", Restart())
    [picture, _] = await remote.pictures()
    assert isinstance(picture.screen, Idle)


async def test_a_broken_sensor_and_a_cut_uplink_are_accepted(remote: RemoteLockers) -> None:
    await remote.do("SIM-1", Break("A01", jams=1))
    await remote.do("SIM-1", Uplink(cut=True))
    assert not (await remote.do("SIM-1", Pull("A01"))).open
    assert (await remote.do("SIM-1", Close("A01"))).caught


async def test_what_cannot_be_done_says_why(remote: RemoteLockers) -> None:
    with pytest.raises(UnknownLockerError, match="SIM-9"):
        await remote.do("SIM-9", Pull("A01"))
    with pytest.raises(UnknownLockerError, match="Z99"):
        await remote.do("SIM-1", Pull("Z99"))
    with pytest.raises(CabinetError, match="closed"):
        await RemoteDoors(remote, "SIM-1").take_out("A01")


ROUTES = [
    ("GET", "/lockers/SIM-1", "", 200),
    ("GET", "/lockers/SIM-9", "", 404),
    ("GET", "/lockers/SIM-1/doors/A01", "", 200),
    ("GET", "/static/sim.js", "", 200),
    ("GET", "/static/../app.py", "", 404),
    ("POST", "/lockers/SIM-1/doors/A01/open", "{}", 200),
    ("POST", "/lockers/SIM-1/doors/A01/close", "", 200),
    ("POST", "/lockers/SIM-1/doors/A01/take_out", "", 409),
    ("POST", "/lockers/SIM-1/doors/A01/put_in", '{"parcel": "x"}', 409),
    ("POST", "/lockers/SIM-1/doors/A01/put_in", "{}", 400),
    ("POST", "/lockers/SIM-1/doors/A01/faults", '{"sensor": "cut"}', 200),
    ("POST", "/lockers/SIM-1/doors/A01/faults", '{"sensor": "tired"}', 400),
    ("POST", "/lockers/SIM-1/uplink", '{"cut": true, "how": "silent"}', 200),
    ("POST", "/lockers/SIM-1/uplink", '{"cut": "yes"}', 400),
    ("POST", "/lockers/SIM-1/power", "not JSON", 400),
    ("POST", "/lockers/SIM-1/deeds", '{"deed": "explode"}', 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ROUTES)
async def test_the_routes_answer(url: str, method: str, path: str, body: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        assert (await client.request(method, path, content=body)).status_code == status


async def test_another_sites_page_opens_no_door(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        foreign = await client.post("/lockers/SIM-1/power", content='{"on": false}', headers={"Origin": "http://evil"})
        rebound = await client.get("/lockers", headers={"Host": "evil.example"})
    assert (foreign.status_code, rebound.status_code) == (403, 421)


async def test_the_page_is_live(url: str, remote: RemoteLockers) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client, client.stream("GET", "/events") as events:
        lines = events.aiter_lines()
        assert '"power":true' in await anext(lines)
        await remote.do("SIM-2", Power(on=False))
        async for line in lines:
            if '"power":false' in line:
                break


async def test_one_damaged_bundle_does_not_sink_the_others(cloud: PaperCloud, tmp_path: Path) -> None:
    cloud.enrol(LockerId("SIM-1"), small_layout(), tmp_path / "SIM-1")
    places = [LockerPlace(bundle=tmp_path / name, data=tmp_path / "d" / name, offline=True) for name in NAMES]
    async with Fleet(places) as fleet:
        assert list(fleet.lockers) == ["SIM-1"]
        assert list(fleet.failed) == ["SIM-2"]


async def test_a_street_without_any_locker_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LockerStartError, match="no locker started"):
        async with Fleet([LockerPlace(bundle=tmp_path / "none", data=tmp_path / "data", offline=True)]):
            pass
