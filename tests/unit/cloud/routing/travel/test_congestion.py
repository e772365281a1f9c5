import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.routing.problem import Place
from cloud.routing.travel.congestion import (
    AREAS_MAX,
    HALF_LIFE_DAYS,
    PRIOR,
    Area,
    Leg,
    Observed,
    Traffic,
    area_of,
    fit,
    forget,
    learn,
    leg_of,
)

CENTRE, SUBURB, NEW = Area(420, 1740), Area(422, 1742), Area(400, 1700)
RUSH = {8: 1.6, 16: 1.45, 17: 1.5}  # against what the prior expects of those hours
OF_AREA = {CENTRE: 1.2, Area(421, 1740): 1.0, Area(421, 1741): 1.0, SUBURB: 0.9}
NOTHING = Observed()


def truth(area: Area, hour: int) -> float:
    return RUSH.get(hour, 1.0) * OF_AREA[area]


def simulated_day(chance: np.random.Generator, weekday: int, legs_an_hour: int) -> list[Leg]:
    """Return a day's legs: each scatters by a third, and every hour of every day has a mood of its own."""
    legs = []
    for hour in range(8, 19):
        mood = chance.normal(0, 0.08)
        for _ in range(legs_an_hour):
            area = list(OF_AREA)[chance.integers(len(OF_AREA))]
            legs.append(
                Leg(area, weekday * 24 + hour, math.log(truth(area, hour)) + mood + float(chance.normal(0, 0.33)))
            )
    return legs


def after(days: int, legs_an_hour: int, seed: int = 1) -> Traffic:
    chance = np.random.default_rng(seed)
    observed = NOTHING
    for day in range(days):
        if day % 7 < 5:
            observed = learn(observed, simulated_day(chance, day % 7, legs_an_hour))
        observed = forget(observed, 1)
    return fit(observed)


def ratio(traffic: Traffic, area: Area, hour: int) -> float:
    return traffic.factor(area, hour) / float(PRIOR.hours[hour])


@pytest.mark.parametrize("seed", range(4))
def test_a_known_rush_hour_is_recovered_from_two_months(seed: int) -> None:
    traffic = after(60, 40, seed)
    errors = [
        abs(ratio(traffic, area, day * 24 + hour) / truth(area, hour) - 1)
        for area in OF_AREA
        for day in range(5)
        for hour in range(8, 19)
    ]
    assert float(np.mean(errors)) < 0.05
    assert float(np.quantile(errors, 0.95)) < 0.12
    assert np.mean([ratio(traffic, CENTRE, day * 24 + 8) for day in range(5)]) == pytest.approx(1.6 * 1.2, rel=0.08)


def test_more_data_are_nearer_the_truth() -> None:
    def wrong(traffic: Traffic) -> float:
        return float(np.mean([abs(ratio(traffic, CENTRE, 24 + hour) / truth(CENTRE, hour) - 1) for hour in RUSH]))

    assert wrong(after(60, 40)) < wrong(after(7, 5)) < wrong(PRIOR)


def test_nothing_known_is_the_prior() -> None:
    assert fit(NOTHING) is PRIOR
    assert fit(learn(NOTHING, [])) is PRIOR


def test_three_slow_legs_of_one_hour_are_a_rumour() -> None:
    traffic = fit(learn(NOTHING, [Leg(CENTRE, 8, math.log(2))] * 3))
    assert 1.1 < ratio(traffic, CENTRE, 8) < 1.45
    assert 1.0 < ratio(traffic, CENTRE, 30) < 1.2
    assert 1.0 < ratio(traffic, SUBURB, 30) < 1.15


def test_an_area_nobody_drove_through_has_the_fleets_hours() -> None:
    traffic = after(30, 20)
    assert traffic.factor(NEW, 8) == pytest.approx(float(traffic.hours[8]))
    assert ratio(traffic, NEW, 8) > 1.2


def test_what_changed_is_learned_anew() -> None:
    slow, quick = [Leg(CENTRE, 8, math.log(1.5))] * 20, [Leg(CENTRE, 8, 0.0)] * 20
    observed = NOTHING
    for legs in [slow] * 60 + [quick] * 120:
        observed = forget(learn(observed, legs), 1)
    assert ratio(fit(observed), CENTRE, 8) == pytest.approx(1.0, abs=0.06)


def test_an_old_cell_is_forgotten_altogether() -> None:
    observed = learn(NOTHING, [Leg(CENTRE, 8, 0.3)])
    assert forget(observed, round(HALF_LIFE_DAYS)).cells["420:1740"][8].weight == pytest.approx(0.5)
    assert forget(observed, 365).cells == {}


def test_no_more_areas_than_the_limit_are_learned_apart() -> None:
    observed = learn(NOTHING, [Leg(Area(number, 0), 8, 0.1) for number in range(AREAS_MAX + 5)])
    assert len(observed.cells) == AREAS_MAX


@given(
    st.lists(
        st.tuples(st.sampled_from(list(OF_AREA)), st.integers(0, 167), st.floats(-1.38, 1.38)).map(
            lambda one: Leg(*one)
        ),
        max_size=30,
    )
)
def test_factors_stay_between_what_was_seen_and_the_prior(legs: list[Leg]) -> None:
    traffic = fit(learn(NOTHING, legs))
    seen = [leg.log_ratio for leg in legs]
    low, high = min([0.0, *seen]), max([0.0, *seen])
    for area in OF_AREA:
        for hour in (0, 8, 30, 167):
            assert 3 * low - 0.01 <= math.log(ratio(traffic, area, hour)) <= 3 * high + 0.01
    assert np.isfinite(traffic.hours).all()


def test_what_was_learned_survives_being_stored() -> None:
    observed = learn(NOTHING, simulated_day(np.random.default_rng(3), 2, 5))
    again = msgspec.json.decode(msgspec.json.encode(observed), type=Observed)
    assert (fit(again).hours == fit(observed).hours).all()


@pytest.mark.parametrize(("actual_s", "free_flow_s"), [(0, 100), (-5, 100), (100, 0), (2_000, 100), (10, 100)])
def test_a_leg_with_a_lunch_in_it_or_none_at_all_teaches_nothing(actual_s: float, free_flow_s: float) -> None:
    assert leg_of(CENTRE, 12, actual_s, free_flow_s) is None


def test_a_leg_is_compared_with_what_its_hour_was_expected_to_be() -> None:
    leg = leg_of(CENTRE, 8, 130, 100)
    assert leg is not None
    assert leg.log_ratio == pytest.approx(0.0)  # the prior knows of that rush hour


def test_a_leg_belongs_to_the_area_its_middle_lies_in() -> None:
    assert area_of(Place(20.96, 52.20), Place(21.08, 52.22)) == Area(420, 1740)
