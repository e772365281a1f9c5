"""Plans know a counter for what it is: windows from its hours, a desk's service time, nothing on a day off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.choosing import _candidate
from cloud.domain.actors import Role, actor
from cloud.domain.capacity import Reservation
from cloud.domain.locker import STANDARD_SHELF, Locker, PointKind
from cloud.domain.parcel import ParcelState
from cloud.routing.problem import StopKind, TimeWindow
from cloud.services.counter_hours import close_on
from cloud.services.gather_day import DayData, DaySpan, gather_day
from cloud.services.locker_question import LockerQuestion
from cloud.services.promise import left_at
from contract.ids import LockerId
from contract.sizes import SizeClass
from tests.unit.cloud.plan_files.builders import NEAR, a_day
from tests.unit.cloud.services.counters import SHOP, on_its_way, shop
from tests.unit.cloud.small_cloud import SmallCloud

BEGINS = datetime(2026, 3, 2, 23, tzinfo=UTC)  # Tuesday's midnight in Warsaw
SPAN = DaySpan(datetime(2026, 3, 3, tzinfo=UTC).date(), BEGINS, BEGINS + timedelta(days=1))
PLANNER = actor(Role.PLANNER, "paula")
TEN, SEVEN_PM = 10 * 3600, 19 * 3600


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.courier()
    return cloud


def day(cloud: SmallCloud) -> DayData:
    return cloud.do(lambda uow: gather_day(uow, cloud.act(PLANNER), SPAN))


def bound_for(cloud: SmallCloud) -> None:
    """Have the depot hold a parcel that is promised a place in the shop."""
    on_its_way(cloud, state=ParcelState.ANNOUNCED, custodian="carrier:acme")


def test_a_stop_at_a_counter_takes_a_desk_s_time_within_its_hours(cloud: SmallCloud) -> None:
    shop(cloud)
    cloud.locker()
    bound_for(cloud)

    (stop,) = day(cloud).problem.stops

    assert stop.kind is StopKind.PARTNER
    assert stop.windows == (TimeWindow(TEN, SEVEN_PM),)
    assert stop.service_s == 180 + 10


def test_a_day_off_leaves_its_parcels_at_the_depot_with_a_reason(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    bound_for(cloud)
    cloud.do(lambda uow: close_on(uow, cloud.act(staff), SHOP, SPAN.day))

    found = day(cloud)

    assert found.problem.stops == ()
    assert [one.reason for one in found.left_behind] != []


def test_a_counter_in_a_file_is_a_partner_s_desk_with_a_shelf_of_its_own() -> None:
    desk = {"kind": PointKind.COUNTER, "model": "", "opening_hours": "Mo-Su 10:00-19:00"}
    small = replace(NEAR, id=LockerId("CAFE"), shelf=((SizeClass.S, 3),), **desk)  # type: ignore[arg-type] # each is what its field takes
    sites = a_day(lockers=(small, replace(small, id=LockerId("BOOKS"), shelf=()), NEAR)).joint.sites

    assert [one.kind for one in sites] == [StopKind.PARTNER, StopKind.PARTNER, StopKind.LOCKER]
    assert [dict(one.free or {}) for one in sites[:2]] == [{SizeClass.S: 3}, dict(STANDARD_SHELF)]
    assert sites[0].windows == (TimeWindow(TEN, SEVEN_PM),)


def test_a_failed_attempt_weighs_a_counter_with_its_hours_and_its_own_service_time(cloud: SmallCloud) -> None:
    shop(cloud)
    parcel = on_its_way(cloud)
    counter = cloud.the(Locker, id=SHOP)
    left = cloud.do(lambda uow: left_at(uow, (SHOP,)))
    now = BEGINS + timedelta(hours=9)
    question = LockerQuestion(parcel, SizeClass.XS, (21.0, 52.2), (counter,), left, None, now)

    candidate = _candidate(question, counter)

    assert candidate.kind is StopKind.PARTNER
    assert candidate.windows
    assert cloud.the(Reservation).size is SizeClass.XS
