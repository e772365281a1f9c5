"""Recomputes an answer to an instance from the instance alone; shares nothing with the search that found it."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from cloud.routing.joint.instance import Answer, Instance, Vehicle


def check(instance: Instance, answer: Answer) -> tuple[str, ...]:
    """Return a sentence for everything wrong; nothing means that every rule of the instance is kept."""
    shape = tuple(_shape(instance, answer))
    if shape:
        return shape
    found = [*_accounted_for(instance, answer), *_rooms(instance, answer), *_service(instance, answer)]
    back: dict[int, int] = {}
    for vehicle, options in sorted(answer.routes):
        found += _van(instance, vehicle, options)
        begins = _loaded(instance, vehicle, back)
        if isinstance(begins, str):
            found.append(begins)
            continue
        found += _clock(instance, vehicle, options, (begins, back))
    if any(van.again for van in instance.vehicles):
        found += _together(instance, answer)
    return tuple(found)


def _loaded(instance: Instance, vehicle: int, back: dict[int, int]) -> int | str:
    """Return when a van leaves: later loads when the load driven before is back and the depot has loaded the next."""
    van = instance.vehicles[vehicle]
    before = van.again
    while before is not None and before.after not in back:
        before = instance.vehicles[before.after].again
    if van.again is None or before is None:
        return van.early
    now = _until(van, back[before.after], van.again.ready)
    if now > van.again.due:
        return f"van {van.name} loads at {now}; {van.again.due} is the latest"
    return _worked(van, now, van.again.duration)


def _together(instance: Instance, answer: Answer) -> Iterator[str]:
    """Check what is limited for all loads of a van together."""
    served: Counter[int] = Counter()
    metres: Counter[int] = Counter()
    for vehicle, options in answer.routes:
        first, van = _first(instance, vehicle), instance.vehicles[vehicle]
        served[first] += len(options)
        if instance.metres is not None:
            places = [van.start, *(instance.options[one].location for one in options), van.end]
            metres[first] += sum(int(instance.metres[one, other]) for one, other in pairwise(places))
    for first, many in served.items():
        van = instance.vehicles[first]
        if many > van.stops_max:
            yield f"van {van.name} serves {many} customers with all its loads; {van.stops_max} is its limit"
        if metres[first] > van.reach + many:
            yield f"van {van.name} drives {metres[first]} with all its loads; {van.reach} is its reach"


def _first(instance: Instance, vehicle: int) -> int:
    while (again := instance.vehicles[vehicle].again) is not None:
        vehicle = again.after
    return vehicle


def _shape(instance: Instance, answer: Answer) -> Iterator[str]:
    vans = Counter(vehicle for vehicle, _ in answer.routes)
    yield from (f"vehicle {van} drives {times} routes" for van, times in vans.items() if times > 1)
    for vehicle, options in answer.routes:
        if not 0 <= vehicle < len(instance.vehicles):
            yield f"there is no vehicle {vehicle}"
        if not options:
            yield f"the route of vehicle {vehicle} is empty"
        yield from (f"there is no option {option}" for option in options if not 0 <= option < len(instance.options))


def _accounted_for(instance: Instance, answer: Answer) -> Iterator[str]:
    served = Counter(instance.options[option].customer for _, options in answer.routes for option in options)
    for number, customer in enumerate(instance.customers):
        times, absent = served[number], answer.absent.count(number)
        if times + absent != 1:
            yield f"customer {customer.name} is served {times} times and absent {absent} times"
        if absent and customer.penalty is None:
            yield f"customer {customer.name} must be served"


def _rooms(instance: Instance, answer: Answer) -> Iterator[str]:
    """Parcels of a size or larger never outnumber the compartments of that size or larger (Hall's condition)."""
    placed: dict[int, list[int]] = {}
    for _, options in answer.routes:
        for option in (instance.options[number] for number in options):
            room = instance.locations[option.location].room
            if room is not None:
                placed.setdefault(room, []).append(instance.customers[option.customer].size)
    for room, sizes in placed.items():
        for smallest in range(len(instance.rooms[room])):
            need = sum(size >= smallest for size in sizes)
            free = sum(instance.rooms[room][smallest:])
            if need > free:
                yield f"room {room} gets {need} parcels of size {smallest} or larger; it has {free} compartments"


def _service(instance: Instance, answer: Answer) -> Iterator[str]:
    ranks = [instance.options[number].rank for _, options in answer.routes for number in options]
    for index, allowed in enumerate(instance.budget):
        worse = sum(rank > index for rank in ranks)
        if worse > allowed:
            yield f"{worse} customers get an option of rank {index + 1} or worse; {allowed} may"


def _van(instance: Instance, vehicle: int, options: tuple[int, ...]) -> Iterator[str]:
    van = instance.vehicles[vehicle]
    customers = [instance.customers[instance.options[number].customer] for number in options]
    for axis, capacity in enumerate(van.capacity):
        load = sum(customer.demand[axis] for customer in customers)
        if load > capacity:
            yield f"van {van.name} carries {load} of demand {axis}; it takes {capacity}"
    for option in (instance.options[number] for number in options):
        if (van.loose or option.by is not None) and option.by != vehicle:
            yield f"van {van.name} takes an option of {option.by}"
        if option.skills & ~van.skills:
            yield f"van {van.name} lacks a skill for a place of {instance.customers[option.customer].name}"
    if len(options) > van.stops_max:
        yield f"van {van.name} serves {len(options)} customers; {van.stops_max} is its limit"
    lacking = [customer.name for customer in customers if customer.skills & ~van.skills]
    if lacking:
        yield f"van {van.name} lacks a skill for {', '.join(lacking)}"


def _worked(van: Vehicle, now: int, seconds: int) -> int:
    """Return when so much work is done, with every break that begins before."""
    for begin, length in van.breaks:
        if now <= begin < now + seconds:
            now, seconds = begin + length, now + seconds - begin
    return now + seconds


def _until(van: Vehicle, now: int, ready: int) -> int:
    """Return when a waiting van is served: a break that begins while it waits is taken then."""
    for begin, length in van.breaks:
        if now <= begin < ready:
            now = begin + length
    return max(now, ready)


def _clock(
    instance: Instance, vehicle: int, options: tuple[int, ...], known: tuple[int, dict[int, int]]
) -> Iterator[str]:
    """Check the times of a van that leaves at ``known[0]``; when it is back goes into ``known[1]``."""
    van = instance.vehicles[vehicle]
    if van.loose:
        return
    now, here, visiting = known[0], van.start, False
    for option in (instance.options[number] for number in options):
        place = instance.locations[option.location]
        if not (visiting and option.location == here):
            now = _until(van, _worked(van, now, int(instance.time[here, option.location])), place.ready)
            if now > place.due:
                yield f"van {van.name} begins at {place.name} at {now}; {place.due} is the latest"
            now = _worked(van, now, place.prepare)
        now = _worked(van, now, option.service)
        here, visiting = option.location, True
    now = _worked(van, now, int(instance.time[here, van.end]))
    known[1][vehicle] = now
    if now > van.late:
        yield f"van {van.name} is back at {now}; {van.late} is the latest"
    if instance.metres is not None:
        places = [van.start, *(instance.options[one].location for one in options), van.end]
        metres = sum(int(instance.metres[one, other]) for one, other in pairwise(places))
        if metres > van.reach + len(options):  # taking a stop out may add a metre: legs are rounded
            yield f"van {van.name} drives {metres}; {van.reach} is its reach"
