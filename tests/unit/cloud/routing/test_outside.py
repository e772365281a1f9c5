"""Stops left to partner fleets and vans of people on their way: prices, promises and detours nobody can lie about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cloud.routing.checker import Fault, check
from cloud.routing.plan import Outside, Plan
from cloud.routing.problem import Amounts, Problem, StopId, StopKind, TariffId, TimeWindow, reach_m
from cloud.routing.tariffs import quotes
from cloud.routing.validation import validate
from tests.unit.cloud.routing.builders import (
    DEPOT,
    PROMISE,
    a_courier,
    a_plan,
    a_stop,
    a_tariff,
    line_travel,
    on_line,
)

DOOR = a_stop("door", 8, windows=(TimeWindow(20_000, 30_000),), deliveries=Amounts(2, 4_000, 0))
NEAR = a_stop("near", 2)
BIKES = a_tariff()
DAY = Problem((NEAR, DOOR), (a_courier(),), (BIKES,))
TRAVEL = line_travel(DAY)
AWAY_KM = 0.5451  # eight thousandths of a degree of longitude at 52.2 degrees north
PRICE = 2 * (300 + 28)  # 50 cents a km, rounded up to a cent for each of two parcels


def left_outside(**changes: Any) -> Plan:
    own = a_plan(Problem((NEAR,), DAY.couriers), TRAVEL, anna=[NEAR])
    one = replace(Outside(DOOR.id, BIKES.id, PRICE, PROMISE), **changes)
    return replace(own, outside=(one,), cost_cents=own.cost_cents + one.price_cents)


def faults(plan: Plan, problem: Problem = DAY) -> set[Fault]:
    return {one.fault for one in check(problem, line_travel(problem), plan)}


def test_a_stop_left_to_a_partner_at_its_price_is_a_plan() -> None:
    assert [one.price_cents for one in quotes(DOOR, (BIKES,))] == [PRICE]
    assert check(DAY, TRAVEL, left_outside()) == ()


@pytest.mark.parametrize("cents", [0, PRICE - 2, PRICE + 2])
def test_another_price_is_refused(cents: int) -> None:
    assert faults(left_outside(price_cents=cents)) == {Fault.COST}


def test_a_price_left_out_of_the_sum_is_refused() -> None:
    plan = left_outside()

    assert faults(replace(plan, cost_cents=plan.cost_cents - PRICE)) == {Fault.COST}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"promise": TimeWindow(20_000, 21_000)}, Fault.WINDOW),
        ({"by": TariffId("nobody")}, Fault.UNKNOWN),
        ({"stop_id": StopId("ghost")}, Fault.UNKNOWN),
        ({"stop_id": NEAR.id}, Fault.DUPLICATE),
    ],
)
def test_what_was_not_promised_is_refused(changes: dict[str, Any], fault: Fault) -> None:
    assert fault in faults(left_outside(**changes))


CANNOT: dict[str, tuple[Callable[[Problem], Problem], Fault]] = {
    "too many parcels": (lambda day: replace(day, tariffs=(a_tariff(parcels_max=1),)), Fault.CAPACITY),
    "too heavy": (lambda day: replace(day, tariffs=(a_tariff(weight_g_max=3_999),)), Fault.CAPACITY),
    "out of the area": (lambda day: replace(day, tariffs=(a_tariff(radius_m=540),)), Fault.OUTSIDE),
    "window broken": (lambda day: _door(day, windows=(TimeWindow(20_001, 30_000),)), Fault.WINDOW),
    "a skill asked for": (lambda day: _door(day, skills=frozenset({"cold"})), Fault.OUTSIDE),
    "something to collect": (lambda day: _door(day, collections=Amounts(1)), Fault.OUTSIDE),
    "a locker": (lambda day: _door(day, kind=StopKind.LOCKER), Fault.OUTSIDE),
    "locked": (lambda day: replace(day, couriers=(a_courier(locked=(DOOR.id,)),)), Fault.LOCKED),
}


def _door(day: Problem, **changes: Any) -> Problem:
    return replace(day, stops=(NEAR, replace(DOOR, **changes)))


@pytest.mark.parametrize("name", CANNOT)
def test_what_a_partner_cannot_take_is_refused(name: str) -> None:
    change, fault = CANNOT[name]

    assert fault in faults(left_outside(), change(DAY))


@pytest.mark.parametrize("name", [name for name in CANNOT if name != "locked"])
def test_what_a_partner_cannot_take_is_never_quoted(name: str) -> None:
    day = CANNOT[name][0](DAY)

    assert list(quotes(day.stops[1], day.tariffs)) == []


def test_who_is_on_the_way_anyway_is_paid_by_the_parcel_and_drives_no_further_than_agreed() -> None:
    ben = a_courier("ben", end=on_line(10), detour_m_max=1_000, costs=replace(a_courier().costs, per_parcel_cents=250))
    day = Problem((replace(DOOR, windows=()), a_stop("off", -1)), (ben,))
    travel = line_travel(day)
    with_detour = a_plan(day, travel, ben=[day.stops[1], day.stops[0]])

    assert reach_m(ben, travel) == 6_000
    assert with_detour.routes[0].distance_m == 6_000
    assert check(day, travel, with_detour) == ()
    paid = [a_plan(day, travel, ben=[one]).routes[0].cost_cents for one in day.stops[:1]]
    assert paid == [1_000 + 3_600 * (600 + 60) // 3_600 + 100 * 5 + 250 * 2]
    shorter = replace(day, couriers=(replace(ben, detour_m_max=999),))
    assert Fault.LIMIT in faults(with_detour, shorter)


def test_an_open_route_may_be_as_long_as_the_detour() -> None:
    ben = a_courier("ben", end=None, detour_m_max=1_000)
    day = Problem((a_stop("a", 2), a_stop("b", 3)), (ben,))
    travel = line_travel(day)

    assert reach_m(replace(ben, distance_m_max=900), travel) == 900
    assert check(Problem(day.stops[:1], (ben,)), travel, a_plan(day, travel, ben=[day.stops[0]])) == ()
    assert faults(a_plan(day, travel, ben=[day.stops[1]]), replace(day, stops=day.stops[1:])) == {Fault.LIMIT}


def test_a_tariff_says_what_is_wrong_with_it() -> None:
    wrong = a_tariff(radius_m=-1, base_cents=1.5, promise=TimeWindow(9, 3), centre=DEPOT._replace(lat=99.0))

    assert [one.path for one in validate(Problem((), (), (wrong, BIKES, BIKES)))] == [
        "tariffs[1].id",
        "tariffs[2].id",
        "tariffs[0].centre.lat",
        "tariffs[0].promise[0]",
        "tariffs[0].radius_m",
        "tariffs[0].base_cents",
    ]
