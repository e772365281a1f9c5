"""Makes the machine code, or loads it from the cache: ``python -m cloud.routing.joint.worker --warm`` at set-up."""

import numpy as np

from cloud.routing.joint.anneal import Search, Slice, anneal, begin, construct, drop_route, load_route, resume, shrink
from cloud.routing.joint.arrays import as_data
from cloud.routing.joint.chance import dice
from cloud.routing.joint.instance import Customer, Instance, Location, Option, Vehicle
from cloud.routing.joint.layout import empty_state

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


def warm_up() -> None:
    """Call every compiled function the engine calls."""
    data, _ = as_data(tiny())
    search = Search(empty_state(data), empty_state(data), empty_state(data), dice(1))
    plan = Slice(10, 1.0, 1.0, 10.0, 0.5, 0.01, 0.01)
    begin(data, search)
    load_route(data, search.trial, 0, np.array([0], dtype=np.int64))
    construct(data, search, 0.01)
    drop_route(data, search)
    shrink(data, search, plan)
    resume(data, search, search.best)
    anneal(data, search, plan)
