"""What counts of where a phone says it is, who may see it, and when it is worth nothing any more."""

from dataclasses import replace
from datetime import timedelta
from math import inf, nan
from typing import Any

import pytest

from cloud.domain.errors import InvalidError
from cloud.domain.places import distance_m
from cloud.domain.positions import (
    CourierPosition,
    Ignored,
    as_seen,
    check_told,
    is_known,
    is_still_there,
    may_be_seen,
    weighed,
)
from tests.unit.cloud.small_cloud import COURIER, MORNING

HERE = CourierPosition(courier_id=COURIER, lon=21.0122, lat=52.2297, accuracy_m=10, at=MORNING)
KM_NORTH = 1 / 111.195  # degrees of latitude


def later(seconds: float, **changes: Any) -> CourierPosition:
    return replace(HERE, at=MORNING + timedelta(seconds=seconds), **changes)


@pytest.mark.parametrize(
    "place",
    [{"lon": 180.1}, {"lon": -180.1}, {"lat": 90.1}, {"lat": -91.0}, {"lon": nan}, {"lat": inf}],
)
def test_a_place_outside_the_earth_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match="is no place on earth"):
        check_told(replace(HERE, **place), MORNING)


@pytest.mark.parametrize(("seconds", "why"), [(11, "in the future"), (-121, "older than two minutes")])
def test_a_time_that_is_over_or_still_to_come_is_refused(seconds: int, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        check_told(later(seconds), MORNING)


@pytest.mark.parametrize("seconds", [10, 0, -120])
def test_a_phone_s_clock_may_be_a_little_off(seconds: int) -> None:
    check_told(later(seconds), MORNING)


def test_a_phone_that_knows_its_district_only_says_nothing() -> None:
    assert weighed(replace(HERE, accuracy_m=500), None) is None
    assert weighed(replace(HERE, accuracy_m=501), None) is Ignored.VAGUE


def test_what_comes_too_soon_or_out_of_turn_is_left_out() -> None:
    assert weighed(later(9), HERE) is Ignored.SOON
    assert weighed(later(-60), HERE) is Ignored.SOON
    assert weighed(later(10), HERE) is None


def test_no_van_drives_two_hundred_kilometres_an_hour() -> None:
    """60 s at 200 km/h are 3,333 m; the twenty metres both may be off are no way driven."""
    assert weighed(later(60, lat=HERE.lat + 3.35 * KM_NORTH), HERE) is None
    assert weighed(later(60, lat=HERE.lat + 3.36 * KM_NORTH), HERE) is Ignored.JUMP


def test_after_a_wrong_place_the_right_one_is_believed_within_minutes() -> None:
    elsewhere = replace(HERE, lat=HERE.lat + 10 * KM_NORTH)
    back = [weighed(replace(HERE, at=MORNING + timedelta(minutes=minute)), elsewhere) for minute in (1, 2, 3)]

    assert back == [Ignored.JUMP, Ignored.JUMP, None]


def test_in_a_day_that_passes_faster_vans_drive_faster() -> None:
    assert weighed(later(2, lat=HERE.lat + 3 * KM_NORTH), HERE, pace=60) is None


def test_after_five_minutes_nobody_thinks_it_is_still_there_and_after_ten_nobody_is_told() -> None:
    ages = [timedelta(minutes=minutes) for minutes in (4, 5, 9, 10)]

    assert [is_still_there(HERE, MORNING + age) for age in ages] == [True, False, False, False]
    assert [is_known(HERE, MORNING + age) for age in ages] == [True, True, True, False]


def test_a_recipient_sees_a_van_that_is_at_most_five_stops_away() -> None:
    assert [may_be_seen(stops) for stops in (None, 0, 5, 6)] == [False, True, True, False]


@pytest.mark.parametrize(("lon", "lat"), [(21.0122, 52.2297), (-73.98765, 40.75432), (25.4651, 65.0121), (0.0, 0.0)])
def test_a_recipient_is_told_the_street_and_not_the_door(lon: float, lat: float) -> None:
    """Two doors of one cell look the same, and no cell is narrower than a hundred metres."""
    exact = replace(HERE, lon=lon, lat=lat, at=MORNING.replace(minute=7, second=31))
    seen = as_seen(exact)

    assert distance_m(lon, lat, seen.lon, seen.lat) <= 80
    assert seen.at == MORNING.replace(minute=7)
    assert as_seen(replace(seen, lon=seen.lon + 0.0004, lat=seen.lat + 0.0004)) == seen


@pytest.mark.parametrize(("lon", "lat"), [(180.0, 0.0), (-180.0, 10.0), (179.9999, 89.9999), (0.0, -90.0)])
def test_the_ends_of_the_earth_stay_on_it(lon: float, lat: float) -> None:
    seen = as_seen(replace(HERE, lon=lon, lat=lat))

    check_told(seen, MORNING)
