"""Reads the published benchmarks into the one model: delivery options, time windows, parcel lockers, roaming trunks.

Distances are Euclidean. VRPDO and VRPPL: rounded to thousandths; time windows (DIMACS 2021): cut after one decimal.
"""

import math
import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np

from cloud.routing.joint.instance import NO_LIMIT, Customer, Instance, Location, Matrix, Option, Vehicle

FILE_BYTES_MAX = 64 * 1024 * 1024  # the largest published instance (travel times of 1,000 places written out) has 20 MB
SHARED_LOCATION = 1  # VRPDO's type of lockers and counters
SERVICE_LEVELS = (0.8, 0.9)  # VRPDO: shares of customers who get at least rank 0, at least rank 1
HOME, LOCKER, EITHER = 1, 2, 3  # VRPPL's types of customers

Rows = list[list[str]]


class InstanceError(ValueError):
    """The file is not what its set says it is."""


def read(path: Path, kind: str) -> Instance:
    """Return the instance in a file of the set ``kind`` (see READERS). Raises InstanceError."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise InstanceError(f"{path.name} has {path.stat().st_size} bytes; at most {FILE_BYTES_MAX}")
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return READERS[kind](path.stem, text)
    except (ValueError, IndexError, KeyError, StopIteration) as error:
        others = ", ".join(sorted(READERS.keys() - {kind}))
        raise InstanceError(
            f"{path.name} is not laid out as {kind}; is it of another set ({others}), or cut?"
        ) from error


def euclid(points: Sequence[tuple[float, float]], factor: int, whole: Callable[[float], int]) -> Matrix:
    """Return all distances times ``factor``, made whole by ``whole``."""
    rows = [[whole(factor * math.hypot(x - u, y - v)) for u, v in points] for x, y in points]
    return np.array(rows, dtype=np.int32)


def _fleet(count: int, late: int, capacity: int) -> tuple[Vehicle, ...]:
    room = (capacity, NO_LIMIT, NO_LIMIT)
    return tuple(Vehicle(f"v{number}", 0, 0, 0, late, room) for number in range(count))


def vrpdo(name: str, text: str) -> Instance:
    """Dumez, Lehuede and Peton (2021): options, shared locations, service levels; vehicles first."""
    scale = 1000
    rows = [line.split() for line in text.splitlines()]
    sizes = next(row for row in rows if row and row[0].isdigit())
    vehicles, capacity, _, customer_count, option_count = map(int, sizes[:5])
    demands = [int(row[1]) for row in _section(rows, "CUSTOMER")][:customer_count]
    places = {int(row[0]): row for row in _section(rows, "LOCATION")}
    renumbered = {given: number for number, given in enumerate(places)}
    rooms: list[tuple[int, ...]] = []
    locations = []
    for row in places.values():
        shared = int(row[6]) == SHARED_LOCATION and int(row[3]) >= 0
        if shared:
            rooms.append((int(row[3]),))
        window = (scale * int(row[4]), scale * int(row[5]))
        locations.append(Location(row[0], *window, scale * int(row[7]), len(rooms) - 1 if shared else None))
    options = [
        Option(int(row[2]), renumbered[int(row[1])], scale * int(row[4]), int(row[3]))
        for row in _section(rows, "OPTION")
    ][:option_count]
    points = tuple((float(row[1]), float(row[2])) for row in places.values())
    legs = euclid(points, scale, round)
    return Instance(
        name,
        tuple(locations),
        tuple(Customer(str(number), (demand, 0, 0)) for number, demand in enumerate(demands)),
        tuple(options),
        _fleet(vehicles, locations[0].due, capacity),
        legs,
        legs[None],
        tuple(rooms),
        tuple(customer_count - math.ceil(share * customer_count - 1e-9) for share in SERVICE_LEVELS),
        fewest_vehicles=True,
        scale=scale,
        points=points,
    )


def _section(rows: Rows, title: str) -> Rows:
    """Return the rows of numbers under the last row that begins with a title."""
    begin = max(number for number, row in enumerate(rows) if row and row[0] == title) + 1
    return list(takewhile(lambda row: bool(row) and re.fullmatch(r"-?\d+", row[0]) is not None, rows[begin:]))


def vrptw(name: str, text: str) -> Instance:
    """Solomon (1987), Gehring and Homberger (1999), with the distances and times of DIMACS 2021."""
    scale = 10
    rows = [[float(word) for word in line.split()] for line in text.splitlines() if _is_numbers(line)]
    count, capacity = (int(value) for value in rows[0])
    stops = rows[1:]
    points = tuple((row[1], row[2]) for row in stops)
    legs = euclid(points, scale, int)
    due = int(scale * stops[0][5])
    return Instance(
        name,
        tuple(Location(str(int(r[0])), int(scale * r[4]), int(scale * r[5]), int(scale * r[6])) for r in stops),
        tuple(Customer(str(int(row[0])), (int(row[3]), 0, 0)) for row in stops[1:]),
        tuple(Option(number, number + 1) for number in range(len(stops) - 1)),
        _fleet(count, due, capacity),
        legs,
        legs[None],
        scale=scale,
        points=points,
    )


def _is_numbers(line: str) -> bool:
    return bool(re.fullmatch(r"[\d.\s-]+", line)) and bool(line.strip())


def vrppl(name: str, text: str) -> Instance:
    """Yu et al. (2022): customers at home, at their locker, or either; a locker's service is spent once per visit."""
    scale = 1000
    rows = [[float(word) for word in line.split()] for line in text.splitlines() if line.strip()]
    (customers, lockers), (vehicles, capacity) = [[int(value) for value in row] for row in rows[:2]]
    demands = [int(row[0]) for row in rows[2 : 2 + customers]]
    stops = rows[2 + customers : 3 + 2 * customers + lockers]
    allowed = rows[3 + 2 * customers + lockers :][:customers]
    locations = [Location(str(i), *(int(scale * value) for value in row[2:5])) for i, row in enumerate(stops)]
    options = []
    for number in range(customers):
        wish = int(stops[number + 1][5])
        if wish in {HOME, EITHER}:
            options.append(Option(number, number + 1))
        if wish in {LOCKER, EITHER}:
            options += [Option(number, 1 + customers + one) for one in range(lockers) if allowed[number][one]]
    points = tuple((row[0], row[1]) for row in stops)
    legs = euclid(points, scale, round)
    return Instance(
        name,
        tuple(locations),
        tuple(Customer(str(number + 1), (demand, 0, 0)) for number, demand in enumerate(demands)),
        tuple(options),
        _fleet(vehicles, locations[0].due, capacity),
        legs,
        legs[None],
        scale=scale,
        points=points,
    )


