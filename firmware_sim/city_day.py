"""A made-up city and its days, from a seed: who is sent what, which lockers stand where, who drives.

One generator for everybody who simulates or measures planning. People live around lockers as they do around metro
stations; sizes follow what parcel networks report: most parcels are small, one in twenty is large. Every share and
number here is our assumption, and says so. A day's seconds count from its midnight.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cloud.domain.assignment import Scope
from cloud.domain.fit import Box, size_for
from cloud.domain.places import distance_m
from cloud.domain.rules import STANDARD
from cloud.routing.joint.day import Choice, JointDay, Offer
from cloud.routing.problem import Amounts, Courier, Place, RouteCourierId, TimeWindow
from cloud.routing.stops import STANDARD_COSTS, DayInput, HomeDelivery, Item, Site, build_stops
from cloud.services.day_choices import (
    FAILED_BEFORE_SHARE,
    FAILED_CENTS,
    FAILURE_SHARE,
    OFFERS_MAX,
    WALK_CENTS_PER_KM,
)
from cloud.services.models import STANDARD as MODELS
from contract.sizes import SizeClass

METRES_PER_DEGREE = 111_195.0  # one degree of a great circle on the sphere of mean radius 6,371.0 km
CENTRE = Place(21.0118, 52.2298)  # Warsaw, the Palace of Culture
DEPOT = Place(20.9640, 52.1853)  # the logistics estate by Warsaw's airport
SPREAD_M = 4_500.0  # of lockers around the centre (standard deviation): two thirds of a city of 1.8 million
SCATTER_M = 900.0  # of homes around a locker: the walk from a station within which a city is dense
NEARBY, IF_ABSENT = 0.4, 0.8  # leave the choice of a locker to us; of the others, take one when nobody is at home
WITH_WINDOW = 0.3
PARCELS_PER_LOCKER = 25  # a day: 40 lockers of 24 doors for 1,000 parcels, nearly as many doors as parcels
PARCELS_PER_COURIER = 60  # a day: more vans than are needed, since those that stay at home cost nothing
MODEL = "M24"
VAN_HOLDS = Amounts(200, 1_200_000, 12_000_000)  # a van of 3.5 t: 200 parcels, 1.2 t, 12 m3
PRIORITY_FAILED = 10  # as the product's own days have it: one failed attempt is enough
HOUR_S = 3_600
SHIFTS = (TimeWindow(8 * HOUR_S, 17 * HOUR_S), TimeWindow(9 * HOUR_S + 1_800, 18 * HOUR_S + 1_800))

Hours = tuple[int, int]
WINDOWS: tuple[Hours, ...] = ((8, 12), (10, 14), (12, 16), (14, 18))
SIDES = ((320, 220, 60), (350, 250, 110), (380, 310, 180), (580, 360, 190), (620, 380, 380))  # mm
SIDE_WEIGHTS = (6, 7, 4, 2, 1)


@dataclass(frozen=True, slots=True)
class CityLocker:
    """``doors`` counts compartments by size class."""

    id: str
    place: Place
    doors: Mapping[SizeClass, int]


@dataclass(frozen=True, slots=True)
class City:
    lockers: tuple[CityLocker, ...]
    couriers: tuple[Courier, ...]


@dataclass(frozen=True, slots=True)
class CityParcel:
    """``scope`` is what the recipient agreed to, None for a door only; ``failed`` attempts lie behind it."""

    item: Item
    home: Place
    size: SizeClass
    windows: tuple[TimeWindow, ...] = ()
    scope: Scope | None = None
    walk_m_max: int = STANDARD.walk_m_max
    failed: int = 0

    @property
    def ref(self) -> str:
        return self.item.ref


Rooms = Mapping[str, Mapping[SizeClass, int]]
"""Compartments that drop-offs may use, by locker and size class."""


def make_city(parcels: int, seed: int, lockers: int | None = None) -> City:
    """Return a city for so many parcels a day; the same arguments give the same city."""
    chance = random.Random(f"city {seed}")
    layout = next(model for model in MODELS if model.model == MODEL)
    doors = Counter(one.size for one in layout.compartments)
    count = lockers or max(2, math.ceil(parcels / PARCELS_PER_LOCKER))
    walls = tuple(CityLocker(f"C{number:03}", scatter(chance, CENTRE, SPREAD_M), doors) for number in range(count))
    vans = max(2, math.ceil(parcels / PARCELS_PER_COURIER))
    return City(walls, tuple(_courier(number) for number in range(vans)))


def make_parcels(city: City, count: int, day: int, seed: int) -> tuple[CityParcel, ...]:
    """Return what is handed over for one day; days differ, and are the same for the same arguments."""
    chance = random.Random(f"parcels {seed} {day}")
    return tuple(_parcel(f"P{day}-{number:05}", chance, city.lockers) for number in range(count))


def scatter(chance: random.Random, around: Place, spread_m: float) -> Place:
    """Return a place normally distributed around another one, to six digits (0.1 m)."""
    east, north = chance.gauss(0, spread_m), chance.gauss(0, spread_m)
    metres_per_degree_lon = METRES_PER_DEGREE * math.cos(math.radians(around.lat))
    return Place(round(around.lon + east / metres_per_degree_lon, 6), round(around.lat + north / METRES_PER_DEGREE, 6))


def make_sides(chance: random.Random) -> tuple[int, int, int]:
    """Return a parcel's edges in millimetres."""
    length, width, height = chance.choices(SIDES, SIDE_WEIGHTS)[0]
    return _cut(chance, length), _cut(chance, width), _cut(chance, height)


