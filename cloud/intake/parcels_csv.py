"""A carrier's CSV of parcels, row by row: each row either becomes a ``ParcelRow`` or findings with line and column."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.intake import fields
from cloud.intake.csv_rows import Columns, Row, read_rows
from cloud.intake.findings import Finding

REQUIRED = (
    "barcode",
    "recipient_name",
    "address",
    "longitude",
    "latitude",
    "length_mm",
    "width_mm",
    "height_mm",
    "weight_g",
)
OPTIONAL = (
    "recipient_email",
    "recipient_phone",
    "language",
    "window_from",
    "window_to",
    "locker_allowed",
    "preferred_locker",
    "low_door",
    "perishable",
    "temperature_controlled",
    "soft_to",
    "late_cents_per_min",
    "skills",
)
_FLAGS = ("locker_allowed", "low_door", "perishable", "temperature_controlled")
_ALIASES = {
    "name": "recipient_name",
    "recipient": "recipient_name",
    "email": "recipient_email",
    "e_mail": "recipient_email",
    "phone": "recipient_phone",
    "lon": "longitude",
    "lng": "longitude",
    "lat": "latitude",
    "length": "length_mm",
    "width": "width_mm",
    "height": "height_mm",
    "weight": "weight_g",
    "lang": "language",
    "locker": "preferred_locker",
}

LATE_CENTS_MAX = 10_000  # a minute: dearer than that is hard
COLUMNS = Columns(REQUIRED, OPTIONAL, _ALIASES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRow:
    """One good row. Lengths in mm, weight in g, place in degrees, times aware.

    ``soft`` is until when people would like it and the cents a minute later costs, up to the window's end. ``skills``
    are what its courier has to be able to do.
    """

    line: int
    barcode: str
    recipient_name: str
    recipient_email: str | None
    recipient_phone: str | None
    language: str
    address: str
    lon: float
    lat: float
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int
    window_from: datetime | None
    window_to: datetime | None
    locker_allowed: bool
    preferred_locker: str | None
    low_door: bool
    perishable: bool
    temperature_controlled: bool
    soft: tuple[datetime, int] | None = None
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Locale:
    """What a file leaves unsaid: the zone of times without offset, the country of numbers without code."""

    zone: ZoneInfo
    region: str


def read_parcels(raw: bytes, locale: Locale) -> Iterator[ParcelRow | Finding]:
    """Yield every row as a ``ParcelRow`` or as its findings, in the file's order.

    Raises ``FileRefusedError`` when there is no usable header. A barcode that comes twice in one file is refused the
    second time; whether it is known already is for the import to say.
    """
    seen: dict[str, int] = {}
    for row in read_rows(raw, COLUMNS):
        if isinstance(row, Finding):
            yield row
        else:
            yield from _judged(row, seen, locale)


def _judged(row: Row, seen: dict[str, int], locale: Locale) -> Iterator[ParcelRow | Finding]:
    parcel = _parcel(row, locale)
    if parcel is not None and parcel.barcode in seen:
        row.refuse("barcode", f"stands already in line {seen[parcel.barcode]}", parcel.barcode)
    if parcel is None or row.findings:
        yield from row.findings
        return
    seen[parcel.barcode] = row.line
    yield parcel


def _parcel(row: Row, locale: Locale) -> ParcelRow | None:
    """Read all fields before judging, so that one look at the report mends the whole row."""
    lon, lat = _place(row)
    window_from, window_to = _window(row, locale.zone)
    soft = _soft(row, locale.zone, (window_from, window_to))
    texts = {name: row.take(name, fields.text) for name in ("recipient_name", "address")}
    sides = {f"{side}_mm": row.take(f"{side}_mm", _side) for side in ("length", "width", "height")}
    flags = {name: row.take(name, fields.yes_no) for name in _FLAGS}
    contact = {
        "recipient_email": row.take("recipient_email", fields.email),
        "recipient_phone": row.take("recipient_phone", lambda name, given: fields.phone(name, given, locale.region)),
    }
    others = {
        "barcode": row.take("barcode", fields.barcode),
        "language": row.take("language", fields.language),
        "weight_g": row.take("weight_g", lambda name, given: fields.whole(name, given, 1, fields.WEIGHT_G_MAX)),
        "preferred_locker": row.take("preferred_locker", fields.optional_locker),
        "skills": row.take("skills", fields.skills),
    }
    if not row.findings and not any(contact.values()):
        row.refuse("recipient_email", "neither e-mail nor telephone is given; the recipient could not be told the code")
    if row.findings:
        return None
    place = {"lon": lon, "lat": lat, "window_from": window_from, "window_to": window_to, "soft": soft}
    values: dict[str, Any] = {"line": row.line, **place, **texts, **sides, **flags, **contact, **others}
    return ParcelRow(**values)


def _side(column: str, given: str) -> int:
    return fields.whole(column, given, 1, fields.SIDE_MM_MAX)


def _place(row: Row) -> tuple[float, float]:
    lon = row.take("longitude", lambda column, given: fields.number(column, given, -180, 180))
    lat = row.take("latitude", lambda column, given: fields.number(column, given, -90, 90))
    if lon == 0 and lat == 0:
        row.refuse("longitude", "0, 0 lies in the Gulf of Guinea; the address was not found when the file was made")
    return lon or 0.0, lat or 0.0


def _window(row: Row, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    window_from = row.take("window_from", lambda column, given: fields.moment(column, given, zone))
    window_to = row.take("window_to", lambda column, given: fields.moment(column, given, zone))
    if (window_from is None) != (window_to is None) and not row.findings:
        row.refuse(
            "window_to" if window_to is None else "window_from", "is empty though the window's other end is given"
        )
    if window_from and window_to and window_from >= window_to:
        row.refuse("window_to", "is not after window_from", window_to.isoformat())
    return window_from, window_to


def _soft(row: Row, zone: ZoneInfo, window: tuple[datetime | None, datetime | None]) -> tuple[datetime, int] | None:
    given = [name for name in ("soft_to", "late_cents_per_min") if row.values.get(name, "").strip()]
    if not given:
        return None
    ends = row.take("soft_to", lambda column, value: fields.moment(column, value, zone))
    cents = row.take("late_cents_per_min", lambda column, value: fields.whole(column, value, 0, LATE_CENTS_MAX))
    window_from, window_to = window
    if ends is None or cents is None:
        if not row.findings:
            row.refuse(given[0], "needs soft_to and late_cents_per_min")
        return None
    if window_from is None or window_to is None or not window_from <= ends <= window_to:
        row.refuse("soft_to", "is not inside the window", ends.isoformat())
    return ends, cents
