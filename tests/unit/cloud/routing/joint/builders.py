"""Small days with choices: places on a line one minute apart, a locker, vans that leave from 0."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cloud.routing.joint.instance import NO_LIMIT, Again, Customer, Instance, Location, Matrix, Option, Vehicle

HORIZON = 1_000


def an_instance(**changes: Any) -> Instance:
    """Return three customers at home at 1, 2, 3 or at the locker at 4 (two compartments), and two vans of three."""
    places = np.arange(5, dtype=np.int32)
    legs = np.abs(places[:, None] - places[None, :]).astype(np.int32)
    homes = tuple(Location(f"home{one}", 0, HORIZON) for one in (1, 2, 3))
    return replace(
        Instance(
            "line",
            (Location("depot", 0, HORIZON), *homes, Location("locker", 0, HORIZON, 10, 0)),
            tuple(Customer(f"c{one}", (1, 0, 0)) for one in range(3)),
            tuple(Option(one, place, 2, rank) for one in range(3) for place, rank in ((one + 1, 0), (4, 1))),
            tuple(Vehicle(f"v{one}", 0, 0, 0, HORIZON, (3, 9, 9)) for one in range(2)),
            legs,
            legs[None],
            ((2,),),
            (2,),
        ),
        **changes,
    )


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Return a random day: asymmetric legs, windows, rooms by size, skills, tariffs, penalties."""
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    size, count, vans = draw(st.integers(2, 9)), draw(st.integers(1, 10)), draw(st.integers(1, 3))
    time, cost = (chance.integers(1, 60, (size, size), dtype=np.int32) for _ in range(2))
    np.fill_diagonal(time, 0)
    np.fill_diagonal(cost, 0)
    return Instance(
        "random",
        tuple(_location(chance, number) for number in range(size)),
        tuple(_customer(chance, number) for number in range(count)),
        tuple(option for number in range(count) for option in _options(chance, number, size, vans)),
        (*(_vehicle(chance, number) for number in range(vans)), _others(chance, vans)),
        time,
        np.stack([cost, 2 * cost]),
        ((1, 2, 1),),
        (count // 2, count // 4),
        metres=_metres(chance, size),
    )


@st.composite
def loads(draw: st.DrawFn) -> Instance:
    """Return a random day on which vans may come back and load again, one of them twice."""
    day = draw(instances())
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    vans = [replace(one, capacity=(4, 5, 5)) if not one.loose else one for one in day.vehicles]
    own = [number for number, one in enumerate(vans) if not one.loose]
    for before in (*own, len(vans)):
        duration, ready, open_for = _numbers(chance, 30, 200, 600)
        again = Again(before, duration, ready, ready + open_for, 20)
        vans.append(replace(vans[before], name=f"v{len(vans)}", under_way=True, again=again))
    return replace(day, vehicles=tuple(vans))


def _numbers(chance: np.random.Generator, *limits: int) -> list[int]:
    return [int(chance.integers(0, limit)) for limit in limits]


def _location(chance: np.random.Generator, number: int) -> Location:
    ready, wide, prepare, shared = _numbers(chance, 300, 480, 9, 2)
    return Location(f"p{number}", ready, ready + 20 + wide, prepare, 0 if shared else None)


def _customer(chance: np.random.Generator, number: int) -> Customer:
    parcels, weight, volume, size, skills = _numbers(chance, 4, 4, 4, 3, 2)
    return Customer(f"c{number}", (parcels, weight, volume), size, skills, 10_000)


def _metres(chance: np.random.Generator, size: int) -> Matrix:
    """Return distances on a line: what is taken out of a route never makes it longer."""
    at = chance.integers(0, 100, size, dtype=np.int32)
    apart: Matrix = np.abs(at[:, None] - at[None, :]).astype(np.int32)
    return apart


def _others(chance: np.random.Generator, number: int) -> Vehicle:
    """Return a fleet that is not ours."""
    parcels, skills = _numbers(chance, 8, 2)
    return Vehicle(f"v{number}", 0, 0, 0, 0, (parcels, 30, 30), skills, loose=True)


def _options(chance: np.random.Generator, customer: int, size: int, others: int) -> list[Option]:
    several = min(size - 1, int(chance.integers(1, 4)))
    places = chance.choice(np.arange(1, size), several, replace=False)
    skills, price, asked = _numbers(chance, 2, 300, 2)
    left = [Option(customer, int(places[0]), extra=price, by=others)] if asked else []
    driven = [Option(customer, int(place), *_numbers(chance, 9, 3, 9)) for place in places]
    return [*(replace(option, skills=skills) for option in driven), *left]


def _vehicle(chance: np.random.Generator, number: int) -> Vehicle:
    early, skills, kind, stops = _numbers(chance, 50, 2, 2, 8)
    parcel, hour, reach = _numbers(chance, 9, 9_000, 400)
    far = reach if number else NO_LIMIT
    limits = (1 + stops, parcel, hour, far)
    first, long, apart, short = _numbers(chance, 300, 90, 200, 60)
    second = early + first + long + apart
    breaks = ((early + first, long), (second, short))[: int(chance.integers(0, 3))]
    return Vehicle(
        f"v{number}", 0, 0, early, 700, (8, 8, 8), skills, kind, 100, *limits, under_way=number == 1, breaks=breaks
    )
