import heapq
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.routing.matrices import MatrixError
from cloud.routing.problem import UNREACHABLE_S, Place
from cloud.routing.travel.extract import read_extract, road_graph
from cloud.routing.travel.graph import ExtractError, RoadGraph, digest_of, kept_at
from cloud.routing.travel.search import SNAP_M_MAX, RoadTimes, road_times, streets_of
from cloud.routing.travel_times import VAN, haversine_m
from tests.unit.cloud.routing.travel.town import RESIDENTIAL_M_S, STEP, Crossing, Town, place_at

SIDE = 4  # crossings along one side of the square town


def test_a_straight_street_is_as_long_as_it_is_and_driven_at_its_speed(tmp_path: Path) -> None:
    streets = Town().street((0, 0), (1, 0), (5, 0)).streets(tmp_path)
    travel = road_times(streets, [place_at(0, 0), place_at(5, 0)])
    assert travel.distance_m(*travel.places) == pytest.approx(500, abs=2)
    assert travel.duration_s(*travel.places) == pytest.approx(500 / RESIDENTIAL_M_S, abs=2)
    assert travel.unreachable() == ()


def test_a_one_way_sends_the_way_back_round_the_block(tmp_path: Path) -> None:
    block = Town().street((0, 0), (1, 0), oneway="yes").street((1, 0), (1, 1), (0, 1), (0, 0))
    travel = road_times(block.streets(tmp_path), [place_at(0, 0), place_at(1, 0)])
    there, back = travel.places, travel.places[::-1]
    assert travel.distance_m(*there) == pytest.approx(100, abs=2)
    assert travel.distance_m(*back) == pytest.approx(300, abs=2)


def test_two_places_in_one_street_need_no_crossing(tmp_path: Path) -> None:
    streets = Town().street((0, 0), (10, 0)).streets(tmp_path)
    travel = road_times(streets, [place_at(4, 0), place_at(6, 0)])
    assert travel.distance_m(*travel.places) == pytest.approx(200, abs=25)
    assert travel.distance_m(*travel.places[::-1]) == pytest.approx(200, abs=25)


def test_in_a_one_way_street_the_place_behind_is_a_whole_round_away(tmp_path: Path) -> None:
    town = Town().street((0, 0), (10, 0), oneway="yes").street((10, 0), (10, 5), (0, 5), (0, 0))
    travel = road_times(town.streets(tmp_path), [place_at(4, 0), place_at(6, 0)])
    assert travel.distance_m(*travel.places) == pytest.approx(200, abs=25)
    assert travel.distance_m(*travel.places[::-1]) == pytest.approx(3_000 - 200, abs=25)


def test_the_walk_from_the_kerb_takes_time_and_no_metres_of_the_van(tmp_path: Path) -> None:
    streets = Town().street((0, 0), (5, 0)).streets(tmp_path)
    kerb, door = place_at(5, 0), place_at(5, 1.2)
    travel = road_times(streets, [place_at(0, 0), kerb, door])
    start = travel.places[0]
    assert travel.duration_s(start, door) == pytest.approx(travel.duration_s(start, kerb) + 100, abs=2)
    assert travel.distance_m(start, door) == travel.distance_m(start, kerb)


def test_a_faster_way_round_beats_a_shorter_one(tmp_path: Path) -> None:
    town = (
        Town().street((0, 0), (6, 0), highway="living_street").street((0, 0), (0, 1), (6, 1), (6, 0), highway="trunk")
    )
    travel = road_times(town.streets(tmp_path), [place_at(0, 0), place_at(6, 0)])
    assert travel.distance_m(*travel.places) == pytest.approx(800, abs=3)


def test_a_place_off_the_road_is_named_and_nobody_drives_there(tmp_path: Path) -> None:
    streets = Town().street((0, 0), (5, 0)).street((5, 0), (5, 5)).streets(tmp_path)
    wilds = place_at(0, (SNAP_M_MAX + 500) / 100)
    travel = road_times(streets, [place_at(0, 0), place_at(5, 0), place_at(5, 3), wilds])
    assert travel.unreachable() == (wilds,)
    assert travel.duration_s(place_at(0, 0), wilds) == UNREACHABLE_S
    assert travel.duration_s(wilds, wilds) == 0