def vrprdl(name: str, text: str) -> Instance:
    """Roaming delivery locations: every place of a customer's day is an option with its window; travel cost counts.

    Reyes, Savelsbergh, Toriello (Transportation Research C 80, 2017) and Ozbaygin, Karasan, Savelsbergh, Yaman
    (Transportation Research B 100, 2017): customers, places, horizon, capacity; a line for each customer with number,
    demand and ``place [ready,due]`` as often as the car moves, the depot first and last; a line ``(from, to) minutes``
    for each pair of places. Coordinates between them are passed over. Or in sections, as instances with a home all day
    (VRPHRDL) go round: CAPACITY, EDGE_WEIGHT, EDGE_TRAVEL_TIME (without it the weights are times, too), TIME_WINDOW,
    CLUSTER (a customer's places), DEMAND and DEPOT, numbered from 1. Vehicles are as many as customers.
    """
    if "NODE_COORD_SECTION" in text:
        return _vrprdl_sections(name, text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next(line for line in lines if re.fullmatch(r"\d+\s+\d+\s+\d+\s+\d+", line))
    _, places, horizon, capacity = map(int, first.split())
    stays = [line for line in lines if "[" in line]
    windows = {0: (0, horizon)}
    people: list[tuple[int, list[int]]] = []
    for line in stays:
        found = re.findall(r"(\d+)\s*\[(\d+)\s*,\s*(\d+)\]", line)
        windows |= {int(place): (int(ready), int(due)) for place, ready, due in found}
        people.append((int(line.split()[1]), [int(place) for place, _, _ in found]))
    travel = np.zeros((places, places), dtype=np.int32)
    for origin, target, value in re.findall(r"\((\d+)\s*,\s*(\d+)\)\s+(\d+)", text):
        travel[int(origin), int(target)] = int(value)
    customers = [(demand, at) for demand, at in people if at != [0] and at != [places - 1]]
    return _roaming(name, (windows, customers, capacity), travel, travel)


def _vrprdl_sections(name: str, text: str) -> Instance:
    head, *parts = re.split(r"^([A-Z_]+_SECTION)\s*$", text, flags=re.MULTILINE)
    facts = dict(re.findall(r"^([A-Z_]+):\s*(\S+)", head, flags=re.MULTILINE))
    blocks = {
        title: [[int(float(word)) for word in line.split()] for line in body.splitlines() if _is_numbers(line)]
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }
    windows = {row[0] - 1: (row[1], row[2]) for row in blocks["TIME_WINDOW_SECTION"]}
    demand = {row[0]: row[1] for row in blocks["DEMAND_SECTION"]}
    depot = blocks["DEPOT_SECTION"][0][0]
    customers = [
        (demand[row[0]], [place - 1 for place in row[1:]]) for row in blocks["CLUSTER_SECTION"] if row[0] != depot
    ]
    cost = np.array(blocks["EDGE_WEIGHT_SECTION"], dtype=np.int32)
    time = np.array(blocks.get("EDGE_TRAVEL_TIME_SECTION", blocks["EDGE_WEIGHT_SECTION"]), dtype=np.int32)
    return _roaming(name, (windows, customers, int(facts["CAPACITY"])), time, cost)


def _roaming(
    name: str,
    day: tuple[dict[int, tuple[int, int]], list[tuple[int, list[int]]], int],
    time: Matrix,
    cost: Matrix,
) -> Instance:
    windows, customers, capacity = day
    return Instance(
        name,
        tuple(Location(str(place), *windows.get(place, (0, -1))) for place in range(len(time))),
        tuple(Customer(str(number + 1), (demand, 0, 0)) for number, (demand, _) in enumerate(customers)),
        tuple(Option(number, place) for number, (_, places) in enumerate(customers) for place in places),
        _fleet(len(customers), windows[0][1], capacity),
        time,
        cost[None],
    )


READERS: dict[str, Callable[[str, str], Instance]] = {
    "vrpdo": vrpdo,
    "vrptw": vrptw,
    "vrppl": vrppl,
    "vrprdl": vrprdl,
}
