"""A carrier's CSV of parcels, row by row: each row either becomes a ``ParcelRow`` or findings with line and column."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from cloud.intake import fields
from cloud.intake.findings import FieldError, FileRefusedError, Finding, Severity, decode_text, shortened

ROWS_MAX = 100_000  # a large depot's day, ten times over
FIELD_CHARACTERS_MAX = 10_000  # an unclosed quote would otherwise swallow the rest of the file into one field

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

Value = TypeVar("Value")


class _Reader(Protocol):
    """What ``csv.reader`` returns; the standard library gives it no public name."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRow:
    """One good row. Lengths in mm, weight in g, place in degrees, times aware."""

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


@dataclass(frozen=True, slots=True)
class Locale:
    """What a file leaves unsaid: the zone of times without offset, the country of numbers without code."""

    zone: ZoneInfo
    region: str


class _Row:
    """One row under its header, collecting what is wrong instead of stopping at the first."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self.line, self.values = line, values
        self.findings: list[Finding] = []

    def take(self, column: str, read: Callable[[str, str], Value]) -> Value | None:
        try:
            return read(column, self.values.get(column, ""))
        except FieldError as error:
            self.findings.append(Finding(self.line, error.column, error.reason, error.given))
            return None

    def refuse(self, column: str, reason: str, given: str = "") -> None:
        self.findings.append(Finding(self.line, column, reason, given))


def read_parcels(raw: bytes, locale: Locale) -> Iterator[ParcelRow | Finding]:
    """Yield every row as a ``ParcelRow`` or as its findings, in the file's order.

    Raises ``FileRefusedError`` when there is no usable header. A barcode that comes twice in one file is refused the
    second time; whether it is known already is for the import to say.
    """
    content = decode_text(raw)
    reader = _open(content)
    header, notes = _header(reader)
    yield from notes
    seen: dict[str, int] = {}
    for line, cells in _records(reader):
        if len(seen) >= ROWS_MAX:
            yield Finding(line, "", f"more than {ROWS_MAX} rows; split the file, the rest was not read")
            return
        if isinstance(cells, Finding):
            yield cells
            return
        if not any(cell.strip() for cell in cells):
            continue
        yield from _row(line, header, cells, seen, locale)


def _open(content: str) -> _Reader:
    if not content.strip():
        raise FileRefusedError(Finding(1, "", "the file is empty"))
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    first = content.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    return csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)


def _records(reader: _Reader) -> Iterator[tuple[int, list[str] | Finding]]:
    """Yield each record with the line it begins on; a broken quote ends the file where it stands."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Finding(line, "", f"cannot be read on: {error}; look for a quote that is not closed")
            return
        yield line, cells


def _header(reader: _Reader) -> tuple[list[str], list[Finding]]:
    try:
        cells = next(reader)
    except csv.Error as error:
        raise FileRefusedError(Finding(1, "", f"the header cannot be read: {error}")) from error
    names = [_column_name(cell) for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        reason = f"the header has no column {', '.join(missing)}; needed are {', '.join(REQUIRED)}"
        raise FileRefusedError(Finding(1, missing[0], reason, shortened(",".join(cells))))
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileRefusedError(Finding(1, twice[0], "the column stands twice in the header"))
    known = {*REQUIRED, *OPTIONAL}
    strange = [name for name in names if name not in known]
    return names, [Finding(1, name, "unknown column, passed over", "", Severity.NOTED) for name in strange]


def _column_name(cell: str) -> str:
    name = "_".join(cell.strip().lstrip("\ufeff").lower().replace("-", " ").split())
    return _ALIASES.get(name, name)


def _row(
    line: int, header: list[str], cells: list[str], seen: dict[str, int], locale: Locale
) -> Iterator[ParcelRow | Finding]:
    if len(cells) != len(header):
        yield Finding(line, "", f"has {len(cells)} fields, the header has {len(header)}; look for a stray delimiter")
        return
    row = _Row(line, dict(zip(header, cells, strict=True)))
    parcel = _parcel(row, locale)
    if parcel is not None and parcel.barcode in seen:
        row.refuse("barcode", f"stands already in line {seen[parcel.barcode]}", parcel.barcode)
    if parcel is None or row.findings:
        yield from row.findings
        return
    seen[parcel.barcode] = line
    yield parcel


def _parcel(row: _Row, locale: Locale) -> ParcelRow | None:
    """Read all fields before judging, so that one look at the report mends the whole row."""
    lon, lat = _place(row)
    window_from, window_to = _window(row, locale.zone)
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
    }
    if not row.findings and not any(contact.values()):
        row.refuse("recipient_email", "neither e-mail nor telephone is given; the recipient could not be told the code")
    if row.findings:
        return None
    place = {"lon": lon, "lat": lat, "window_from": window_from, "window_to": window_to}
    values: dict[str, Any] = {"line": row.line, **place, **texts, **sides, **flags, **contact, **others}
    return ParcelRow(**values)


def _side(column: str, given: str) -> int:
    return fields.whole(column, given, 1, fields.SIDE_MM_MAX)


def _place(row: _Row) -> tuple[float, float]:
    lon = row.take("longitude", lambda column, given: fields.number(column, given, -180, 180))
    lat = row.take("latitude", lambda column, given: fields.number(column, given, -90, 90))
    if lon == 0 and lat == 0:
        row.refuse("longitude", "0, 0 lies in the Gulf of Guinea; the address was not found when the file was made")
    return lon or 0.0, lat or 0.0


def _window(row: _Row, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    window_from = row.take("window_from", lambda column, given: fields.moment(column, given, zone))
    window_to = row.take("window_to", lambda column, given: fields.moment(column, given, zone))
    if (window_from is None) != (window_to is None) and not row.findings:
        row.refuse(
            "window_to" if window_to is None else "window_from", "is empty though the window's other end is given"
        )
    if window_from and window_to and window_from >= window_to:
        row.refuse("window_to", "is not after window_from", window_to.isoformat())
    return window_from, window_to
