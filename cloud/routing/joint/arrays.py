"""An instance as the arrays the compiled search works on, and a state back as an answer."""

from dataclasses import replace

import numpy as np

from cloud.routing.joint.instance import BREAKS_MAX, NO_LIMIT, Answer, Instance, Vehicle
from cloud.routing.joint.layout import (
    CUSTOMER_COLUMNS,
    L_ABSENT,
    MANDATORY,
    O_CUSTOMER,
    O_LOCATION,
    OPTION_COLUMNS,
    ORDERS,
    R_LENGTH,
    S_OPTION,
    T_ABSENT,
    V_AGAIN,
    V_FIRST,
    V_FIXED,
    V_HEAD,
    V_NEXT,
    V_OPEN,
    V_PREVIOUS,
    V_RELOAD,
    V_SHUT,
    VEHICLE_COLUMNS,
    Data,
    Int32s,
    Int64s,
    State,
)

NEIGHBOURS_MAX = 120  # strings come from a handful of routes near the seed; more neighbours are never reached


def as_data(instance: Instance) -> tuple[Data, tuple[int, ...]]:
    """Return the arrays and, for each option in them, its number in the instance (they are sorted by customer)."""
    order = sorted(range(len(instance.options)), key=lambda number: instance.options[number].customer)
    option = _options(instance, order)
    matrices: list[Int32s] = []
    indexes = _matrix_indexes(instance, matrices)
    return Data(
        np.ascontiguousarray(np.stack(matrices), dtype=np.int32),
        option,
        _customers(instance),
        _vehicles(instance, indexes),
        _limits(instance),
        near(instance.cost[0], option),
        _orders(instance, option),
    ), tuple(order)


def _matrix_indexes(instance: Instance, matrices: list[Int32s]) -> list[tuple[int, ...]]:
    """Collect distinct matrices and return for each kind where cost and time (both ways) and metres lie."""

    def place(wanted: Int32s) -> int:
        for number, known in enumerate(matrices):
            if np.array_equal(known, wanted):
                return number
        matrices.append(wanted)
        return len(matrices) - 1

    metres = instance.time if instance.metres is None else instance.metres
    rest = (instance.time, instance.time.T, metres)
    return [tuple(place(matrix) for matrix in (cost, cost.T, *rest)) for cost in instance.cost]


def _limits(instance: Instance) -> Int64s:
    """Return how many parcels of at least each size fit each room; last, the service budget by rank."""
    columns = max([len(instance.budget), *(len(room) for room in instance.rooms)], default=0)
    rows = np.full((len(instance.rooms) + 1, columns), NO_LIMIT, dtype=np.int64)
    for number, room in enumerate(instance.rooms):
        rows[number] = [sum(room[size:]) for size in range(columns)]
    rows[-1, : len(instance.budget)] = instance.budget
    return rows


def _options(instance: Instance, order: list[int]) -> Int64s:
    rows = np.zeros((len(order), OPTION_COLUMNS), dtype=np.int64)
    for row, number in zip(rows, order, strict=True):
        one = instance.options[number]
        place = instance.locations[one.location]
        room = -1 if place.room is None else place.room
        row[:] = (
            one.customer,
            one.location,
            one.service,
            one.rank,
            place.ready,
            place.due,
            place.prepare,
            room,
            one.extra,
            one.skills,
            -1 if one.by is None else one.by,
        )
    return rows


def _customers(instance: Instance) -> Int64s:
    rows = np.zeros((len(instance.customers), CUSTOMER_COLUMNS), dtype=np.int64)
    first = 0
    for row, one, options in zip(rows, instance.customers, instance.options_of(), strict=True):
        penalty = MANDATORY if one.penalty is None else one.penalty
        row[:] = (first, len(options), one.size, one.skills, penalty, *one.demand)
        first += len(options)
    return rows


