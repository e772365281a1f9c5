"""A promise that is lost is brought as little late as that is worth, and nobody else's breaks for it."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.routing.checker import check
from cloud.routing.lateness import LATE_CENTS_PER_MINUTE, late_price, least_late, softened
from cloud.routing.plan import Plan
from cloud.routing.problem import Amounts, Costs, Courier, Problem, Soft, Stop, StopKind, TimeWindow
from cloud.routing.reorder import reordered
from cloud.routing.repair import repair
from cloud.routing.schedule import schedule
from cloud.routing.validation import validate
from cloud.routing.vroom_request import assemble, translate
from cloud.routing.worker_wire import VehicleOrder
from tests.unit.cloud.routing.builders import a_break, a_courier, a_plan, a_stop, days, line_travel
from tests.unit.cloud.routing.test_reorder import Says

VAN = Costs(per_hour_cents=2_800, per_km_cents=30)
ANNA = a_courier(costs=VAN, under_way=True)
GONE = (TimeWindow(0, 30),)  # nobody is a minute away in half a minute
FREE = a_stop("free", 1)
LOST = a_stop("lost", 3, windows=GONE)
ASIDE = a_stop("aside", -20, windows=GONE)


def order_of(plan: Plan) -> list[str]:
    return [str(one) for one in plan.routes[0].stop_ids()]


def put_right(*order: Stop, courier: Courier = ANNA) -> Plan:
    """Return what becomes of an answer that does not know of lateness."""
    day = Problem(tuple(softened(one, 36_000) if one.windows == GONE else one for one in order), (courier,))
    travel = line_travel(day)
    before = a_plan(day, travel, anna=day.stops)
    after = least_late(day, travel, before)
    assert check(day, travel, after) == ()
    assert after.cost_cents <= before.cost_cents
    return after


def test_a_lost_window_has_a_price_from_its_end_on() -> None:
    stop = softened(LOST, 36_000)
    assert (stop.windows, stop.soft) == ((TimeWindow(0, 36_000),), Soft(30, LATE_CENTS_PER_MINUTE))
    assert softened(FREE, 36_000) == FREE
    wished = replace(LOST, soft=Soft(10, 99))
    assert softened(wished, 36_000).soft == Soft(10, 99)
    ended = softened(LOST, 10)  # the shift is over before the promise was
    assert ended.windows == GONE
    assert validate(Problem((stop, softened(wished, 36_000), ended), (ANNA,))) != ()  # one name three times
    for one in (stop, softened(wished, 36_000), ended):
        assert validate(Problem((one,), (ANNA,))) == ()


def test_vroom_sees_the_hard_window_only_and_its_answer_is_put_right() -> None:
    day = Problem((FREE, a_stop("near", 2), softened(LOST, 36_000)), (ANNA,))
    travel = line_travel(day)
    words = translate(day, travel)
    assert [job.windows for job in words.jobs] == [(), (), ((0, 36_000),)]
    plan = assemble(day, travel, words, (VehicleOrder(0, (1, 2, 3)),))
    assert order_of(plan) == ["free", "near", "lost"]
    assert order_of(least_late(day, travel, plan)) == ["free", "lost", "near"]


def test_it_comes_before_what_was_not_promised_where_that_costs_little() -> None:
    assert order_of(put_right(FREE, LOST)) == ["lost", "free"]


def test_it_waits_where_going_there_first_costs_more_than_being_late() -> None:
    one_way = replace(ANNA, end=None)
    assert order_of(put_right(LOST, ASIDE, courier=one_way)) == ["lost", "aside"]
    assert order_of(put_right(ASIDE, a_stop("free", 3), courier=one_way)) == ["free", "aside"]


def test_nobody_else_s_promise_breaks_for_it() -> None:
    promised = a_stop("promised", -2, windows=(TimeWindow(0, 200),))
    assert order_of(put_right(promised, LOST)) == ["promised", "lost"]
    assert order_of(put_right(replace(promised, windows=()), LOST)) == ["lost", "promised"]


def test_the_next_stop_stays_the_next() -> None:
    assert order_of(put_right(FREE, LOST, courier=replace(ANNA, locked=(FREE.id,)))) == ["free", "lost"]


def test_a_break_stays_in_its_window_and_nothing_is_brought_before_it_was_taken_over() -> None:
    rests = replace(ANNA, breaks=(a_break(0, 900, 300),))
    day = Problem((FREE, softened(LOST, 36_000)), (rests,))
    travel = line_travel(day)
    plan = least_late(day, travel, a_plan(day, travel, anna=[FREE, *rests.breaks, day.stops[1]]))
    assert (order_of(plan), check(day, travel, plan)) == (["lost", "free"], ())
    meet = replace(a_stop("meet", 2, deliveries=Amounts()), kind=StopKind.MEETING, out_of="7")
    assert order_of(put_right(FREE, meet, replace(LOST, out_of="7"))) == ["free", "meet", "lost"]
    assert order_of(put_right(meet, FREE, replace(LOST, out_of="7"))) == ["meet", "lost", "free"]


def test_of_lateness_nobody_sends_a_bill() -> None:
    late, free = softened(LOST, 36_000), replace(LOST, windows=())
    travel = line_travel(Problem((late,), (ANNA,)))
    with_price, without = (schedule(ANNA, [one], travel) for one in (late, free))
    price = late_price(with_price, {late.id: late})
    assert price == with_price.cost_cents - without.cost_cents
    assert price == round(2.5 * LATE_CENTS_PER_MINUTE + 0.1)


def test_a_late_route_is_repaired_so_that_the_lost_promise_comes_early() -> None:
    order = (FREE, LOST)
    found = repair(ANNA, order, line_travel(Problem(order, (ANNA,))))
    assert ([one.id for one in found.order], found.late) == (["lost", "free"], ("lost",))
    kept = (a_stop("promised", -2, windows=(TimeWindow(0, 200),)), LOST)
    found = repair(ANNA, kept, line_travel(Problem(kept, (ANNA,))))
    assert ([one.id for one in found.order], found.late) == (["promised", "lost"], ("lost",))


async def test_a_second_thought_takes_an_order_that_is_longer_and_less_late() -> None:
    stops = [a_stop("next", 1), *(a_stop(f"free{number}", 2 + number) for number in range(4)), LOST]
    travel = line_travel(Problem(tuple(stops), (ANNA,)))
    found = await reordered(Says("next", "lost", "free0", "free1", "free2", "free3"), ANNA, stops, travel)
    assert found is not None
    assert found.route.stop_ids()[1] == "lost"
    free = [*stops[:-1], replace(LOST, windows=())]
    assert await reordered(Says("next", "lost", *(f"free{n}" for n in range(4))), ANNA, free, travel) is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a machine may be busy
@given(days(), st.integers(0, 20_000), st.integers(0, 500))
def test_no_rule_is_broken_for_it_and_nothing_gets_dearer(day: Problem, end_s: int, cents: int) -> None:
    open_all = tuple(
        replace(one, windows=(TimeWindow(0, 36_000),), soft=Soft(end_s, cents)) if number % 2 else one
        for number, one in enumerate(day.stops)
    )
    soft = replace(day, stops=open_all)
    travel = line_travel(soft)
    words = translate(soft, travel)
    if not words.vehicles or not words.jobs:
        return
    plan = assemble(soft, travel, words, (VehicleOrder(0, tuple(range(1, len(words.jobs) + 1))),))
    after = least_late(soft, travel, plan)
    assert after.cost_cents <= plan.cost_cents
    assert sum(one.cost_cents for one in after.routes) == after.cost_cents
    if not check(soft, travel, plan):
        assert check(soft, travel, after) == ()


@pytest.mark.parametrize("soft", [None, Soft(40, 100)])
def test_a_plan_without_soft_ends_is_left_as_it_is(soft: Soft | None) -> None:
    day = Problem((FREE, replace(LOST, windows=(TimeWindow(0, 36_000),), soft=soft)), (ANNA,))
    travel = line_travel(day)
    plan = a_plan(day, travel, anna=day.stops)
    assert (least_late(day, travel, plan) is plan) is (soft is None)
