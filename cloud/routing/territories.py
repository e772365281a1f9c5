"""A city's day in pieces a search can take in: neighbouring routes together, cut anew each time, and put back together.

A search looks at every position of its day for every parcel it puts back, so ten times the stops are more than ten
times the work. Cut into territories of a few hundred stops the work grows with the stops; and because every turn cuts
along other lines, what lies on both sides of a border is searched together the next time.

The cut needs no map: places are told apart by how much nearer they are to one pivot than to another far from it (close
to the projection of C. Faloutsos and K.-I. Lin, FastMap, SIGMOD 1995, one axis at a time). Pure: chance is an argument.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cloud.routing.joint.instance import Answer, Instance, Location, Option, Vehicle
from cloud.routing.joint.legs import Numbers, part, seconds_from

Routes = tuple[tuple[int, tuple[int, ...]], ...]
_SPREAD = 0x9E3779B97F4A7C15  # makes neighbouring turns unlike each other (splitmix64's constant)
_MIX = 0xBF58476D1CE4E5B9  # the same generator's first multiplier


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """A day of its own. ``customers``, ``vehicles`` and ``options`` are its own ones' numbers in the whole day.

    ``warm`` are the routes it has now, in its own numbers.
    """

    instance: Instance
    customers: tuple[int, ...]
    vehicles: tuple[int, ...]
    options: tuple[int, ...]
    warm: Routes


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a route with its customers, or one customer whom nobody drives to. ``at`` are locations."""

    customers: tuple[int, ...]
    at: tuple[int, ...]
    vehicle: int | None = None


def territories(instance: Instance, answer: Answer, count: int, turn: int) -> tuple[Territory, ...]:
    """Return about equally large territories that together are the day, but for customers without any option.

    ``answer`` is the plan so far; ``turn`` says along which lines is cut.
    """
    units = _units(instance, answer)
    parts = [one for one in _split(instance, units, count, turn * _SPREAD) if one]
    vans = _vans(instance, parts)
    shared = _Shared.of(instance, answer, parts)
    return tuple(
        _territory(instance, answer, tuple(sorted(customer for unit in units for customer in unit.customers)), about)
        for units, about in zip(parts, zip(vans, shared, strict=True), strict=True)
    )


def merged(instance: Instance, parts: Sequence[Territory], answers: Sequence[Answer]) -> Answer:
    """Return the answers of all territories as one to the whole day."""
    routes: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    for one, answer in zip(parts, answers, strict=True):
        for vehicle, options in answer.routes:
            routes[one.vehicles[vehicle]] += tuple(one.options[number] for number in options)
    served = {instance.options[number].customer for options in routes.values() for number in options}
    absent = tuple(one for one in range(len(instance.customers)) if one not in served)
    return Answer(tuple(sorted(routes.items())), absent)


def _units(instance: Instance, answer: Answer) -> list[_Unit]:
    """Return routes and single customers; somebody else's load is no route, as nobody drives it."""
    found: list[_Unit] = []
    alone: dict[int, int] = {}
    for vehicle, options in answer.routes:
        chosen = [instance.options[number] for number in options]
        if instance.vehicles[vehicle].loose:
            alone |= {one.customer: one.location for one in chosen}
        else:
            at = tuple(one.location for one in chosen)
            found.append(_Unit(tuple(one.customer for one in chosen), at, vehicle))
    absent = frozenset(answer.absent)
    for option in instance.options:
        if option.customer in absent:
            alone.setdefault(option.customer, option.location)
    return [*found, *(_Unit((customer,), (place,)) for customer, place in alone.items())]


def _split(instance: Instance, units: list[_Unit], count: int, chance: int) -> list[list[_Unit]]:
    """Return the units in ``count`` lists of about as many customers each."""
    if count <= 1 or len(units) <= 1:
        return [units]
    first = units[_drawn(chance, len(units))].at[0]
    places: Numbers = np.fromiter((place for unit in units for place in unit.at), dtype=np.int64)
    near = seconds_from(instance, first, places)
    far = seconds_from(instance, int(places[int(near.argmax())]), places)
    owner = np.repeat(np.arange(len(units)), [len(unit.at) for unit in units])
    keys = np.bincount(owner, weights=near - far) / np.bincount(owner)
    order = np.argsort(keys, kind="stable")
    weights = np.cumsum([len(units[number].customers) for number in order])
    half = count // 2
    cut = 1 + int(np.abs(weights[:-1] - weights[-1] * half / count).argmin())
    low, high = ([units[number] for number in some] for some in (order[:cut], order[cut:]))
    return [*_split(instance, low, half, 2 * chance + 1), *_split(instance, high, count - half, 2 * chance + 2)]


