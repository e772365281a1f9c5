"""Good rows land, bad rows come back with line, column and reason, and nothing good is lost to a bad neighbour."""

import contextlib
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.intake.findings import FILE_BYTES_MAX, FileRefusedError, Finding, Severity, decode_text
from cloud.intake.parcels_csv import Locale, ParcelRow, read_parcels

WARSAW = Locale(ZoneInfo("Europe/Warsaw"), "PL")
GOOD = {
    "barcode": "JD014600003",
    "recipient_name": "Ewa Nowak",
    "recipient_email": "ewa@example.com",
    "recipient_phone": "601 234 567",
    "language": "pl",
    "address": "Żurawia 47/49, Warszawa",
    "longitude": "21.01075",
    "latitude": "52.22743",
    "length_mm": "300",
    "width_mm": "200",
    "height_mm": "100",
    "weight_g": "1500",
    "window_from": "2026-11-23T08:00",
    "window_to": "2026-11-23T12:00",
    "locker_allowed": "yes",
    "preferred_locker": "WAW53AP",
}


def file_of(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    """Return a CSV file of rows, each a change to the good one."""
    names = {**GOOD, **rows[0]} if rows else GOOD
    lines = [delimiter.join(names)]
    for row in rows:
        cells = {**GOOD, **row}
        lines.append(delimiter.join('"' + cells[name].replace('"', '""') + '"' for name in names))
    return ("\n".join(lines) + "\n").encode()


def read(raw: bytes) -> tuple[list[ParcelRow], list[Finding]]:
    """Return the good rows and the findings of a file."""
    found = list(read_parcels(raw, WARSAW))
    return [one for one in found if isinstance(one, ParcelRow)], [one for one in found if isinstance(one, Finding)]


def test_a_good_row_lands_whole() -> None:
    (row,), findings = read(file_of({}))

    assert findings == []
    assert (row.line, row.barcode, row.recipient_phone) == (2, "JD014600003", "+48601234567")
    assert row.window_from is not None
    assert row.window_from.isoformat() == "2026-11-23T08:00:00+01:00"
    assert (row.locker_allowed, row.low_door, row.preferred_locker) == (True, False, "WAW53AP")


@pytest.mark.parametrize(
    ("column", "given", "reason"),
    [
        ("barcode", "", "empty"),
        ("barcode", "abc", "4 to 48"),
        ("barcode", "5.9E+12", "spreadsheet"),
        ("barcode", "-----", "letters, digits"),
        ("barcode", "ŻÓŁĆ12345", "letters"),
        ("recipient_name", "  ", "empty"),
        ("recipient_name", "x" * 201, "longer than 200"),
        ("recipient_name", "Ewa\x07Nowak", "control characters"),
        ("recipient_email", "ewa@", "no e-mail address"),
        ("recipient_email", "ewa at example.com", "no e-mail address"),
        ("recipient_phone", "call me", "no telephone number"),
        ("recipient_phone", "123", "not a number that can exist"),
        ("language", "xx", "must be one of en, pl, de"),
        ("address", "", "empty"),
        ("longitude", "", "empty"),
        ("longitude", "21,01075", "point, not a comma"),
        ("longitude", "east", "no number"),
        ("longitude", "181", "between -180 and 180"),
        ("latitude", "nan", "between -90 and 90"),
        ("latitude", "inf", "between -90 and 90"),
        ("length_mm", "0", "between 1 and 3000"),
        ("width_mm", "-5", "between 1 and 3000"),
        ("height_mm", "12.5", "whole number"),
        ("height_mm", "9999", "between 1 and 3000"),
        ("weight_g", "heavy", "no number"),
        ("weight_g", "70001", "between 1 and 70000"),
        ("window_from", "tomorrow", "no time"),
        ("window_from", "2026-11-23T25:00", "no time"),
        ("window_from", "", "other end"),
        ("window_to", "2026-11-23T08:00", "not after window_from"),
        ("locker_allowed", "maybe", "yes or no"),
        ("preferred_locker", "WAW/53", "no locker id"),
    ],
)
def test_a_bad_field_is_named_and_its_neighbours_land(column: str, given: str, reason: str) -> None:
    rows, findings = read(file_of({"barcode": "FIRST1"}, {column: given}, {"barcode": "LAST01"}))

    assert [row.barcode for row in rows] == ["FIRST1", "LAST01"]
    assert len(findings) == 1
    assert (findings[0].line, findings[0].column) == (3, column)
    assert reason in findings[0].reason


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    _, findings = read(file_of({"weight_g": "x", "language": "xx", "barcode": ""}))

    assert {finding.column for finding in findings} == {"weight_g", "language", "barcode"}


def test_a_recipient_nobody_can_reach_is_refused() -> None:
    _, (finding,) = read(file_of({"recipient_email": "", "recipient_phone": ""}))

    assert "could not be told the code" in finding.reason


def test_null_island_is_refused() -> None:
    _, (finding,) = read(file_of({"longitude": "0", "latitude": "0"}))

    assert "Gulf of Guinea" in finding.reason


def test_a_barcode_twice_in_one_file_lands_once() -> None:
    rows, (finding,) = read(file_of({}, {"barcode": "jd 014600003"}))

    assert len(rows) == 1
    assert finding.reason == "stands already in line 2"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_common_delimiter_is_read(delimiter: str) -> None:
    rows, findings = read(file_of({}, delimiter=delimiter))

    assert (len(rows), findings) == (1, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_common_encoding_is_read(encoding: str) -> None:
    rows, _ = read(file_of({}).decode().encode(encoding))

    assert rows[0].address == "Żurawia 47/49, Warszawa"


def test_names_of_columns_may_vary_and_strange_ones_are_noted() -> None:
    raw = file_of({}).replace(b"longitude", b"Lon", 1).replace(b"weight_g", b"Weight G", 1)
    raw = raw.replace(b"language", b"favourite_colour", 1)
    rows, (note,) = read(raw)

    assert rows[0].language == "en"
    assert (note.severity, note.column) == (Severity.NOTED, "favourite_colour")


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        (b"", 1, "empty"),
        (b" \n \n", 1, "empty"),
        (b"a,b,c\n1,2,3\n", 1, "no column barcode"),
        (b"\x89PNG\r\n\x1a\n\x00", 1, "not UTF-8"),
        (file_of({}) + b"caf\xe9\n", 3, "not UTF-8"),
        (file_of({}).replace(b"Ewa", b"E\0a"), 2, "NUL byte"),
        (file_of({}).replace(b"recipient_name", b"barcode", 1), 1, "no column recipient_name"),
        (file_of({}).replace(b"window_from", b"barcode", 1), 1, "stands twice"),
        (b'"barcode\n', 1, "header cannot be read"),
        pytest.param(bytes(FILE_BYTES_MAX + 1), 1, "larger than 64 MB", id="too-large"),  # else its name has 64 MB too
    ],
)
def test_a_file_that_cannot_be_used_says_where_it_breaks(raw: bytes, line: int, reason: str) -> None:
    with pytest.raises(FileRefusedError, match=reason) as caught:
        read(raw)
    assert caught.value.finding.line == line


