"""People at a simulated locker: the real agent behind the real kiosk, and only doors and pavement are made up."""

from pathlib import Path

import pytest

from contract.ids import LockerId
from edge.locker_controller.screens import CodeWrong
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.locker import LockerPlace, SimulatedLocker
from firmware_sim.paper_cloud import PaperCloud, small_layout
from firmware_sim.people import Courier, Pace, PersonError, Recipient, Spot
from firmware_sim.street import LocalDoors

BARCODE = "LM2611230000001"


async def test_a_parcel_goes_in_and_comes_out_by_code(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    parcel = cloud.promise(locker.id, BARCODE)
    label = await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [parcel])])
    taken = await Recipient(pace).pick_up(spot, parcel.code)
    assert (taken.label, taken.parcel) == (label, BARCODE)
    assert not list(locker.cabinet.cabinet.violations)


async def test_a_parcel_comes_out_by_qr(cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace) -> None:
    parcel = cloud.promise(locker.id, BARCODE)
    await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [parcel])])
    taken = await Recipient(pace).pick_up(spot, qr=cloud.capability(parcel))
    assert taken.parcel == BARCODE


async def test_a_burnt_code_hands_out_nothing(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    parcel = cloud.promise(locker.id, BARCODE)
    await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [parcel])])
    await Recipient(pace).pick_up(spot, parcel.code)
    with pytest.raises(PersonError, match="did not hand"):
        await Recipient(pace).pick_up(spot, parcel.code)


async def test_somebody_elses_code_is_a_miss(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    somebodys, stranger = cloud.promise(locker.id, BARCODE), cloud.promise(locker.id, "STRANGER")
    await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [somebodys])])
    assert await Recipient(pace).mistype(spot, stranger.code) == CodeWrong(free_left=4)


async def test_a_courier_brings_two_and_takes_one_back(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    first, second = cloud.promise(locker.id, "FIRST"), cloud.promise(locker.id, "SECOND")
    courier = Courier(pace)
    done = await courier.visit(spot, [cloud.courier_pass(locker.id, [first, second])], ["FIRST", "SECOND"])
    taken = await courier.collect(spot, [cloud.courier_pass(locker.id, [first], collect=True)])
    assert taken == {done.dropped_off["FIRST"]: "FIRST"}


async def test_a_parcel_nobody_promised_is_refused(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    done = await Courier(pace).visit(spot, [cloud.courier_pass(locker.id, [])], ["UNKNOWN"])
    assert done.refused == {"UNKNOWN": "unknown_label"}


async def test_a_box_that_is_not_empty_sends_the_courier_to_the_next(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    for plan in locker.layout.compartments[:1]:
        locker.cabinet.cabinet.leave_behind(plan.label, "an umbrella")
    parcel = cloud.promise(locker.id, BARCODE)
    label = await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [parcel])])
    assert label != locker.layout.compartments[0].label


async def test_the_code_still_opens_after_the_power_was_cut(
    cloud: PaperCloud, locker: SimulatedLocker, spot: Spot, pace: Pace
) -> None:
    parcel = cloud.promise(locker.id, BARCODE)
    await Courier(pace).drop_off(spot, BARCODE, [cloud.courier_pass(locker.id, [parcel])])
    await locker.power_cut()
    await locker.power_on()
    taken = await Recipient(pace).pick_up(spot, parcel.code)
    assert taken.parcel == BARCODE


async def test_the_page_keeps_its_address_over_a_restart(locker: SimulatedLocker) -> None:
    before = locker.kiosk_url
    await locker.restart()
    assert locker.kiosk_url == before


async def test_parcels_survive_the_simulator(cloud: PaperCloud, tmp_path: Path, pace: Pace) -> None:
    cloud.enrol(LockerId("SIM-2"), small_layout(), tmp_path / "second")
    place = LockerPlace(bundle=tmp_path / "second", data=tmp_path / "second" / "data", offline=True)
    parcel = cloud.promise(LockerId("SIM-2"), BARCODE)
    async with SimulatedLocker(place) as first, Kiosk(first.kiosk_url) as kiosk:
        papers = [cloud.courier_pass(first.id, [parcel])]
        await Courier(pace).drop_off(Spot(kiosk, LocalDoors(first)), BARCODE, papers)
    async with SimulatedLocker(place) as second, Kiosk(second.kiosk_url) as kiosk:
        taken = await Recipient(pace).pick_up(Spot(kiosk, LocalDoors(second)), parcel.code)
    assert taken.parcel == BARCODE
