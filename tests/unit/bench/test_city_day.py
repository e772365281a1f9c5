"""The generated day of a city is a day the product takes, and the same for everybody who plans it."""

from collections import Counter

from bench.city.day import LOCKER_SHARE, decided, joint_day, make_city, metres, travel_times
from cloud.routing.joint.decide import validate_day
from cloud.routing.problem import StopKind
from cloud.routing.validation import validate
from contract.sizes import SizeClass


def test_the_same_seed_is_the_same_city() -> None:
    assert make_city(50, 1, 0.5) == make_city(50, 1, 0.5)
    assert make_city(50, 1) != make_city(50, 2)


def test_every_parcel_is_in_one_stop() -> None:
    problem = decided(make_city(300, 1))
    assert len([ref for stop in problem.stops for ref in stop.parcels]) == 300
    assert validate(problem) == ()


def test_about_two_fifths_go_to_lockers() -> None:
    stops = decided(make_city(1_000, 1)).stops
    brought = Counter({kind: sum(len(one.parcels) for one in stops if one.kind is kind) for kind in StopKind})
    assert abs(brought[StopKind.LOCKER] / 1_000 - LOCKER_SHARE) < 0.05
    assert 580 < len(stops) < 660


def test_no_locker_gets_more_than_it_holds() -> None:
    city = make_city(600, 3, 0.8)
    problem = decided(city)
    sizes = {one.item.ref: one.size for one in city.parcels}
    for stop in problem.stops:
        if stop.kind is StopKind.LOCKER:
            large = sum(sizes[ref] is SizeClass.L for ref in stop.parcels)
            assert large <= 18
            assert len(stop.parcels) <= 79


def test_open_choices_are_offered_to_who_chooses_and_decided_for_who_does_not() -> None:
    city = make_city(400, 2, 0.5)
    day = joint_day(city)
    fixed = {ref for stop in day.stops for ref in stop.parcels}
    assert any(choice.home is not None for choice in day.choices)
    assert all(stop.kind is StopKind.HOME for stop in day.stops)
    assert fixed | {choice.item.ref for choice in day.choices} == {one.item.ref for one in city.parcels}
    assert validate_day(day, travel_times(day.places())) == ()
    assert len([ref for stop in decided(city).stops for ref in stop.parcels]) == 400


def test_a_town_is_as_large_as_it_says() -> None:
    city = make_city(500, 1)
    assert max(metres(one.door, city.parcels[0].door) for one in city.parcels) < 25_000