def test_a_row_with_too_few_fields_is_refused_alone() -> None:
    rows, (finding,) = read(file_of({}) + b"only,three,fields\n" + file_of({"barcode": "LAST01"}).split(b"\n")[1])

    assert len(rows) == 2
    assert (finding.line, finding.reason[:12]) == (3, "has 3 fields")


def test_a_quote_that_is_never_closed_keeps_what_came_before() -> None:
    rows, (finding,) = read(file_of({}) + b'"never closed,1\n' * 3)

    assert len(rows) == 1
    assert finding.line == 3
    assert "quote" in finding.reason


def test_lines_are_counted_through_fields_of_several_lines() -> None:
    rows, (finding,) = read(file_of({"address": "Żurawia 1\nWarszawa"}, {"barcode": "SECOND", "weight_g": "x"}))

    assert rows[0].address == "Żurawia 1 Warszawa"
    assert finding.line == 4


def test_empty_lines_are_passed_over() -> None:
    rows, findings = read(file_of({}).replace(b"\n", b"\n\n"))

    assert (len(rows), findings) == (1, [])


def test_what_was_given_is_shown_short_and_printable() -> None:
    _, (finding,) = read(file_of({"weight_g": "x\x1b[31m" * 40}))

    assert len(finding.given) <= 60
    assert finding.given.isprintable()
    assert str(finding).startswith("line 2, weight_g: is no number")


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_refused_file(raw: bytes) -> None:
    for content in (raw, file_of({}) + raw):
        with contextlib.suppress(FileRefusedError):
            read(content)


@given(st.text(max_size=200))
def test_text_is_read_as_it_was_written(text: str) -> None:
    if "\0" not in text and not text.startswith("\ufeff"):
        assert decode_text(text.encode("utf-8", "ignore")) == text.encode("utf-8", "ignore").decode()


def test_being_late_may_have_a_price() -> None:
    (row,), findings = read(file_of({"soft_to": "2026-11-23T10:00", "late_cents_per_min": "20"}))
    assert row.soft is not None
    assert (row.soft[0].hour, row.soft[1]) == (10, 20)
    assert findings == []


@pytest.mark.parametrize(
    ("soft_to", "cents", "column"),
    [
        ("2026-11-23T10:00", "", "late_cents_per_min"),
        ("", "20", "late_cents_per_min"),
        ("2026-11-23T13:00", "20", "soft_to"),
    ],
)
def test_half_a_price_or_one_outside_the_window_is_refused(soft_to: str, cents: str, column: str) -> None:
    rows, (finding,) = read(file_of({"soft_to": soft_to, "late_cents_per_min": cents}))
    assert (rows, finding.column) == ([], column)
