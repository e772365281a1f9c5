"""Whole days through the real joint worker: several loads, lateness at a price, crowd couriers, partner fleets."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.routing.checker import check
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.plan import Plan, StepKind
from cloud.routing.problem import Amounts, Costs, Problem, Reload, Soft, Stop, TimeWindow
from tests.unit.cloud.routing.builders import DEPOT, a_courier, a_stop, a_tariff, days, line_travel, on_line

PATIENCE_S = 240.0
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]

RELOAD = Reload(DEPOT, 2, 300)
BIKE = a_courier(capacity=Amounts(4, 99_000, 99_000), reload=RELOAD)


@pytest.fixture(scope="module", autouse=True)
def _machine_code() -> None:
    """Machine code is made once, not within anybody's deadline."""
    asyncio.run(JointPlanner().warm_up())


async def planned(day: Problem, rounds: int = 300, piece: int = 1_200) -> Plan:
    async with JointPlanner(JointOptions(seed=3, threads=1, rounds=rounds, piece=piece)) as planner:
        return await planner.plan(day, line_travel(day), PATIENCE_S)


def brought(plan: Plan) -> int:
    return sum(len(route.stop_ids()) for route in plan.routes)


async def test_a_bike_brings_three_loads_where_one_holds_a_third() -> None:
    stops = tuple(a_stop(f"s{n}", (n * 7) % 19 - 9) for n in range(12))
    three = await planned(Problem(stops, (BIKE,)))
    once = await planned(Problem(stops, (replace(BIKE, reload=None),)))
    assert (brought(once), brought(three)) == (4, 12)
    assert [step.kind for step in three.routes[0].steps].count(StepKind.RELOAD) == 2


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=days(), reload=st.builds(Reload, st.just(DEPOT), st.integers(0, 3), st.integers(0, 900)))
def test_random_days_of_small_vans_never_yield_a_plan_the_checker_refuses(day: Problem, reload: Reload) -> None:
    vans = tuple(replace(one, capacity=Amounts(4, 12_000, 0), reload=reload, locked=()) for one in day.couriers)
    loads = Problem(tuple(_softened(stop) for stop in day.stops), vans, day.tariffs)
    assert check(loads, line_travel(loads), asyncio.run(planned(loads, 50))) == ()


def _softened(stop: Stop) -> Stop:
    """Return the stop with the second half of its only window for a price."""
    soft = Soft(sum(stop.windows[0]) // 2, 30) if len(stop.windows) == 1 else None
    return replace(stop, deliveries=Amounts(min(2, stop.deliveries.parcels), 0, 0), collections=Amounts(), soft=soft)


async def test_of_two_who_cannot_both_be_in_time_the_cheaper_one_waits() -> None:
    window = (TimeWindow(0, 3_000),)
    dear, cheap = (
        a_stop(name, at, windows=window, soft=Soft(600, cents)) for name, at, cents in (("d", 9, 90), ("c", -9, 1))
    )
    plan = await planned(Problem((cheap, dear), (a_courier(),)))
    assert plan.routes[0].stop_ids() == ("d", "c")


async def test_a_day_of_bikes_people_on_their_way_and_a_partner_fleet() -> None:
    paid = Costs(per_parcel_cents=50)
    trip = a_courier("eve", end=on_line(30), capacity=Amounts(3, 99_000, 99_000), costs=paid, detour_m_max=2_000)
    stops = tuple(a_stop(f"s{n}", (n * 11) % 37 - 8) for n in range(24))
    bikes = (BIKE, replace(BIKE, id=a_courier("ben").id))
    day = Problem(stops, (*bikes, trip), (a_tariff(radius_m=3_000, base_cents=20),))
    plan = await planned(day)
    assert check(day, line_travel(day), plan) == ()
    assert {route.courier_id for route in plan.routes} >= {"eve"}
    assert plan.outside
    assert not plan.unplanned


async def test_territories_leave_what_is_cheaper_to_a_partner_fleet() -> None:
    vans = tuple(a_courier(f"v{n}", capacity=Amounts(30, 10**6, 10**6)) for n in range(8))
    stops = tuple(a_stop(f"s{n}", (n * 13) % 81 - 40) for n in range(80))
    day = Problem(stops, vans, (a_tariff(radius_m=4_000, base_cents=1, parcels_max=15),))
    plan = await planned(day, 200, piece=40)
    assert check(day, line_travel(day), plan) == ()
    assert 0 < len(plan.outside) <= 15
    assert not plan.unplanned
