"""Times over a city's streets: places are snapped to the nearest road, and every place searches its ways to all others.

Dijkstra's search (E. W. Dijkstra, Numerische Mathematik 1, 1959) is scipy's. Each place becomes two nodes of the graph,
one to leave from and one to arrive at, so that half a street, one-ways and two places in one street need no rules.
Turns cost nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import UNREACHABLE_S, Place
from cloud.routing.travel.graph import Floats, Ints, RoadGraph
from cloud.routing.travel_times import EARTH_RADIUS_M, VAN, degrees_of

SNAP_M_MAX = 1_000.0  # a place farther from every road than that is in the wilds, or in another city
WALK_M_S = 1.2  # kerb to door with a parcel
ISLAND_NODES_MIN = 50  # a smaller part nobody can leave is a car park or a mistake in the map: places avoid it
HELD_NODES = 200_000  # searched at once: scipy holds the interpreter for it, about 40 ms, and the service waits
_DM_BITS = 2.0**26  # time and way in one float64, exactly: 2^26 hundredths (7.7 days) above 2^26 decimetres (6,710 km)


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """A graph with an index of its points by place, and which of them places may be snapped to."""

    graph: RoadGraph
    tree: cKDTree
    usable: NDArray[np.int64]
    latitude: float

    def snap(self, places: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return for each place the number of the nearest point, -1 off the road, and the metres to it."""
        metres, nearest = self.tree.query(_flat(places, self.latitude), distance_upper_bound=SNAP_M_MAX)
        found = np.isfinite(metres)
        points = np.where(found, self.usable[np.where(found, nearest, 0)], -1)
        return points, np.where(found, metres, 0.0)


def streets_of(graph: RoadGraph) -> Streets:
    """Index a graph's points, those of small islands left out."""
    sizes = graph.component_sizes()
    large = sizes >= min(ISLAND_NODES_MIN, int(sizes[0]))
    ends = graph.component[graph.tail], graph.component[graph.head]
    edge_is_usable = (ends[0] == ends[1]) & large[ends[0]]
    usable = np.flatnonzero(edge_is_usable[graph.point_edge])
    latitude = float(np.median(graph.point_degrees[:, 1]))
    return Streets(graph, cKDTree(_flat(graph.point_degrees[usable], latitude)), usable, latitude)


def road_times(streets: Streets, places: Sequence[Place], factor: float = 1.0) -> TravelTimes:
    """Return seconds (free flow times ``factor``, and the walk from kerb to door at both ends) and the van's metres.

    Pairs that no road joins get ``UNREACHABLE_S``; ``TravelTimes.unreachable`` names places that lie so.
    """
    size, degrees = len(places), degrees_of(places)
    points, walk_m = streets.snap(degrees)
    on_road = np.flatnonzero(points >= 0)
    durations = np.full((size, size), float(UNREACHABLE_S))
    distances = np.full((size, size), float(UNREACHABLE_S))
    cells = np.ix_(on_road, on_road)
    drive_s, way_m = _search(streets.graph, points[on_road])
    walk_s = walk_m[on_road] / WALK_M_S
    durations[cells] = np.minimum(drive_s * factor + walk_s[:, None] + walk_s[None, :], UNREACHABLE_S)
    distances[cells] = np.minimum(way_m, UNREACHABLE_S)
    for matrix in (durations, distances):
        np.fill_diagonal(matrix, 0.0)
    return TravelTimes(tuple(places), np.ceil(durations).astype(np.uint32), np.ceil(distances).astype(np.uint32))


@dataclass(frozen=True, slots=True, eq=False)
class RoadTimes:
    """The provider over an extract; free flow becomes traffic by ``hour_factors`` until legs driven teach better."""

    streets: Streets
    hour_factors: tuple[float, ...] = VAN.hour_factors

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        return await asyncio.to_thread(road_times, self.streets, places, self.hour_factors[depart_at.hour])


