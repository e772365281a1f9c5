"""A day's couriers from CSV: good rows become shifts, bad rows say line and column."""

import pytest

from cloud.intake.couriers_csv import CourierRow, read_couriers
from cloud.intake.findings import FileRefusedError, Finding

HEADER = "courier,start_longitude,start_latitude,shift_from,shift_to"


def read(*lines: str, header: str = HEADER) -> list[CourierRow | Finding]:
    return list(read_couriers("\n".join([header, *lines]).encode()))


def only(*lines: str, header: str = HEADER) -> CourierRow:
    (row,) = read(*lines, header=header)
    assert isinstance(row, CourierRow)
    return row


def test_a_row_is_a_shift_that_ends_where_it_began() -> None:
    row = only("Ola,21.0,52.2,08:00,16:30")

    assert (row.courier, row.start, row.end) == ("Ola", (21.0, 52.2), (21.0, 52.2))
    assert row.shift == (8 * 3600, 16 * 3600 + 1800)
    assert row.parcels_max is None


def test_everything_a_van_has_can_be_said() -> None:
    header = f"{HEADER},end_longitude,end_latitude,parcels_max,break_from,break_to,break_min,per_hour_cents,skills"
    row = only("Ola,21.0,52.2,22:00,26:00,21.1,52.3,80,23:00,24:00,30,3100,heavy cold", header=header)

    assert row.end == (21.1, 52.3)
    assert row.parcels_max == 80
    assert row.pause == (23 * 3600, 24 * 3600, 1800)
    assert row.per_hour_cents == 3100
    assert row.skills == {"heavy", "cold"}


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("Ola,21.0,52.2,8 o'clock,16:00", "shift_from", "08:30"),
        ("Ola,21.0,52.2,16:00,08:00", "shift_to", "not after"),
        ("Ola,210,52.2,08:00,16:00", "start_longitude", "between"),
        (",21.0,52.2,08:00,16:00", "courier", "empty"),
    ],
)
def test_a_wrong_field_is_named(line: str, column: str, reason: str) -> None:
    (finding,) = read(line)

    assert isinstance(finding, Finding)
    assert (finding.line, finding.column) == (2, column)
    assert reason in finding.reason


def test_half_a_break_is_refused() -> None:
    (finding,) = read("Ola,21.0,52.2,08:00,16:00,12:00,,", header=f"{HEADER},break_from,break_to,break_min")

    assert isinstance(finding, Finding)
    assert "break_to" in finding.reason


def test_two_shifts_under_one_name_are_refused() -> None:
    _, second = read("Ola,21.0,52.2,08:00,16:00", "Ola,21.0,52.2,09:00,17:00")

    assert isinstance(second, Finding)
    assert "line 2" in second.reason


def test_a_file_without_the_needed_columns_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="start_longitude"):
        read("Ola,08:00", header="courier,shift_from")


RELOADING = f"{HEADER},loads_max,reload_min,depot_from,depot_to"


def test_a_van_may_load_again_while_its_depot_is_open() -> None:
    assert only("Ola,21.0,52.2,08:00,16:00,3,10,07:00,14:00", header=RELOADING).reload == (2, 600, (25_200, 50_400))
    assert only("Ola,21.0,52.2,08:00,16:00,2,,,", header=RELOADING).reload == (1, 0, None)
    assert only("Ola,21.0,52.2,08:00,16:00,1,,,", header=RELOADING).reload is None


def test_loading_without_a_second_load_is_refused() -> None:
    (finding,) = read("Ola,21.0,52.2,08:00,16:00,,10,,", header=RELOADING)

    assert isinstance(finding, Finding)
    assert finding.column == "loads_max"
