"""The cloud as a stranger starts it: a broker, one command, two files, a locker, a planned day."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cloud.intake.lockers_geojson import LockerRow, read_lockers
from demo.parcels import Order, make_parcels
from provisioning.bundle import check_bundle
from provisioning.client import CloudPlace, enrol
from tests.integration.cloud.service import Service

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("processes"), pytest.mark.timeout(900)]

WARSAW = Path("demo/warsaw.geojson")
LOCKERS = "import sys, cloud.importing as i; sys.exit(i.main_lockers())"
PARCELS = "import sys, cloud.importing as i; sys.exit(i.main_parcels())"
CLOUD = "import sys, cloud.app as a; sys.exit(a.main())"
DAY = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()  # nobody is given a shift that is over


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Keep one cloud running for the tests that leave it as it is."""
    with Service(tmp_path_factory.mktemp("running")) as opened:
        opened.start()
        yield opened


def csv_file(directory: Path, count: int, day: str = DAY) -> Path:
    lockers = [one for one in read_lockers(WARSAW.read_bytes()) if isinstance(one, LockerRow)]
    path = directory / "parcels.csv"
    path.write_text(make_parcels(lockers, Order(count, date.fromisoformat(day), 1)), encoding="utf-8")
    return path


def test_from_an_empty_directory_to_a_planned_day(service: Service, tmp_path: Path) -> None:
    service.start("--plan-seconds", "60")
    keys = {"LATCHMILE_KEY": service.secrets()["operator_key"]}
    carrier = {"LATCHMILE_KEY": service.secrets()["carrier_key"]}
    there = ("--cloud", service.url)
    file = csv_file(tmp_path, 40)

    lockers = service.command(LOCKERS, str(WARSAW), *there, **keys)
    assert (lockers.returncode, "12 added" in lockers.stdout) == (0, True), lockers.stderr
    again = service.command(LOCKERS, str(WARSAW), *there, **keys)
    assert (again.returncode, "12 unchanged" in again.stdout) == (0, True)
    parcels = service.command(PARCELS, str(file), *there, **carrier)
    assert (parcels.returncode, "40 added" in parcels.stdout) == (0, True), parcels.stderr

    with service.client() as http:
        claim = http.post("/v1/lockers/WAW-CEN/claims").json()["claim"]
        bundle = enrol(CloudPlace(url=service.url), claim, tmp_path / "device")
        check_bundle(bundle, tmp_path / "device")
        assert (bundle.locker_id, bundle.broker_port) == ("WAW-CEN", service.broker_port)
        assert http.get("/v1/lockers/WAW-CEN").json()["status"] == "enrolling"
        courier = http.post("/v1/couriers", json={"name": "Ewa"}).json()["id"]
        place = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
        times = {"starts_at": f"{DAY}T08:00+01:00", "ends_at": f"{DAY}T18:00+01:00"}
        assert http.post(f"/v1/couriers/{courier}/shifts", json=times | place).status_code == 201
        job = http.post("/v1/plans", json={"day": DAY}).json()
        planned = finished(service, job["id"])
        assert planned["state"] == "done", planned
        plan = http.get(f"/v1/plans/{DAY}").json()
    tasks = sum(len(stop["tasks"]) for route in plan["routes"] for stop in route["stops"])
    assert tasks + len(plan["unplanned"]) == 40
    assert tasks > 0


def finished(service: Service, job_id: str) -> dict[str, object]:
    """Wait for a job by listening to the live stream: it says when a job's record changes."""
    with service.client() as http, http.stream("GET", "/v1/live") as live:
        lines = live.iter_lines()
        while True:
            found: dict[str, object] = http.get(f"/v1/jobs/{job_id}").json()
            if found["finished_at"] is not None:
                return found
            next(line for line in lines if "JobRun" in line or line.startswith(":"))


def test_wrong_rows_are_shown_with_line_and_column_and_exit_code_one(running: Service, tmp_path: Path) -> None:
    file = csv_file(tmp_path, 5)
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("@", " at ")
    file.write_text("\n".join(lines), encoding="utf-8")
    running.command(LOCKERS, str(WARSAW), "--cloud", running.url, "--key", running.secrets()["operator_key"])
    done = running.command(PARCELS, str(file), "--cloud", running.url, "--key", running.secrets()["carrier_key"])
    assert (done.returncode, "4 added" in done.stdout, "1 rejected" in done.stdout) == (1, True, True), done.stdout
    assert "recipient_email" in done.stdout


