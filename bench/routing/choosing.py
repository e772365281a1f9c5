"""What everybody else does: decide where each parcel goes first, then route. Keeps rooms and service levels."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from cloud.routing.joint.instance import Answer, Instance

Wish = Callable[[Instance, list[int]], list[int]]
Dislike = Sequence[int] | NDArray[np.float64]


def reachable(instance: Instance, number: int) -> bool:
    """Whether a van that drives there first is in time, and back in time."""
    van = instance.vehicles[0]
    option = instance.options[number]
    place = instance.locations[option.location]
    begin = max(van.early + int(instance.time[van.start, option.location]), place.ready)
    back = begin + place.prepare + option.service + int(instance.time[option.location, van.end])
    return begin <= place.due and back <= van.late


def first_choice(instance: Instance, options: list[int]) -> list[int]:
    """Order options by what the recipient likes best; among equals doors first, then where they are longest."""
    named = _named(instance)

    def key(number: int) -> tuple[bool, int, bool, int]:
        option = instance.options[number]
        place = instance.locations[option.location]
        return not reachable(instance, number), option.rank, named[option.location] > 1, place.ready - place.due

    return sorted(options, key=key)


def _named(instance: Instance) -> Counter[int]:
    """Return how many customers' options are at each location."""
    return Counter(one.location for one in instance.options)


def nearest(instance: Instance, options: list[int]) -> list[int]:
    """Order options: the pick-up point nearest to the first choice's place; without one, what is nearest to the depot.

    A pick-up point is a place that several customers name.
    """
    named = _named(instance)
    home = instance.options[first_choice(instance, options)[0]].location
    shared = any(named[instance.options[number].location] > 1 for number in options)
    origin = home if shared else instance.vehicles[0].start

    def key(number: int) -> tuple[bool, bool, int, int]:
        option = instance.options[number]
        at_door = shared and named[option.location] == 1
        return not reachable(instance, number), at_door, int(instance.cost[0, origin, option.location]), option.rank

    return sorted(options, key=key)


def decide(instance: Instance, wish: Wish) -> Instance:
    """Return the instance with one option left for each customer: as liked as lockers and service levels allow.

    Where no assignment keeps both, everybody gets what they like best, and the checker will say so.
    """
    wanted = [wish(instance, list(options)) for options in instance.options_of()]
    dislike = [0] * len(instance.options)
    for options in wanted:
        for place, number in enumerate(options):
            dislike[number] = place
    chosen = assignment(instance, dislike) or [options[0] for options in wanted]
    return replace(instance, options=tuple(instance.options[number] for number in chosen))


def assignment(instance: Instance, dislike: Dislike) -> list[int] | None:
    """Return an option for each customer, least disliked in all, that keeps rooms and service levels; None for none.

    An integer programme of one variable an option, solved by HiGHS (as scipy brings it) in milliseconds.
    """
    choices = instance.options_of()
    if not (instance.rooms or instance.budget):
        return [min(options, key=lambda number: dislike[number]) for options in choices]
    rows, lows, highs = [], [], []
    for options in choices:
        rows.append(set(options))
        lows.append(1)
        highs.append(1)
    for inside, allowed in limits(instance):
        rows.append(inside)
        lows.append(0)
        highs.append(allowed)
    matrix = np.array([[number in row for number in range(len(instance.options))] for row in rows], dtype=float)
    rules = LinearConstraint(matrix, lows, highs)
    found = milp(np.array(dislike, dtype=float), constraints=rules, integrality=1, bounds=Bounds(0, 1))
    if found.x is None:
        return None
    return [max(options, key=lambda number: found.x[number]) for options in choices]


def limits(instance: Instance) -> Iterator[tuple[set[int], int]]:
    """Yield sets of options of which only so many may be used: rooms, for each size and larger, then service levels."""
    for room, free in enumerate(instance.rooms):
        for size in range(len(free)):
            inside = {
                number
                for number, option in enumerate(instance.options)
                if instance.locations[option.location].room == room and instance.customers[option.customer].size >= size
            }
            if len(inside) > sum(free[size:]):
                yield inside, sum(free[size:])
    for rank, allowed in enumerate(instance.budget):
        worse = {number for number, option in enumerate(instance.options) if option.rank > rank}
        if len(worse) > allowed:
            yield worse, allowed


def back(instance: Instance, decided: Instance, answer: Answer) -> Answer:
    """Return an answer to ``decided`` in the numbers of the instance it was made from."""
    numbers = {(one.customer, one.location): number for number, one in enumerate(instance.options)}
    options = [numbers[one.customer, one.location] for one in decided.options]
    routes = tuple((vehicle, tuple(options[one] for one in route)) for vehicle, route in answer.routes)
    return Answer(routes, answer.absent)
