"""Small days with choices: places on a line one minute apart, a locker, vans that leave from 0."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cloud.routing.joint.instance import Customer, Instance, Location, Option, Vehicle

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
    size = draw(st.integers(2, 9))
    seed = np.random.default_rng(draw(st.integers(0, 10_000)))
    time, cost = (seed.integers(1, 60, (size, size), dtype=np.int32) for _ in range(2))
    np.fill_diagonal(time, 0)
    np.fill_diagonal(cost, 0)
    starts = seed.integers(0, 300, size)
    shared = [bool(one) for one in seed.integers(0, 2, size)]
    locations = tuple(
        Location(
            f"p{i}",
            int(starts[i]),
            int(starts[i] + seed.integers(20, 500)),
            int(seed.integers(0, 9)),
            0 if shared[i] else None,
        )
        for i in range(size)
    )
    count = draw(st.integers(1, 10))
    customers = tuple(
        Customer(
            f"c{i}",
            (int(seed.integers(0, 4)), int(seed.integers(0, 4)), int(seed.integers(0, 4))),
            int(seed.integers(0, 3)),
            int(seed.integers(0, 2)),
            10_000,
        )
        for i in range(count)
    )
    options = tuple(
        Option(i, int(place), int(seed.integers(0, 9)), int(seed.integers(0, 3)), int(seed.integers(0, 9)))
        for i in range(count)
        for place in seed.choice(np.arange(1, size), min(size - 1, int(seed.integers(1, 4))), replace=False)
    )
    vehicles = tuple(
        Vehicle(
            f"v{i}",
            0,
            0,
            int(seed.integers(0, 50)),
            700,
            (8, 8, 8),
            int(seed.integers(0, 2)),
            int(seed.integers(0, 2)),
            100,
            int(seed.integers(1, 9)),
        )
        for i in range(draw(st.integers(1, 3)))
    )
    return Instance(
        "random",
        locations,
        customers,
        options,
        vehicles,
        time,
        np.stack([cost, 2 * cost]),
        ((1, 2, 1),),
        (count // 2, count // 4),
    )
