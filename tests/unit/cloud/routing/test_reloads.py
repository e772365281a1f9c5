"""Several loads of one van: by hand, against plans that lie, and by a planner that knows only one load."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.routing.checker import Fault, check
from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan, Route, Step, StepKind
from cloud.routing.planner import Phase, PlannerTimeoutError, Progress, ProgressCallback, silent
from cloud.routing.problem import Amounts, Courier, Problem, Reload, Stop, TimeWindow
from cloud.routing.reloading import plan_loads
from cloud.routing.schedule import Halt, halts_of, schedule, with_breaks, without_idle_reloads
from cloud.routing.validation import validate
from cloud.routing.vroom_request import left_out
from tests.unit.cloud.routing.builders import DEPOT, a_break, a_courier, a_plan, a_stop, days, line_travel, on_line

RELOAD = Reload(DEPOT, 2, 600)
ONE = Amounts(1, 5_000, 5_000)
BIKE = a_courier(capacity=ONE, reload=RELOAD)
NEAR, NEXT = a_stop("near", 1), a_stop("next", 2)
DAY = Problem((NEAR, NEXT), (BIKE,))
TRAVEL = line_travel(DAY)
SOUND = a_plan(DAY, TRAVEL, anna=[NEAR, RELOAD, NEXT])


def test_a_second_load_by_hand() -> None:
    (route,) = SOUND.routes
    assert [(step.kind, step.arrival_s, step.leave_s, step.load.parcels) for step in route.steps] == [
        (StepKind.START, 0, 0, 1),
        (StepKind.STOP, 60, 120, 0),
        (StepKind.RELOAD, 180, 780, 1),
        (StepKind.STOP, 900, 960, 0),
        (StepKind.END, 1_080, 1_080, 0),
    ]
    assert (route.distance_m, route.cost_cents) == (3_000, 1_000 + 1_080 + 300)
    assert check(DAY, TRAVEL, SOUND) == ()


def test_what_was_collected_is_left_at_the_depot() -> None:
    back = [a_stop(name, 1, collections=Amounts(1, 1_000, 1_000)) for name in ("a", "b")]
    day = Problem(tuple(back), (BIKE,))
    plan = a_plan(day, TRAVEL, anna=[back[0], RELOAD, back[1]])
    assert [step.load.parcels for step in plan.routes[0].steps] == [1, 1, 1, 1, 1]
    assert check(day, TRAVEL, plan) == ()


def _steps(change: Callable[[Step], Step]) -> Plan:
    (route,) = SOUND.routes
    return replace(SOUND, routes=(replace(route, steps=tuple(change(step) for step in route.steps)),))


def _reloading(**changes: object) -> Plan:
    return _steps(lambda step: replace(step, **changes) if step.kind is StepKind.RELOAD else step)  # type: ignore[arg-type]  # tests change any field


def _faults(plan: Plan, courier: Courier = BIKE) -> set[Fault]:
    return {one.fault for one in check(Problem(DAY.stops, (courier,)), TRAVEL, plan)}


@pytest.mark.parametrize(
    ("reload", "fault"),
    [
        (None, Fault.SHAPE),
        (replace(RELOAD, place=on_line(1)), Fault.SHAPE),
        (replace(RELOAD, times_max=0), Fault.RELOAD),
        (replace(RELOAD, duration_s=601), Fault.RELOAD),
        (replace(RELOAD, windows=(TimeWindow(0, 179),)), Fault.RELOAD),
    ],
)
def test_a_reload_that_may_not_be_is_found(reload: Reload | None, fault: Fault) -> None:
    assert fault in _faults(SOUND, replace(BIKE, reload=reload))


def test_a_reload_that_lies_is_found() -> None:
    assert Fault.LOAD in _faults(_reloading(load=Amounts(0, 0, 0)))
    assert Fault.RELOAD in _faults(_reloading(service_s=1))
    assert Fault.CAPACITY in _faults(a_plan(DAY, TRAVEL, anna=[NEAR, NEXT]))
    assert Fault.LOCKED in _faults(SOUND, replace(BIKE, locked=(NEAR.id, NEXT.id)))


def test_a_depot_that_opens_late_is_waited_for() -> None:
    opens = replace(RELOAD, windows=(TimeWindow(1_000, 2_000),))
    route = schedule(replace(BIKE, reload=opens, under_way=True), [NEAR, opens, NEXT], TRAVEL)
    assert [(step.arrival_s, step.wait_s) for step in route.steps if step.kind is StepKind.RELOAD] == [(180, 820)]
    assert halts_of(route, DAY.stop_by_id(), replace(BIKE, reload=opens)) == [NEAR, opens, NEXT]


def test_a_reload_nothing_is_brought_after_is_dropped() -> None:
    assert without_idle_reloads([NEAR, RELOAD, RELOAD, NEXT, RELOAD]) == [NEAR, RELOAD, NEXT]


@pytest.mark.parametrize(
    ("reload", "path"),
    [
        (replace(RELOAD, times_max=-1), "times_max"),
        (replace(RELOAD, duration_s=10**6), "duration_s"),
        (replace(RELOAD, windows=(TimeWindow(0, 1), TimeWindow(5, 6))), "windows"),
        (replace(RELOAD, place=DEPOT._replace(lon=200)), "place.lon"),
    ],
)
def test_validation_says_what_is_wrong_with_a_reload(reload: Reload, path: str) -> None:
    errors = validate(Problem(DAY.stops, (replace(BIKE, reload=reload),)))
    assert [one.path for one in errors] == [f"couriers[0].reload.{path}"]


class Greedy:
    """A planner that knows one load: every stop behind the others wherever the checker lets it."""

    def __init__(self, fails_from: int = 100) -> None:
        self.asked, self.fails_from = 0, fails_from

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        self.asked += 1
        if self.asked > self.fails_from:
            raise PlannerTimeoutError(deadline_s)
        stops = problem.stop_by_id()
        routes: dict[str, Route] = {}
        for stop in problem.stops:
            for courier in problem.couriers:
                route = routes.get(courier.id)
                order: list[Halt] = [*(halts_of(route, stops, courier) if route else ()), stop]
                made = schedule(courier, with_breaks(courier, order, travel), travel)
                if not _wrong(problem, travel, made):
                    routes[courier.id] = made
                    break
        progress(Progress(Phase.DONE))
        plan = Plan(tuple(routes.values()), (), sum(one.cost_cents for one in routes.values()))
        return replace(plan, unplanned=tuple(explain(problem, travel, left_out(problem, plan))))


def _wrong(problem: Problem, travel: TravelTimes, route: Route) -> bool:
    plan = Plan((route,), (), route.cost_cents)
    return any(one.fault not in {Fault.MISSING, Fault.LOCKED} for one in check(problem, travel, plan))


def _planned(day: Problem, planner: Greedy | None = None) -> Plan:
    return asyncio.run(plan_loads(planner or Greedy(), day, line_travel(day), 10))


def test_a_planner_of_one_load_brings_three() -> None:
    day = Problem(tuple(a_stop(name, 2) for name in "abcd"), (replace(BIKE, breaks=(a_break(300, 900, 300),)),))
    plan = _planned(day)
    assert check(day, line_travel(day), plan) == ()
    assert [step.kind for step in plan.routes[0].steps].count(StepKind.RELOAD) == 2
    assert [one.stop_id for one in plan.unplanned] == ["d"]


def test_the_depot_shuts_and_the_day_ends() -> None:
    shut = replace(BIKE, reload=replace(RELOAD, windows=(TimeWindow(0, 100),)))
    early = replace(BIKE, shift=TimeWindow(0, 700))
    for courier in (shut, early):
        plan = _planned(Problem(DAY.stops, (courier,)))
        assert [route.stop_ids() for route in plan.routes] == [(NEAR.id,)]


def test_a_load_that_cannot_be_planned_costs_only_itself() -> None:
    plan = _planned(DAY, Greedy(fails_from=1))
    assert [route.stop_ids() for route in plan.routes] == [(NEAR.id,)]


def test_limits_of_the_day_hold_over_all_loads() -> None:
    day = Problem(tuple(a_stop(name, 2) for name in "abc"), (replace(BIKE, stops_max=2, distance_m_max=5_000),))
    plan = _planned(day)
    assert check(day, line_travel(day), plan) == ()
    assert len(plan.routes[0].stop_ids()) == 2


@settings(max_examples=40, deadline=None)
@given(day=days(), reload=st.builds(Reload, st.just(DEPOT), st.integers(0, 3), st.integers(0, 900)))
def test_random_days_of_small_vans_pass_the_checker_and_leave_no_more_behind(day: Problem, reload: Reload) -> None:
    small = [replace(one, capacity=Amounts(4, 12_000, 0), reload=reload, locked=()) for one in day.couriers]
    loads = Problem(tuple(_small(stop) for stop in day.stops), tuple(small))
    once = Problem(loads.stops, tuple(replace(one, reload=None) for one in small))
    several, single = _planned(loads), _planned(once)
    assert check(loads, line_travel(loads), several) == ()
    assert _brought(several) >= _brought(single)


def _small(stop: Stop) -> Stop:
    return replace(stop, deliveries=Amounts(min(2, stop.deliveries.parcels), 0, 0), collections=Amounts())


def _brought(plan: Plan) -> int:
    return sum(len(route.stop_ids()) for route in plan.routes)
