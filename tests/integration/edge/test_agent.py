import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.codes import show_code
from contract.link import LinkStatus
from contract.memory_link import MemoryBroker
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    CourierHome,
    DroppedOff,
    Idle,
    OutOfOrder,
    PickedUp,
    PutParcel,
    Refused,
    TakeParcel,
)
from tests.integration.edge.builders import A01, BARCODE, CODE, LOCKER, CommittingCloud, Site, courier_qr
from tests.unit.edge.store.builders import tamper
from tests.unit.edge.uplink.builders import running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.cabinet.stop()


async def _drop_off(site: Site) -> None:
    front = site.agent.front
    await site.shows(Idle)
    await front.scan(courier_qr())
    await site.shows(CourierHome)
    await front.scan(BARCODE)
    await site.shows(PutParcel)
    site.cabinet.put_in(A01, BARCODE)
    await site.close(A01)
    await site.shows(ConfirmDropOff)
    await front.answer(Answer.DONE, A01)
    await site.shows(DroppedOff)
    await front.answer(Answer.SIGN_OUT, None)
    await site.shows(Idle)


async def _pick_up(site: Site) -> str | None:
    assert await site.agent.front.enter_code(show_code(CODE)) == "accepted"
    await site.shows(TakeParcel)
    parcel = site.cabinet.take_out(A01)
    await site.close(A01)
    await site.shows(PickedUp)
    return parcel


async def test_without_any_link_a_parcel_lies_over_a_restart_and_is_picked_up_by_code(site: Site) -> None:
    async with site.running():
        await _drop_off(site)
    async with site.running():
        await site.shows(Idle)
        assert await _pick_up(site) == BARCODE
    async with site.running():
        await site.shows(Idle)
        await site.agent.front.enter_code(CODE)
        await site.shows(Refused)
    assert not site.cabinet.cabinet.violations


async def test_cut_off_for_the_whole_life_of_a_parcel_the_cloud_still_learns_it_once(tmp_path: Path) -> None:
    broker = MemoryBroker()
    cloud, site = CommittingCloud(broker), Site(tmp_path, broker)
    broker.is_up = False
    async with running(cloud.run):
        async with site.running():
            await _drop_off(site)
        async with site.running():
            await _pick_up(site)
            assert cloud.entries == []
            broker.come_back()
            await _drained(site)
            assert site.agent.store is not None
            assert site.agent.store.acknowledged == site.agent.store.head
        kinds = cloud.kinds()
        await _until(lambda: [one.online for one in cloud.states()][-1:] == [False])
    site.cabinet.stop()
    assert kinds.count("ParcelDroppedOff") == kinds.count("ParcelPickedUp") == kinds.count("CodeBurnt") == 1
    assert {state.locker for state in cloud.states()} == {LOCKER}


async def test_a_broker_that_dies_empty_in_between_loses_no_event(tmp_path: Path) -> None:
    broker = MemoryBroker()
    cloud, site = CommittingCloud(broker), Site(tmp_path, broker)
    async with running(cloud.run):
        await _until(lambda: cloud.link.status is LinkStatus.CONNECTED)
        async with site.running():
            await _drop_off(site)
            broker.go_down(forgetting=True)
            assert await _pick_up(site) == BARCODE
            broker.come_back()
            await _drained(site)
            assert cloud.snapshots()[-1].locker == LOCKER
    site.cabinet.stop()
    assert cloud.kinds().count("ParcelPickedUp") == 1


async def _drained(site: Site) -> None:
    uplink = site.agent.uplink
    assert uplink is not None
    await _until(lambda: uplink.outbox.waiting == 0 and uplink.link.status is LinkStatus.CONNECTED)


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(6_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("what was waited for did not happen")


async def test_the_page_shows_what_the_loop_decides(site: Site) -> None:
    async with site.running(kiosk_port=0) as agent:
        await site.shows(Idle)
        shown = await asyncio.to_thread(_get, f"http://127.0.0.1:{agent.kiosk_port}/screen")
        about = await asyncio.to_thread(_get, f"http://127.0.0.1:{agent.kiosk_port}/config")
    assert shown == {"kind": "idle", "online": False, "full": False, "opened": False, "anew": False}
    assert about["locker"] == LOCKER


def _get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own loopback server
        found = json.load(answer)
    assert isinstance(found, dict)
    return found


async def test_a_card_that_cannot_be_opened_leaves_a_page_that_says_so(site: Site) -> None:
    (site.folder / "locker.db").write_bytes(b"no database at all" * 100)
    async with site.starting(kiosk_port=0) as agent:
        assert await site.shown_within(OutOfOrder("corrupt"))
        shown = await asyncio.to_thread(_get, f"http://127.0.0.1:{agent.kiosk_port}/screen")
    assert shown == {"kind": "out_of_order", "reason": "corrupt"}


async def test_hardware_that_could_not_be_claimed_is_journalled_and_the_rest_serves(site: Site) -> None:
    site.faults = {A01: "GPIO 2 could not be claimed"}
    async with site.running() as agent:
        await site.shows(Idle)
        store = agent.store
        assert store is not None
        await _until(lambda: store.head.sequence >= 2)
        batch = await store.outbox(10, 1 << 20)
    assert batch is not None
    assert any(b"hardware_fault" in raw and b"A01: GPIO 2" in raw for raw in batch.entries)


async def test_a_damaged_journal_is_reported_and_the_parcel_handed_out(site: Site) -> None:
    async with site.running():
        await _drop_off(site)
    tamper(site.folder / "locker.db", "UPDATE entry SET bytes = zeroblob(30) WHERE sequence = 3")
    async with site.running():
        await site.shows(Idle)
        assert site.agent.store is not None
        assert [damage.sequence for damage in site.agent.store.damages] == [3]
        assert await _pick_up(site) == BARCODE


async def test_a_damaged_compartment_record_takes_no_parcels_and_opens_nothing(site: Site) -> None:
    async with site.running():
        await _drop_off(site)
    tamper(site.folder / "locker.db", "UPDATE record SET value = x'c1' WHERE kind = 'compartment' AND key = 'A01'")
    async with site.running():
        await site.shows(Idle)
        assert site.agent.controller is not None
        pictures = {one.label: one for one in site.agent.controller.snapshot().compartments}
    assert (pictures[A01].withdrawn, pictures[A01].parcel) == ("unclear", None)
