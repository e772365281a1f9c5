"""The checker against plans that lie: each mutant changes one thing in a sound plan."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cloud.routing.checker import Fault, check
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan, Route, Step, StepKind, Unplanned, UnplannedReason
from cloud.routing.problem import Amounts, Break, Courier, Problem, RouteCourierId, StopId, TimeWindow
from cloud.routing.schedule import shifted
from tests.unit.cloud.routing.builders import DEPOT, a_break, a_courier, a_plan, a_stop, line_travel, on_line

LUNCH = a_break(600, 900)
FAR = a_stop("far", 9, windows=(TimeWindow(3_600, 4_000),), skills=frozenset({"cold"}))
NEAR = a_stop("near", 2, collections=Amounts(2, 3_000, 0))
ANNA = a_courier(breaks=(LUNCH,), skills=frozenset({"cold"}), locked=(NEAR.id,), capacity=Amounts(4, 9_000, 9_000))
DAY = Problem((NEAR, FAR), (ANNA,))
TRAVEL = line_travel(DAY)
SOUND = a_plan(DAY, TRAVEL, anna=[NEAR, LUNCH, FAR])

Mutant = Callable[[Plan], Plan]


def _route(change: Callable[[Route], Route]) -> Mutant:
    return lambda plan: replace(plan, routes=(change(plan.routes[0]),))


def _step(ref: str, change: Callable[[Step], Step]) -> Mutant:
    def changed(route: Route) -> Route:
        return replace(route, steps=tuple(change(step) if step.ref == ref else step for step in route.steps))

    return _route(changed)


def _without(ref: str) -> Mutant:
    return _route(lambda route: replace(route, steps=tuple(step for step in route.steps if step.ref != ref)))


def _faults(plan: Plan, problem: Problem = DAY, travel: TravelTimes = TRAVEL) -> set[Fault]:
    return {violation.fault for violation in check(problem, travel, plan)}


def _courier(**changes: Any) -> Problem:
    return Problem(DAY.stops, (replace(ANNA, **changes),))


def test_a_sound_plan_has_no_violations() -> None:
    assert check(DAY, TRAVEL, SOUND) == ()


MUTANTS: dict[str, tuple[Mutant, Fault]] = {
    "one arrival shifted": (_step("far", lambda step: replace(step, arrival_s=step.arrival_s + 1)), Fault.TIME),
    "whole route shifted": (_route(lambda route: shifted(route, 60)), Fault.SHIFT),
    "left before the shift": (_route(lambda route: shifted(route, -1)), Fault.SHAPE),
    "a second of driving saved": (_step("near", lambda step: replace(step, drive_s=step.drive_s - 1)), Fault.TRAVEL),
    "a metre saved": (_step("far", lambda step: replace(step, distance_m=step.distance_m - 1)), Fault.TRAVEL),
    "distance at a break": (_step("lunch", lambda step: replace(step, distance_m=5)), Fault.TRAVEL),
    "service cut short": (_step("far", lambda step: replace(step, service_s=0)), Fault.SERVICE),
    "window missed": (_step("far", lambda step: replace(step, wait_s=0)), Fault.WINDOW),
    "negative wait": (_step("far", lambda step: replace(step, wait_s=-5)), Fault.SHAPE),
    "break cut short": (_step("lunch", lambda step: replace(step, service_s=60)), Fault.BREAK),
    "break taken early": (_step("lunch", lambda step: replace(step, arrival_s=step.arrival_s - 1)), Fault.BREAK),
    "break left out": (_without("lunch"), Fault.BREAK),
    "break invented": (_step("lunch", lambda step: replace(step, ref="nap")), Fault.BREAK),
    "load lied about": (_step("near", lambda step: replace(step, load=Amounts())), Fault.LOAD),
    "stop moved": (_step("far", lambda step: replace(step, place=on_line(1))), Fault.SHAPE),
    "stop dropped silently": (_without("far"), Fault.MISSING),
    "locked stop dropped": (_without("near"), Fault.LOCKED),
    "stop invented": (_step("far", lambda step: replace(step, ref="ghost")), Fault.UNKNOWN),
    "home end left out": (_route(lambda route: replace(route, steps=route.steps[:-1])), Fault.SHAPE),
    "start left out": (_route(lambda route: replace(route, steps=route.steps[1:])), Fault.SHAPE),
    "started twice": (_route(lambda route: replace(route, steps=(route.steps[0], *route.steps))), Fault.SHAPE),
    "waiting at the end": (
        _route(lambda route: replace(route, steps=(*route.steps[:-1], replace(route.steps[-1], wait_s=9)))),
        Fault.TIME,
    ),
    "route cost a cent low": (_route(lambda route: replace(route, cost_cents=route.cost_cents - 1)), Fault.COST),
    "route distance low": (_route(lambda route: replace(route, distance_m=route.distance_m - 1)), Fault.COST),
    "plan cost low": (lambda plan: replace(plan, cost_cents=plan.cost_cents - 1), Fault.COST),
    "route twice": (lambda plan: replace(plan, routes=plan.routes * 2), Fault.DUPLICATE),
    "courier unknown": (_route(lambda route: replace(route, courier_id=RouteCourierId("zoe"))), Fault.UNKNOWN),
    "planned and left behind": (
        lambda plan: replace(plan, unplanned=(Unplanned(FAR.id, (), UnplannedReason.CROWDED_OUT, ""),)),
        Fault.DUPLICATE,
    ),
    "a stop nobody asked for left behind": (
        lambda plan: replace(plan, unplanned=(Unplanned(StopId("x"), (), UnplannedReason.CROWDED_OUT, ""),)),
        Fault.UNKNOWN,
    ),
    "everything dropped": (lambda plan: replace(plan, routes=()), Fault.LOCKED),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_caught(name: str) -> None:
    mutate, fault = MUTANTS[name]
    assert fault in _faults(mutate(SOUND))


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        (_courier(capacity=Amounts(1, 9_000, 9_000)), Fault.CAPACITY),
        (_courier(capacity=Amounts(4, 3_999, 9_000)), Fault.CAPACITY),
        (_courier(skills=frozenset()), Fault.SKILL),
        (_courier(shift=TimeWindow(0, 3_700)), Fault.SHIFT),
        (_courier(stops_max=1), Fault.LIMIT),
        (_courier(distance_m_max=8_999), Fault.LIMIT),
        (_courier(drive_s_max=1_079), Fault.LIMIT),
        (_courier(locked=(FAR.id,)), Fault.LOCKED),
        (_courier(end=None), Fault.SHAPE),
        (_courier(start=on_line(3)), Fault.SHAPE),
    ],
)
def test_a_plan_for_another_courier_is_refused(problem: Problem, fault: Fault) -> None:
    travel = line_travel(problem, [DEPOT])
    assert fault in _faults(SOUND, problem, travel)


def test_swapping_two_stops_without_their_times_is_caught() -> None:
    steps = list(SOUND.routes[0].steps)
    near, far = (number for number, step in enumerate(steps) if step.kind is StepKind.STOP)
    steps[near], steps[far] = steps[far], steps[near]
    plan = replace(SOUND, routes=(replace(SOUND.routes[0], steps=tuple(steps)),))
    assert {Fault.LOCKED, Fault.TRAVEL, Fault.TIME} <= _faults(plan)


def test_what_was_locked_before_planning_may_be_late_and_is_still_a_plan() -> None:
    late = a_stop("late", 5, windows=(TimeWindow(0, 10),), skills=frozenset({"heavy"}))
    day = Problem((late,), (a_courier(locked=(late.id,), shift=TimeWindow(0, 100), stops_max=0),))
    travel = line_travel(day)
    assert check(day, travel, a_plan(day, travel, anna=[late])) == ()


def test_travel_times_that_do_not_know_a_place_are_named() -> None:
    empty = line_travel(Problem((), ()))
    (violation,) = check(DAY, empty, SOUND)
    assert str(violation) == "travel times: know nothing of 3 places of the problem"


def test_a_break_is_not_owed_by_a_route_that_is_over_before_its_window_closes() -> None:
    anna: Courier = a_courier(breaks=(Break("tea", (TimeWindow(10_000, 11_000),), 600),))
    day = Problem((a_stop("a", 1),), (anna,))
    travel = line_travel(day)
    assert check(day, travel, a_plan(day, travel, anna=[day.stops[0]])) == ()
