"""A day's completed stops become what is known about traffic and arrivals: both from the same routes, once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from itertools import pairwise

from cloud.routing.problem import Place, Travel
from cloud.routing.travel.arrivals import Driven, forget_errors, learn_errors, replay
from cloud.routing.travel.congestion import Leg, Traffic, area_of, forget, learn, leg_of
from cloud.routing.travel.learned import hour_of_week
from cloud.services.travel_knowledge import Knowledge

FREE_S_MIN = 45.0  # a shorter leg is parking, not traffic
WAIT_SLACK = timedelta(minutes=2)  # whoever comes this close before a window begins may have waited for it


@dataclass(frozen=True, slots=True)
class Lesson:
    """One day's routes; ``free`` holds the free-flow times between the places of each."""

    day: date
    zone: tzinfo
    routes: Sequence[Driven]
    free: Sequence[Travel]


def days_to_learn(known: Knowledge, today: date, at_most: int) -> list[date]:
    """Return the whole days since the last one learned from, the oldest first; yesterday alone for a beginner."""
    first = known.through + timedelta(days=1) if known.through else today - timedelta(days=1)
    first = max(first, today - timedelta(days=at_most))
    return [first + timedelta(days=number) for number in range((today - first).days)]


def learned(known: Knowledge, traffic: Traffic, lesson: Lesson) -> Knowledge:
    """Return what is known after a day: errors of the arrivals that were told by ``traffic``, and the legs' speeds."""
    days = (lesson.day - known.through).days if known.through else 1
    misses = [miss for route in lesson.routes for miss in replay(route, traffic, lesson.zone)]
    driven = zip(lesson.routes, lesson.free, strict=True)
    legs = [leg for route, free in driven for leg in _legs(route, free, lesson.zone)]
    return Knowledge(
        lesson.day,
        learn(forget(known.speeds, days), legs),
        learn_errors(forget_errors(known.errors, days), misses),
    )


def places_of(route: Driven) -> tuple[Place, ...]:
    """Return every place of a route once."""
    return tuple(dict.fromkeys(visit.stop.place for visit in route.visits))


def _legs(route: Driven, free: Travel, zone: tzinfo) -> Iterator[Leg]:
    """Yield what was driven between two visits: the time between them less the usual service at the second.

    The leg to the first stop is left out (nobody knows when the van left the yard), and so is one that may hold a wait
    or the courier's break, of which nobody says how long it was.
    """
    for one, two in pairwise(route.visits):
        here, there = one.stop.place, two.stop.place
        arrived = two.done_at - timedelta(seconds=two.stop.service_s)
        waited = two.stop.not_before is not None and arrived <= two.stop.not_before + WAIT_SLACK
        free_s = float(free.duration_s(here, there))
        if waited or two.stop.pause_s or free_s < FREE_S_MIN:
            continue
        hour = hour_of_week(one.done_at.astimezone(zone))
        leg = leg_of(area_of(here, there), hour, (arrived - one.done_at).total_seconds(), free_s)
        if leg is not None:
            yield leg
