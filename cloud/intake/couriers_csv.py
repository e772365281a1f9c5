"""A day's couriers as CSV: one row is one shift of one van, from where, until when, with what, for how much."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cloud.intake import fields
from cloud.intake.csv_rows import Columns, Row, read_rows
from cloud.intake.findings import FieldError, Finding, shortened

REQUIRED = ("courier", "start_longitude", "start_latitude", "shift_from", "shift_to")
OPTIONAL = (
    "end_longitude",
    "end_latitude",
    "parcels_max",
    "weight_kg_max",
    "volume_l_max",
    "stops_max",
    "break_from",
    "break_to",
    "break_min",
    "fixed_cents",
    "per_hour_cents",
    "per_km_cents",
    "skills",
    "loads_max",
    "reload_min",
    "depot_from",
    "depot_to",
)
_ALIASES = {
    "name": "courier",
    "id": "courier",
    "lon": "start_longitude",
    "lat": "start_latitude",
    "from": "shift_from",
    "to": "shift_to",
}
COLUMNS = Columns(REQUIRED, OPTIONAL, _ALIASES)
_CLOCK = re.compile(r"([01]?\d|2[0-9]):([0-5]\d)")  # up to 29:59, as timetables write the hours after midnight
PARCELS_MAX, WEIGHT_KG_MAX, VOLUME_L_MAX = 100_000, 100_000, 1_000_000  # what the planner's own records allow
CENTS_MAX = 10_000_000  # the planner's limit of any tariff
BREAK_MIN_MAX = 240  # longer is a second shift
LOADS_MAX = 10  # the planner's limit of reloads, and the first load
STOPS_MAX = 10_000  # a whole city's day
ID_MAX = 60  # longest name that fits a table


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierRow:
    """One shift. Times in seconds since midnight, None for a limit or tariff the file does not give.

    ``reload`` is how often the van comes back to load again, the seconds that takes, and when the depot is open for it.
    """

    line: int
    courier: str
    start: tuple[float, float]
    end: tuple[float, float]
    shift: tuple[int, int]
    parcels_max: int | None
    weight_kg_max: int | None
    volume_l_max: int | None
    stops_max: int | None
    pause: tuple[int, int, int] | None
    fixed_cents: int | None
    per_hour_cents: int | None
    per_km_cents: int | None
    skills: frozenset[str]
    reload: tuple[int, int, tuple[int, int] | None] | None = None


def read_couriers(raw: bytes) -> Iterator[CourierRow | Finding]:
    """Yield every row as a ``CourierRow`` or as its findings; raises ``FileRefusedError`` without a usable header."""
    seen: dict[str, int] = {}
    for row in read_rows(raw, COLUMNS):
        if isinstance(row, Finding):
            yield row
            continue
        courier = _courier(row)
        if courier is not None and courier.courier in seen:
            row.refuse("courier", f"stands already in line {seen[courier.courier]}", courier.courier)
        if courier is None or row.findings:
            yield from row.findings
        else:
            seen[courier.courier] = row.line
            yield courier


def clock(column: str, given: str) -> int:
    """Return seconds since midnight for ``08:30``; hours up to 29 reach into the night after."""
    found = _CLOCK.fullmatch(given.strip())
    if found is None:
        raise FieldError(column, "is no time of day; write it as 08:30", shortened(given))
    return int(found[1]) * 3600 + int(found[2]) * 60


def _courier(row: Row) -> CourierRow | None:
    limits = {
        "parcels_max": _whole(row, "parcels_max", PARCELS_MAX),
        "weight_kg_max": _whole(row, "weight_kg_max", WEIGHT_KG_MAX),
        "volume_l_max": _whole(row, "volume_l_max", VOLUME_L_MAX),
        "stops_max": _whole(row, "stops_max", STOPS_MAX),
        **{name: _whole(row, name, CENTS_MAX) for name in ("fixed_cents", "per_hour_cents", "per_km_cents")},
    }
    name = row.take("courier", lambda column, given: fields.text(column, given, ID_MAX))
    start = place_of(row, "start")
    end = place_of(row, "end") if row.values.get("end_longitude", "").strip() else start
    shift = span_of(row, "shift")
    pause, reload = pause_of(row), _reload(row)
    skills = row.take("skills", fields.skills) or frozenset()
    if row.findings or name is None:
        return None
    more: dict[str, Any] = {**limits, "shift": shift, "pause": pause, "reload": reload}
    return CourierRow(line=row.line, courier=name, start=start, end=end, skills=skills, **more)


def _whole(row: Row, column: str, high: int) -> int | None:
    if not row.values.get(column, "").strip():
        return None
    return row.take(column, lambda name, given: fields.whole(name, given, 0, high))


def place_of(row: Row, which: str) -> tuple[float, float]:
    """Return the place of ``{which}_longitude`` and ``{which}_latitude``; what is wrong is noted in the row."""
    lon = row.take(f"{which}_longitude", lambda column, given: fields.number(column, given, -180, 180))
    lat = row.take(f"{which}_latitude", lambda column, given: fields.number(column, given, -90, 90))
    return lon or 0.0, lat or 0.0


def span_of(row: Row, which: str) -> tuple[int, int] | None:
    """Return the times of ``{which}_from`` and ``{which}_to`` in seconds; what is wrong is noted in the row."""
    begins, ends = row.take(f"{which}_from", clock), row.take(f"{which}_to", clock)
    if begins is None or ends is None:
        return None
    if begins >= ends:
        row.refuse(f"{which}_to", f"is not after {which}_from", row.values[f"{which}_to"])
    return begins, ends


def _reload(row: Row) -> tuple[int, int, tuple[int, int] | None] | None:
    """Return (times, seconds, hours of the depot), None for one load a day; loading alone means nothing."""
    loads = _whole(row, "loads_max", LOADS_MAX) or 1
    minutes = _whole(row, "reload_min", BREAK_MIN_MAX)
    hours = span_of(row, "depot") if row.values.get("depot_from", "").strip() else None
    if loads == 1 and (minutes is not None or hours):
        row.refuse("loads_max", "is at least 2 where the van is loaded again")
    return (loads - 1, (minutes or 0) * 60, hours) if loads > 1 else None


def pause_of(row: Row) -> tuple[int, int, int] | None:
    """Return (earliest beginning, latest beginning, seconds); all three columns or none."""
    given = [name for name in ("break_from", "break_to", "break_min") if row.values.get(name, "").strip()]
    if not given:
        return None
    if len(given) < len(("break_from", "break_to", "break_min")):
        row.refuse(given[0], "a break needs break_from, break_to and break_min")
        return None
    span = span_of(row, "break")
    minutes = row.take("break_min", lambda column, given: fields.whole(column, given, 1, BREAK_MIN_MAX))
    return (*span, minutes * 60) if span and minutes else None