@pytest.mark.parametrize(
    ("content", "flags", "says"),
    [
        ("hello", [], "no column barcode"),
        ("", [], "the file is empty"),
        (None, [], "No such file"),
        ("x", ["--key", "lm_wrong"], "unknown, expired or revoked"),
        ("x", ["--cloud", "http://127.0.0.1:9"], "refused"),
        ("x", ["--cloud", "nonsense"], "protocol"),
    ],
)
def test_a_file_that_is_not_taken_is_exit_code_two_with_a_sentence(
    running: Service, tmp_path: Path, content: str | None, flags: list[str], says: str
) -> None:
    file = tmp_path / "file.csv"
    if content is not None:
        file.write_text(content)
    usual = ["--cloud", running.url, "--key", running.secrets()["carrier_key"]]
    done = running.command(PARCELS, str(file), *usual, *flags)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_without_a_key_says_how_to_give_one(running: Service) -> None:
    done = running.command(LOCKERS, str(WARSAW), LATCHMILE_KEY="")
    assert (done.returncode, "--key (or LATCHMILE_KEY)" in done.stderr) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_even_while_somebody_watches(service: Service, number: signal.Signals) -> None:
    cloud = service.start()
    heard = threading.Event()

    def watch() -> None:
        with service.client() as http, http.stream("GET", "/v1/live") as live:
            for _ in live.iter_lines():
                heard.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert heard.wait(120)
    cloud.send_signal(number)
    assert cloud.wait(timeout=120) == 0


def test_what_was_committed_outlives_kill_dash_nine(service: Service) -> None:
    first = service.start()
    assert any("first start" in line for line in service.said)
    key = service.secrets()["operator_key"]
    with service.client() as http:
        made = http.post("/v1/couriers", json={"name": "Ewa"})
        assert made.status_code == 201
    first.kill()
    first.wait(timeout=120)
    service.start()
    assert not any("first start" in line for line in service.said)
    assert service.secrets()["operator_key"] == key
    with service.client() as http:
        assert [one["name"] for one in http.get("/v1/couriers").json()["couriers"]] == ["Ewa"]


def test_secrets_of_the_first_start_are_for_the_operators_eyes_only(service: Service) -> None:
    data = service.directory / "cloud"
    done = service.command(CLOUD, *service.flags(), "init")
    assert done.returncode == 0, done.stderr
    assert (data / "first-start.json").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    secrets = json.loads((data / "first-start.json").read_text())
    assert not any(value in done.stdout + done.stderr for value in (secrets["operator_key"], secrets["carrier_key"]))
    assert secrets["operator"]["password"] not in done.stdout + done.stderr


def test_two_clouds_on_one_port_are_one_too_many(running: Service) -> None:
    second = running.command(CLOUD, *running.flags())
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{running.port}" in second.stderr


def test_without_a_brokers_papers_it_says_what_to_start_first(running: Service, tmp_path: Path) -> None:
    done = running.command(CLOUD, "--data", str(tmp_path / "other"), "--tls-dir", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "latchmile-broker --dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_readiness_tells_whether_the_broker_can_be_reached(service: Service) -> None:
    service.start()
    with service.client() as http:
        assert http.get("/healthz").status_code == 200
        while (answer := http.get("/readyz")).status_code != 200:
            assert answer.json()["detail"] == "not up: broker"


def test_the_log_shows_no_key_no_password_and_no_link(service: Service) -> None:
    service.start("--verbose")
    secrets = service.secrets()
    with service.client() as http:
        http.post("/v1/sessions", json=secrets["operator"])
        http.get("/v1/tracking/" + "s3cret" * 7)
    assert isinstance(service.cloud, subprocess.Popen)
    service.cloud.send_signal(signal.SIGTERM)
    service.cloud.wait(timeout=120)
    log = (service.directory / "cloud.app.log").read_text()
    for secret in (secrets["operator_key"], secrets["carrier_key"], secrets["operator"]["password"], "s3cret"):
        assert secret not in log