def _drawn(chance: int, limit: int) -> int:
    """Return a number below ``limit`` that looks like chance (splitmix64's mixing, cut short)."""
    mixed = (chance ^ (chance >> 30)) * _MIX % 2**64
    return (mixed ^ (mixed >> 27)) % limit


def _vans(instance: Instance, parts: Sequence[Sequence[_Unit]]) -> list[list[int]]:
    """Return each part's vans: its routes' own, and of those that stand idle a fair share, the nearest first."""
    vans = [[unit.vehicle for unit in units if unit.vehicle is not None] for units in parts]
    busy = {van for some in vans for van in some}
    idle = [n for n, one in enumerate(instance.vehicles) if n not in busy and not one.loose]
    starts = np.array([instance.vehicles[number].start for number in idle], dtype=np.int64)
    away = [seconds_from(instance, _middle(units), starts) if idle else starts for units in parts]
    sizes = [sum(len(unit.customers) for unit in units) for units in parts]
    free = np.ones(len(idle), dtype=bool)
    for _ in idle:
        neediest = max(range(len(parts)), key=lambda number: sizes[number] / (1 + len(vans[number])))
        chosen = int(np.where(free, away[neediest], np.iinfo(np.int64).max).argmin())
        free[chosen] = False
        vans[neediest].append(idle[chosen])
    return [sorted(some) for some in vans]


def _middle(units: Sequence[_Unit]) -> int:
    longest = max(units, key=lambda unit: len(unit.at))
    return longest.at[len(longest.at) // 2]


@dataclass(slots=True)
class _Shared:
    """What a territory may use of what the whole city shares: compartments, the service budget, others' capacity."""

    rooms: list[list[int]]
    budget: list[int]
    loose: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, instance: Instance, answer: Answer, parts: Sequence[Sequence[_Unit]]) -> "list[_Shared]":
        """Give each part what its routes use now, and what is left to whoever could use most of it."""
        part_of = {c: number for number, units in enumerate(parts) for unit in units for c in unit.customers}
        empty = [[0] * len(room) for room in instance.rooms]
        found = [cls([[*room] for room in empty], [0] * len(instance.budget)) for _ in parts]
        asked = _asked(instance, part_of)
        _share_rooms(instance, answer, (part_of, asked), found)
        _share_budget(instance, answer, part_of, found)
        _share_loose(instance, answer, (part_of, asked), found)
        return found


Asked = Mapping[tuple[str, int], Counter[int]]


def _asked(instance: Instance, part_of: Mapping[int, int]) -> Asked:
    """Count for each room and each loose vehicle how many options of which part want it."""
    found: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for option in instance.options:
        if option.customer in part_of:
            room = instance.locations[option.location].room
            if room is not None:
                found["room", room][part_of[option.customer]] += 1
            if option.by is not None:
                found["loose", option.by][part_of[option.customer]] += 1
    return found


def _share_rooms(
    instance: Instance, answer: Answer, about: tuple[Mapping[int, int], Asked], shared: Sequence[_Shared]
) -> None:
    part_of, asked = about
    left = [[*room] for room in instance.rooms]
    for option in sorted(_used(instance, answer), key=lambda one: -instance.customers[one.customer].size):
        room = instance.locations[option.location].room
        if room is not None:
            size = instance.customers[option.customer].size
            fitting = next(number for number in range(size, len(left[room])) if left[room][number])
            left[room][fitting] -= 1
            shared[part_of[option.customer]].rooms[room][fitting] += 1
    for room, counts in enumerate(left):
        takers = asked.get(("room", room))
        if takers:
            given = shared[takers.most_common(1)[0][0]].rooms[room]
            given[:] = [mine + more for mine, more in zip(given, counts, strict=True)]


