"""A van that cannot go on: who comes, who stays away, and that nothing is brought before the van was met."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.routing.checker import check
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import PlannerTimeoutError, ProgressCallback, silent
from cloud.routing.problem import Amounts, Costs, Courier, Problem, StopId, TimeWindow
from cloud.routing.schedule import schedule
from cloud.routing.splitting import Split, Stranded, Taker, question, second_opinion, split
from cloud.routing.validation import validate
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel, on_line
from tests.unit.cloud.routing.test_reloads import Greedy

VAN = Stranded("7", on_line(5), (a_stop("h1", 6), a_stop("h2", 7), a_stop("h3", 4)), 120)
PAID = Costs(per_hour_cents=3_600, per_km_cents=100)


def taker(name: str, at: int, *stops: int, room: int = 9, **changes: object) -> Taker:
    """Return a courier at ``at`` with a parcel for each of ``stops``; the first one is being driven to."""
    own = tuple(a_stop(f"{name}{number}", number) for number in stops)
    courier = a_courier(name, start=on_line(at), capacity=Amounts(room, 99_000, 99_000), costs=PAID, under_way=True)
    courier = replace(courier, locked=tuple(one.id for one in own[:1]))
    return Taker(replace(courier, **changes), own)  # type: ignore[arg-type]  # tests change any field


def answer(*takers: Taker) -> Split | None:
    everything = Problem(
        (*VAN.stops, *(one for some in takers for one in some.stops)), tuple(t.courier for t in takers)
    )
    return asyncio.run(split(Greedy(), VAN, takers, line_travel(everything, (VAN.place,)), 10))


def orders(found: Split | None) -> dict[str, tuple[str, ...]]:
    return {route.courier_id: route.stop_ids() for route in found.plan.routes} if found else {}


def test_one_who_has_room_comes_alone() -> None:
    found = answer(taker("anna", 4, 3), taker("ben", -9, -8))
    assert orders(found) == {"anna": ("anna3", "meet:7:anna", "h1", "h2", "h3")}


def test_two_come_where_one_has_no_room_for_all() -> None:
    found = answer(taker("anna", 4, 3, room=2), taker("ben", 9, 8, room=2))
    assert found is not None
    assert set(found.takers) == {"anna", "ben"}
    assert not found.plan.unplanned
    for name, order in orders(found).items():
        assert order[:2] == (f"{name}{3 if name == 'anna' else 8}", f"meet:7:{name}")


def test_nobody_comes_who_would_break_a_promise() -> None:
    busy = taker("anna", 4, 3, -9)
    tight = replace(busy.stops[1], windows=(TimeWindow(0, 900),))
    assert answer(replace(busy, stops=(busy.stops[0], tight))) is None


def test_a_promise_that_is_lost_anyway_holds_nobody_back() -> None:
    busy = taker("anna", 4, 3, -9)
    lost = replace(busy.stops[1], windows=(TimeWindow(0, 60),))
    assert orders(answer(replace(busy, stops=(busy.stops[0], lost))))["anna"][1] == "meet:7:anna"


@pytest.mark.parametrize("courier", [taker("anna", 4, shift=TimeWindow(0, 100)), taker("anna", 4, room=0)])
def test_nobody_can(courier: Taker) -> None:
    assert answer(courier) is None


def test_the_question_is_valid_and_keeps_what_is_aboard_with_its_van() -> None:
    takers = (taker("anna", 4, 3, 2), taker("ben", 9, 8))
    places = Problem((*VAN.stops, *takers[0].stops, *takers[1].stops), tuple(one.courier for one in takers))
    asked = question(VAN, takers, line_travel(places, (VAN.place,)))
    assert validate(asked) == ()
    by_id = asked.stop_by_id()
    skills: dict[str, Courier] = {one.id: one for one in asked.couriers}
    assert by_id[takers[0].stops[1].id].skills <= skills["anna"].skills
    assert not by_id[takers[0].stops[1].id].skills <= skills["ben"].skills


@settings(max_examples=40, deadline=None)
@given(
    lie=st.lists(st.integers(-9, 9), min_size=1, max_size=5),
    ways=st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=3), min_size=1, max_size=3),
    room=st.integers(1, 6),
)
def test_whoever_comes_nothing_is_in_two_vans_and_nothing_is_brought_before_it_was_met(
    lie: list[int], ways: list[list[int]], room: int
) -> None:
    van = replace(VAN, stops=tuple(a_stop(f"h{number}", at) for number, at in enumerate(lie)))
    takers = [taker(f"t{number}", way[0], *dict.fromkeys(way), room=room) for number, way in enumerate(ways)]
    everything = Problem(
        (*van.stops, *(one for some in takers for one in some.stops)), tuple(t.courier for t in takers)
    )
    travel = line_travel(everything, (van.place,))
    found = asyncio.run(split(Greedy(), van, takers, travel, 10))
    if found is None:
        return
    assert check(found.problem, travel, found.plan) == ()
    brought = [one for order in orders(found).values() for one in order if one.startswith("h")]
    left = [str(one.stop_id) for one in found.plan.unplanned]
    assert sorted([*brought, *left]) == sorted(one.id for one in van.stops)
    for name, order in orders(found).items():
        own = {one.id for some in takers if some.courier.id == name for one in some.stops}
        assert own <= set(order)
        assert all(order.index(f"meet:7:{name}") < order.index(one) for one in order if one.startswith("h"))


class Second:
    """A planner with one answer, or none."""

    def __init__(self, plan: Plan | None) -> None:
        self._plan = plan

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del problem, travel, progress
        if self._plan is None:
            raise PlannerTimeoutError(deadline_s)
        return self._plan


def test_a_second_planner_is_believed_where_it_is_cheaper_and_keeps_the_rules() -> None:
    anna = taker("anna", 4, 3)
    problem = Problem((*VAN.stops, *anna.stops), (anna.courier,))
    travel = line_travel(problem, (VAN.place,))
    good = answer(anna)
    assert good is not None
    (route,) = good.plan.routes
    stops, (courier,) = good.problem.stop_by_id(), good.problem.couriers

    def driven(*names: str) -> Plan:
        order = [stops[StopId(one)] for one in names]
        found = schedule(courier, order, travel)
        return replace(good.plan, routes=(found,), cost_cents=found.cost_cents)

    def better(first: Plan, second: Plan | None) -> Plan:
        so_far = replace(good, plan=first)
        return asyncio.run(second_opinion(Second(second), so_far, (VAN, (anna,)), travel, 1)).plan

    dear = driven("anna3", "meet:7:anna", "h2", "h3", "h1")
    unmet = driven("anna3", "h1", "h2", "h3", "meet:7:anna")
    assert dear.cost_cents > good.plan.cost_cents
    assert better(dear, good.plan).routes == (route,)
    assert better(good.plan, dear) is good.plan
    assert better(dear, unmet) is dear
    assert better(dear, None) is dear
