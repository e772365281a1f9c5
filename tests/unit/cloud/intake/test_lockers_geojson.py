"""Locker files of two worlds are understood; a broken one says at which line."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloud.domain.locker import PointKind
from cloud.intake.findings import FileRefusedError, Finding, Severity
from cloud.intake.lockers_geojson import LockerRow, read_lockers
from contract.sizes import SizeClass

OSM = {
    "amenity": "parcel_locker",
    "ref": "KRK 01M",
    "name": "Paczkomat Rynek",
    "opening_hours": "24/7",
    "addr:street": "Rynek",
    "addr:housenumber": "1",
    "addr:city": "Kraków",
}
INPOST = {
    "id_inpost": "WAW53AP",
    "type": "parcel_locker",
    "godziny_otwarcia": "PN-PT 10-19 SB 10-14",
    "ulica": "Żurawia",
    "nr_budynku": "47/49",
    "kod_pocztowy": "00-680",
    "miejscowosc": "Warszawa",
    "nr_lokalu": None,
}
SHARED = Path(__file__).parents[5] / "shared" / "data" / "warsaw-lockers.geojson"


def feature(properties: Any, coordinates: Any = (21.0, 52.2), **changes: Any) -> dict[str, Any]:
    """Return a GeoJSON feature with changes."""
    geometry = {"type": "Point", "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry, **changes}


def file_of(*features: Any) -> bytes:
    """Return a collection with one feature a line, beginning in line 3."""
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return f'{{"type": "FeatureCollection",\n"features": [\n{lines}\n]}}'.encode()


def read(raw: bytes) -> tuple[list[LockerRow], list[Finding]]:
    """Return the lockers and the findings of a file."""
    found = list(read_lockers(raw))
    return [one for one in found if isinstance(one, LockerRow)], [one for one in found if isinstance(one, Finding)]


def test_openstreetmaps_properties_are_understood() -> None:
    (row,), _ = read(file_of(feature(OSM, (19.94, 50.06, 210.0))))

    assert (row.id, row.name, row.address, row.opening_hours) == (
        "KRK-01M",
        "Paczkomat Rynek",
        "Rynek 1, Kraków",
        "24/7",
    )
    assert (row.lon, row.lat, row.line) == (19.94, 50.06, 3)


def test_inposts_properties_are_understood() -> None:
    (row,), _ = read(file_of(feature(INPOST)))

    assert (row.id, row.name) == ("WAW53AP", "Żurawia 47/49, 00-680 Warszawa")
    assert row.opening_hours == "PN-PT 10-19 SB 10-14"


@pytest.mark.parametrize(
    "change", [{"type": "parcel_locker_superpop;pok;pop"}, {"shop": "kiosk", "post_office": "post_partner"}]
)
def test_a_shop_s_counter_is_a_pick_up_point_of_the_other_kind(change: dict[str, str]) -> None:
    said = {"opis_lokalizacji": "INWINO", "shelf": "m:6 XS:2"}
    (row,), _ = read(file_of(feature({**INPOST, **change, **said})))

    assert (row.kind, row.name) == (PointKind.COUNTER, "INWINO")
    assert row.shelf == ((SizeClass.M, 6), (SizeClass.XS, 2))


def test_a_shelf_means_nothing_for_a_machine_and_need_not_be_said_for_a_counter() -> None:
    rows, _ = read(
        file_of(feature({**INPOST, "shelf": "S:1"}), feature({**INPOST, "id_inpost": "POP1", "type": "pop"}))
    )

    assert [(row.kind, row.shelf) for row in rows] == [(PointKind.LOCKER, ()), (PointKind.COUNTER, ())]


@pytest.mark.parametrize("shelf", ["6", "M:six", "M:1 M:2", "XXL:1", "M:0", "S:300 M:300"])
def test_a_shelf_that_cannot_be_read_is_refused(shelf: str) -> None:
    _, (finding,) = read(file_of(feature({**INPOST, "type": "pop", "shelf": shelf})))

    assert (finding.column, finding.given) == ("shelf", shelf)


def test_what_is_no_pick_up_point_is_noted_and_passed_over() -> None:
    rows, (note,) = read(file_of(feature({**INPOST, "amenity": "post_office"})))

    assert (rows, note.severity) == ([], Severity.NOTED)


@pytest.mark.parametrize(
    ("broken", "column", "reason"),
    [
        ("text", "type", "no GeoJSON Feature"),
        ({"type": "Polygon"}, "type", "no GeoJSON Feature"),
        (feature(None), "properties", "missing"),
        (feature({}), "ref", "missing"),
        (feature({"ref": "!!!"}), "ref", "cannot be a locker id"),
        (feature({"ref": "A" * 40}), "ref", "cannot be a locker id"),
        (feature(OSM, geometry=None), "geometry", "must be a Point"),
        (feature(OSM, geometry={"type": "Polygon", "coordinates": []}), "geometry", "must be a Point"),
        (feature(OSM, []), "coordinates", "longitude, latitude"),
        (feature(OSM, "21, 52"), "coordinates", "longitude, latitude"),
        (feature(OSM, ["21", "52"]), "coordinates", "numbers"),
        (feature(OSM, [True, False]), "coordinates", "numbers"),
        (feature(OSM, [200, 52]), "coordinates", "-180 and 180"),
        (feature(OSM, [21, 95.5]), "coordinates", "-90 and 90"),
        (feature({**OSM, "name": "x" * 300}), "name", "longer than 200"),
    ],
)
def test_a_broken_feature_is_named_and_its_neighbours_land(broken: Any, column: str, reason: str) -> None:
    rows, (finding,) = read(file_of(feature({**OSM, "ref": "A1"}), broken, feature({**OSM, "ref": "B2"})))

    assert [row.id for row in rows] == ["A1", "B2"]
    assert (finding.line, finding.column) == (4, column)
    assert reason in finding.reason


def test_a_locker_twice_in_one_file_lands_once() -> None:
    rows, (finding,) = read(file_of(feature(OSM), feature(OSM)))

    assert len(rows) == 1
    assert "already in line 3" in finding.reason


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        (b"", 1, "no JSON"),
        (b'{"type": "FeatureCollection",\n"features": [\n{]}', 3, "no JSON"),
        (b'{"type":\n"FeatureCollection"', 2, "no JSON"),
        (b"[1, 2]", 1, "no GeoJSON FeatureCollection"),
        (b'{"type": "Feature"}', 1, "no GeoJSON FeatureCollection"),
        (b'{"type": "FeatureCollection"}', 1, "no list of features"),
        (b'{"type": "FeatureCollection", "features": {}}', 1, "no list of features"),
        (b'{"type": "FeatureCollection", "features": []}', 1, "empty"),
        (b"\xff\xfe\x00\xd8", 1, "UTF-16"),
        pytest.param(b"[" * 200_000, 1, "nested|no JSON", id="too-deep"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_it_breaks(raw: bytes, line: int, reason: str) -> None:
    with pytest.raises(FileRefusedError, match=reason) as caught:
        read(raw)
    assert caught.value.finding.line == line


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not beside this checkout")
def test_the_real_file_of_warsaw_lands() -> None:
    rows, notes = read(SHARED.read_bytes())

    assert (len(rows), notes) == (44, [])
    assert sum(row.kind is PointKind.COUNTER for row in rows) == 5