def _share_budget(instance: Instance, answer: Answer, part_of: Mapping[int, int], shared: Sequence[_Shared]) -> None:
    left = [*instance.budget]
    for option in _used(instance, answer):
        for rank in range(min(option.rank, len(left))):
            left[rank] -= 1
            shared[part_of[option.customer]].budget[rank] += 1
    sizes = Counter(part_of.values())
    for rank, rest in enumerate(left):
        for number, one in enumerate(shared):
            one.budget[rank] += rest * sizes[number] // max(1, len(part_of))


def _share_loose(
    instance: Instance, answer: Answer, about: tuple[Mapping[int, int], Asked], shared: Sequence[_Shared]
) -> None:
    part_of, asked = about
    used: Counter[tuple[int, int, int]] = Counter()
    for option in _used(instance, answer):
        if option.by is not None:
            for axis, amount in enumerate(instance.customers[option.customer].demand):
                used[option.by, part_of[option.customer], axis] += amount
    for number, vehicle in enumerate(instance.vehicles):
        takers = asked.get(("loose", number)) if vehicle.loose else None
        for taker in takers or ():
            mine = [used[number, taker, axis] for axis in range(len(vehicle.capacity))]
            if taker == takers.most_common(1)[0][0]:  # type: ignore[union-attr] # it was looped over
                all_used = [sum(used[number, one, axis] for one in takers or ()) for axis in range(len(mine))]
                mine = [m + c - u for m, c, u in zip(mine, vehicle.capacity, all_used, strict=True)]
            shared[taker].loose[number] = mine


def _used(instance: Instance, answer: Answer) -> Iterable[Option]:
    return (instance.options[number] for _, options in answer.routes for number in options)


def _territory(
    instance: Instance, answer: Answer, customers: tuple[int, ...], about: tuple[list[int], _Shared]
) -> Territory:
    vans, shared = about
    vehicles = (*vans, *sorted(shared.loose))
    mine = {number: local for local, number in enumerate(customers)}
    here = {number: local for local, number in enumerate(vehicles)}
    options = tuple(number for number, one in enumerate(instance.options) if one.customer in mine)
    ends = [place for number in vehicles for place in (instance.vehicles[number].start, instance.vehicles[number].end)]
    places = dict.fromkeys([*ends, *(instance.options[number].location for number in options)])
    at = {place: local for local, place in enumerate(places)}
    legs = part(instance, np.array([*places], dtype=np.int64))
    lockers = dict.fromkeys(room for room in (instance.locations[place].room for place in places) if room is not None)
    doors = {room: local for local, room in enumerate(lockers)}
    own = replace(
        instance,
        locations=tuple(_location(instance.locations[place], doors) for place in places),
        customers=tuple(instance.customers[number] for number in customers),
        options=tuple(_option(instance.options[number], mine, at, here) for number in options),
        vehicles=tuple(_vehicle(instance.vehicles[number], at, shared.loose.get(number)) for number in vehicles),
        time=legs.time,
        cost=legs.cost,
        metres=legs.metres,
        rooms=tuple(tuple(shared.rooms[room]) for room in lockers),
        budget=tuple(shared.budget),
        points=(),
    )
    numbers = {number: local for local, number in enumerate(options)}
    kept = (
        (here[van], tuple(numbers[o] for o in route if o in numbers)) for van, route in answer.routes if van in here
    )
    return Territory(own, customers, vehicles, options, tuple((van, route) for van, route in kept if route))


def _location(location: Location, rooms: Mapping[int, int]) -> Location:
    return location if location.room is None else replace(location, room=rooms[location.room])


def _option(option: Option, mine: Mapping[int, int], at: Mapping[int, int], here: Mapping[int, int]) -> Option:
    by = None if option.by is None else here[option.by]
    return replace(option, customer=mine[option.customer], location=at[option.location], by=by)


def _vehicle(vehicle: Vehicle, at: Mapping[int, int], capacity: Sequence[int] | None) -> Vehicle:
    loads = vehicle.capacity if capacity is None else (capacity[0], capacity[1], capacity[2])
    return replace(vehicle, start=at[vehicle.start], end=at[vehicle.end], capacity=loads)
