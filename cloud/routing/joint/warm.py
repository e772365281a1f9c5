"""Makes the machine code, or loads it from the cache: ``python -m cloud.routing.joint.warm`` pays for it at set-up."""

import time

import numpy as np

from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.instance import Answer, Customer, Instance, Location, Option, Vehicle

HORIZON = 1_000


def tiny() -> Instance:
    """Return a day in which every part of the search has something to do: more vans than needed, a locker, a budget."""
    places = np.arange(6, dtype=np.int32)
    legs = np.abs(places[:, None] - places[None, :]).astype(np.int32)
    locker = Location("locker", 0, HORIZON, 1, 0)
    return Instance(
        "tiny",
        (Location("depot", 0, HORIZON), locker, *(Location(f"p{one}", 0, HORIZON) for one in range(2, 6))),
        tuple(Customer(f"c{one}", (4, 0, 0)) for one in range(4)),
        tuple(Option(one, place, 1, rank) for one in range(4) for place, rank in ((one + 2, 0), (1, 1))),
        tuple(Vehicle(f"v{one}", 0, 0, 0, HORIZON, (10, 10, 10)) for one in range(4)),
        legs,
        legs[None],
        ((2, 1),),
        (2,),
        fewest_vehicles=True,
    )


def warm_up() -> float:
    """Run everything once and return the seconds it took."""
    began = time.monotonic()
    answer, _ = solve(tiny(), Effort(3_600, rounds=2_000, threads=1), time.monotonic)
    solve(tiny(), Effort(3_600, rounds=10, threads=1), time.monotonic, warm=Answer(answer.routes))
    return time.monotonic() - began


if __name__ == "__main__":
    print(f"the joint engine is ready after {warm_up():.1f} s")  # noqa: T201 - set-up speaks to a terminal
