"""The parts of a simulated week: chance by name, lockers that keep promises, policies, how days are compared."""

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from cloud.domain.assignment import Scope
from cloud.routing.problem import NOTHING, Courier, Place, RouteCourierId, Stop, StopId, StopKind, TimeWindow
from cloud.routing.stops import STANDARD_COSTS, Item
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.rest_of_day import NO_LIMIT
from contract.sizes import SizeClass
from firmware_sim.city_day import CityLocker, CityParcel
from firmware_sim.policy_week.comparing import Row, compare, span
from firmware_sim.policy_week.fates import AWAKE_FROM_H, AWAKE_TO_H, DAY_S, Fates
from firmware_sim.policy_week.plot import svg
from firmware_sim.policy_week.policies import Asked, Policy, answer
from firmware_sim.policy_week.tally import DayTally, summed
from firmware_sim.policy_week.walls import DWELL_S_MAX, Walls

HOME = Place(21.0, 52.2)
CLOSE, FAR = Place(21.002, 52.2), Place(21.012, 52.2)
HOUR_S = 3_600


def a_parcel(ref: str = "p", size: SizeClass = SizeClass.M) -> CityParcel:
    return CityParcel(Item(ref), HOME, size, scope=Scope.IF_ABSENT)


def lockers(**doors: int) -> tuple[CityLocker, ...]:
    """Return one close by with these doors, and one farther away with room for everything."""
    small = {SizeClass(size): count for size, count in doors.items()}
    return CityLocker("close", CLOSE, small), CityLocker("far", FAR, {SizeClass.XL: 9})


def a_question(walls: Walls, *ahead: Place) -> Asked:
    """Return the question of a courier at the door who has these places ahead and ends far away."""
    order = tuple(Stop(StopId(f"home:{one}"), place, service_s=60) for one, place in enumerate(ahead))
    end = Place(21.03, 52.2)
    places = tuple(dict.fromkeys((HOME, *ahead, end, *(one.place for one in walls.lockers))))
    courier = Courier(RouteCourierId("c"), HOME, end, TimeWindow(0, DAY_S), NO_LIMIT, costs=STANDARD_COSTS)
    left = {one.id: walls.left(one.id) for one in walls.lockers}
    travel = great_circle(places, VAN, 12)
    return Asked(a_parcel(), replace(courier, under_way=True), order, travel, walls.lockers, left)


def test_by_the_depots_policy_a_parcel_goes_nowhere_else() -> None:
    assert answer(Policy.DEPOT, a_question(Walls(lockers(M=1)), FAR)) is None


def test_the_nearest_locker_comes_first_and_at_once() -> None:
    asked = a_question(Walls(lockers(M=1)), FAR)
    sent = answer(Policy.NEAREST, asked)
    assert sent is not None
    assert (sent.locker_id, sent.order[0].place, sent.order[1:]) == ("close", CLOSE, asked.order)


def test_a_full_locker_is_not_the_nearest_one() -> None:
    sent = answer(Policy.NEAREST, a_question(Walls(lockers(S=3)), FAR))
    assert sent is not None
    assert sent.locker_id == "far"


@pytest.mark.parametrize("policy", [Policy.NEAREST, Policy.LIVE])
def test_where_no_locker_has_room_it_goes_back(policy: Policy) -> None:
    walls = Walls(lockers(S=3)[:1])
    assert answer(policy, a_question(walls, FAR)) is None


def test_live_joins_a_stop_the_route_makes_anyway() -> None:
    asked = a_question(Walls(lockers(M=1)))
    there = Stop(StopId("locker:far"), FAR, service_s=145, kind=StopKind.LOCKER, parcels=("other",))
    sent = answer(Policy.LIVE, replace(asked, order=(there,)))
    assert sent is not None
    assert sent.locker_id == "far"
    assert [stop.parcels for stop in sent.order] == [("other", "p")]


def test_live_keeps_the_promises_ahead_even_those_it_cannot_keep() -> None:
    asked = a_question(Walls(lockers(M=1)))
    late = Stop(StopId("home:late"), FAR, (TimeWindow(0, 1),), 60, NOTHING)
    sent = answer(Policy.LIVE, replace(asked, order=(late,)))
    assert sent is not None
    assert late in sent.order


def test_what_is_kept_is_there_and_what_is_not_kept_takes_only_what_is_left() -> None:
    walls = Walls(lockers(M=1, L=1))
    assert walls.keep("close", a_parcel("kept"))
    assert walls.put("close", a_parcel("comes first"), 0, 10)
    assert not walls.keep("close", a_parcel("too late"))
    assert not walls.put("close", a_parcel("too late"), 0, 10)
    assert walls.put("close", a_parcel("kept"), 1, 10)
    assert walls.count_inside() == 2


