"""A city's day made from a seed: doors, lockers, parcels, vans. What it assumes is written in docs/routing-bench.md."""

import random
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

from cloud.routing.joint.day import Choice, JointDay, Offer
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Amounts, Courier, Place, Problem, RouteCourierId, Stop, TimeWindow
from cloud.routing.stops import STANDARD_COSTS, DayInput, DropOff, HomeDelivery, Item, Site, build_stops
from cloud.routing.travel_times import VAN, great_circle
from contract.sizes import SizeClass

CENTRE = Place(21.0122, 52.2297)  # Warsaw; the streets are imagined
DEPOT = Place(20.9050, 52.1750)  # ten kilometres out, where warehouses stand
RADIUS_M = 9_000  # of the town; 254 square kilometres
DISTRICTS = 14
DISTRICT_M = 1_100  # standard deviation of a district's doors
IN_DISTRICTS = 0.6  # of the doors; the others lie anywhere in the disc
METRES_PER_DEGREE = 111_195  # of latitude, on the mean Earth
LOCKER_SHARE = 0.4  # of the parcels, decided already
PARCELS_PER_LOCKER = 17
WINDOWED = 0.15  # of the doors have been promised a window
WINDOWS = (TimeWindow(7_200, 18_000), TimeWindow(18_000, 28_800), TimeWindow(28_800, 36_000))
SHIFT = TimeWindow(0, 36_000)  # seven in the morning to five
HOUR = 9  # whose traffic the travel times have
PARCELS_PER_VAN = 60  # vans there are; a plan uses about half
CAPACITY = Amounts(180, 1_200_000, 9_000_000)
SIZES = ((SizeClass.S, 0.45, 4_000), (SizeClass.M, 0.35, 14_000), (SizeClass.L, 0.2, 40_000))  # share, cm3
COMPARTMENTS = {SizeClass.S: 32, SizeClass.M: 29, SizeClass.L: 18}  # a typical machine of the Polish data set
WALK_M = 900  # to a locker that a recipient with a choice accepts
OFFERS = 3


@dataclass(frozen=True, slots=True)
class Parcel:
    """``locker`` None: to the door, or to one of ``accepts`` where there are any."""

    item: Item
    size: SizeClass
    door: Place
    windows: tuple[TimeWindow, ...] = ()
    locker: str | None = None
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class City:
    parcels: tuple[Parcel, ...]
    sites: tuple[Site, ...]
    couriers: tuple[Courier, ...]


Goes = dict[str, str | None]  # a parcel's ref to its locker, None for its door


def joint_day(city: City) -> JointDay:
    """Return the day with its choices open.

    Where there are any, a parcel for a locker has that locker as its only choice, as in the product's days: it may then
    be brought together with those for whom the locker is chosen.
    """
    if not any(one.accepts for one in city.parcels):
        return JointDay(city.couriers, decided(city).stops)
    goes: Goes = {one.item.ref: None for one in city.parcels if not one.accepts and one.locker is None}
    choices = tuple(
        Choice(one.item, one.door, one.windows, sites=tuple(Offer(name) for name in one.accepts), size=one.size)
        if one.accepts
        else Choice(one.item, sites=(Offer(one.locker or ""),), size=one.size)
        for one in city.parcels
        if one.accepts or one.locker is not None
    )
    named = {offer.site_id for choice in choices for offer in choice.sites}
    return JointDay(city.couriers, _stops(city, goes), choices, tuple(one for one in city.sites if one.id in named))


def decided(city: City) -> Problem:
    """Return the day as everybody else plans it: who has a choice gets the nearest locker that has room."""
    goes: Goes = {one.item.ref: one.locker for one in city.parcels if not one.accepts}
    left = _room_left(city, goes)
    for one in city.parcels:
        if one.accepts:
            goes[one.item.ref] = next((name for name in one.accepts if _take(left[name], one.size)), None)
    return Problem(_stops(city, goes), city.couriers)


def travel_times(places: tuple[Place, ...]) -> TravelTimes:
    """Return the times and metres everybody plans with: those the product has without any map."""
    return great_circle(places, VAN, HOUR)


