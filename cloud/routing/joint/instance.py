"""A day with choices as plain numbers: every customer gets one of their options, every van drives one route.

One model for the product's days and for the published benchmarks (routing with delivery options, parcel lockers, trunk
delivery, time windows), so that what is measured is what runs. Units are the caller's: time, cost and demand are whole
numbers. ``checker`` says what is wrong with an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

DEMANDS = 3  # parcels, weight, volume: the three ways a van can be full
LEG_MAX = 1_000_000_000  # one leg's time or cost; twice that still fits the 32 bits a matrix is held in
BREAKS_MAX = 5  # of one vehicle, see cloud.routing.problem.BREAKS_MAX
HOUR = 3_600  # of the units of time a vehicle's ``hour`` is paid for; sources with other units pay for none
NO_LIMIT = 1_000_000_000  # of capacities, stops and moments: beyond anything that adds up in a day

Matrix = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in its role as a stop. ``prepare`` is spent once per visit; service may begin from ready to due.

    ``room`` is the index of the locker whose compartments are used here, None where nothing is counted.
    """

    name: str
    ready: int
    due: int
    prepare: int = 0
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One way to serve a customer. ``rank`` 0 is what they like best; ``extra`` is cost that comes with it.

    ``skills`` are needed besides the customer's. ``by`` is the loose vehicle that takes it, None where one drives.
    """

    customer: int
    location: int
    service: int = 0
    rank: int = 0
    extra: int = 0
    skills: int = 0
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """``size`` is the size class's rank in the lockers' rooms. ``penalty`` None: must be served."""

    name: str
    demand: tuple[int, int, int]
    size: int = 0
    skills: int = 0
    penalty: int | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """The next load of the van whose load before is vehicle ``after``, a smaller number than its own.

    Loading begins from ready to due where both end and begin, takes ``duration`` and costs ``cost`` in pay.
    """

    after: int
    duration: int
    ready: int
    due: int
    cost: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """``start`` and ``end`` are places in the matrices; ``kind`` says which cost matrix is theirs.

    ``parcel`` is paid for each unit of the first demand, ``hour`` for an hour of service at the customers' and of
    waiting on the way, which leaving late makes little of unless it is ``under_way``. It drives ``reach`` metres in all
    at most. ``breaks`` are when it rests and for how long, whatever it is doing, in order and apart: its own time
    stands still meanwhile (see ``own_time``). A ``loose`` vehicle is somebody else's: it takes the options that name
    it, has neither legs nor hours, and is full when its capacity is. With ``again`` it is a later load of another one,
    its equal otherwise and under way: what is paid once, and limits but the capacity, are for all loads together.
    """

    name: str
    start: int
    end: int
    early: int
    late: int
    capacity: tuple[int, int, int]
    skills: int = 0
    kind: int = 0
    fixed: int = 0
    stops_max: int = NO_LIMIT
    parcel: int = 0
    hour: int = 0
    reach: int = NO_LIMIT
    loose: bool = False
    under_way: bool = False
    breaks: tuple[tuple[int, int], ...] = ()
    again: Again | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """``time`` is (places, places), ``cost`` (kinds, places, places); a location's place is its number.

    ``metres`` is as ``time``; None where no vehicle's reach is limited.

    ``rooms`` are compartments per locker by size class, smallest first; a parcel takes its own size or a larger one.
    ``budget[k]`` is how many customers may get an option of rank k + 1 or worse. With ``fewest_vehicles`` the number of
    routes counts before the cost. ``scale`` is how many of our units are one of the source's. ``points`` are where the
    locations lie in the source's plane, empty where it does not say; only pictures use them.
    """

    name: str
    locations: tuple[Location, ...]
    customers: tuple[Customer, ...]
    options: tuple[Option, ...]
    vehicles: tuple[Vehicle, ...]
    time: Matrix
    cost: NDArray[np.int32]
    rooms: tuple[tuple[int, ...], ...] = ()
    budget: tuple[int, ...] = ()
    fewest_vehicles: bool = False
    scale: int = 1
    points: tuple[tuple[float, float], ...] = ()
    metres: Matrix | None = None

    def options_of(self) -> tuple[tuple[int, ...], ...]:
        """Return for each customer the numbers of their options."""
        found: list[list[int]] = [[] for _ in self.customers]
        for number, option in enumerate(self.options):
            found[option.customer].append(number)
        return tuple(tuple(numbers) for numbers in found)


@dataclass(frozen=True, slots=True)
class Answer:
    """``routes`` are (vehicle, options in driving order); whoever is in none of them is ``absent``."""

    routes: tuple[tuple[int, tuple[int, ...]], ...]
    absent: tuple[int, ...] = field(default=())


def route_cost(instance: Instance, vehicle: int, options: Sequence[int]) -> int:
    """Return what a route costs: the van, the legs, what the options bring with them."""
    van = instance.vehicles[vehicle]
    brought = sum(option_cost(instance, van, o) for o in options)
    if van.loose:
        return van.fixed + brought
    places = [van.start, *(instance.options[o].location for o in options), van.end]
    legs = sum(int(instance.cost[van.kind, here, there]) for here, there in pairwise(places))
    return van.fixed + legs + brought + waited(instance, vehicle, options) * van.hour // HOUR


def waited(instance: Instance, vehicle: int, options: Sequence[int], begins: int | None = None) -> int:
    """Return how long a van waits on its way if it leaves as late as its end allows; nothing where nobody is paid.

    ``begins`` is when a later load leaves, by the van's own clock.
    """
    van = instance.vehicles[vehicle]
    now, here, waits, later = own_time(van, van.early) if begins is None else begins, -1, 0, NO_LIMIT
    for option in (instance.options[number] for number in options) if van.hour else ():
        place = instance.locations[option.location]
        if option.location != here:
            arrival = now + int(instance.time[van.start if here < 0 else here, option.location])
            ready, due = own_ready(van, place.ready), own_time(van, place.due)
            waits += max(0, ready - arrival)
            now = max(arrival, ready)
            later = min(later, waits + due - now)
            now += place.prepare
        now += option.service
        here = option.location
    return waits if van.under_way else waits - min(waits, later)


def own_time(van: Vehicle, moment: int) -> int:
    """Return a moment by the van's own clock, which stands still during its breaks."""
    return moment - sum(min(length, max(0, moment - begin)) for begin, length in van.breaks)


