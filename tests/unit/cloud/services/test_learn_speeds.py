"""Routes driven through a city whose rush hour is known: what is learned from them is that rush hour."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from cloud.routing.problem import Place
from cloud.routing.travel.arrivals import Ahead, Driven, Visit
from cloud.routing.travel.congestion import PRIOR, Area, area_of, fit
from cloud.routing.travel.learned import hour_of_week
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.learn_speeds import Lesson, learned, places_of
from cloud.services.travel_knowledge import Knowledge

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
RUSH = {16: 1.6, 17: 1.6}  # against what is expected of these hours
SERVICE_S = 150
A, B, C = Place(21.00, 52.20), Place(21.02, 52.21), Place(21.03, 52.19)


def drive(chance: np.random.Generator, begins: datetime, stops: int) -> Driven:
    """Return a route over random places in the traffic of ``RUSH``, with legs and services that scatter."""
    here, moment = A, begins
    visits = [Visit(Ahead(here, moment, SERVICE_S), moment)]
    for _ in range(stops):
        there = Place(here.lon + float(chance.normal(0, 0.01)), here.lat + float(chance.normal(0, 0.006)))
        free_s = great_circle([here, there], VAN, 12).duration_s(here, there)
        usual = float(PRIOR.hours[hour_of_week(moment)]) * RUSH.get(moment.hour, 1.0)
        moment += timedelta(seconds=free_s * usual * math.exp(float(chance.normal(0, 0.3))))
        moment += timedelta(seconds=SERVICE_S * math.exp(float(chance.normal(0, 0.2))))
        visits.append(Visit(Ahead(there, moment, SERVICE_S), moment))
        here = there
    return Driven(A, begins, begins, tuple(visits))


def after(days: list[list[Driven]]) -> Knowledge:
    known = Knowledge()
    for number, routes in enumerate(days):
        free = [great_circle(places_of(route), VAN, 12) for route in routes]
        day = date(2026, 3, 2) + timedelta(days=number)
        known = learned(known, fit(known.speeds), Lesson(day, UTC, routes, free))
    return known


def test_the_rush_hour_of_a_city_is_learned_from_completed_stops() -> None:
    chance = np.random.default_rng(7)
    days = [
        [drive(chance, MONDAY + timedelta(days=day, hours=13), 45) for _ in range(3)] if day % 7 < 5 else []
        for day in range(26)
    ]
    traffic = fit(after(days).speeds)
    found = {hour: [float(traffic.hours[day * 24 + hour] / PRIOR.hours[hour]) for day in range(5)] for hour in (14, 17)}
    assert np.mean(found[14]) == pytest.approx(1.0, abs=0.12)
    assert np.mean(found[17]) == pytest.approx(1.6, abs=0.2)


def _known(*visits: Visit) -> Knowledge:
    return after([[Driven(A, MONDAY, MONDAY, visits)]])


def _visit(place: Place, minutes: float, not_before: datetime | None = None) -> Visit:
    at = MONDAY + timedelta(hours=12, minutes=minutes)
    return Visit(Ahead(place, at, SERVICE_S, not_before), at)


def _legs(known: Knowledge) -> dict[Area, float]:
    cells = {tuple(map(int, name.split(":"))): hours for name, hours in known.speeds.cells.items()}
    return {Area(*area): sum(one.weight for one in hours.values()) for area, hours in cells.items()}


def test_a_leg_between_two_stops_teaches_its_own_area() -> None:
    assert _legs(_known(_visit(A, 0), _visit(B, 15))) == {area_of(A, B): 1.0}


def test_the_way_to_the_first_stop_teaches_nothing() -> None:
    assert _legs(_known(_visit(B, 15))) == {}


def test_whoever_may_have_waited_for_a_window_teaches_nothing() -> None:
    window = MONDAY + timedelta(hours=12, minutes=12)
    assert _legs(_known(_visit(A, 0), _visit(B, 15, window))) == {}
    assert _legs(_known(_visit(A, 0), _visit(B, 19, window))) == {area_of(A, B): 1.0}


def test_a_lunch_or_the_next_door_teach_nothing() -> None:
    door = Place(A.lon + 0.0005, A.lat)
    assert _legs(_known(_visit(A, 0), _visit(B, 120))) == {}
    rested = replace(_visit(B, 15), stop=replace(_visit(B, 15).stop, pause_s=300))
    assert _legs(_known(_visit(A, 0), rested)) == {}
    assert _legs(_known(_visit(A, 0), _visit(door, 4))) == {}
    assert _legs(_known(_visit(A, 0), _visit(C, 15), _visit(B, 15.1))) == {area_of(A, C): 1.0}


def test_days_nobody_drove_make_what_is_known_older() -> None:
    known = _known(_visit(A, 0), _visit(B, 15))
    later = learned(known, PRIOR, Lesson(date(2026, 3, 30), UTC, [], []))
    assert _legs(later) == {area_of(A, B): pytest.approx(0.5)}
    assert later.through == date(2026, 3, 30)
