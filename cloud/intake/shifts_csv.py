"""Shifts as CSV: one row is one courier's working time with one van. A day's file of ``latchmile-plan`` fits as well.

What a shift of the cloud does not know of (tariffs, stops_max) is noted as an unknown column and passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cloud.intake import fields
from cloud.intake.couriers_csv import ID_MAX, PARCELS_MAX, VOLUME_L_MAX, WEIGHT_KG_MAX, clock, pause_of, place_of
from cloud.intake.csv_rows import Columns, Row, read_rows
from cloud.intake.findings import FieldError, Finding, shortened

DAY_S = 24 * 3600
LOADS_MAX = 10  # of one van in one shift, as the cloud's own limit
RELOAD_MIN_MAX = 120  # longer is a break between two shifts
STANDARD = {"parcels_max": 150, "weight_kg_max": 800, "volume_l_max": 8_000, "loads_max": 1, "reload_min": 15}
"""A van of 3.5 t, for whatever a row does not say; the same as over the API."""
REQUIRED = ("courier", "shift_from", "shift_to", "start_longitude", "start_latitude")
BREAK = ("break_from", "break_to", "break_min")
OPTIONAL = ("day", "end_longitude", "end_latitude", *STANDARD, *BREAK, "skills")
_ALIASES = {
    "name": "courier",
    "from": "shift_from",
    "to": "shift_to",
    "lon": "start_longitude",
    "lat": "start_latitude",
    "date": "day",
}
COLUMNS = Columns(REQUIRED, OPTIONAL, _ALIASES)


class Van(NamedTuple):
    """What fits into it, how often it is loaded in all, and how long each further load takes."""

    parcels_max: int
    weight_kg_max: int
    volume_l_max: int
    loads_max: int
    reload_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """``courier`` is a name or an id; ``span`` is seconds since midnight of ``day``, None for the day asked about.

    It ends the day after where it ends before it begins, as 22:00 to 06:00 does. ``pause`` is the earliest and the
    latest beginning of a break and its seconds.
    """

    line: int
    courier: str
    day: date | None
    span: tuple[int, int]
    start: tuple[float, float]
    end: tuple[float, float]
    van: Van
    pause: tuple[int, int, int] | None = None
    skills: frozenset[str] = frozenset()


def read_shifts(raw: bytes) -> Iterator[ShiftRow | Finding]:
    """Yield every row as a ``ShiftRow`` or as its findings; raises ``FileRefusedError`` without a usable header."""
    seen: dict[tuple[str, date | None], list[ShiftRow]] = {}
    for row in read_rows(raw, COLUMNS):
        if isinstance(row, Finding):
            yield row
            continue
        shift = _shift(row)
        if shift is not None:
            theirs = seen.setdefault((shift.courier, shift.day), [])
            for other in theirs:
                if shift.span[0] < other.span[1] and other.span[0] < shift.span[1]:
                    row.refuse("shift_from", f"overlaps the shift of the same courier in line {other.line}")
            if not row.findings:
                theirs.append(shift)
        if shift is None or row.findings:
            yield from row.findings
        else:
            yield shift


def _shift(row: Row) -> ShiftRow | None:
    name = row.take("courier", lambda column, given: fields.text(column, given, ID_MAX))
    day = row.take("day", _day)
    span = _span(row)
    start = place_of(row, "start")
    end = place_of(row, "end") if row.values.get("end_longitude", "").strip() else start
    van = Van(
        _whole(row, "parcels_max", 1, PARCELS_MAX),
        _whole(row, "weight_kg_max", 1, WEIGHT_KG_MAX),
        _whole(row, "volume_l_max", 1, VOLUME_L_MAX // 10),
        _whole(row, "loads_max", 1, LOADS_MAX),
        _whole(row, "reload_min", 0, RELOAD_MIN_MAX),
    )
    pause, skills = pause_of(row), row.take("skills", fields.skills) or frozenset()
    if row.findings or name is None or span is None:
        return None
    if pause is not None and pause[0] < span[0]:  # in the night after
        pause = (pause[0] + DAY_S, pause[1] + DAY_S, pause[2])
    more: dict[str, Any] = {"start": start, "end": end, "van": van, "pause": pause, "skills": skills}
    return ShiftRow(line=row.line, courier=name, day=day, span=span, **more)


def _span(row: Row) -> tuple[int, int] | None:
    begins, ends = row.take("shift_from", clock), row.take("shift_to", clock)
    if begins is None or ends is None:
        return None
    return begins, ends if ends > begins else ends + DAY_S


def _day(column: str, given: str) -> date | None:
    if not given.strip():
        return None
    try:
        return date.fromisoformat(given.strip())
    except ValueError as error:
        raise FieldError(column, "is no day; write it as 2026-11-23", shortened(given)) from error


def _whole(row: Row, column: str, low: int, high: int) -> int:
    if not row.values.get(column, "").strip():
        return STANDARD[column]
    return row.take(column, lambda name, given: fields.whole(name, given, low, high)) or 0
