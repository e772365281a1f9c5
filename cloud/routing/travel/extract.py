"""Reads an OpenStreetMap extract (``.osm.pbf``, ``.osm.gz``, ``.osm``) into a road graph: the only importer of osmium.

Two passes: the first counts how often each node is used, the second cuts ways where they meet. What lies between two
crossings becomes one edge, so a search visits a tenth of the file's nodes.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cloud.routing.travel.graph import (
    NODES_MAX,
    ExtractError,
    Floats,
    Ints,
    RoadGraph,
    digest_of,
    keep,
    kept_at,
    recall,
)
from cloud.routing.travel.roads import Road, road_of
from cloud.routing.travel_times import EARTH_RADIUS_M

POINT_EVERY_M = 20.0  # along every road: a place is snapped at most 10 m beside where it stands
EDGE_CS_MIN = 1  # a search must not meet edges that take no time


@dataclass(frozen=True, slots=True)
class _Way:
    nodes: tuple[int, ...]
    degrees: tuple[tuple[float, float], ...]
    road: Road


@dataclass(slots=True)
class _Growing:
    """The arrays of a ``RoadGraph`` while they grow."""

    index: dict[int, int] = field(default_factory=dict)
    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    cs: list[int] = field(default_factory=list)
    dm: list[int] = field(default_factory=list)
    twin: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    point_edge: list[Ints] = field(default_factory=list)
    point_along: list[Floats] = field(default_factory=list)

    def node(self, osm_id: int) -> int:
        return self.index.setdefault(osm_id, len(self.index))


def road_graph(path: Path, cache: Path | None = None) -> RoadGraph:
    """Return the graph of an extract, from ``cache`` when the same file was read before.

    Raises ``ExtractError`` when the file cannot be read or has no road a van may drive.
    """
    kept = kept_at(cache, digest_of(path)) if cache else None
    graph = recall(kept) if kept else None
    if graph is None:
        graph = read_extract(path)
        if kept is not None:
            keep(graph, kept)
    return graph


def read_extract(path: Path) -> RoadGraph:
    """Read the streets of ``path``; about 100,000 ways a second."""
    try:
        ways = list(_ways(path))
    except (RuntimeError, OSError) as error:
        raise ExtractError(f"{path} is no OpenStreetMap extract: {error}") from error
    if not ways:
        raise ExtractError(f"{path} holds no road that a van may drive")
    used = Counter(node for way in ways for node in way.nodes)
    growing = _Growing()
    for way in ways:
        _add_way(growing, way, used)
    if len(growing.index) > NODES_MAX:
        raise ExtractError(f"{path} has {len(growing.index)} crossings; at most {NODES_MAX} are searched in time")
    return _graph(growing)


def _ways(path: Path) -> Iterator[_Way]:
    """Yield drivable ways. Nodes outside the extract are left out, and the way ends before them."""
    reader = osmium.FileProcessor(str(path)).with_locations()
    reader.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(osmium.filter.KeyFilter("highway"))
    for way in reader:
        assert isinstance(way, osmium.osm.Way)  # noqa: S101 - the filter lets nothing else through
        road = road_of(dict(way.tags))
        if road is None:
            continue
        nodes = [(one.ref, one.lon, one.lat) for one in way.nodes if one.location.valid()]
        nodes = [one for place, one in enumerate(nodes) if place == 0 or one[0] != nodes[place - 1][0]]
        if len(nodes) > 1:
            yield _Way(tuple(ref for ref, _, _ in nodes), tuple((lon, lat) for _, lon, lat in nodes), road)


def _add_way(growing: _Growing, way: _Way, used: Counter[int]) -> None:
    """Cut a way at its crossings; a node that the way itself passes twice counts as one."""
    degrees = np.array(way.degrees)
    steps_m = _steps_m(degrees)
    first = 0
    for last in range(1, len(way.nodes)):
        if last == len(way.nodes) - 1 or used[way.nodes[last]] > 1:
            piece = slice(first, last + 1)
            ends = growing.node(way.nodes[first]), growing.node(way.nodes[last])
            _add_edge(growing, ends, way.road, degrees[piece], steps_m[first:last])
            first = last


def _steps_m(degrees: Floats) -> Floats:
    """Return metres between neighbours; over the length of a street the Earth is flat enough for Pythagoras."""
    lon, lat = np.radians(degrees).T
    east = np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2)
    steps: Floats = EARTH_RADIUS_M * np.hypot(east, np.diff(lat))
    return steps


def _add_edge(growing: _Growing, ends: tuple[int, int], road: Road, degrees: Floats, steps_m: Floats) -> None:
    length_m = max(float(steps_m.sum()), 0.1)
    cs = max(round(length_m * 360 / road.speed_kmh), EDGE_CS_MIN)
    number = len(growing.tail)
    directions = [ends] * road.forward + [ends[::-1]] * road.backward
    for offset, (tail, head) in enumerate(directions):
        growing.tail.append(tail)
        growing.head.append(head)
        growing.cs.append(cs)
        growing.dm.append(max(round(length_m * 10), 1))
        growing.twin.append(number + 1 - offset if len(directions) > 1 else -1)
    along_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    at_m = np.linspace(0.0, length_m, max(2, int(length_m // POINT_EVERY_M) + 2))
    growing.points.append(np.stack([np.interp(at_m, along_m, degrees[:, axis]) for axis in (0, 1)], axis=1))
    growing.point_edge.append(np.full(len(at_m), number, dtype=np.int32))
    along = at_m / length_m
    growing.point_along.append(along if road.forward else 1.0 - along)


def _graph(growing: _Growing) -> RoadGraph:
    nodes = len(growing.index)
    tail, head = np.array(growing.tail, dtype=np.int32), np.array(growing.head, dtype=np.int32)
    return RoadGraph(
        tail=tail,
        head=head,
        edge_cs=np.array(growing.cs, dtype=np.int32),
        edge_dm=np.array(growing.dm, dtype=np.int32),
        twin=np.array(growing.twin, dtype=np.int32),
        component=_components(tail, head, nodes),
        point_degrees=np.concatenate(growing.points),
        point_edge=np.concatenate(growing.point_edge),
        point_along=np.concatenate(growing.point_along),
    )


def _components(tail: Ints, head: Ints, nodes: int) -> Ints:
    """Return each node's strongly connected part, the largest numbered 0: inside one, every way has a way back."""
    links = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(nodes, nodes))
    _, label = connected_components(links, directed=True, connection="strong")
    rank = np.empty(int(label.max()) + 1, dtype=np.int32)
    rank[np.argsort(-np.bincount(label), kind="stable")] = np.arange(len(rank), dtype=np.int32)
    ranked: Ints = rank[label]
    return ranked
