"""The made-up city: the same seed gives the same day, and the day is one the planner takes."""

import math
from dataclasses import replace

from cloud.domain.assignment import Scope
from cloud.routing.joint.decide import validate_day
from cloud.routing.problem import Place
from cloud.routing.travel_times import VAN, great_circle
from firmware_sim.city_day import IF_ABSENT, NEARBY, joint_day, make_city, make_parcels, near, offers_of

COUNT = 400


def test_one_seed_is_one_city_and_another_seed_another() -> None:
    assert make_city(COUNT, 7) == make_city(COUNT, 7)
    assert make_city(COUNT, 7) != make_city(COUNT, 8)


def test_days_of_one_seed_differ_and_repeat() -> None:
    city = make_city(COUNT, 7)
    monday = make_parcels(city, COUNT, 0, 7)
    assert monday == make_parcels(city, COUNT, 0, 7)
    tuesday = make_parcels(city, COUNT, 1, 7)
    assert not {one.ref for one in monday} & {one.ref for one in tuesday}
    assert not {one.home for one in monday} & {one.home for one in tuesday}


def test_the_shares_are_those_stated() -> None:
    scopes = [one.scope for one in make_parcels(make_city(4_000, 7), 4_000, 0, 7)]
    spread = 4 * math.sqrt(0.25 / 4_000)  # four standard errors
    assert abs(scopes.count(Scope.ANY_NEARBY) / 4_000 - NEARBY) < spread
    assert abs(scopes.count(Scope.IF_ABSENT) / 4_000 - (1 - NEARBY) * IF_ABSENT) < spread


def test_the_planner_takes_the_day_and_every_parcel_is_in_it_once() -> None:
    city = make_city(COUNT, 7)
    parcels = make_parcels(city, COUNT, 0, 7)
    day = joint_day(city, parcels)
    assert validate_day(day, great_circle(day.places(), VAN, 9)) == ()
    refs = [ref for stop in day.stops for ref in stop.parcels] + [choice.item.ref for choice in day.choices]
    assert sorted(refs) == sorted(one.ref for one in parcels)


def test_nobody_is_offered_a_locker_they_did_not_agree_to_or_cannot_walk_to() -> None:
    city = make_city(COUNT, 7)
    for parcel in make_parcels(city, COUNT, 0, 7):
        walks = {one.id: metres for metres, one in near(parcel, city.lockers)}
        offered = {offer.site_id for offer in offers_of(city, parcel)}
        assert offered <= set(walks)
        assert all(metres <= parcel.walk_m_max for metres in walks.values())
        assert parcel.scope is Scope.ANY_NEARBY or not offered


def test_who_agreed_if_absent_is_offered_lockers_after_a_failed_attempt() -> None:
    city = make_city(COUNT, 7)
    at_a_locker = Place(*city.lockers[0].place)
    parcel = next(one for one in make_parcels(city, COUNT, 0, 7) if one.scope is Scope.IF_ABSENT)
    parcel = replace(parcel, home=at_a_locker)
    assert offers_of(city, parcel) == ()
    assert offers_of(city, replace(parcel, failed=1))[0].site_id == city.lockers[0].id