def _stops(city: City, goes: Goes) -> tuple[Stop, ...]:
    homes, drop_offs = [], []
    for one in city.parcels:
        locker = goes.get(one.item.ref)
        if locker is not None:
            drop_offs.append(DropOff(one.item, locker, one.size))
        elif one.item.ref in goes:
            homes.append(HomeDelivery(one.item, one.door, one.windows))
    return build_stops(DayInput(city.sites, tuple(homes), tuple(drop_offs), van=CAPACITY)).stops


def _room_left(city: City, goes: Goes) -> dict[str, dict[SizeClass, int]]:
    left = {site.id: dict(site.free or {}) for site in city.sites}
    for one in city.parcels:
        locker = goes.get(one.item.ref)
        if locker is not None:
            _take(left[locker], one.size)
    return left


def _take(free: dict[SizeClass, int], size: SizeClass) -> bool:
    """Use the smallest free compartment that a parcel fits; say whether there was one."""
    fitting = next((one for one in SizeClass if one.at_least(size) and free.get(one, 0) > 0), None)
    if fitting is not None:
        free[fitting] -= 1
    return fitting is not None


def make_city(parcels: int, seed: int, choice: float = 0.0) -> City:
    """Return a day of so many parcels; ``choice`` is the share of doors whose recipient accepts a locker nearby."""
    dice = random.Random(seed)
    districts = [_anywhere(dice) for _ in range(DISTRICTS)]
    wanted = max(1, round(LOCKER_SHARE * parcels / PARCELS_PER_LOCKER))
    sites = tuple(Site(f"L{number:03d}", _door(dice, districts), free=dict(COMPARTMENTS)) for number in range(wanted))
    free = {site.id: dict(COMPARTMENTS) for site in sites}
    made = [_parcel(dice, number, _door(dice, districts), (sites, free, choice)) for number in range(parcels)]
    vans = range(max(2, -(-parcels // PARCELS_PER_VAN)))
    couriers = (Courier(RouteCourierId(f"C{n:03d}"), DEPOT, DEPOT, SHIFT, CAPACITY, costs=STANDARD_COSTS) for n in vans)
    return City(tuple(made), sites, tuple(couriers))


Lockers = tuple[tuple[Site, ...], dict[str, dict[SizeClass, int]], float]


def _parcel(dice: random.Random, number: int, door: Place, lockers: Lockers) -> Parcel:
    sites, free, choice = lockers
    (size, _, volume) = dice.choices(SIZES, [share for _, share, _ in SIZES])[0]
    item = Item(f"P{number:05d}", dice.randint(200, 6_000), dice.randint(volume // 3, volume))
    near = sorted(sites, key=lambda site: metres(site.place, door))
    if dice.random() < LOCKER_SHARE:
        locker = next((site.id for site in near if _take(free[site.id], size)), None)
        return Parcel(item, size, door, locker=locker)
    windows = (dice.choice(WINDOWS),) if dice.random() < WINDOWED else ()
    accepts = tuple(site.id for site in near[:OFFERS] if metres(site.place, door) <= WALK_M)
    return Parcel(item, size, door, windows, accepts=accepts if dice.random() < choice else ())


def _anywhere(dice: random.Random) -> Place:
    """Return a place evenly spread over the disc."""
    return _off(CENTRE, RADIUS_M * sqrt(dice.random()), 2 * pi * dice.random())


def _door(dice: random.Random, districts: list[Place]) -> Place:
    if dice.random() >= IN_DISTRICTS:
        return _anywhere(dice)
    return _off(dice.choice(districts), abs(dice.gauss(0, DISTRICT_M)), 2 * pi * dice.random())


def _off(place: Place, away_m: float, angle: float) -> Place:
    north, east = away_m * sin(angle), away_m * cos(angle)
    lat = place.lat + north / METRES_PER_DEGREE
    return Place(round(place.lon + east / (METRES_PER_DEGREE * cos(radians(place.lat))), 6), round(lat, 6))


def metres(one: Place, other: Place) -> float:
    """Return how far apart two places of one town are, on a flat Earth."""
    east = (one.lon - other.lon) * cos(radians(CENTRE.lat))
    return METRES_PER_DEGREE * sqrt(east**2 + (one.lat - other.lat) ** 2)
