"""Who else may bring a day's parcels, as CSV: trips of people on their way, and tariffs of partner fleets.

A trip without an end may end anywhere. Times are of the day, places in degrees, money in cents.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from cloud.intake import fields
from cloud.intake.couriers_csv import (
    CENTS_MAX,
    ID_MAX,
    PARCELS_MAX,
    VOLUME_L_MAX,
    WEIGHT_KG_MAX,
    clock,
    place_of,
    span_of,
)
from cloud.intake.csv_rows import Columns, Row, read_rows
from cloud.intake.findings import Finding

TRIPS = Columns(
    (
        "trip",
        "start_longitude",
        "start_latitude",
        "leaves",
        "arrives",
        "detour_m",
        "parcels_max",
        "per_parcel_cents",
    ),
    ("end_longitude", "end_latitude", "weight_kg_max", "volume_l_max"),
    {"courier": "trip", "id": "trip"},
)
TARIFFS = Columns(
    (
        "tariff",
        "centre_longitude",
        "centre_latitude",
        "radius_m",
        "base_cents",
        "promise_from",
        "promise_to",
        "parcels_max",
    ),
    ("per_km_cents", "weight_kg_max"),
    {"partner": "tariff", "id": "tariff"},
)
METRES_MAX = 1_000_000  # a detour or an area of a thousand kilometres is a mistyped one
STANDARD_KG = 30  # what somebody takes along who says nothing: the heaviest parcel carriers hand to one person
STANDARD_L = 400  # and the boot of a small car

Item = TypeVar("Item", "TripRow", "TariffRow")


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRow:
    """Somebody on the way; ``way`` is from leaving to arriving, in seconds since midnight."""

    line: int
    name: str
    start: tuple[float, float]
    end: tuple[float, float] | None
    way: tuple[int, int]
    detour_m: int
    parcels_max: int
    weight_kg_max: int
    volume_l_max: int
    per_parcel_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffRow:
    """A partner fleet's price around a centre, and when it promises to be there."""

    line: int
    name: str
    centre: tuple[float, float]
    radius_m: int
    base_cents: int
    per_km_cents: int
    promise: tuple[int, int]
    parcels_max: int
    weight_kg_max: int


def read_trips(raw: bytes) -> Iterator[TripRow | Finding]:
    """Yield every row as a ``TripRow`` or as its findings; raises ``FileRefusedError`` without a usable header."""
    return _rows(raw, TRIPS, _trip)


def read_tariffs(raw: bytes) -> Iterator[TariffRow | Finding]:
    """Yield every row as a ``TariffRow`` or as its findings; raises ``FileRefusedError`` without a usable header."""
    return _rows(raw, TARIFFS, _tariff)


def _rows(raw: bytes, columns: Columns, made: Callable[[Row], Item | None]) -> Iterator[Item | Finding]:
    seen: dict[str, int] = {}
    for row in read_rows(raw, columns):
        if isinstance(row, Finding):
            yield row
            continue
        item = made(row)
        if item is not None and item.name in seen:
            row.refuse(columns.required[0], f"stands already in line {seen[item.name]}", item.name)
        if item is None or row.findings:
            yield from row.findings
        else:
            seen[item.name] = row.line
            yield item


def _trip(row: Row) -> TripRow | None:
    name = row.take("trip", _name)
    start = place_of(row, "start")
    end = place_of(row, "end") if row.values.get("end_longitude", "").strip() else None
    way = _way(row)
    numbers = {
        "detour_m": _whole(row, "detour_m", METRES_MAX),
        "parcels_max": _whole(row, "parcels_max", PARCELS_MAX),
        "weight_kg_max": _whole(row, "weight_kg_max", WEIGHT_KG_MAX, STANDARD_KG),
        "volume_l_max": _whole(row, "volume_l_max", VOLUME_L_MAX, STANDARD_L),
        "per_parcel_cents": _whole(row, "per_parcel_cents", CENTS_MAX),
    }
    if row.findings or name is None or way is None:
        return None
    return TripRow(line=row.line, name=name, start=start, end=end, way=way, **numbers)


def _way(row: Row) -> tuple[int, int] | None:
    leaves, arrives = row.take("leaves", clock), row.take("arrives", clock)
    if leaves is None or arrives is None:
        return None
    if leaves >= arrives:
        row.refuse("arrives", "is not after leaves", row.values["arrives"])
    return leaves, arrives


def _tariff(row: Row) -> TariffRow | None:
    name = row.take("tariff", _name)
    centre, promise = place_of(row, "centre"), span_of(row, "promise")
    numbers = {
        "radius_m": _whole(row, "radius_m", METRES_MAX),
        "base_cents": _whole(row, "base_cents", CENTS_MAX),
        "per_km_cents": _whole(row, "per_km_cents", CENTS_MAX, 0),
        "parcels_max": _whole(row, "parcels_max", PARCELS_MAX),
        "weight_kg_max": _whole(row, "weight_kg_max", WEIGHT_KG_MAX, STANDARD_KG),
    }
    if row.findings or name is None or promise is None:
        return None
    return TariffRow(line=row.line, name=name, centre=centre, promise=promise, **numbers)


def _name(column: str, given: str) -> str:
    return fields.text(column, given, ID_MAX)


def _whole(row: Row, column: str, high: int, standard: int | None = None) -> int:
    """Return a column's number, the standard where it may be empty; what is wrong is noted in the row."""
    if standard is not None and not row.values.get(column, "").strip():
        return standard
    return row.take(column, lambda name, given: fields.whole(name, given, 0, high)) or 0
