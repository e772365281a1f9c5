"""The files a plan becomes: valid, complete, and with nothing in them that is fetched from elsewhere."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.plan_files.outcome import (
    By,
    Compared,
    Ground,
    LeftLine,
    Outcome,
    ReloadLine,
    RouteLine,
    SiteLine,
    StopLine,
    compared,
)
from cloud.plan_files.report import NoLibrariesError, as_html, clock
from cloud.plan_files.writing import as_geojson, as_json, totals

STOP = StopLine(1, "locker", "WAW-NEAR Near", (21.0, 52.2), 30_000, 30_000, 30_180, ("LM1", "LM2"), 2_500)
HOME = replace(STOP, number=2, kind="home", name="Hoża </script><b>1", parcels=("LM3",), metres=900)
ROUTE = RouteLine("Ola", 28_800, 32_400, 6_000, 1_200, 4_980, ((20.9, 52.1), (21.0, 52.2), (20.9, 52.1)), (STOP, HOME))
OUTCOME = Outcome(
    "2026-11-23",
    Ground.EARTH,
    "joint",
    5.0,
    (ROUTE,),
    unplanned=(("LM4", "No courier works that day."),),
    sites=(SiteLine("WAW-NEAR", "Near", (21.0, 52.2), 2, 12),),
)


def test_totals_are_sums_of_the_routes() -> None:
    found = totals(OUTCOME)

    assert (found["parcels"], found["stops"], found["cost"], found["metres"]) == (3, 2, 4_980, 6_000)
    assert found["cents_per_parcel"] == 1_660.0
    assert found["co2_g"] == 1_500
    assert found["locker_share"] == 0.6667
    assert found["hours"] == 1.0


def test_the_plan_comes_back_from_its_json() -> None:
    document = json.loads(as_json(OUTCOME))

    assert document["version"] == 1
    assert document["routes"][0]["stops"][1]["parcels"] == ["LM3"]
    assert document["unplanned"] == [["LM4", "No courier works that day."]]


def test_geojson_has_the_route_its_stops_and_the_lockers() -> None:
    features = json.loads(as_geojson(OUTCOME))["features"]

    assert [one["geometry"]["type"] for one in features] == ["LineString", "Point", "Point", "Point"]
    assert features[0]["geometry"]["coordinates"][0] == [20.9, 52.1]
    assert features[-1]["properties"]["compartments"] == 12


def test_where_a_van_loads_again_is_in_the_files() -> None:
    again = replace(OUTCOME, routes=(replace(ROUTE, reloads=(ReloadLine(1, (20.9, 52.1), 31_000, 31_000, 31_600),)),))

    assert json.loads(as_json(again))["routes"][0]["reloads"][0]["behind"] == 1
    (point,) = [one for one in json.loads(as_geojson(again))["features"] if one["properties"]["kind"] == "reload"]
    assert point["geometry"]["coordinates"] == [20.9, 52.1]
    assert totals(again)["stops"] == 2


def test_the_report_stands_alone_and_cannot_be_broken_out_of() -> None:
    page = as_html(OUTCOME)

    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?!data:)', page)
    assert "<b>1" not in page
    assert "WAW-NEAR Near" in page
    assert page.count("<script") == page.count("</script>")


def test_ways_to_decide_stand_side_by_side() -> None:
    ways = (compared("together", OUTCOME), Compared("doors", 6_000, 9_000, 2.0, 3, 1, 3))
    page = as_html(replace(OUTCOME, compared=ways))

    assert "1660.0" in page
    assert "2000.0" in page


def test_an_instance_shows_lengths_and_no_money() -> None:
    page = as_html(replace(OUTCOME, ground=Ground.PLANE, sites=()))

    assert "customers" in page
    assert "CO2" not in page


def test_missing_page_libraries_are_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NoLibrariesError, match="make setup"):
        as_html(OUTCOME, tmp_path)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "00:00"), (30_600, "08:30"), (93_600, "26:00")])
def test_times_are_shown_as_on_a_clock(seconds: int, shown: str) -> None:
    assert clock(seconds) == shown


HELPED = replace(
    OUTCOME,
    routes=(ROUTE, replace(ROUTE, courier="Ewa", by=By.CROWD, cost=500, metres=9_000)),
    left=(LeftLine("Bikes <3", "Hoża 9", (21.1, 52.3), ("LM5", "LM6"), 520, (36_000, 50_400)),),
)


def test_who_brings_what_is_counted_and_paid_apart() -> None:
    found = totals(HELPED)

    assert (found["own_parcels"], found["crowd_parcels"], found["partner_parcels"], found["parcels"]) == (3, 3, 2, 8)
    assert (found["own_cents"], found["crowd_cents"], found["partner_cents"]) == (4_980, 500, 520)
    assert found["cost"] == 6_000
    assert (found["hours"], found["metres"]) == (1.0, 6_000), "only our own vans are driven for us"
    assert compared("all", HELPED) == Compared("all", 6_000, 6_000, 1.0, 5, 2, 8, 3, 2)


def test_the_files_say_who_brings_it() -> None:
    features = json.loads(as_geojson(HELPED))["features"]
    document = json.loads(as_json(HELPED))

    assert [one["properties"]["by"] for one in features if one["properties"]["kind"] == "route"] == ["own", "crowd"]
    assert features[-1]["properties"] == {
        "kind": "left",
        "by": "partner",
        "partner": "Bikes <3",
        "name": "Hoża 9",
        "cost": 520,
        "parcels": 2,
    }
    assert document["left"][0]["promise"] == [36_000, 50_400]
    page = as_html(replace(HELPED, compared=(compared("all", HELPED), compared("own", OUTCOME))))
    assert "Left to partner fleets" in page
    assert "Ewa (on the way)" in page
    assert "by partners" in page
    assert "by partners" not in as_html(replace(OUTCOME, compared=(compared("own", OUTCOME),)))