def _vehicles(instance: Instance, indexes: list[tuple[int, ...]]) -> Int64s:
    rows = np.zeros((len(instance.vehicles), VEHICLE_COLUMNS), dtype=np.int64)
    classes: dict[Vehicle, int] = {}
    for row, one in zip(rows, instance.vehicles, strict=True):
        same = replace(one, name="")
        number = classes.setdefault(same, len(classes))
        row[:] = (
            one.start,
            one.end,
            one.early,
            one.late,
            one.skills,
            one.fixed,
            number,
            one.stops_max,
            *indexes[one.kind],
            one.parcel,
            one.hour,
            one.reach if instance.metres is not None else NO_LIMIT,
            one.loose,
            one.under_way,
            len(one.breaks),
            *one.capacity,
            *_padded(one),
            *(-1, -1, -1, 0, 0, 0, 0, 0),
        )
    _chain(rows, instance)
    return rows


def _chain(rows: Int64s, instance: Instance) -> None:
    """Link the loads of each van; what a van costs once is no load's own any more."""
    for number, one in enumerate(instance.vehicles):
        if one.again is None:
            continue
        before, row = one.again.after, rows[number]
        if rows[before, V_HEAD] < 0:
            rows[before, V_HEAD], rows[before, V_FIRST], rows[before, V_AGAIN] = before, one.fixed, one.again.cost
            rows[before, V_FIXED] = 0
        rows[before, V_NEXT] = number
        row[V_HEAD], row[V_PREVIOUS], row[V_FIXED] = rows[before, V_HEAD], before, 0
        row[V_RELOAD], row[V_OPEN], row[V_SHUT] = one.again.duration, one.again.ready, one.again.due
        row[V_FIRST], row[V_AGAIN] = one.fixed, one.again.cost


def _padded(one: Vehicle) -> tuple[int, ...]:
    if len(one.breaks) > BREAKS_MAX:
        raise ValueError(f"vehicle {one.name} has {len(one.breaks)} breaks; at most {BREAKS_MAX}")
    given = [number for pause in one.breaks for number in pause]
    return (*given, *(0,) * (2 * BREAKS_MAX - len(given)))


def near(leg: Int32s, option: Int64s) -> Int32s:
    """Return for each option the nearest options of other customers, nearest first."""
    count = len(option)
    width = min(NEIGHBOURS_MAX, count)
    place, customer = option[:, O_LOCATION], option[:, O_CUSTOMER]
    found = np.zeros((count, width), dtype=np.int32)
    for number in range(count):
        away = leg[place[number], place].astype(np.int64)
        away[customer == customer[number]] = np.iinfo(np.int64).max
        chosen = np.argpartition(away, width - 1)[:width] if width < count else np.arange(count)
        found[number] = chosen[np.argsort(away[chosen], kind="stable")]
    return found


def _orders(instance: Instance, option: Int64s) -> Int64s:
    """Return the sort keys of layout.ORDERS, by each customer's first option."""
    rows = np.zeros((len(instance.customers), ORDERS), dtype=np.int64)
    depot = instance.vehicles[0].start if instance.vehicles else 0
    first = {int(row[O_CUSTOMER]): row for row in option[::-1]}
    for number, customer in enumerate(instance.customers):
        if number not in first:
            continue
        place = instance.locations[int(first[number][O_LOCATION])]
        away = int(instance.cost[0, depot, int(first[number][O_LOCATION])])
        rows[number] = (-sum(customer.demand), -away, away, place.due - place.ready, place.ready, -place.due)
    return rows


def as_answer(data: Data, order: tuple[int, ...], state: State) -> Answer:
    """Return a solution in the instance's own numbers."""
    routes = []
    for vehicle in range(len(data.vehicle)):
        length = int(state.route[vehicle, R_LENGTH])
        if length:
            routes.append((vehicle, tuple(order[number] for number in state.seq[vehicle, 1 : length + 1, S_OPTION])))
    absent = state.lists[L_ABSENT, : state.total[T_ABSENT]]
    return Answer(tuple(routes), tuple(sorted(int(one) for one in absent)))
