"""Whole days on which partners and people on their way may help: decided by the search, believed by no checker."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.routing.joint.day import Choice, JointDay, JointPlan, Offer
from cloud.routing.joint.decide import decide
from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.posed import build
from cloud.routing.plan import Outside, plan_cost
from cloud.routing.problem import Costs, Problem, StopId, TariffId, TimeWindow
from cloud.routing.stops import Item, Site
from contract.sizes import SizeClass
from tests.unit.cloud.routing.builders import (
    PROMISE,
    a_courier,
    a_stop,
    a_tariff,
    days,
    line_travel,
    on_line,
)

ROUNDS = Effort(3_600.0, threads=1, rounds=500)


def planned(day: JointDay) -> JointPlan:
    travel = line_travel(Problem(day.stops, day.couriers), day.places())
    posed = build(day, travel)
    answer, _ = solve(posed.instance, ROUNDS, lambda: 0.0)
    joint, violations = decide(day, travel, posed, answer)
    assert violations == ()
    return joint


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=days(), places=st.lists(st.integers(-20, 20), max_size=5))
def test_random_days_never_yield_a_plan_the_checker_refuses(day: Problem, places: list[int]) -> None:
    locker = Site("A", on_line(3), free={SizeClass.M: 2}, skills=frozenset({"cold"}))
    choices = [Choice(Item(f"r{at}", 500), on_line(at), sites=(Offer("A", 20),)) for at in dict.fromkeys(places)]
    joint = planned(JointDay(day.couriers, day.stops, tuple(choices), (locker,), tariffs=day.tariffs))

    assert joint.plan.cost_cents == plan_cost(joint.plan.routes, joint.plan.outside)
    assert joint.problem.tariffs == day.tariffs


def test_a_lonely_parcel_goes_to_the_partner_and_the_rest_stays_ours() -> None:
    near = tuple(a_stop(f"n{at}", at) for at in (1, 2, 3))
    far = a_stop("far", 60)
    here_already = replace(a_courier(), costs=Costs(per_hour_cents=3_600, per_km_cents=100))
    joint = planned(JointDay((here_already,), (*near, far), tariffs=(a_tariff(),)))

    assert joint.plan.outside == (Outside(StopId("far"), TariffId("bikes"), 300 + 205, PROMISE),)
    assert set(joint.plan.routes[0].stop_ids()) == {"n1", "n2", "n3"}


def test_a_choice_left_to_a_partner_goes_to_its_door_and_pays_for_its_risk() -> None:
    choice = Choice(Item("r", 500), on_line(60), sites=(Offer("A", 30),), home_extra_cents=40)
    locker = Site("A", on_line(61), free={SizeClass.M: 1})
    day = JointDay((a_courier(),), choices=(choice,), sites=(locker,), tariffs=(a_tariff(),))
    joint = planned(day)

    assert joint.decided == {"r": None}
    assert [one.stop_id for one in joint.plan.outside] == ["home:r"]
    assert joint.plan.routes == ()


def test_a_partner_gets_no_more_than_it_takes_and_those_that_save_most() -> None:
    stops = tuple(a_stop(f"s{at}", at) for at in (-60, 1, 60))
    joint = planned(JointDay((a_courier(), a_courier("ben")), stops, tariffs=(a_tariff(parcels_max=1),)))

    assert len(joint.plan.outside) == 1
    assert joint.plan.outside[0].stop_id in {"s-60", "s60"}


def test_at_equal_cost_our_own_courier_brings_it() -> None:
    here = replace(a_courier(), costs=Costs(fixed_cents=300))
    joint = planned(JointDay((here,), (a_stop("a", 0),), tariffs=(a_tariff(),)))

    assert joint.plan.outside == ()


def test_somebody_on_the_way_takes_what_lies_there_and_no_more_than_the_detour_allows() -> None:
    costs = Costs(per_parcel_cents=20)  # a minute of ours at the door costs 60
    bus = replace(a_courier("bus"), end=on_line(40), detour_m_max=2_000, costs=costs, shift=TimeWindow(0, 9_000))
    stops = tuple(a_stop(f"s{at}", at) for at in (-1, 20, 30, 45))
    joint = planned(JointDay((a_courier(), bus), stops))
    taken = next(set(route.stop_ids()) for route in joint.plan.routes if route.courier_id == "bus")

    assert taken == {"s-1", "s20", "s30"}, "a step back is a kilometre more, five steps on and back are five"


def test_a_locker_that_asks_for_more_than_a_passer_by_has_is_served_by_us() -> None:
    bus = replace(a_courier("bus"), end=on_line(40), detour_m_max=2_000, costs=Costs())
    locker = Site("A", on_line(30), free={SizeClass.M: 1}, skills=frozenset({"pass"}))
    choice = Choice(Item("r"), None, sites=(Offer("A"),))
    ours = replace(a_courier(), skills=frozenset({"pass"}))
    joint = planned(JointDay((bus, ours), choices=(choice,), sites=(locker,)))

    assert [route.courier_id for route in joint.plan.routes] == ["anna"]