def test_room_comes_back_when_people_come_and_stays_taken_until_a_courier_does() -> None:
    walls = Walls(lockers(M=2))
    walls.put("close", a_parcel("fetched"), 0, HOUR_S)
    walls.put("close", a_parcel("forgotten"), 0, DWELL_S_MAX)
    walls.advance(HOUR_S - 1)
    assert walls.left("close")[SizeClass.M] == 0
    walls.advance(2 * DWELL_S_MAX)
    assert walls.left("close")[SizeClass.M] == 1
    assert walls.overdue(DWELL_S_MAX - 1) == []
    assert [(site, one.ref) for site, one in walls.overdue(DWELL_S_MAX)] == [("close", "forgotten")]
    walls.collect("close", "forgotten", 2 * DWELL_S_MAX)
    assert walls.left("close")[SizeClass.M] == 2


def test_promises_of_the_day_end_with_it() -> None:
    walls = Walls(lockers(M=1))
    walls.keep("close", a_parcel("never came"))
    walls.forget_promises()
    assert walls.left("close")[SizeClass.M] == 1


def test_a_plan_counts_on_no_more_than_there_are_doors() -> None:
    walls = Walls(lockers(M=3))
    for number in range(3):
        walls.put("close", a_parcel(str(number)), 0, 30 * HOUR_S)
    assert walls.rooms(HOUR_S, 0)["close"][SizeClass.M] == 0
    soon, late = (walls.rooms(8 * HOUR_S, ahead_h * HOUR_S)["close"][SizeClass.M] for ahead_h in (1, 70))
    assert soon <= late <= 3


def test_chance_hangs_on_names_and_not_on_what_was_asked_before() -> None:
    fates, again = Fates(7), Fates(7)
    again.is_absent(a_parcel("somebody else"))
    for number in range(20):
        one = a_parcel(str(number))
        assert fates.is_absent(one) == again.is_absent(one)
        assert fates.fetched_at_s(one, 100) == again.fetched_at_s(one, 100)


def test_about_the_share_asked_for_is_absent_and_nobody_when_that_is_asked() -> None:
    parcels = [a_parcel(str(number)) for number in range(4_000)]
    share = sum(Fates(7, 0.08).is_absent(one) for one in parcels) / len(parcels)
    assert abs(share - 0.08) < 4 * math.sqrt(0.08 * 0.92 / len(parcels))
    assert not any(Fates(7, 0.0).is_absent(one) for one in parcels)
    again = [replace(one, failed=1) for one in parcels]
    assert all(Fates(7, 0.0, 1.0).is_absent(one) for one in again)


def test_nobody_comes_at_night_or_before_the_parcel() -> None:
    for number in range(500):
        dropped_off_s = number * 1_800
        at_s = Fates(7).fetched_at_s(a_parcel(str(number)), dropped_off_s)
        assert at_s >= dropped_off_s
        assert AWAKE_FROM_H <= at_s % DAY_S / HOUR_S < AWAKE_TO_H


def test_traffic_is_slower_at_rush_hour_and_right_on_average() -> None:
    legs = [(HOME, Place(21.0 + number / 1_000, 52.2)) for number in range(1, 400)]
    noon = [Fates(7).drive_s(day, 12 * HOUR_S, leg, 1_000) for day in range(5) for leg in legs]
    rush = [Fates(7).drive_s(day, 17 * HOUR_S, leg, 1_000) for day in range(5) for leg in legs]
    assert all(slow > quick for slow, quick in zip(rush, noon, strict=True))
    assert abs(sum(noon) / len(noon) / 1_000 - 1) < 0.1  # five days of sigma 0.06


def a_week(name: str, *cents: float) -> tuple[str, list[DayTally]]:
    days = [DayTally(number) for number in range(len(cents))]
    for day, cent in zip(days, cents, strict=True):
        day.kpi.parcels, day.kpi.cents, day.kpi.failed = 10, 10 * cent, 1
    return name, days


def test_differences_are_of_the_same_days() -> None:
    depot, joint = compare([a_week("depot", 100, 200, 300), a_week("live joint", 98, 198, 298)])
    assert (depot.cents, joint.cents) == (200, 198)
    assert joint.beside is not None
    assert joint.beside.mean == pytest.approx(-2)
    assert joint.beside.half == pytest.approx(0)
    assert depot.beside is None


def test_a_week_is_the_sum_of_its_days_but_for_what_is_still_at_the_depot() -> None:
    monday = DayTally(0, vans=2, given=10, late=1, reordered=3, carried_over=4)
    tuesday = DayTally(1, vans=3, given=11, late=2, reordered=5, carried_over=1)
    whole = summed([monday, tuesday])
    assert (whole.vans, whole.given, whole.late, whole.reordered, whole.carried_over) == (5, 21, 3, 8, 1)


def test_the_interval_is_students() -> None:
    found = span([1.0, 2.0, 3.0])
    assert found.half == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)  # t(0.975, 2), standard deviation 1
    assert not found.is_clear
    assert span([5.0]).half is None


def test_the_picture_is_well_formed_and_shows_every_day() -> None:
    rows: tuple[Row, ...] = compare([a_week("depot", 100, 104), a_week("<live> & joint", 90, 92)])
    root = ET.fromstring(svg(rows))  # noqa: S314 - written by ourselves a line above
    circles = [one for one in root.iter() if one.tag.endswith("circle")]
    assert len(circles) == 2  # of the one that is shown beside the other
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert "<live> & joint" in texts
