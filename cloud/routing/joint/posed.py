"""The product's day posed as the search's instance: stops, windows and recipients' choices become options.

What the search does not know is made safe instead: a van's load counts deliveries and collections together, a break
begins at one moment of its window whatever the van is doing. What then still does not hold (a break that met a long
stop, a limit on driving) is mended afterwards, so that every plan passes the checker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from cloud.routing.joint.day import JointDay, Running, Visit, Warm
from cloud.routing.joint.instance import (
    HOUR,
    NO_LIMIT,
    Again,
    Answer,
    Customer,
    Instance,
    Location,
    Option,
    Vehicle,
)
from cloud.routing.joint.legs import NO_PLACE, Legs, Part, matrices
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import late_cents
from cloud.routing.problem import HORIZON_S_MAX, Amounts, Problem, Soft, Stop, Tariff, TariffId, TimeWindow
from cloud.routing.stops import Site
from cloud.routing.tariffs import Quote, quotes
from cloud.routing.vroom_request import Translation, translate
from cloud.routing.worker_wire import Vehicle as Van
from contract.sizes import SizeClass

CENT = 1_000  # the search counts in thousandths
PENALTY = 1_000_000_000  # of leaving out a stop of priority 0, in thousandths of a cent: 10,000 in the fleet's currency
SOFT_PIECES = 4  # in which the search sees lateness: half an hour's price is then wrong by four minutes at most
ANY_TIME = (TimeWindow(0, HORIZON_S_MAX),)


@dataclass(slots=True)
class _Builder:
    """What is collected while an instance grows; ``nodes`` are indexes into the travel times, or NO_PLACE."""

    nodes: list[int] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    partners: Mapping[TariffId, int] = field(default_factory=dict)  # the loose vehicle each is

    def offer(self, option: tuple[int, int, int, int], visit: Visit, skills: int = 0) -> None:
        """Add an option (customer, node, seconds of service, cents besides) and what it means."""
        customer, node, service_s, extra_cents = option
        self.options.append(Option(customer, node, service_s, extra=CENT * extra_cents, skills=skills))
        self.visits.append(visit)

    def leave(self, option: tuple[int, int, int], quote: Quote, visit: Visit) -> None:
        """Add what a partner asks for a customer at a node with what the door costs besides; ours first if equal."""
        customer, node, extra_cents = option
        extra = CENT * (quote.price_cents + extra_cents) + 1
        self.options.append(Option(customer, node, extra=extra, by=self.partners[quote.by]))
        self.visits.append(replace(visit, quote=quote))

    def node(self, place: int, window: TimeWindow, prepare: int = 0, room: int | None = None) -> int:
        self.nodes.append(place)
        self.locations.append(Location(str(len(self.nodes)), window.start_s, window.end_s, prepare, room))
        return len(self.nodes) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """An instance and the way back: ``visits[i]`` is what option i means, ``translation`` whose vans they are.

    ``loads`` says of the vehicles that are later loads whose they are.
    """

    instance: Instance
    visits: tuple[Visit, ...]
    translation: Translation
    loads: Mapping[int, int] = field(default_factory=dict)


def build(day: JointDay, travel: TravelTimes) -> Posed:
    """Return the instance of a day. The day must be valid and the travel times know its places."""
    translation = translate(Problem(day.stops, day.couriers, day.tariffs), travel)
    vans = translation.vehicles
    partners = {tariff.id: len(vans) + number for number, tariff in enumerate(day.tariffs)}
    built = _Builder(partners=partners)
    skills = _skill_bits(day)
    for stop in translation.stops:
        _add_stop(built, (stop, tuple(quotes(stop, day.tariffs))), travel.index[stop.place], skills)
    _add_choices(built, day, travel, skills)
    vehicles, tariffs = _vehicles(built, translation, skills)
    vehicles += [_partner(tariff, skills) for tariff in day.tariffs]
    loads = later_loads(translation, vehicles)
    legs = _legs(built, tariffs, travel)
    rooms = tuple(tuple(_free(site, size) for size in SizeClass) for site in _counted(day))
    instance = Instance(
        "day",
        tuple(built.locations),
        tuple(built.customers),
        tuple(built.options),
        tuple(vehicles),
        legs.time,
        legs.cost,
        rooms,
        metres=legs.metres if any(van.reach < NO_LIMIT for van in vehicles) else None,
    )
    return Posed(instance, tuple(built.visits), translation, loads)


def _skill_bits(day: JointDay) -> dict[str, int]:
    known = Problem(day.stops, day.couriers).skills()
    named = known.union(*(choice.item.skills for choice in day.choices), *(site.skills for site in day.sites))
    return {name: 1 << number for number, name in enumerate(sorted(named))}


def _mask(names: frozenset[str], bits: dict[str, int]) -> int:
    return _signed(sum(bits[name] for name in names))


def _signed(mask: int) -> int:
    """Return 64 bits as the signed number an array holds."""
    return mask - (1 << 64) if mask >> 63 else mask


def _demand(load: Amounts) -> tuple[int, int, int]:
    return load.parcels, load.weight_g, load.volume_cm3


def _add_stop(built: _Builder, asked: tuple[Stop, tuple[Quote, ...]], place: int, skills: dict[str, int]) -> None:
    stop, asking = asked
    number = len(built.customers)
    load = stop.deliveries.plus(stop.collections)
    penalty = PENALTY * (1 + stop.priority)
    built.customers.append(Customer(stop.id, _demand(load), 0, _mask(stop.skills, skills), penalty))
    for window, extra_cents in priced_windows(stop.windows, stop.soft):
        node = built.node(place, window)
        built.offer((number, node, stop.service_s, extra_cents), Visit(stop=stop))
    for quote in asking:
        built.leave((number, node, 0), quote, Visit(stop=stop))


def _counted(day: JointDay) -> list[Site]:
    return [site for site in day.sites if site.free is not None]


def _free(site: Site, size: SizeClass) -> int:
    return 0 if site.free is None else site.free.get(size, 0)


def _add_choices(built: _Builder, day: JointDay, travel: TravelTimes, skills: dict[str, int]) -> None:
    rooms = {site.id: number for number, site in enumerate(_counted(day))}
    doors = {
        site.id: [
            built.node(travel.index[site.place], window, day.base_s(site), rooms.get(site.id))
            for window in site.windows or ANY_TIME
        ]
        for site in day.sites
        if site.is_open
    }
    sites = {site.id: site for site in day.sites}
    for choice in day.choices:
        number = len(built.customers)
        item = choice.item
        penalty = PENALTY * (1 + item.priority)
        built.customers.append(
            Customer(item.ref, _demand(item.amounts), choice.size.rank, _mask(item.skills, skills), penalty)
        )
        if choice.home is not None:
            place = travel.index[choice.home]
            for window, extra_cents in priced_windows(choice.windows, choice.soft):
                node = built.node(place, window)
                way = (number, node, day.home_s(), choice.home_extra_cents + extra_cents)
                built.offer(way, Visit(choice=choice))
            for quote in quotes(day.home_stop(choice), day.tariffs):
                built.leave((number, node, choice.home_extra_cents), quote, Visit(choice=choice))
        for offer in choice.sites:
            for node in doors.get(offer.site_id, ()):
                site = sites[offer.site_id]
                way = (number, node, day.each_s(site), offer.extra_cents)
                built.offer(way, Visit(choice=choice, site=site), _mask(site.skills, skills))


def _vehicles(
    built: _Builder, translation: Translation, skills: dict[str, int]
) -> tuple[list[Vehicle], list[tuple[int, int, int]]]:
    """Return the vans and the tariffs (per hour, per km, per stop) their costs are counted by."""
    tariffs: dict[tuple[int, int, int], int] = {}
    ends: dict[int, int] = {}
    vehicles = []
    for (courier, _), van in zip(translation.drivers, translation.vehicles, strict=True):
        tariff = (van.per_hour, van.per_km, courier.costs.per_stop_cents)
        kind = tariffs.setdefault(tariff, len(tariffs))
        start, end = (_end(built, ends, place) for place in (van.start, van.end))
        early, late = van.shift
        vehicles.append(
            Vehicle(
                courier.id,
                start,
                end,
                early,
                late,
                _capacity(van),
                _mask(courier.skills, skills),
                kind,
                CENT * van.fixed,
                NO_LIMIT if van.tasks_max is None else van.tasks_max,
                CENT * courier.costs.per_parcel_cents,
                CENT * van.per_hour,
                NO_LIMIT if van.distance_m_max is None else van.distance_m_max,
                under_way=courier.under_way or bool(courier.locked),
                breaks=_rests(van),
            )
        )
    return vehicles, list(tariffs) or [(0, 0, 0)]


def later_loads(translation: Translation, vehicles: list[Vehicle]) -> dict[int, int]:
    """Add what vans may bring after coming back to the depot; return whose loads the added vehicles are.

    Only of vans that begin and end where they reload: the search knows loads as ways from there and back.
    """
    found: dict[int, int] = {}
    for van, (courier, _) in enumerate(translation.drivers):
        reload = courier.reload
        if reload is None or courier.locked or not courier.start == courier.end == reload.place:
            continue
        opens, shuts = reload.windows[0] if reload.windows else ANY_TIME[0]
        cost = CENT * courier.costs.per_hour_cents * reload.duration_s // HOUR
        before = van
        for number in range(2, reload.times_max + 2):
            again = Again(before, reload.duration_s, opens, shuts, cost)
            before = len(vehicles)
            name = f"{courier.id}, load {number}"
            vehicles.append(replace(vehicles[van], name=name, under_way=True, again=again))
            found[before] = van
    return found


def priced_windows(windows: Sequence[TimeWindow], soft: Soft | None) -> list[tuple[TimeWindow, int]]:
    """Return the windows with what beginning in each costs: late parts in a few pieces, each at its middle's price."""
    if soft is None:
        return [(window, 0) for window in windows or ANY_TIME]
    (window,) = windows
    found = [(TimeWindow(window.start_s, soft.end_s), 0)]
    late_s = window.end_s - soft.end_s
    edges = [soft.end_s + late_s * piece // SOFT_PIECES for piece in range(SOFT_PIECES + 1)]
    for after, last in pairwise(edges):
        if after < last:
            middle_s = (after + 1 + last) // 2 - soft.end_s
            found.append((TimeWindow(after + 1, last), late_cents(middle_s * soft.per_minute_cents)))
    return found


def _rests(van: Van) -> tuple[tuple[int, int], ...]:
    """Return when the search has the van rest: in the middle of each break's window, or behind the break before it.

    Afterwards ``resting.rested`` finds each break the place on the route where it costs least.
    """
    free_s, _ = van.shift
    found = []
    for pause in van.breaks:
        first, last = next((one for one in pause.windows if one[1] >= free_s), pause.windows[-1])
        begin = max(free_s, (first + last) // 2)
        found.append((begin, pause.service_s))
        free_s = begin + pause.service_s
    return tuple(found)


def _partner(tariff: Tariff, skills: dict[str, int]) -> Vehicle:
    """Return the fleet as the vehicle nobody of ours drives; what one stop may weigh was asked when it was quoted."""
    none = _mask(frozenset(), skills)
    return Vehicle(tariff.id, 0, 0, 0, 0, (tariff.parcels_max, NO_LIMIT, NO_LIMIT), none, loose=True)


def _end(built: _Builder, ends: dict[int, int], place: int | None) -> int:
    index = NO_PLACE if place is None else place
    if index not in ends:
        ends[index] = built.node(index, ANY_TIME[0])
    return ends[index]


def _capacity(van: Van) -> tuple[int, int, int]:
    """Return the least of what VROOM's two counts of room leave; the search adds deliveries and collections up."""
    first, second = Amounts(*van.capacity[:3]), Amounts(*van.capacity[3:])
    parcels, weight_g, volume_cm3 = (max(0, min(pair)) for pair in zip(first, second, strict=True))
    return parcels, weight_g, volume_cm3


def _legs(built: _Builder, tariffs: Sequence[tuple[int, int, int]], travel: TravelTimes) -> Part:
    """Return times, metres and costs in thousandths of a cent between all nodes.

    What a visit costs whoever comes (its preparation, the price of a stop) lies on the way there.
    """
    nodes = np.array(built.nodes, dtype=np.int64)
    prepare = np.array([place.prepare for place in built.locations], dtype=np.int64)
    stopping = np.zeros(len(nodes), dtype=np.int64)
    stopping[[option.location for option in built.options]] = 1_000
    return matrices(Legs(nodes, prepare, stopping, tuple(tariffs), travel))


def warm_routes(posed: Posed, warm: Warm) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Return the plan in force in the instance's words: for each van the options in its order, as far as they exist."""
    known: dict[tuple[str, str | None], list[int]] = {}
    for number, visit in enumerate(posed.visits):
        if visit.quote is not None:  # what a partner has is not in force yet: it may still say no
            continue
        refs = visit.stop.parcels if visit.stop else (visit.choice.item.ref,) if visit.choice else ()
        for ref in refs:
            known.setdefault((ref, visit.site.id if visit.site else None), []).append(number)
    vans = {courier.id: number for number, (courier, _) in enumerate(posed.translation.drivers)}
    routes = []
    for courier_id, running in warm.items():
        options = [_option(posed, known, one) for one in running]
        kept = tuple(dict.fromkeys(one for one in options if one is not None))
        if courier_id in vans and kept:
            routes.append((vans[courier_id], _once_each(posed, kept)))
    return tuple(routes)


def _option(posed: Posed, known: Mapping[tuple[str, str | None], list[int]], running: Running) -> int | None:
    """Return the option that means the same, of several windows the one it is in."""
    numbers = known.get((running.ref, running.site_id)) or known.get((running.ref, None), [])
    places = posed.instance.locations

    def misses(number: int) -> bool:
        place = places[posed.instance.options[number].location]
        return not place.ready <= running.begin_s <= place.due

    return min(numbers, key=misses, default=None)


def _once_each(posed: Posed, options: Sequence[int]) -> tuple[int, ...]:
    first: dict[int, int] = {}
    for number in options:
        first.setdefault(posed.instance.options[number].customer, number)
    return tuple(first.values())


def orders(posed: Posed, answer: Answer) -> dict[int, list[list[Visit]]]:
    """Return what each van visits, load by load, by its number in the translation."""
    vans = len(posed.translation.drivers)
    found: dict[int, list[list[Visit]]] = {}
    for vehicle, options in sorted(answer.routes):  # later loads have higher numbers
        van = posed.loads.get(vehicle, vehicle)
        if van < vans:
            found.setdefault(van, []).append([posed.visits[option] for option in options])
    return found


def left_to_others(posed: Posed, answer: Answer) -> list[Visit]:
    """Return what partners take."""
    vans = len(posed.translation.drivers)
    theirs = [options for van, options in answer.routes if van >= vans and van not in posed.loads]
    return [posed.visits[option] for options in theirs for option in options]