def test_a_car_park_nobody_can_leave_is_not_where_a_place_stands(tmp_path: Path) -> None:
    town = _square([False] * 24)
    town.street((5, 1), (6, 1), highway="service")  # joined to nothing
    town.street((3, 3), (3, 5), oneway="yes")  # a trap: there is no way back
    parked, trapped = place_at(5.5, 1), place_at(3, 4.5)
    travel = road_times(town.streets(tmp_path), [place_at(0, 0), parked, trapped])
    assert travel.unreachable() == ()
    assert travel.distance_m(place_at(0, 0), trapped) == pytest.approx(600, abs=3)


def test_islands_keep_to_themselves_and_the_smaller_is_named(tmp_path: Path) -> None:
    town = Town().street(*((column, 0) for column in range(60))).street(*((column, 30) for column in range(60)))
    mainland = [place_at(column, 0) for column in (0, 5, 9)]
    island = [place_at(column, 30) for column in (0, 5)]
    travel = road_times(town.streets(tmp_path), [*mainland, *island])
    assert travel.unreachable() == tuple(island)
    assert travel.duration_s(*island) < 100
    assert travel.duration_s(mainland[0], island[0]) == UNREACHABLE_S


def _square(one_ways: list[bool]) -> Town:
    town, choices = Town(), iter(one_ways)
    for column in range(SIDE):
        for row in range(SIDE):
            for neighbour in ((column + 1, row), (column, row + 1)):
                if max(neighbour) < SIDE:
                    town.street((column, row), neighbour, **({"oneway": "yes"} if next(choices) else {}))
    return town


def _metres_by_hand(town: Town, start: Crossing) -> dict[Crossing, int]:
    links: dict[Crossing, list[Crossing]] = defaultdict(list)
    for (tail, head), tags in town.ways:
        links[tail].append(head)
        if "oneway" not in tags:
            links[head].append(tail)
    best, waiting = {start: 0}, [(0, start)]
    while waiting:
        metres, here = heapq.heappop(waiting)
        for following in links[here]:
            if metres + 100 < best.get(following, 10**9):
                best[following] = metres + 100
                heapq.heappush(waiting, (metres + 100, following))
    return best


@given(st.lists(st.booleans(), min_size=24, max_size=24))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pair_in_a_town_of_one_ways_agrees_with_a_search_by_hand(tmp_path: Path, one_ways: list[bool]) -> None:
    town = _square(one_ways)
    graph = read_extract(town.write(tmp_path / "town.osm"))
    streets = streets_of(graph)
    crossings = [(column, row) for column in range(SIDE) for row in range(SIDE)]
    near = [one for one in crossings if _snapped_to(streets.snap(np.array([place_at(*one)]))[1])]
    travel = road_times(streets, [place_at(*one) for one in near])
    for start in near:
        by_hand = _metres_by_hand(town, start)
        for end in near:
            if end in by_hand and start in _metres_by_hand(town, end):
                assert travel.distance_m(place_at(*start), place_at(*end)) == pytest.approx(by_hand[end], abs=3)


def _snapped_to(metres: np.ndarray) -> bool:
    return float(metres[0]) < 1


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=3, max_size=6, unique=True))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_way_round_is_never_shorter(tmp_path: Path, spots: list[tuple[float, float]]) -> None:
    streets = _square([place % 5 == 0 for place in range(24)]).streets(tmp_path)
    travel = road_times(streets, list(dict.fromkeys(place_at(*spot) for spot in spots)))
    times = travel.durations_s.astype(int)
    for middle in range(len(travel.places)):
        around = times[:, middle, None] + times[None, middle, :]
        assert (times <= around + 1).all()  # rounding each leg up may cost the straight one a second