def make_weight_g(chance: random.Random, sides: tuple[int, int, int]) -> int:
    """Return a weight that goes with the size, 25 kg at most."""
    return min(25_000, 150 + math.prod(sides) // chance.randrange(4_000, 9_000))


def joint_day(city: City, parcels: Sequence[CityParcel], rooms: Rooms | None = None) -> JointDay:
    """Return the day for the planner; whoever has no locker to choose is a fixed stop. ``rooms`` None: all empty.

    Who agreed to a locker only if absent may get one once an attempt has failed, as on the product's own days.
    """
    offers = {parcel.ref: offers_of(city, parcel) for parcel in parcels}
    homes = (HomeDelivery(one.item, one.home, one.windows) for one in parcels if not offers[one.ref])
    choices = tuple(_choice(one, offers[one.ref]) for one in parcels if offers[one.ref])
    sites = tuple(
        Site(one.id, one.place, free=one.doors if rooms is None else rooms.get(one.id, {})) for one in city.lockers
    )
    return JointDay(city.couriers, build_stops(DayInput(homes=tuple(homes))).stops, choices, sites)


def offers_of(city: City, parcel: CityParcel) -> tuple[Offer, ...]:
    """Return the lockers this parcel may be planned to, the nearest first, each with what its walk is worth."""
    if parcel.scope is Scope.ANY_NEARBY or (parcel.scope is Scope.IF_ABSENT and parcel.failed):
        return tuple(
            Offer(one.id, round(metres * WALK_CENTS_PER_KM / 1_000))
            for metres, one in near(parcel, city.lockers)[:OFFERS_MAX]
        )
    return ()


def near(parcel: CityParcel, lockers: Iterable[CityLocker]) -> list[tuple[float, CityLocker]]:
    """Return the lockers within the recipient's walk with their metres as the crow flies, the nearest first."""
    home = parcel.home
    walks = [(distance_m(home.lon, home.lat, one.place.lon, one.place.lat), one) for one in lockers]
    return sorted((walk for walk in walks if walk[0] <= parcel.walk_m_max), key=lambda walk: (walk[0], walk[1].id))


def _courier(number: int) -> Courier:
    shift = SHIFTS[number % len(SHIFTS)]
    return Courier(RouteCourierId(f"van-{number:03}"), DEPOT, DEPOT, shift, VAN_HOLDS, costs=STANDARD_COSTS)


def _parcel(ref: str, chance: random.Random, lockers: Sequence[CityLocker]) -> CityParcel:
    home = scatter(chance, chance.choice(lockers).place, SCATTER_M)
    sides = make_sides(chance)
    item = Item(ref, make_weight_g(chance, sides), math.prod(sides) // 1_000)
    begins, ends = chance.choice(WINDOWS)
    promised = chance.random() < WITH_WINDOW
    windows = (TimeWindow(begins * HOUR_S, ends * HOUR_S),) if promised else ()
    nearby, absent = chance.random() < NEARBY, chance.random() < IF_ABSENT
    scope = Scope.ANY_NEARBY if nearby else Scope.IF_ABSENT if absent else None
    return CityParcel(item, home, size_for(Box(*sides)) or SizeClass.XL, windows, scope)


def _choice(parcel: CityParcel, offers: tuple[Offer, ...]) -> Choice:
    risk = round(FAILED_CENTS * (FAILED_BEFORE_SHARE if parcel.failed else FAILURE_SHARE))
    return Choice(parcel.item, parcel.home, parcel.windows, risk, offers, parcel.size)


def _cut(chance: random.Random, side: int) -> int:
    return side - chance.randrange(0, side // 4)