def _flat(degrees: Floats, latitude: float) -> Floats:
    """Return metres east and north; true enough over a city to say which road is nearest."""
    radians = np.radians(degrees)
    flat: Floats = radians * (EARTH_RADIUS_M * np.cos(np.radians(latitude)), EARTH_RADIUS_M)
    return flat


def _search(graph: RoadGraph, points: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return seconds and metres from each point (row) to each (column), infinite where no road leads."""
    count, nodes = len(points), graph.nodes
    links = _links(graph, points)
    durations, distances = np.empty((count, count)), np.empty((count, count))
    at_once = max(1, HELD_NODES // max(nodes, 1))
    for first in range(0, count, at_once):
        rows = slice(first, min(first + at_once, count))
        found = dijkstra(links, indices=np.arange(nodes + rows.start, nodes + rows.stop))[:, nodes + count :]
        reached = np.isfinite(found)
        cs, dm = np.divmod(np.where(reached, found, 0.0), _DM_BITS)
        durations[rows] = np.where(reached, cs / 100, np.inf)
        distances[rows] = np.where(reached, dm / 10, np.inf)
    return durations, distances


def _links(graph: RoadGraph, points: NDArray[np.int64]) -> csr_array:
    """Return the graph with two more nodes for each point: places leave from ``nodes + i``, and arrive behind those."""
    count, nodes = len(points), graph.nodes
    edge, along = graph.point_edge[points], graph.point_along[points]
    tail, head = graph.tail[edge], graph.head[edge]
    leave, arrive = np.arange(count) + nodes, np.arange(count) + nodes + count
    both = np.flatnonzero(graph.twin[edge] >= 0)
    mine, other, share = _same_road(edge, along, graph.twin)
    first, last = np.flatnonzero(along == 0), np.flatnonzero(along == 1)  # at a crossing every street is at hand
    tails: list[NDArray[Any]] = [
        graph.tail,
        leave,
        tail,
        leave[both],
        head[both],
        leave[mine],
        leave[first],
        head[last],
    ]
    heads: list[NDArray[Any]] = [graph.head, head, arrive, tail[both], arrive[both], arrive[other], tail[first]]
    heads.append(arrive[last])
    roads = [edge, edge, edge[both], edge[both], edge[mine], edge[first], edge[last]]
    shares = [1 - along, along, along[both], 1 - along[both], share, along[first], 1 - along[last]]
    whole = graph.edge_cs * _DM_BITS + graph.edge_dm
    parts = [_part(graph, road, part) for road, part in zip(roads, shares, strict=True)]
    return _shortest(np.concatenate(tails), np.concatenate(heads), np.concatenate([whole, *parts]), nodes + 2 * count)


def _part(graph: RoadGraph, edge: Ints, share: Floats) -> Floats:
    """Return the weight of a share of each edge; never nothing, as a search must not meet links that take no time."""
    cs = np.maximum(np.rint(graph.edge_cs[edge] * share), 1.0)
    part: Floats = cs * _DM_BITS + np.rint(graph.edge_dm[edge] * share)
    return part


def _same_road(edge: Ints, along: Floats, twin: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return pairs of places in one street where one may drive straight on, and which share of the street that is."""
    streets = defaultdict(list)
    for place, road in enumerate(edge.tolist()):
        streets[road].append(place)
    straight = [
        (one, two)
        for road, here in streets.items()
        for one, two in permutations(here, 2)
        if along[two] >= along[one] or twin[road] >= 0
    ]
    pairs = np.array(straight, dtype=np.intp).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.abs(along[pairs[:, 1]] - along[pairs[:, 0]])


def _shortest(tails: NDArray[np.int64], heads: NDArray[np.int64], weights: Floats, nodes: int) -> csr_array:
    """Return a sparse matrix with the lightest of parallel links: a sparse matrix would add them up."""
    order = np.lexsort((weights, heads, tails))
    tails, heads, weights = tails[order], heads[order], weights[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    return csr_array((weights[first], (tails[first], heads[first])), shape=(nodes, nodes))
