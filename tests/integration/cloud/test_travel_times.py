"""Travel times as a deployment chooses them: the real command with a server, with streets, and with neither."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cloud.service import Service
from tests.integration.cloud.test_cloud_command import CLOUD, DAY, LOCKERS, PARCELS, WARSAW, csv_file, finished
from tests.unit.cloud.routing.travel.routing_server import routing_server
from tests.unit.cloud.routing.travel.town import Town

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path) as opened:
        yield opened


def lockers_and_a_courier(service: Service) -> None:
    done = service.command(LOCKERS, str(WARSAW), "--cloud", service.url, "--key", service.secrets()["operator_key"])
    assert done.returncode == 0, done.stderr
    with service.client() as http:
        courier = http.post("/v1/couriers", json={"name": "Ewa"}).json()["id"]
        place = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
        times = {"starts_at": f"{DAY}T08:00+01:00", "ends_at": f"{DAY}T18:00+01:00"}
        assert http.post(f"/v1/couriers/{courier}/shifts", json=times | place).status_code == 201


def planned(service: Service, parcels: int) -> dict[str, list[dict[str, str]]]:
    """Import parcels, plan the day, and return the plan."""
    file, key = csv_file(service.directory, parcels), service.secrets()["carrier_key"]
    done = service.command(PARCELS, str(file), "--cloud", service.url, "--key", key)
    assert done.returncode == 0, done.stderr
    with service.client() as http:
        job = finished(service, http.post("/v1/plans", json={"day": DAY}).json()["id"])
        assert job["state"] == "done", job
        found: dict[str, list[dict[str, str]]] = http.get(f"/v1/plans/{DAY}").json()
        return found


def test_a_day_is_planned_by_a_servers_times_and_by_great_circles_when_it_fails(service: Service) -> None:
    log = service.directory / "cloud.app.log"
    with routing_server() as server:
        service.start("--plan-seconds", "60", "--travel-times", f"osrm:{server.url}")
        lockers_and_a_courier(service)
        assert planned(service, 10)["routes"]
        assert server.asked[0].startswith("/table/v1/driving/")
        assert "travel_times" not in log.read_text()
        server.fail(400, {"code": "InvalidUrl"}, times=100)
        assert planned(service, 12)["routes"]
    assert "OSRM refused the question: InvalidUrl" in log.read_text()
    assert "travel_times_degraded" in log.read_text()


def test_places_that_are_not_on_the_map_are_left_behind_with_that_reason(service: Service, tmp_path: Path) -> None:
    extract = Town().street((0, 0), (5, 0)).write(tmp_path / "a-town-on-the-equator.osm")
    service.start("--plan-seconds", "60", "--travel-times", f"osm:{extract}")
    lockers_and_a_courier(service)
    plan = planned(service, 5)
    assert plan["routes"] == []
    assert {one["reason"] for one in plan["unplanned"]} == {"No road leads there from where any courier starts."}
    assert len(list((service.directory / "cloud" / "cache").iterdir())) == 1


def test_an_extract_that_is_not_there_ends_the_start_with_a_sentence(service: Service) -> None:
    done = service.command(CLOUD, *service.flags(), "--travel-times", "osm:/nowhere/city.osm.pbf")
    assert done.returncode == 1
    assert "/nowhere/city.osm.pbf cannot be read: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr
