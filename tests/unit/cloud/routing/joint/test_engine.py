"""The search itself: what it answers passes the checker whatever the day, and what it keeps in memory is true."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cloud.routing.joint.anneal import Search, Slice, anneal, begin, construct
from cloud.routing.joint.arrays import as_answer, as_data
from cloud.routing.joint.chance import dice
from cloud.routing.joint.checker import check
from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.instance import Answer, Instance, Option, Vehicle, answer_cost
from cloud.routing.joint.layout import MANDATORY, S_LATEST, S_LEAVE, T_ABSENT, T_COST, T_ROUTES, empty_state
from cloud.routing.joint.moves import open_route, refresh_backward, refresh_forward
from tests.unit.cloud.routing.joint.builders import an_instance, instances, loads

LONG_S = 3_600.0
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def still_clock() -> float:
    return 0.0


def effort(rounds: int = 300, threads: int = 1, seed: int = 1) -> Effort:
    return Effort(LONG_S, seed, threads, rounds)


@PATIENT
@given(day=instances() | loads())
def test_every_answer_passes_the_checker_and_costs_what_was_said(day: Instance) -> None:
    answer, found = solve(day, effort(), still_clock)
    assert check(day, answer) == ()
    assert found.cost == answer_cost(day, answer)
    assert found.absent == len(answer.absent)


@PATIENT
@given(day=instances() | loads())
def test_what_the_search_keeps_in_memory_is_what_a_fresh_look_finds(day: Instance) -> None:
    data, order = as_data(day)
    search = Search(empty_state(data), empty_state(data), empty_state(data), dice(5))
    begin(data, search)
    construct(data, search, 0.01)
    anneal(data, search, Slice(200, 50.0, 5.0, 5.0, 0.5, 0.05, 0.1))
    for state in (search.trial, search.current, search.best):
        answer = as_answer(data, order, state)
        assert check(day, answer) == ()
        penalties = sum(day.customers[one].penalty or MANDATORY for one in answer.absent)
        assert int(state.total[T_COST]) == answer_cost(day, answer) + penalties
        driven = [route for route in answer.routes if not day.vehicles[route[0]].loose]
        assert int(state.total[T_ROUTES]) == len(driven)
        assert int(state.total[T_ABSENT]) == len(answer.absent)
        for vehicle, options in driven:
            last = len(options)
            kept = state.seq[vehicle, : last + 2].copy()
            refresh_forward(data, state, vehicle, 1)
            refresh_backward(data, state, vehicle, last)
            assert np.array_equal(kept[: last + 1, S_LEAVE], state.seq[vehicle, : last + 1, S_LEAVE])
            assert np.array_equal(kept[1:, S_LATEST], state.seq[vehicle, 1 : last + 2, S_LATEST])
        open_route(data, state, 0)


def test_the_best_of_a_tiny_day_is_found() -> None:
    day = an_instance()
    ways = itertools.product(*day.options_of())
    orders = (order for way in ways for order in itertools.permutations(way))
    sound = (Answer(((0, order),)) for order in orders)
    least = min(answer_cost(day, one) for one in sound if not check(day, one))
    answer, _ = solve(day, effort(), still_clock)
    assert answer_cost(day, answer) == least


def test_a_seed_and_rounds_repeat_an_answer_on_two_threads() -> None:
    day = an_instance()
    first, second = (solve(day, effort(2_000, 2, 9), still_clock) for _ in range(2))
    assert first[0] == second[0]
    assert first[1].steps == second[1].steps


def left_to_others(price: int, parcels: int) -> Instance:
    """Return the tiny day with only homes, each of which somebody else takes for a price, so many of them at most."""
    day = an_instance()
    homes = tuple(option for option in day.options if option.rank == 0)
    outside = tuple(Option(option.customer, option.location, extra=price, by=2) for option in homes)
    others = Vehicle("others", 0, 0, 0, 0, (parcels, 9, 9), loose=True)
    return replace(day, options=(*homes, *outside), vehicles=(*day.vehicles, others), budget=())


@pytest.mark.parametrize(
    ("price", "parcels", "driven"),
    [(3, 3, 3), (1, 3, 0), (1, 1, 2)],  # three at 6 in a van; each at 1 outside; of one that may go, the farthest
)
def test_who_is_cheaper_brings_it(price: int, parcels: int, driven: int) -> None:
    day = left_to_others(price, parcels)
    answer, found = solve(day, effort(2_000), still_clock)
    assert check(day, answer) == ()
    assert sum(len(options) for vehicle, options in answer.routes if vehicle < 2) == driven
    assert found.cost == {3: 6, 0: 3, 2: 5}[driven]


def test_nobody_drives_further_than_agreed() -> None:
    day = an_instance(budget=(0,))
    on_the_way = replace(day.vehicles[0], reach=4)
    answer, found = solve(replace(day, vehicles=(on_the_way, day.vehicles[1]), metres=day.time), effort(), still_clock)
    by_van = dict(answer.routes)
    assert set(by_van) == {1}, "one van goes for all; it costs no more"
    assert found.cost == 6
    cheaper = replace(on_the_way, kind=1)
    two = replace(day, vehicles=(cheaper, day.vehicles[1]), metres=day.time, cost=np.stack([day.time, 0 * day.time]))
    assert solve(two, effort(), still_clock)[1].cost == 6, "2 km away and back is all that is free"


def test_vans_are_saved_where_they_count_first() -> None:
    far = np.full((5, 5), 10, dtype=np.int32)
    np.fill_diagonal(far, 0)
    far[0, :] = far[:, 0] = 1  # so that a van for each would drive least
    day = an_instance(cost=far[None], fewest_vehicles=True, budget=(0,))
    answer, _ = solve(day, effort(2_000), still_clock)
    assert len(answer.routes) == 1


def test_a_plan_to_start_from_is_used_as_far_as_it_holds() -> None:
    day = an_instance()
    answer, found = solve(day, effort(1), still_clock, Answer(((1, (4, 2, 0)), (0, (99,)))))
    assert answer.routes[0][0] == 1
    assert found.cost == 6


def test_the_deadline_ends_it() -> None:
    ticks = itertools.count()
    _, found = solve(an_instance(), Effort(50.0, threads=1), lambda: float(next(ticks)))
    assert 50 <= found.seconds < 100


def test_nobody_to_serve_is_an_answer() -> None:
    day = an_instance(customers=(), options=())
    assert solve(day, effort(), still_clock)[0] == Answer((), ())
