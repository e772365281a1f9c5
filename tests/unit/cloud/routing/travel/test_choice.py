from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.routing.travel.choice import Source, TravelChoice, open_travel_times, travel_choice
from cloud.routing.travel.graph import ExtractError
from cloud.routing.travel_times import VAN, great_circle
from tests.unit.cloud.routing.travel.routing_server import routing_server
from tests.unit.cloud.routing.travel.town import Town, place_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLACES = [place_at(0, 0), place_at(5, 0)]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("great-circle", TravelChoice()),
        ("osm:/srv/warsaw.osm.pbf", TravelChoice(Source.OSM, "/srv/warsaw.osm.pbf")),
        ("osrm:http://127.0.0.1:5000", TravelChoice(Source.OSRM, "http://127.0.0.1:5000")),
        ("valhalla:https://routes.example/v3", TravelChoice(Source.VALHALLA, "https://routes.example/v3")),
    ],
)
def test_each_form_is_read(text: str, choice: TravelChoice) -> None:
    assert travel_choice(text) == choice


@pytest.mark.parametrize(
    "text", ["", "osrm", "osm:", "osrm:", "great-circle:1", "google:key", "osrm:ftp://x", "valhalla:nothing"]
)
def test_what_is_no_choice_is_answered_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"great-circle, osm:|is no address"):
        travel_choice(text)


async def test_great_circles_need_nothing(tmp_path: Path) -> None:
    async with open_travel_times(TravelChoice(), tmp_path) as provider:
        travel = await provider.matrix(PLACES, NOON)
    assert (travel.durations_s == great_circle(PLACES, VAN, 12).durations_s).all()


async def test_an_extract_is_read_and_kept(tmp_path: Path) -> None:
    extract = Town().street((0, 0), (5, 0)).write(tmp_path / "town.osm")
    async with open_travel_times(travel_choice(f"osm:{extract}"), tmp_path / "cache") as provider:
        travel = await provider.matrix(PLACES, NOON)
    assert travel.distance_m(*PLACES) == pytest.approx(500, abs=2)
    assert len(list((tmp_path / "cache").iterdir())) == 1


async def test_an_extract_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="cannot be read"):
        async with open_travel_times(travel_choice("osm:/nowhere.osm.pbf"), tmp_path):
            pass


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
async def test_a_server_answers_and_when_it_fails_great_circles_do(kind: str, tmp_path: Path) -> None:
    with routing_server() as server:
        async with open_travel_times(travel_choice(f"{kind}:{server.url}"), tmp_path) as provider:
            good = await provider.matrix(PLACES, NOON)
            server.fail(400, {"code": "InvalidUrl", "error_code": 107})
            bad = await provider.matrix([*PLACES, place_at(9, 9)], NOON)
    assert not good.degraded
    assert "refused the question" in bad.degraded
