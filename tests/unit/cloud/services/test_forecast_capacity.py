"""Tomorrow's room, as the cloud's own records tell it; what is promised is never more than what is empty now."""

from datetime import datetime, timedelta

import pytest

from cloud.domain.locker import Compartment, CompartmentStatus, Contents
from cloud.domain.parcel import ParcelState
from cloud.services.forecast_capacity import forecast, with_forecast
from cloud.services.records import HistoryEntry
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import SmallCloud

LOCKER = "WAW-01"


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    return cloud


def stays(cloud: SmallCloud, number: int, hours: float | None, locker: str = LOCKER) -> None:
    """Write so many stays into the history, fetched after so many hours; None is for those still inside."""
    begun = cloud.now - timedelta(days=3)
    records: list[object] = []
    for one in range(number):
        parcel = cloud.a_parcel(f"{locker}{hours}{one}")
        records += [parcel, _line(parcel.id, "dropped_off", begun, locker)]
        if hours is not None:
            records.append(_line(parcel.id, "picked_up", begun + timedelta(hours=hours), locker))
    cloud.do(lambda uow: uow.add(*records))


def busy(cloud: SmallCloud) -> None:
    """Have a history in which whoever has not come by day comes the next."""
    for hours in range(2, 40, 2):
        stays(cloud, 12, float(hours))


def _line(parcel_id: str, happened: str, at: datetime, locker: str) -> HistoryEntry:
    return HistoryEntry(
        parcel_id=parcel_id,
        at=at,
        recorded_at=at,
        happened=happened,
        state=ParcelState.PICKED_UP,
        custodian="",
        actor="",
        locker_id=locker,
        compartment="A01",
        detail="",
    )


def fill(cloud: SmallCloud) -> dict[SizeClass, int]:
    """Have every compartment hold a parcel dropped off yesterday evening; return how many there are by size."""
    found: dict[SizeClass, int] = {}
    for one in cloud.of(Compartment, locker_id=LOCKER):
        cloud.parcel(
            f"in {one.label}",
            state=ParcelState.READY_FOR_PICKUP,
            locker_id=LOCKER,
            compartment=one.label,
            dropped_off_at=cloud.now - timedelta(hours=14),
            deadline=cloud.now + timedelta(hours=34),
        )
        found[one.size] = found.get(one.size, 0) + 1
    cloud.do(lambda uow: uow.change(Compartment, {}, contents=Contents.OCCUPIED))
    return found


def tomorrow(cloud: SmallCloud, hours: float = 24) -> dict[SizeClass, int]:
    at = cloud.now + timedelta(hours=hours)
    return cloud.do(lambda uow: forecast(uow, cloud.act(), at)).get(LOCKER, {})


def test_where_people_fetch_soon_a_full_wall_is_counted_on_to_have_room(cloud: SmallCloud) -> None:
    busy(cloud)
    there = fill(cloud)
    more = tomorrow(cloud)
    assert sum(more.values()) > 0
    assert all(more[size] <= count for size, count in there.items())


def test_where_nobody_comes_it_is_not(cloud: SmallCloud) -> None:
    stays(cloud, 150, None)
    fill(cloud)
    assert sum(tomorrow(cloud).values()) == 0


def test_nothing_is_forecast_for_now_or_for_what_is_broken(cloud: SmallCloud) -> None:
    busy(cloud)
    fill(cloud)
    assert tomorrow(cloud, 0) == {}
    cloud.do(lambda uow: uow.change(Compartment, {}, status=CompartmentStatus.FAULTED))
    assert tomorrow(cloud) == {}


def test_what_is_left_now_and_what_will_be_free_add_up() -> None:
    both = with_forecast({SizeClass.S: 1}, {SizeClass.S: 2, SizeClass.L: 1})
    assert (both[SizeClass.S], both[SizeClass.M], both[SizeClass.L]) == (3, 0, 1)
