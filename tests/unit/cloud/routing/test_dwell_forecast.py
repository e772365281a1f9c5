"""What is counted on comes true as often as was said, wastes little, and is never more than there is."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.routing.dwell_forecast import (
    AHEAD_H_MAX,
    SURE,
    Dwell,
    Survival,
    Waiting,
    freed,
    learn,
    lower_quantile,
    prior_rate,
)
from contract.sizes import SizeClass

M = SizeClass.M
FAST, SLOW = 1.8, 0.5  # how much sooner or later than elsewhere people fetch at two lockers
LOCKERS = {"WAW-FAST": FAST, "WAW-SLOW": SLOW, "WAW-MID": 1.0}


def rate(hour: int, locker: str) -> float:
    """Return the town's own hazard: evenings, and nobody at night; not the prior's shape."""
    return LOCKERS[locker] * (0.25 if 17 <= hour < 21 else 0.03 if 7 <= hour < 23 else 0.001)


def fetched_after(dice: random.Random, locker: str, begin_h: float) -> float:
    """Draw how long somebody takes, by thinning quarter hours."""
    at = 0.0
    while at < 200 and dice.random() > rate(int(begin_h + at) % 24, locker) / 4:
        at += 0.25
    return at + dice.random() / 4


def history(dice: random.Random, each: int) -> Iterator[Dwell]:
    for locker in LOCKERS:
        for _ in range(each):
            begin_h = 8 + 10 * dice.random()
            took = fetched_after(dice, locker, begin_h)
            yield Dwell(locker, begin_h, min(took, 48.0), took < 48)


@pytest.fixture(scope="module")
def learned() -> Survival:
    return learn(history(random.Random(1), 800))


def tries(learned: Survival, number: int, inside: int, ahead_h: float) -> list[tuple[int, int]]:
    """Return what was counted on and what came true, for full walls of parcels dropped off yesterday."""
    dice, found = random.Random(2), []
    for one in range(number):
        locker = list(LOCKERS)[one % len(LOCKERS)]
        waiting: list[Waiting] = []
        ends: list[float] = []
        while len(waiting) < inside:
            begin_h = 9 + 9 * dice.random()
            took = fetched_after(dice, locker, begin_h)
            age_h = 24 + 8 - begin_h
            if took > age_h:  # still inside at eight in the morning
                waiting.append(Waiting(locker, M, age_h, 48 - age_h))
                ends.append(took - age_h)
        said = freed(learned, waiting, 8.0, ahead_h)[M]
        found.append((said, sum(end <= ahead_h for end in ends)))
    return found


@pytest.mark.parametrize("ahead_h", [4.0, 13.0, 26.0])
def test_what_is_counted_on_holds_as_often_as_was_said(learned: Survival, ahead_h: float) -> None:
    found = tries(learned, 300, 12, ahead_h)
    held = sum(said <= true for said, true in found) / len(found)
    assert held >= SURE - 0.03  # three standard errors of 300 tries are 0.037


def test_little_is_wasted(learned: Survival) -> None:
    """A rule without a forecast counts on nothing that is occupied; whoever knew every rate would count on this."""
    by_hour = tuple(rate(hour, "WAW-MID") for hour in range(24))
    oracle = Survival((by_hour,) * 8, {locker: (factor,) * 4 for locker, factor in LOCKERS.items()})
    found, best = tries(learned, 300, 12, 26.0), tries(oracle, 300, 12, 26.0)
    said, possible, true = sum(one for one, _ in found), sum(one for one, _ in best), sum(one for _, one in found)
    assert said >= 0.9 * possible
    assert said >= 0.6 * true


def test_a_locker_where_people_are_quick_is_known_for_it(learned: Survival) -> None:
    fast, slow = (Waiting(name, M, 12.0, 36.0) for name in ("WAW-FAST", "WAW-SLOW"))
    unknown = replace(fast, locker_id="WAW-NEW")
    chances = [learned.fetched_by(one, 8.0, 13.0) for one in (slow, unknown, fast)]
    assert chances == sorted(chances)
    assert chances[2] > chances[0] + 0.2


def test_few_data_stay_near_what_was_assumed() -> None:
    few = learn([Dwell("L", 9.0, 0.5, fetched=True), Dwell("L", 9.0, 30.0, fetched=True)])
    nothing = learn(())
    one = Waiting("L", M, 5.0, 43.0)
    assert nothing.rates[0][17] == pytest.approx(prior_rate(17))
    assert few.fetched_by(one, 9.0, 10.0) == pytest.approx(nothing.fetched_by(one, 9.0, 10.0), rel=0.15)


def test_a_place_where_nobody_comes_is_expected_to_stay_full() -> None:
    ignored = learn([Dwell("L", 12.0, 48.0, fetched=False) for _ in range(100)])
    one = Waiting("L", M, 5.0, 43.0)
    assert ignored.fetched_by(one, 9.0, 12.0) < 0.45 * learn(()).fetched_by(one, 9.0, 12.0)


chances = st.lists(st.floats(0, 1), max_size=12)


@given(chances)
def test_the_quantile_is_between_nothing_and_all_and_keeps_its_word(trials: list[float]) -> None:
    number = lower_quantile(trials)
    assert 0 <= number <= len(trials)
    exactly = [1.0]
    for chance in trials:
        grown = [0.0] * (len(exactly) + 1)
        for done, likely in enumerate(exactly):
            grown[done] += likely * (1 - chance)
            grown[done + 1] += likely * chance
        exactly = grown
    assert sum(exactly[number:]) >= SURE - 1e-9
    assert number == len(trials) or sum(exactly[number + 1 :]) < SURE + 1e-9


@given(
    st.lists(st.tuples(st.sampled_from(list(SizeClass)), st.floats(0, 100)), max_size=15),
    st.floats(0, 24),
    st.floats(0, 2 * AHEAD_H_MAX),
)
def test_never_more_is_counted_on_than_is_occupied_and_more_time_frees_no_less(
    inside: list[tuple[SizeClass, float]], now_h: float, ahead_h: float
) -> None:
    known = learn(())
    waiting = [Waiting("L", size, age_h, 48 - age_h) for size, age_h in inside]
    found = freed(known, waiting, now_h, ahead_h)
    later = freed(known, waiting, now_h, ahead_h + 5)
    for size in SizeClass:
        assert 0 <= found[size] <= sum(one.size is size for one in waiting)
        assert found[size] <= later[size]
