"""Bands are tried on days the learning never saw: couriers, rush hours and moods simulated by a seed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
import numpy as np
import pytest

from cloud.routing.problem import Place
from cloud.routing.travel.arrivals import (
    AHEAD_S,
    BEFORE_START,
    ERROR_S_MAX,
    PRIOR_S,
    Ahead,
    Driven,
    Errors,
    Left,
    Miss,
    Visit,
    arrivals,
    band,
    bucket_of,
    forget_errors,
    learn_errors,
    leg_s,
    replay,
)
from cloud.routing.travel.congestion import PRIOR, Traffic
from cloud.routing.travel_times import VAN, great_circle

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
DEPOT, NEAR, FAR = Place(21.0, 52.2), Place(21.01, 52.2), Place(21.05, 52.25)
CALM = Traffic(np.ones(168), {})
MINUTE = timedelta(minutes=1)


def test_one_leg_takes_what_the_matrix_of_great_circles_says() -> None:
    matrix = great_circle([DEPOT, NEAR, FAR], VAN, 12)
    assert leg_s(DEPOT, NEAR) == pytest.approx(matrix.duration_s(DEPOT, NEAR), abs=2)
    assert leg_s(DEPOT, FAR) == pytest.approx(matrix.duration_s(DEPOT, FAR), abs=2)


def _on_time(at: datetime = MONDAY) -> Left:
    return Left(DEPOT, at, MONDAY)


def _ahead(place: Place, minutes: float, not_before: datetime | None = None) -> Ahead:
    return Ahead(place, MONDAY + timedelta(minutes=minutes), 120, not_before)


ROUTE = [_ahead(NEAR, 4), _ahead(FAR, 18)]


def test_a_courier_on_time_comes_as_planned() -> None:
    assert arrivals(_on_time(), ROUTE, CALM, UTC) == [stop.eta for stop in ROUTE]


def test_a_courier_who_is_late_is_late_everywhere() -> None:
    late = arrivals(_on_time(MONDAY + 30 * MINUTE), ROUTE, CALM, UTC)
    assert late == [stop.eta + 30 * MINUTE for stop in ROUTE]


def test_a_courier_who_is_ahead_waits_for_a_promised_window() -> None:
    window = MONDAY + 18 * MINUTE
    early = arrivals(_on_time(MONDAY - 15 * MINUTE), [ROUTE[0], _ahead(FAR, 18, window)], CALM, UTC)
    assert early == [ROUTE[0].eta - 15 * MINUTE, window]


def test_waiting_that_was_planned_takes_up_a_delay() -> None:
    noon = MONDAY + 240 * MINUTE
    late = arrivals(_on_time(MONDAY + 60 * MINUTE), [ROUTE[0], _ahead(FAR, 240, noon)], CALM, UTC)
    assert late[1] == noon


@pytest.mark.parametrize("drive_min", [12, 90], ids=["the route's drive", "no drive at all"])
def test_a_break_on_the_way_takes_its_time(drive_min: int) -> None:
    without = [ROUTE[0], _ahead(FAR, 6 + drive_min)]
    resting = [ROUTE[0], replace(_ahead(FAR, 6 + drive_min + 30), pause_s=1_800)]
    _, before = arrivals(_on_time(MONDAY - 5 * MINUTE), without, CALM, UTC)
    _, behind = arrivals(_on_time(MONDAY - 5 * MINUTE), resting, CALM, UTC)
    assert behind - before == 30 * MINUTE


def test_a_delay_that_the_route_was_given_already_is_not_counted_twice() -> None:
    left = Left(NEAR, MONDAY + 66 * MINUTE, MONDAY + 6 * MINUTE)  # an hour late at NEAR, and FAR was moved by an hour
    (there,) = arrivals(left, [_ahead(FAR, 78)], CALM, UTC)
    assert there - left.at == timedelta(seconds=leg_s(NEAR, FAR))


def test_our_own_estimate_knows_the_rush_hour() -> None:
    left = Left(NEAR, MONDAY, MONDAY - 300 * MINUTE)
    (there,) = arrivals(left, [_ahead(FAR, 20)], Traffic(np.full(168, 1.5), {}), UTC)
    assert (there - left.at).total_seconds() == pytest.approx(1.5 * leg_s(NEAR, FAR))


def test_errors_are_judged_by_how_far_ahead_they_were_said() -> None:
    ends = [timedelta(seconds=end) for end in AHEAD_S]
    assert [bucket_of(end, is_under_way=True) for end in ends] == list(range(len(AHEAD_S)))
    assert bucket_of(ends[-1] + MINUTE, is_under_way=True) == len(AHEAD_S)
    assert bucket_of(MINUTE, is_under_way=False) == BEFORE_START == len(PRIOR_S) - 1


@pytest.mark.parametrize("bucket", range(len(PRIOR_S)))
def test_knowing_nothing_the_band_is_our_first_guess(bucket: int) -> None:
    low, high = band(Errors(), bucket)
    assert high.total_seconds() == pytest.approx(1.645 * PRIOR_S[bucket], rel=0.05)
    assert low.total_seconds() == pytest.approx(-high.total_seconds(), abs=1)


def test_the_band_takes_the_shape_of_the_errors() -> None:
    chance = np.random.default_rng(1)
    late = np.exp(chance.normal(6.0, 0.5, 20_000)) - 200
    low, high = band(learn_errors(Errors(), [Miss(2, float(one), 1.0) for one in late]), 2)
    assert low.total_seconds() == pytest.approx(float(np.quantile(late, 0.05)), abs=15)
    assert high.total_seconds() == pytest.approx(float(np.quantile(late, 0.95)), abs=30)


def test_nobody_is_expected_later_than_the_longest_error() -> None:
    errors = learn_errors(Errors(), [Miss(0, 1e9, 1_000.0), Miss(0, -1e9, 1_000.0)])
    low, high = band(errors, 0)
    assert -ERROR_S_MAX <= low.total_seconds() < 0 < high.total_seconds() <= ERROR_S_MAX + 30


def test_old_errors_weigh_less_and_are_forgotten_in_the_end() -> None:
    errors = learn_errors(Errors(), [Miss(1, 900.0, 2.0)])
    assert forget_errors(errors, 28).counts == {1: {30: 1.0}}
    assert forget_errors(errors, 1_000).counts == {}


def test_errors_survive_being_stored() -> None:
    errors = learn_errors(Errors(), [Miss(1, -900.0, 0.25), Miss(7, 12.0, 1.0)])
    assert msgspec.json.decode(msgspec.json.encode(errors), type=Errors) == errors


def test_a_route_driven_as_planned_has_no_errors() -> None:
    driven = Driven(DEPOT, MONDAY, MONDAY, tuple(Visit(one, one.eta + 2 * MINUTE) for one in ROUTE))
    misses = replay(driven, CALM, UTC)
    assert {one.late_s for one in misses} == {0.0}
    assert sum(one.weight for one in misses if one.bucket == BEFORE_START) == 2
    assert replay(Driven(DEPOT, MONDAY, MONDAY, ()), CALM, UTC) == []


def simulated_route(chance: np.random.Generator, day: int) -> Driven:
    """Return a route of 45 stops: planned in the usual traffic, driven in the mood of its day, courier and streets."""
    starts_at = MONDAY + timedelta(days=day, minutes=float(chance.integers(0, 60)))
    started_at = starts_at + timedelta(minutes=float(chance.gamma(2.0, 4.0) - 4.0))
    mood = float(np.exp(chance.normal(0, 0.08)))
    planned, actual, here = starts_at, started_at, DEPOT
    visits = []
    for _ in range(45):
        there = Place(here.lon + float(chance.normal(0, 0.008)), here.lat + float(chance.normal(0, 0.005)))
        leg = leg_s(here, there) * float(PRIOR.hours[(planned.weekday() * 24 + planned.hour) % 168])
        eta = planned + timedelta(seconds=leg)
        actual += timedelta(seconds=leg * mood * float(np.exp(chance.normal(0, 0.35))))
        actual += timedelta(seconds=150 * float(np.exp(chance.normal(-0.1, 0.45))))
        visits.append(Visit(Ahead(there, eta, 150), actual))
        planned, here = eta + timedelta(seconds=150), there
    return Driven(DEPOT, starts_at, started_at, tuple(visits))


def simulated_days(chance: np.random.Generator, first: int, last: int) -> list[list[Miss]]:
    routes = [[simulated_route(chance, day) for _ in range(3)] for day in range(first, last)]
    return [[miss for route in day for miss in replay(route, PRIOR, UTC)] for day in routes]


@lru_cache(maxsize=1)
def learned_and_held_out() -> tuple[Errors, list[Miss]]:
    chance = np.random.default_rng(20261122)
    errors = Errors()
    for today in simulated_days(chance, 0, 35):
        errors = learn_errors(forget_errors(errors, 1), today)
    return errors, [miss for today in simulated_days(chance, 35, 60) for miss in today]


def covered(errors: Errors, misses: list[Miss]) -> float:
    bands = {bucket: tuple(end.total_seconds() for end in band(errors, bucket)) for bucket in range(len(PRIOR_S))}
    inside = sum(one.weight for one in misses if bands[one.bucket][0] <= one.late_s <= bands[one.bucket][1])
    return inside / sum(one.weight for one in misses)


def test_a_ninety_percent_band_holds_nine_in_ten_arrivals_on_days_nobody_learned_from() -> None:
    errors, held_out = learned_and_held_out()
    assert 0.88 <= covered(errors, held_out) <= 0.92


@pytest.mark.parametrize("bucket", [0, 1, 2, 3, 4, BEFORE_START])
def test_it_does_so_at_every_distance_ahead(bucket: int) -> None:
    errors, held_out = learned_and_held_out()
    some = [one for one in held_out if one.bucket == bucket]
    assert sum(one.weight for one in some) > 1_000
    assert 0.86 <= covered(errors, some) <= 0.94


def test_what_was_learned_is_narrower_than_a_guess_where_a_courier_is_near() -> None:
    errors, _ = learned_and_held_out()
    near, far = band(errors, 0), band(errors, 4)
    assert near[1] - near[0] < far[1] - far[0]
    assert near[1] - near[0] < band(Errors(), 0)[1] - band(Errors(), 0)[0]
