"""A jam slows exactly the ways that lead through it."""

import pytest

from cloud.routing.jam import DELAY_S_MAX, RADIUS_M_MAX, Jam, with_jams
from cloud.routing.problem import Place, Problem
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel, on_line

EAST, WEST = a_stop("east", 20), a_stop("west", -20)
DAY = Problem((EAST, WEST), (a_courier(),))
DEPOT = on_line(0)


def test_only_the_ways_through_it_take_longer() -> None:
    calm = line_travel(DAY)
    slow = with_jams(calm, [Jam(on_line(10), 200, 900)])
    assert slow.duration_s(DEPOT, EAST.place) == calm.duration_s(DEPOT, EAST.place) + 900
    assert slow.duration_s(EAST.place, WEST.place) == calm.duration_s(EAST.place, WEST.place) + 900
    assert slow.duration_s(DEPOT, WEST.place) == calm.duration_s(DEPOT, WEST.place)
    assert slow.duration_s(EAST.place, EAST.place) == 0
    assert slow.distance_m(DEPOT, EAST.place) == calm.distance_m(DEPOT, EAST.place)


def test_a_jam_beside_the_road_disturbs_nobody() -> None:
    calm = line_travel(DAY)
    beside = Jam(Place(on_line(10).lon, on_line(10).lat + 0.01), 1_000, 900)  # 1,112 m north of the way
    assert (with_jams(calm, [beside]).durations_s == calm.durations_s).all()
    wide = Jam(beside.place, 1_200, 900)
    assert with_jams(calm, [wide]).duration_s(DEPOT, EAST.place) == calm.duration_s(DEPOT, EAST.place) + 900


def test_two_jams_on_one_way_add_up_and_none_changes_nothing() -> None:
    calm = line_travel(DAY)
    both = with_jams(calm, [Jam(on_line(5), 100, 60), Jam(on_line(15), 100, 30)])
    assert both.duration_s(DEPOT, EAST.place) == calm.duration_s(DEPOT, EAST.place) + 90
    assert with_jams(calm, []) is calm


@pytest.mark.parametrize(("radius_m", "delay_s"), [(0, 60), (RADIUS_M_MAX + 1, 60), (100, 0), (100, DELAY_S_MAX + 1)])
def test_an_absurd_jam_is_refused(radius_m: int, delay_s: int) -> None:
    with pytest.raises(ValueError, match="a radius up to"):
        Jam(DEPOT, radius_m, delay_s)
