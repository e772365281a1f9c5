"""Trips and tariffs from CSV: good rows become who may help, bad rows say line and column."""

import pytest

from cloud.intake.findings import FileRefusedError, Finding
from cloud.intake.others_csv import STANDARD_KG, STANDARD_L, TariffRow, TripRow, read_tariffs, read_trips

TRIP = "trip,start_longitude,start_latitude,leaves,arrives,detour_m,parcels_max,per_parcel_cents"
TARIFF = "tariff,centre_longitude,centre_latitude,radius_m,base_cents,promise_from,promise_to,parcels_max"


def trips(*lines: str, header: str = TRIP) -> list[TripRow | Finding]:
    return list(read_trips("\n".join([header, *lines]).encode()))


def tariffs(*lines: str, header: str = TARIFF) -> list[TariffRow | Finding]:
    return list(read_tariffs("\n".join([header, *lines]).encode()))


def test_a_trip_may_end_anywhere_and_takes_what_a_boot_holds() -> None:
    (row,) = trips("Ewa,21.0,52.2,15:30,17:00,4000,6,250")

    assert isinstance(row, TripRow)
    assert (row.name, row.start, row.end) == ("Ewa", (21.0, 52.2), None)
    assert row.way == (15 * 3600 + 1800, 17 * 3600)
    assert (row.detour_m, row.parcels_max, row.per_parcel_cents) == (4_000, 6, 250)
    assert (row.weight_kg_max, row.volume_l_max) == (STANDARD_KG, STANDARD_L)


def test_a_trip_says_where_it_ends_and_what_it_takes() -> None:
    header = f"{TRIP},end_longitude,end_latitude,weight_kg_max,volume_l_max"
    (row,) = trips("Ewa,21.0,52.2,15:30,17:00,4000,6,250,21.1,52.3,12,90", header=header)

    assert isinstance(row, TripRow)
    assert (row.end, row.weight_kg_max, row.volume_l_max) == ((21.1, 52.3), 12, 90)


def test_a_tariff_is_an_area_a_price_and_a_promise() -> None:
    (row,) = tariffs("Bikes,21.0,52.2,4000,190,10:00,14:00,60", header=TARIFF)

    assert isinstance(row, TariffRow)
    assert (row.name, row.centre, row.radius_m) == ("Bikes", (21.0, 52.2), 4_000)
    assert (row.base_cents, row.per_km_cents, row.promise) == (190, 0, (36_000, 50_400))


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("Ewa,21.0,52.2,17:00,15:30,4000,6,250", "arrives", "not after"),
        ("Ewa,21.0,52.2,now,17:00,4000,6,250", "leaves", "08:30"),
        ("Ewa,21.0,52.2,15:30,17:00,-1,6,250", "detour_m", "between"),
        (",21.0,52.2,15:30,17:00,1,6,250", "trip", "empty"),
        ("Ewa,21.0,99,15:30,17:00,1,6,250", "start_latitude", "between"),
    ],
)
def test_a_wrong_field_of_a_trip_is_named(line: str, column: str, reason: str) -> None:
    (finding,) = trips(line)

    assert isinstance(finding, Finding)
    assert (finding.line, finding.column) == (2, column)
    assert reason in finding.reason


def test_a_wrong_field_of_a_tariff_is_named() -> None:
    (finding,) = tariffs("Bikes,21.0,52.2,4000,cheap,10:00,14:00,60")

    assert isinstance(finding, Finding)
    assert finding.column == "base_cents"


def test_a_name_stands_once() -> None:
    _, again = trips("Ewa,21.0,52.2,15:30,17:00,1,6,250", "Ewa,21.0,52.2,15:30,17:00,1,6,250")

    assert isinstance(again, Finding)
    assert "line 2" in again.reason


def test_without_its_columns_a_file_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="base_cents"):
        tariffs(header="tariff,centre_longitude")
