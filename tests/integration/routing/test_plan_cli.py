"""``latchmile-plan`` as a stranger runs it: files in, a plan and a report out, a sentence where it cannot."""

import json
import os
from pathlib import Path

import pytest

from cloud.plan_files.app import Exit, main

COLUMNS = "barcode,recipient_name,address,longitude,latitude,length_mm,width_mm,height_mm,weight_g"
PARCELS = f"""{COLUMNS},recipient_email,locker_allowed
LM2611230000001,Ewa,Hoża 1,21.01,52.22,300,200,60,500,ewa@people.example,yes
LM2611230000002,Jan,Hoża 2,21.02,52.23,300,200,60,500,jan@people.example,no
"""
BAD_ROW = "LM2611230000003,Ola,Hoża 3,21.02,north,300,200,60,500,ola@people.example,no\n"
COURIERS = "courier,start_longitude,start_latitude,shift_from,shift_to\nOla,20.95,52.2,08:00,17:00\n"
TRIPS = """trip,start_longitude,start_latitude,leaves,arrives,detour_m,parcels_max,per_parcel_cents
Ewa,20.95,52.2,15:30,17:00,9000,6,90
"""
TARIFFS = """tariff,centre_longitude,centre_latitude,radius_m,base_cents,promise_from,promise_to,parcels_max
Bikes,21.02,52.23,4000,120,10:00,14:00,60
"""
LOCKERS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [21.011, 52.22]},
            "properties": {"ref": "WAW-ONE", "name": "One", "model": "S12"},
        }
    ],
}
SOLOMON = """C1

VEHICLE
NUMBER     CAPACITY
  3         10

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME
    0  0  0  0  0  1000  0
    1  10  0  4  0  900  10
    2  0  10  4  0  900  10
    3  10  10  4  0  900  10
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parcels.csv").write_text(PARCELS)
    (tmp_path / "couriers.csv").write_text(COURIERS)
    (tmp_path / "lockers.geojson").write_text(json.dumps(LOCKERS))
    return tmp_path


def plan(folder: Path, *more: str) -> int:
    files = [f"--parcels={folder}/parcels.csv", f"--couriers={folder}/couriers.csv", f"--out={folder}/out"]
    search = ["--seconds=0.5", "--threads=1"]
    return main(["day", *files, "--day=2026-11-23", *search, *more])


@pytest.mark.long
def test_a_day_becomes_a_plan_with_every_parcel_in_it(folder: Path) -> None:
    assert plan(folder, f"--lockers={folder}/lockers.geojson", "--compare") == Exit.PLANNED

    document = json.loads((folder / "out" / "plan.json").read_text())
    brought = {ref for route in document["routes"] for stop in route["stops"] for ref in stop["parcels"]}
    assert brought == {"LM2611230000001", "LM2611230000002"}
    assert [one["name"] for one in document["compared"]][2] == "everything to the door"
    assert (folder / "out" / "plan.geojson").exists()
    assert "Ola" in (folder / "out" / "report.html").read_text()


@pytest.mark.long
def test_what_if_more_lockers_stood_there_is_planned_beside_the_day_as_it_is(folder: Path) -> None:
    assert plan(folder, "--opt-in=1", "--suggest=1", "--new-locker=21.02,52.23", "--no-report") == Exit.PLANNED

    document = json.loads((folder / "out" / "plan.json").read_text())
    assert [one["name"].rpartition(", ")[2] for one in document["compared"]] == ["what if", "as it is"]
    assert {site["id"] for site in document["sites"]} == {"NEW-01", "NEW-02"}
    assert "no other one reaches: 1." in " ".join(document["notes"])


@pytest.mark.long
def test_others_may_help_and_what_that_is_worth_stands_beside_it(folder: Path) -> None:
    (folder / "trips.csv").write_text(TRIPS)
    (folder / "tariffs.csv").write_text(TARIFFS)
    helped = [f"--trips={folder}/trips.csv", f"--tariffs={folder}/tariffs.csv"]
    assert plan(folder, *helped, "--compare", "--no-report") == Exit.PLANNED
    document = json.loads((folder / "out" / "plan.json").read_text())
    ways = {one["name"]: one for one in document["compared"]}

    assert ways["our own couriers only"]["cost"] > document["totals"]["cost"]
    assert ways["our own and crowd couriers"]["partner"] == 0
    assert ways["our own and partner fleets"]["crowd"] == 0
    assert document["totals"]["crowd_parcels"] + document["totals"]["partner_parcels"] == 2


@pytest.mark.long
def test_a_bad_row_is_named_and_the_rest_is_planned(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "parcels.csv").write_text(PARCELS + BAD_ROW)

    assert plan(folder, "--no-report") == Exit.SOME_REFUSED
    assert "line 4, latitude" in capsys.readouterr().err
    assert not (folder / "out" / "report.html").exists()


@pytest.mark.long
def test_a_published_instance_becomes_a_plan_too(folder: Path) -> None:
    (folder / "C1.txt").write_text(SOLOMON)
    arguments = ["instance", f"{folder}/C1.txt", "--set=vrptw", "--seconds=0.3", f"--out={folder}/out"]
    cache = os.environ.get("NUMBA_CACHE_DIR")
    try:
        assert main(arguments) == Exit.PLANNED
    finally:
        os.environ.pop("NUMBA_CACHE_DIR", None)
        if cache is not None:
            os.environ["NUMBA_CACHE_DIR"] = cache

    document = json.loads((folder / "out" / "plan.json").read_text())
    assert document["totals"]["parcels"] == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--zone=Moon"], "Europe/Warsaw"),
        (["--opt-in=30"], "between 0 and 1"),
        (["--lockers=nowhere.geojson"], "nowhere.geojson"),
        (["--lockers={folder}/lockers.geojson", "--model=Z9"], ""),
    ],
)
def test_what_cannot_be_planned_is_said_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    (folder / "lockers.geojson").write_text(json.dumps(LOCKERS).replace(', "model": "S12"', ""))

    assert plan(folder, *(one.format(folder=folder) for one in more)) == Exit.NO_PLAN
    assert said in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_file_without_a_usable_row_is_no_day(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "parcels.csv").write_text(PARCELS.splitlines()[0] + "\n" + BAD_ROW)

    assert plan(folder) == Exit.NO_PLAN
    assert "no row that can be used" in capsys.readouterr().err
