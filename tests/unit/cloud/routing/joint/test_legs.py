"""A leg read by itself is the leg of the whole matrix, whatever a van's tariff is and wherever it ends."""

from dataclasses import replace

import numpy as np

from cloud.routing.joint.instance import Instance
from cloud.routing.joint.legs import NO_PLACE, CostsOf, Legs, TimesOf, matrices, part, seconds_from
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Place
from tests.unit.cloud.routing.joint.builders import an_instance

TARIFFS = ((1_800, 30, 0), (3_600, 0, 50))


def some_legs() -> Legs:
    chance = np.random.default_rng(3)
    seconds, metres = (chance.integers(1, 5_000, (6, 6), dtype=np.uint32) for _ in range(2))
    for one in (seconds, metres):
        np.fill_diagonal(one, 0)
    travel = TravelTimes(tuple(Place(20 + number / 10, 52) for number in range(6)), seconds, metres)
    nodes = np.array([3, 0, NO_PLACE, 5, 3])
    return Legs(nodes, np.array([0, 7, 0, 9, 1]), np.array([1_000, 0, 0, 1_000, 1_000]), TARIFFS, travel)


def in_parts(legs: Legs) -> Instance:
    day = an_instance()
    return replace(day, time=TimesOf(legs), cost=CostsOf(legs), metres=TimesOf(legs, in_metres=True))  # type: ignore[arg-type] # it reads as one


def test_one_leg_is_the_whole_matrix_s() -> None:
    legs = some_legs()
    whole, lazy = matrices(legs), in_parts(legs)
    for here, there in np.ndindex(5, 5):
        assert lazy.time[here, there] == whole.time[here, there]
        assert [lazy.cost[kind, here, there] for kind in (0, 1)] == [*whole.cost[:, here, there]]
        assert whole.metres is not None
        assert lazy.metres is not None
        assert lazy.metres[here, there] == whole.metres[here, there]


def test_a_part_is_the_whole_s_part() -> None:
    legs = some_legs()
    whole = matrices(legs)
    chosen = np.array([4, 1, 2])
    dense = replace(an_instance(), time=whole.time, cost=whole.cost, metres=whole.metres)
    for day in (dense, in_parts(legs)):
        found = part(day, chosen)
        assert found.metres is not None
        assert whole.metres is not None
        assert (found.time == whole.time[np.ix_(chosen, chosen)]).all()
        assert (found.metres == whole.metres[np.ix_(chosen, chosen)]).all()
        assert (found.cost == np.stack([one[np.ix_(chosen, chosen)] for one in whole.cost])).all()
        assert (seconds_from(day, 4, chosen) == whole.time[4, chosen]).all()


def test_a_leg_costs_its_hours_its_kilometres_and_the_stop_at_its_end() -> None:
    legs = some_legs()
    seconds, metres = int(legs.travel.durations_s[3, 5]), int(legs.travel.distances_m[3, 5])
    one = np.array([0]), np.array([3])
    assert legs.cost(0, *one)[0, 0] == 30 * metres + 1_800 * (seconds + 9) * 1_000 // 3_600
    assert legs.cost(1, *one)[0, 0] == 1_000 * (seconds + 9) + 50 * 1_000
    assert legs.cost(1, np.array([2]), np.array([2]))[0, 0] == 0
    assert legs.time(np.array([0]), np.array([2]))[0, 0] == 0, "who ends anywhere has no way home"
