from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cloud.routing.plan import Plan, StepKind
from cloud.routing.problem import UNREACHABLE_S, Break, Place, Problem, TimeWindow
from cloud.routing.schedule import earliest_route, with_breaks
from cloud.routing.travel.congestion import PRIOR, Area, Traffic, area_of
from cloud.routing.travel.learned import LearnedTimes, hour_by_hour, hour_of_week, in_hour
from cloud.routing.travel.spare import GreatCircleAside
from cloud.routing.travel_times import VAN, great_circle
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel

WARSAW = ZoneInfo("Europe/Warsaw")
MONDAY = datetime(2026, 11, 23, tzinfo=WARSAW)
NINE = MONDAY.replace(hour=9)
PLACES = (Place(21.00, 52.20), Place(21.02, 52.21), Place(21.30, 52.40))
TWICE = np.full(168, 2.0)


def test_the_week_begins_on_monday_at_midnight_local_time() -> None:
    assert hour_of_week(MONDAY) == 0
    assert hour_of_week(datetime(2026, 11, 29, 23, 59, tzinfo=WARSAW)) == 167


async def test_knowing_nothing_is_what_the_provider_says_of_that_hour() -> None:
    async def nothing() -> Traffic:
        return PRIOR

    learned = LearnedTimes(GreatCircleAside(), nothing)
    rush = await learned.matrix(PLACES, MONDAY.replace(hour=17))
    plain = great_circle(PLACES, VAN, 17)
    assert (abs(rush.durations_s.astype(int) - plain.durations_s.astype(int)) <= 2).all()
    assert (rush.distances_m == plain.distances_m).all()


def test_each_leg_is_slowed_by_the_area_its_middle_lies_in() -> None:
    free = great_circle(PLACES, VAN, 12)
    slow = area_of(PLACES[0], PLACES[1])
    there = in_hour(free, Traffic(np.ones(168), {slow: TWICE}), 8)
    assert there.duration_s(PLACES[0], PLACES[1]) == 2 * free.duration_s(PLACES[0], PLACES[1])
    assert there.duration_s(PLACES[1], PLACES[2]) == free.duration_s(PLACES[1], PLACES[2])
    assert there.duration_s(PLACES[2], PLACES[2]) == 0


def test_areas_beyond_the_learned_ones_have_the_fleets_hours() -> None:
    free = great_circle(PLACES, VAN, 12)
    there = in_hour(free, Traffic(TWICE, {Area(0, 0): np.ones(168), Area(-3, 5): np.ones(168)}), 8)
    assert (there.durations_s == 2 * free.durations_s).all()


def test_what_cannot_be_reached_stays_so_and_why_the_times_are_poor_is_kept() -> None:
    free = great_circle(PLACES, VAN, 12)
    durations = free.durations_s.copy()
    durations[0, 2] = UNREACHABLE_S
    lost = replace(free, durations_s=durations, degraded="down")
    there = in_hour(lost, Traffic(np.full(168, 0.5), {}), 8)
    assert there.duration_s(PLACES[0], PLACES[2]) == UNREACHABLE_S
    assert there.degraded == "down"


def _plan(*windows: TimeWindow | None, breaks: tuple[Break, ...] = ()) -> tuple[Problem, Plan]:
    stops = tuple(
        a_stop(f"s{place}", 60 * (place + 1), windows=(window,) if window else ())
        for place, window in enumerate(windows)
    )
    driver = a_courier(shift=TimeWindow(7 * 3600, 20 * 3600), breaks=breaks)
    problem = Problem(stops, (driver,))
    travel = line_travel(problem)
    return problem, Plan((earliest_route(driver, with_breaks(driver, stops, travel), travel),), (), 0)


def _begins(plan: Plan) -> list[int]:
    return [step.begin_s for step in plan.routes[0].steps if step.kind is StepKind.STOP]


EIGHT_IS_SLOW = Traffic(np.where(np.arange(168) % 24 == 8, 2.0, 1.0), {})


def test_a_leg_in_the_rush_hour_delays_everything_behind_it() -> None:
    problem, plan = _plan(None, None, None)
    timed = hour_by_hour(plan, problem.stops, EIGHT_IS_SLOW, MONDAY, NINE)
    planned, told = _begins(plan), _begins(timed)
    assert told[0] == planned[0]
    assert told[1] - planned[1] == 3600
    assert told[2] - planned[2] == 3600
    assert timed.routes[0].stop_ids() == plan.routes[0].stop_ids()


def test_the_plans_own_hour_changes_nothing() -> None:
    problem, plan = _plan(None, None)
    assert _begins(hour_by_hour(plan, problem.stops, Traffic(TWICE, {}), MONDAY, NINE)) == _begins(plan)


def test_waiting_for_a_window_takes_up_the_delay() -> None:
    ten = TimeWindow(11 * 3600, 12 * 3600)
    problem, plan = _plan(None, ten, None)
    timed = hour_by_hour(plan, problem.stops, EIGHT_IS_SLOW, MONDAY, NINE)
    assert _begins(timed)[1] == _begins(plan)[1] == 11 * 3600
    assert _begins(timed)[2] == _begins(plan)[2]


def test_a_window_that_is_lost_is_said_to_be() -> None:
    problem, plan = _plan(None, TimeWindow(8 * 3600, 9 * 3600 + 1200))
    timed = hour_by_hour(plan, problem.stops, EIGHT_IS_SLOW, MONDAY, NINE)
    assert _begins(timed)[1] > 9 * 3600 + 1200


def test_a_break_moves_along_and_is_never_taken_sooner() -> None:
    pause = Break("lunch", (TimeWindow(9 * 3600, 14 * 3600),), 1800)
    problem, plan = _plan(None, None, None, breaks=(pause,))
    timed = hour_by_hour(plan, problem.stops, EIGHT_IS_SLOW, MONDAY, NINE)
    taken = [step.begin_s for one in (plan, timed) for step in one.routes[0].steps if step.kind is StepKind.BREAK]
    assert taken[1] >= taken[0]
    assert _begins(timed)[2] == pytest.approx(_begins(plan)[2] + 3600, abs=1)