async def test_rush_hour_takes_longer_over_the_same_streets(tmp_path: Path) -> None:
    provider = RoadTimes(Town().street((0, 0), (30, 0)).streets(tmp_path))
    places = [place_at(0, 0), place_at(30, 0)]
    night = await provider.matrix(places, datetime(2026, 3, 2, 3, tzinfo=UTC))
    rush = await provider.matrix(places, datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert rush.duration_s(*places) == pytest.approx(night.duration_s(*places) * 1.35 / 0.85, abs=3)
    assert VAN.hour_factors[17] == 1.35
    assert rush.distance_m(*places) == night.distance_m(*places)


def test_nowhere_to_go_is_an_empty_matrix(tmp_path: Path) -> None:
    assert road_times(Town().street((0, 0), (5, 0)).streets(tmp_path), []).durations_s.shape == (0, 0)


def test_a_place_off_the_earth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MatrixError, match="not on Earth"):
        road_times(Town().street((0, 0), (5, 0)).streets(tmp_path), [Place(200, 0)])


def _same(one: RoadGraph, two: RoadGraph) -> bool:
    return bool((one.head == two.head).all() and (one.edge_cs == two.edge_cs).all() and (one.twin == two.twin).all())


def test_an_extract_is_read_once_and_kept_by_its_content(tmp_path: Path) -> None:
    extract, cache = Town().street((0, 0), (5, 0)).write(tmp_path / "town.osm"), tmp_path / "cache"
    first = road_graph(extract, cache)
    kept = kept_at(cache, digest_of(extract))
    written = kept.stat().st_mtime_ns
    assert _same(road_graph(extract, cache), first)
    assert kept.stat().st_mtime_ns == written
    Town().street((0, 0), (6, 0)).write(extract)
    assert not _same(road_graph(extract, cache), first)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", b"nothing like it"])
def test_a_damaged_kept_graph_is_read_anew(tmp_path: Path, damage: bytes) -> None:
    extract, cache = Town().street((0, 0), (5, 0)).write(tmp_path / "town.osm"), tmp_path / "cache"
    first = road_graph(extract, cache)
    kept_at(cache, digest_of(extract)).write_bytes(damage)
    assert _same(road_graph(extract, cache), first)


def test_an_extract_that_is_missing_broken_or_without_roads_is_said_to_be(tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"\x00\x00\x00\x0d not a header")
    with pytest.raises(ExtractError, match="no OpenStreetMap extract"):
        read_extract(broken)
    with pytest.raises(ExtractError, match="no OpenStreetMap extract"):
        read_extract(tmp_path / "absent.osm")
    with pytest.raises(ExtractError, match="cannot be read"):
        road_graph(tmp_path / "absent.osm", tmp_path)
    with pytest.raises(ExtractError, match="no road that a van may drive"):
        read_extract(Town().street((0, 0), (1, 0), highway="footway").write(tmp_path / "paths.osm"))


def test_ways_that_leave_the_extract_end_at_its_edge(tmp_path: Path) -> None:
    path = Town().street((0, 0), (1, 0), (2, 0), (3, 0)).write(tmp_path / "town.osm")
    cut = path.read_text().replace(path.read_text().split("<way")[0].split("/>")[3] + "/>", "")
    path.write_text(cut)
    graph = read_extract(path)
    assert graph.nodes == 2
    assert float(graph.point_degrees[:, 0].max()) == pytest.approx(21.0 + 2 * STEP, abs=1e-6)


def test_every_extract_at_hand_is_a_town_one_can_drive_through(tmp_path: Path) -> None:
    shared = Path(__file__).parents[6] / "shared" / "data" / "osm"  # real towns, where they lie beside the repository
    for extract in [_square([False] * 24).write(tmp_path / "town.osm"), *sorted(shared.glob("*.osm.*"))]:
        graph = read_extract(extract)
        streets = streets_of(graph)
        chosen = streets.usable[:: max(1, len(streets.usable) // 40)]
        places = list(dict.fromkeys(Place(*map(float, graph.point_degrees[one])) for one in chosen))
        travel = road_times(streets, places)
        radians = np.radians(np.array(places))
        straight_m = haversine_m(radians, radians)
        apart = straight_m > 1
        assert travel.unreachable() == (), extract
        assert (travel.distances_m + 2 >= straight_m).all(), extract
        assert (travel.durations_s[apart] > 0).all(), extract
        assert travel.distances_m.sum() < 4 * straight_m.sum(), extract
