"""What others do cheaper leaves our routes after the fact, and every plan that comes of it passes the checker."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from cloud.routing.checker import check, check_route
from cloud.routing.explain import explain
from cloud.routing.others import leave_to_others, ours_only
from cloud.routing.plan import Plan, plan_cost
from cloud.routing.problem import Costs, Problem, RouteCourierId, Stop, TimeWindow
from cloud.routing.schedule import schedule, with_breaks
from cloud.routing.vroom_request import left_out
from tests.unit.cloud.routing.builders import (
    a_courier,
    a_plan,
    a_stop,
    a_tariff,
    days,
    line_travel,
    on_line,
)

CHEAP = Costs(per_hour_cents=3_600, per_km_cents=100)
ANNA = a_courier(costs=CHEAP)
BUS = replace(a_courier("bus"), end=on_line(40), detour_m_max=2_000, costs=Costs(per_parcel_cents=100))


def first_come(problem: Problem) -> Plan:
    """Return a plan as a poor engine makes it: every courier takes the next stops that hold, in the order given."""
    travel, waiting, routes = line_travel(problem), list(problem.stops), []
    for courier in ours_only(problem).couriers:
        order: list[Stop] = []
        for stop in tuple(waiting):
            tried = schedule(courier, with_breaks(courier, [*order, stop], travel), travel)
            if not check_route(problem.stop_by_id(), travel, courier, tried):
                order.append(stop)
                waiting.remove(stop)
        if order:
            routes.append(schedule(courier, with_breaks(courier, order, travel), travel))
    plan = Plan(tuple(routes), (), plan_cost(routes))
    return replace(plan, unplanned=explain(problem, travel, left_out(problem, plan)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(day=days())
def test_random_days_cost_no_more_with_others_and_pass_the_checker(day: Problem) -> None:
    day = replace(day, couriers=tuple(replace(one, locked=(), breaks=()) for one in day.couriers))
    before = first_come(day)
    after = leave_to_others(day, line_travel(day), before)

    assert check(day, line_travel(day), after) == ()
    assert len(after.unplanned) <= len(before.unplanned)
    if len(after.unplanned) == len(before.unplanned):
        assert after.cost_cents <= before.cost_cents


def test_a_lonely_stop_leaves_its_route_for_the_partner() -> None:
    day = Problem((a_stop("near", 1), a_stop("far", 60)), (ANNA,), (a_tariff(),))
    after = leave_to_others(day, line_travel(day), a_plan(day, line_travel(day), anna=day.stops))

    assert [one.stop_id for one in after.outside] == ["far"]
    assert [route.stop_ids() for route in after.routes] == [("near",)]
    assert after.cost_cents == after.routes[0].cost_cents + after.outside[0].price_cents


def test_a_route_nobody_drives_any_more_is_gone() -> None:
    day = Problem((a_stop("far", 60),), (a_courier(),), (a_tariff(),))
    after = leave_to_others(day, line_travel(day), a_plan(day, line_travel(day), anna=day.stops))

    assert after.routes == ()
    assert after.cost_cents == 300 + 205


def test_what_lies_on_somebodys_way_goes_along_and_what_does_not_stays() -> None:
    day = Problem((a_stop("way", 38), a_stop("off", -30)), (ANNA, BUS))
    after = leave_to_others(day, line_travel(day), a_plan(day, line_travel(day), anna=day.stops))

    assert {route.courier_id: route.stop_ids() for route in after.routes} == {"anna": ("off",), "bus": ("way",)}


def test_what_no_courier_of_ours_can_keep_goes_to_others_whatever_it_costs() -> None:
    late = a_stop("late", 1, windows=(TimeWindow(40_000, 80_000),))
    dear = a_tariff(base_cents=100_000, promise=TimeWindow(50_000, 60_000))
    day = Problem((late,), (ANNA,), (dear,))
    nobody = Plan((), explain(day, line_travel(day), [late.id]), 0)
    after = leave_to_others(day, line_travel(day), nobody)

    assert after.unplanned == ()
    assert after.cost_cents > 100_000


def test_a_full_partner_gets_what_saves_most() -> None:
    stops = (a_stop("far", 40), a_stop("farther", 60))
    far_apart = (replace(ANNA, id=RouteCourierId("anna")), a_courier("ben", costs=CHEAP))
    day = Problem(stops, far_apart, (a_tariff(parcels_max=1),))
    own = a_plan(day, line_travel(day), anna=[stops[0]], ben=[stops[1]])
    after = leave_to_others(day, line_travel(day), own)

    assert [one.stop_id for one in after.outside] == ["farther"]


def test_the_locked_stay_with_their_courier() -> None:
    far = a_stop("far", 60)
    day = Problem((far,), (replace(ANNA, locked=(far.id,)),), (a_tariff(),))
    own = a_plan(day, line_travel(day), anna=[far])

    assert leave_to_others(day, line_travel(day), own) == own
