"""Days driven from plans written by hand: shut doors until the counter, full lockers on arrival, forgotten parcels."""

from dataclasses import replace

from cloud.domain.assignment import Scope
from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan as RoutePlan
from cloud.routing.problem import Amounts, Problem, Stop, StopId, StopKind
from cloud.routing.schedule import schedule
from cloud.routing.stops import DayInput, HomeDelivery, build_stops
from cloud.routing.travel_times import VAN, great_circle
from contract.sizes import SizeClass
from firmware_sim.city_day import CityParcel, make_city, make_parcels
from firmware_sim.policy_week.driving import Day, drive
from firmware_sim.policy_week.fates import DAY_S, Fates
from firmware_sim.policy_week.policies import Policy
from firmware_sim.policy_week.walls import DWELL_S_MAX, Walls
from firmware_sim.policy_week.week import ATTEMPTS_MAX, Plan, Week, live

TOWN = make_city(10, 7, lockers=1)
NEXT_DOOR = replace(TOWN.lockers[0], id="C001", place=TOWN.lockers[0].place._replace(lat=52.174))
CITY = replace(TOWN, lockers=(*TOWN.lockers, NEXT_DOOR))
NOON_S = 12 * 3_600


async def everything_home(day: JointDay, travel: TravelTimes, _: Warm) -> JointPlan:
    """Plan by hand: one courier takes everything to the doors, in the order it comes."""
    homes = tuple(HomeDelivery(one.item, one.home) for one in day.choices)
    stops = (*day.stops, *build_stops(DayInput(homes=homes)).stops)
    problem = Problem(stops, day.couriers)
    route = schedule(day.couriers[0], stops, travel)
    decided: dict[str, str | None] = {one.item.ref: None for one in day.choices}
    return JointPlan(problem, RoutePlan((route,), (), route.cost_cents), decided)


async def lived(policy: Policy, fates: Fates, days: int) -> Week:
    plan = Plan(CITY, policy, fates, 10, ({},) * days)
    return await live(plan, everything_home, Walls(CITY.lockers), lambda _: None)


async def test_behind_a_door_that_stays_shut_a_parcel_is_tried_three_times() -> None:
    week = await lived(Policy.DEPOT, Fates(7, 1.0, 1.0), 4)
    assert [day.kpi.failed for day in week.days] == [10, 20, 30, 30]
    assert [day.returned for day in week.days] == [0, 0, 10, 10]
    assert {one.failed for one in week.returned} == {ATTEMPTS_MAX}
    assert week.brought == []
    assert len(week.waiting) == 20


async def test_a_second_attempt_that_succeeds_is_a_day_late_and_not_at_first() -> None:
    week = await lived(Policy.DEPOT, Fates(7, 1.0, 0.0), 2)
    assert [(day.kpi.parcels, day.late, day.kpi.at_first) for day in week.days] == [(0, 0, 0), (10, 10, 0)]


def drop_off(parcels: tuple[CityParcel, ...]) -> Stop:
    locker = CITY.lockers[0]
    refs = tuple(one.ref for one in parcels)
    amounts = Amounts(len(parcels))
    return Stop(StopId(f"locker:{locker.id}"), locker.place, (), 300, amounts, kind=StopKind.LOCKER, parcels=refs)


def by_hand(day: Day, *stops: Stop) -> JointPlan:
    problem = Problem(stops, CITY.couriers)
    route = schedule(CITY.couriers[0], stops, day.free)
    decided = {ref: CITY.lockers[0].id for stop in stops if stop.kind is StopKind.LOCKER for ref in stop.parcels}
    return JointPlan(problem, RoutePlan((route,), (), route.cost_cents), decided)


def a_day(policy: Policy, walls: Walls, parcels: tuple[CityParcel, ...], number: int = 0) -> Day:
    places = (CITY.couriers[0].start, *(one.place for one in CITY.lockers), *(one.home for one in parcels))
    free = great_circle(sorted({place for place in places if place is not None}), VAN, 12)
    return Day(number, policy, Fates(7, 0.0), walls, free, {one.ref: one for one in parcels})


async def test_what_a_locker_has_no_room_for_on_arrival_goes_where_the_policy_says() -> None:
    locker = CITY.lockers[0]
    parcels = tuple(
        replace(one, size=SizeClass.XL, scope=Scope.ANY_NEARBY, home=locker.place, walk_m_max=100_000)
        for one in make_parcels(CITY, 2, 0, 7)
    )
    assert locker.doors[SizeClass.XL] == 1
    for policy, brought, back in ((Policy.DEPOT, 1, 1), (Policy.NEAREST, 2, 0), (Policy.LIVE, 2, 0)):
        day = a_day(policy, Walls(CITY.lockers), parcels)
        await drive(day, by_hand(day, drop_off(parcels)))
        assert (day.tally.refused, len(day.brought), len(day.back)) == (1, brought, back)
        assert day.tally.kpi.failed == 0


async def test_a_forgotten_parcel_is_collected_on_the_way_and_its_compartment_is_free_again() -> None:
    walls, locker = Walls(CITY.lockers), CITY.lockers[0]
    parcel = make_parcels(CITY, 1, 0, 7)[0]
    walls.put(locker.id, parcel, NOON_S, NOON_S + DWELL_S_MAX)
    day = a_day(Policy.DEPOT, walls, (), number=3)
    walls.advance(3 * DAY_S)
    stop = Stop(StopId(f"collect:{locker.id}"), locker.place, (), 140, kind=StopKind.COLLECTION, parcels=(parcel.ref,))
    await drive(day, by_hand(day, stop))
    assert (day.tally.collected, day.tally.kpi.parcels, walls.count_inside()) == (1, 0, 0)
    assert walls.overdue(9 * DAY_S) == []