def own_ready(van: Vehicle, ready: int) -> int:
    """Return from when the van may begin by its own clock: whoever waits into a break begins a second behind it."""
    return own_time(van, ready) + any(begin < ready <= begin + length for begin, length in van.breaks)


def option_cost(instance: Instance, van: Vehicle, number: int) -> int:
    """Return what an option costs besides the way there when this vehicle takes it."""
    option = instance.options[number]
    parcels = instance.customers[option.customer].demand[0]
    return option.extra + van.parcel * parcels + option.service * van.hour // HOUR


def answer_cost(instance: Instance, answer: Answer) -> int:
    """Return the cost of all routes, without penalties."""
    found = sum(route_cost(instance, vehicle, options) for vehicle, options in answer.routes)
    if all(van.again is None for van in instance.vehicles):
        return found
    vans, starts = instance.vehicles, loads_begin(instance, answer)
    for vehicle, options in answer.routes:
        van, begins = vans[vehicle], starts[vehicle]
        if van.again is not None:
            waits = [waited(instance, vehicle, options, one) for one in (begins, None)]
            found += waits[0] * van.hour // HOUR - waits[1] * van.hour // HOUR
            if begins is not None:
                found += van.again.cost - van.fixed
    return found


def loads_begin(instance: Instance, answer: Answer) -> dict[int, int | None]:
    """Return when each route's load leaves by the van's own clock, None for the first one of its van."""
    routes, vans = dict(answer.routes), instance.vehicles
    found: dict[int, int | None] = {}
    ends: dict[int, int] = {}
    for vehicle in sorted(routes):
        van = vans[vehicle]
        before = van.again
        while before is not None and before.after not in routes:
            before = vans[before.after].again
        found[vehicle] = None
        if van.again is not None and before is not None:
            found[vehicle] = max(ends[before.after], own_ready(van, van.again.ready)) + van.again.duration
        ends[vehicle] = _own_end(instance, vehicle, routes[vehicle], found[vehicle])
    return found


def _own_end(instance: Instance, vehicle: int, options: Sequence[int], begins: int | None) -> int:
    van = instance.vehicles[vehicle]
    now, here, visiting = own_time(van, van.early) if begins is None else begins, van.start, False
    for option in (instance.options[number] for number in options):
        place = instance.locations[option.location]
        if not (visiting and option.location == here):
            now = max(now + int(instance.time[here, option.location]), own_ready(van, place.ready)) + place.prepare
        now += option.service
        here, visiting = option.location, True
    return now + int(instance.time[here, van.end])
