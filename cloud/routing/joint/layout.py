"""Where every number of the search lies: an instance and a solution as a dozen flat arrays native code can hold.

Columns are named here once. The arrays are few and wide on purpose: each array handed to a compiled function costs
seven words per call.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloud.routing.joint.instance import BREAKS_MAX

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]

# columns of Data.option
O_CUSTOMER, O_LOCATION, O_SERVICE, O_RANK, O_READY, O_DUE, O_PREPARE, O_ROOM, O_EXTRA = range(9)
O_SKILLS, O_BY = range(9, 11)  # O_BY: the loose vehicle that takes it, -1 for one that is driven to
OPTION_COLUMNS = 11
# columns of Data.customer; demand follows from C_DEMAND on, then nothing
C_FIRST, C_COUNT, C_SIZE, C_SKILLS, C_PENALTY, C_DEMAND = range(6)
DEMANDS = 3  # parcels, weight, volume: the three ways a van can be full
CUSTOMER_COLUMNS = C_DEMAND + DEMANDS
# columns of Data.vehicle; capacity follows from V_CAPACITY on
V_START, V_END, V_EARLY, V_LATE, V_SKILLS, V_FIXED, V_CLASS, V_STOPS = range(8)
V_LEG, V_LEG_BACK, V_TIME, V_TIME_BACK, V_METRES = range(8, 13)  # which of Data.matrix, each way
V_PARCEL, V_HOUR, V_REACH, V_LOOSE, V_UNDER_WAY, V_BREAKS, V_CAPACITY = range(13, 20)
V_BREAK = V_CAPACITY + DEMANDS  # V_BREAKS pairs of when a break begins and how long it is
V_CHAIN = V_BREAK + 2 * BREAKS_MAX  # see loads: the van's first, previous and next load, -1 for none, and the rest
V_HEAD, V_PREVIOUS, V_NEXT, V_RELOAD, V_OPEN, V_SHUT, V_FIRST, V_AGAIN = range(V_CHAIN, V_CHAIN + 8)
VEHICLE_COLUMNS = V_CHAIN + 8
# columns of State.route; load follows from R_LOAD on
R_LENGTH, R_COST, R_DIRTY, R_METRES, R_WAITS, R_OPENING = range(6)  # R_METRES: where V_REACH is a limit
R_KIND, R_LOAD = range(6, 8)  # R_KIND: which empty vans are alike (below KINDS_MAX), or one of the two below
LOOSE, CHAINED = -1, -2  # R_KIND of a vehicle nobody may be planned into, and of one that has loads behind each other
ROUTE_COLUMNS = R_LOAD + DEMANDS
# columns of State.seq
S_OPTION, S_PLACE, S_LEAVE, S_LATEST, S_AHEAD = range(5)
SEQ_COLUMNS = 5
# rows of State.lists
L_ABSENT, L_DIRTY = range(2)
# columns of State.where
W_OPTION, W_ROUTE, W_POSITION, W_ABSENCES = range(4)
WHERE_COLUMNS = 4
# entries of State.total
T_COST, T_ABSENT, T_ROUTES, T_ROUTES_MAX, T_STEPS, T_SKIP, T_DIRTY = range(7)
TOTAL_ENTRIES = 7

ORDERS = 6  # columns of Data.order: demand, far, close, window's width, begin and end
KINDS_MAX = 64  # bits in which empty vans of one kind are ticked off; more kinds share a bit
MANDATORY = 1_000_000_000_000  # penalty of a customer who must be served; no sum of legs comes near it


class Data(NamedTuple):
    """An instance. A limit's last row is the service budget, the others are lockers' rooms."""

    matrix: Int32s  # (matrices, from, to): costs and times, each way round, equal ones only once
    option: Int64s
    customer: Int64s
    vehicle: Int64s
    limit: Int64s  # (rooms + 1, sizes or ranks): parcels of at least this size, customers of at least this rank
    near: Int32s  # (options, neighbours): other customers' options, nearest first
    order: Int64s  # (customers, ORDERS): sort keys, smallest first


class State(NamedTuple):
    """A solution, with everything that makes the next insertion cheap.

    Position 0 of a route is its start, position length + 1 its end. ``S_LEAVE`` is the earliest moment to leave a
    position, ``S_LATEST`` the latest moment to begin there with everything behind it still in time, ``S_AHEAD`` the
    cost of the leg to the next position. The first total[T_ABSENT] of list L_ABSENT are the customers in no route, the
    first total[T_DIRTY] of L_DIRTY the routes changed since they were last copied.
    """

    seq: Int64s  # (vehicles, positions, SEQ_COLUMNS)
    route: Int64s  # (vehicles, ROUTE_COLUMNS)
    where: Int64s  # (customers, WHERE_COLUMNS)
    lists: Int64s  # (2, the longer of customers and vehicles)
    used: Int64s  # as Data.limit
    total: Int64s


def empty_state(data: Data) -> State:
    """Return a solution in which everybody is absent."""
    vehicles, customers = len(data.vehicle), len(data.customer)
    where = np.full((customers, WHERE_COLUMNS), -1, dtype=np.int64)
    where[:, W_ABSENCES] = 0
    total = np.zeros(TOTAL_ENTRIES, dtype=np.int64)
    total[T_ABSENT], total[T_ROUTES_MAX] = customers, vehicles
    total[T_COST] = data.customer[:, C_PENALTY].sum()
    lists = np.zeros((2, max(customers, vehicles)), dtype=np.int64)
    lists[L_ABSENT, :customers] = np.arange(customers)
    return State(
        np.zeros((vehicles, customers + 2, SEQ_COLUMNS), dtype=np.int64),
        np.zeros((vehicles, ROUTE_COLUMNS), dtype=np.int64),
        where,
        lists,
        np.zeros_like(data.limit),
        total,
    )
