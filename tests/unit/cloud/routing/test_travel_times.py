import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cloud.routing.matrices import PLACES_MAX, MatrixError, TravelTimes, assert_ready
from cloud.routing.problem import UNREACHABLE_S, Place
from cloud.routing.travel_times import VAN, GreatCircle, SpeedProfile, great_circle, haversine_m

WARSAW, KRAKOW = Place(21.0122, 52.2297), Place(19.9450, 50.0647)
FLAT = SpeedProfile("flat", 1.0, ((math.inf, 36.0),))
IN_TOWN = st.builds(Place, st.floats(20.8, 21.2), st.floats(52.1, 52.4))


def test_the_great_circle_from_warsaw_to_krakow_is_252_km() -> None:
    radians = np.radians(np.array([WARSAW, KRAKOW]))
    assert haversine_m(radians, radians)[0, 1] == pytest.approx(252_000, rel=0.005)


def test_ten_metres_a_second_take_a_tenth_of_the_metres() -> None:
    travel = great_circle([WARSAW, KRAKOW], FLAT, 12)
    assert travel.duration_s(WARSAW, KRAKOW) == pytest.approx(travel.distance_m(WARSAW, KRAKOW) / 10, abs=1)
    assert travel.duration_s(WARSAW, WARSAW) == 0


@given(IN_TOWN, IN_TOWN, IN_TOWN, st.integers(0, 23))
def test_a_way_round_is_never_shorter(first: Place, second: Place, third: Place, hour: int) -> None:
    travel = great_circle(list(dict.fromkeys([first, second, third])), VAN, hour)
    assert travel.duration_s(first, third) <= travel.duration_s(first, second) + travel.duration_s(second, third)
    assert travel.distance_m(first, third) <= travel.distance_m(first, second) + travel.distance_m(second, third)


async def test_rush_hour_takes_longer_by_the_local_hour() -> None:
    places = [WARSAW, Place(21.1, 52.2)]
    night = await GreatCircle().matrix(places, datetime(2026, 3, 2, 3, tzinfo=UTC))
    rush = await GreatCircle().matrix(places, datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert rush.duration_s(*places) > night.duration_s(*places)
    assert rush.distance_m(*places) == night.distance_m(*places)


def test_more_rows_than_a_block_are_all_filled() -> None:
    places = [Place(21 + number / 1e4, 52.0) for number in range(300)]
    travel = great_circle(places, FLAT, 12)
    assert int(travel.distances_m[299, 0]) == int(travel.distances_m[0, 299]) == pytest.approx(299 * 6.845, abs=3)


@pytest.mark.parametrize("place", [Place(math.nan, 0), Place(0, 91), Place(181, 0), Place(0, math.inf)])
def test_a_place_off_the_earth_is_refused(place: Place) -> None:
    with pytest.raises(MatrixError, match="not on Earth"):
        great_circle([place], FLAT, 0)


def test_too_many_places_are_refused_before_anything_is_allocated() -> None:
    with pytest.raises(MatrixError, match=f"at most {PLACES_MAX}"):
        great_circle([WARSAW] * (PLACES_MAX + 1), FLAT, 0)


@pytest.mark.parametrize(
    ("detour", "bands"),
    [(0.9, ((math.inf, 30.0),)), (1.4, ()), (1.4, ((1_000, 30.0),)), (1.4, ((1_000, 30.0), (math.inf, 20.0)))],
)
def test_a_profile_that_would_bend_the_triangle_is_refused(
    detour: float, bands: tuple[tuple[float, float], ...]
) -> None:
    with pytest.raises(MatrixError, match="profile odd"):
        SpeedProfile("odd", detour, bands)


def _times(array: NDArray[Any]) -> TravelTimes:
    return TravelTimes((WARSAW, KRAKOW), array, np.zeros((2, 2), dtype=np.uint32))


def test_a_transposed_or_sliced_matrix_keeps_its_meaning() -> None:
    wide = np.arange(16, dtype=np.int64).reshape(4, 4)
    for place in ((0, 0), (1, 1), (2, 2), (0, 2), (1, 3)):  # each view's diagonal: going nowhere takes no time
        wide[place] = 0
    for view in (wide[:2, :2].T, wide[::2, ::2], wide[:2, 2:]):
        travel = _times(view)
        assert_ready("durations_s", travel.durations_s)
        assert travel.duration_s(WARSAW, KRAKOW) == view[0, 1]
        assert travel.duration_s(KRAKOW, WARSAW) == view[1, 0]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3), dtype=np.uint32), "has shape"),
        (np.full((2, 2), math.nan), "holds float64"),
        (np.full((2, 2), math.inf), "holds float64"),
        (np.full((2, 2), -1), "allowed is 0"),
        (np.full((2, 2), 2**32 - 1, dtype=np.uint32), "allowed is 0"),
        (np.ones((2, 2), dtype=np.uint32), "going nowhere takes 1"),
    ],
)
def test_a_matrix_that_native_code_would_misread_is_refused(array: NDArray[Any], said: str) -> None:
    with pytest.raises(MatrixError, match=said):
        _times(array)


def test_places_that_no_road_joins_to_most_others_are_named() -> None:
    lake = Place(20.0, 54.0)
    seconds = np.array([[0, 9, UNREACHABLE_S], [9, 0, UNREACHABLE_S], [7, 7, 0]])
    travel = TravelTimes((WARSAW, KRAKOW, lake), seconds, np.zeros((3, 3), dtype=np.uint32))
    assert travel.unreachable() == (lake,)


def test_a_part_of_the_times_keeps_their_meaning_and_why_they_are_not_better() -> None:
    lake = Place(20.0, 54.0)
    seconds = np.array([[0, 1, 2], [3, 0, 5], [6, 7, 0]])
    whole = TravelTimes((WARSAW, KRAKOW, lake), seconds, seconds * 10, "the server is down")
    part = whole.part((lake, WARSAW))
    assert (part.duration_s(lake, WARSAW), part.distance_m(WARSAW, lake)) == (6, 20)
    assert part.degraded == "the server is down"
    with pytest.raises(KeyError):
        part.part((KRAKOW,))


def test_the_last_gate_refuses_a_view() -> None:
    with pytest.raises(MatrixError, match="contiguous False"):
        assert_ready("durations", np.zeros((4, 4), dtype=np.uint32)[:, ::2])


def test_a_place_given_twice_is_refused() -> None:
    with pytest.raises(MatrixError, match="1 places are given twice"):
        TravelTimes((WARSAW, WARSAW), np.zeros((2, 2), dtype=np.uint32), np.zeros((2, 2), dtype=np.uint32))
