"""An operator's file of lockers: GeoJSON points with OpenStreetMap's or InPost's properties, or plain ones.

Recognised: ``amenity=parcel_locker`` with ``ref``, ``name``, ``opening_hours``, ``addr:*`` (OpenStreetMap wiki,
Tag:amenity=parcel_locker) and InPost's points with ``id_inpost``/``name``, ``godziny_otwarcia``, ``ulica`` ...

A shop's counter in the same file (InPost's ``pop``, OpenStreetMap's ``post_office=post_partner``) is a pick-up point of
the other kind; ``shelf`` says how many places of each size it has, as in ``S:10 M:6 L:2``. Another amenity is noted.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.domain.locker import PointKind
from cloud.intake import fields
from cloud.intake.findings import FieldError, FileRefusedError, Finding, Severity, decode_text, shortened
from contract.ids import IdError, LockerId, locker_id
from contract.layout import COMPARTMENTS_MAX
from contract.sizes import SizeClass

FEATURES_MAX = 50_000  # InPost's whole network is about 47,000 machines (company report 2025)

_ID_KEYS = ("id_inpost", "ref", "locker_id", "id")
_ID_CHARACTERS = re.compile(r"[^A-Z0-9]+")
_PLACES = re.compile(rf"(?P<size>{'|'.join(SizeClass)}):(?P<count>\d{{1,3}})")
_START = re.compile(r'"features"\s*:\s*\[')
_GAP = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerRow:
    """One pick-up point of a file. ``model`` names a layout, empty when the file does not say.

    ``shelf`` is how many places of each size a counter has, empty when the file does not say.
    """

    line: int
    id: LockerId
    name: str
    lon: float
    lat: float
    address: str
    opening_hours: str
    model: str
    kind: PointKind = PointKind.LOCKER
    shelf: tuple[tuple[SizeClass, int], ...] = ()


def read_lockers(raw: bytes) -> Iterator[LockerRow | Finding]:
    """Yield every feature as a ``LockerRow`` or a finding; ``FileRefusedError`` when it is no feature collection."""
    content = decode_text(raw)
    _collection(content)
    seen: dict[str, int] = {}
    for count, (line, feature) in enumerate(_features(content)):
        if count >= FEATURES_MAX:
            yield Finding(line, "", f"more than {FEATURES_MAX} features; split the file, the rest was not read")
            return
        try:
            row = _locker(line, feature)
        except FieldError as error:
            yield Finding(line, error.column, error.reason, error.given)
            continue
        if isinstance(row, Finding):
            yield row
        elif row.id in seen:
            yield Finding(line, "ref", f"stands already in line {seen[row.id]}", row.id)
        else:
            seen[row.id] = line
            yield row


def _collection(content: str) -> None:
    try:
        document = json.loads(content.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"column {error.colno}"
        raise FileRefusedError(Finding(error.lineno, where, f"is no JSON: {error.msg}")) from error
    except RecursionError as error:
        raise FileRefusedError(Finding(1, "", "is nested too deeply to be a list of lockers")) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise FileRefusedError(Finding(1, "type", "is no GeoJSON FeatureCollection (RFC 7946, 3.3)"))
    if not isinstance(document.get("features"), list):
        raise FileRefusedError(Finding(1, "features", "the collection has no list of features"))
    if not document["features"]:
        raise FileRefusedError(Finding(1, "features", "the collection is empty"))


def _features(content: str) -> Iterator[tuple[int, Any]]:
    """Yield each feature with the line it begins on; the document is known to be valid JSON."""
    decoder = json.JSONDecoder()
    start = _START.search(content)
    place, line, counted = (start.end() if start else 0), 1, 0
    while True:
        gap = _GAP.match(content, place)
        place = gap.end() if gap else place
        if content[place] == "]":
            return
        line += content.count("\n", counted, place)
        counted = place
        feature, place = decoder.raw_decode(content, place)
        yield line, feature


def _locker(line: int, feature: Any) -> LockerRow | Finding:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise FieldError("type", "is no GeoJSON Feature")
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        raise FieldError("properties", "are missing; a locker needs at least ref")
    kind = _kind(properties)
    if kind is None:
        return Finding(line, "amenity", "is no pick-up point; passed over", _id_text(properties), Severity.NOTED)
    lon, lat = _point(feature.get("geometry"))
    name = _id(properties)
    address = _address(properties)
    return LockerRow(
        line=line,
        id=name,
        name=_first(properties, "name") or (_shop(properties) if kind is PointKind.COUNTER else "") or address or name,
        lon=lon,
        lat=lat,
        address=address,
        opening_hours=_first(properties, "opening_hours", "godziny_otwarcia") or "24/7",
        model=_first(properties, "model", "latchmile:model"),
        kind=kind,
        shelf=_shelf(_first(properties, "shelf", "latchmile:shelf")) if kind is PointKind.COUNTER else (),
    )


def _kind(properties: Mapping[str, Any]) -> PointKind | None:
    """Tell a shop's counter (InPost calls it POP or POK) from a machine, and both from what is neither."""
    kinds = set(str(properties.get("type") or "").lower().split(";"))
    if kinds & {"pop", "pok"} or properties.get("post_office") == "post_partner":
        return PointKind.COUNTER
    amenity = str(properties.get("amenity") or "parcel_locker")
    return PointKind.LOCKER if amenity == "parcel_locker" else None


def _shop(properties: Mapping[str, Any]) -> str:
    """Return the shop's own name, which InPost writes where machines have "beside the office"."""
    return _first(properties, "opis_lokalizacji")


def _shelf(text: str) -> tuple[tuple[SizeClass, int], ...]:
    """Read ``S:10 M:6 L:2``; raises ``FieldError``."""
    found: dict[SizeClass, int] = {}
    for part in text.split():
        read = _PLACES.fullmatch(part.upper())
        if read is None or SizeClass(read["size"]) in found:
            raise FieldError("shelf", "write sizes with their places, as in S:10 M:6 L:2", shortened(text))
        found[SizeClass(read["size"])] = int(read["count"])
    if text and not 0 < sum(found.values()) <= COMPARTMENTS_MAX:
        raise FieldError("shelf", f"needs between 1 and {COMPARTMENTS_MAX} places", shortened(text))
    return tuple(found.items())


def _point(geometry: Any) -> tuple[float, float]:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        given = geometry.get("type") if isinstance(geometry, dict) else geometry
        raise FieldError("geometry", "must be a Point", shortened(str(given)))
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:  # noqa: PLR2004 - longitude and latitude
        raise FieldError("coordinates", "must be [longitude, latitude]", shortened(str(coordinates)))
    lon, lat = (_degree(value, limit) for value, limit in zip(coordinates, (180, 90), strict=False))
    return lon, lat


def _degree(value: Any, limit: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError("coordinates", "must be numbers", shortened(str(value)))
    return fields.number("coordinates", str(value), -limit, limit)


def _id_text(properties: Mapping[str, Any]) -> str:
    return next((str(properties[key]) for key in _ID_KEYS if properties.get(key) not in (None, "")), "")


def _id(properties: Mapping[str, Any]) -> LockerId:
    given = _id_text(properties) or _first(properties, "name")
    if not given:
        raise FieldError("ref", "is missing; give every locker a ref (or id_inpost) of its own")
    try:
        return locker_id(_ID_CHARACTERS.sub("-", given.upper()).strip("-"))
    except IdError as error:
        raise FieldError("ref", f"cannot be a locker id: {error.rule}", shortened(given)) from error


def _first(properties: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = properties.get(key)
        if isinstance(value, str) and value.strip():
            return fields.text(key, value)
    return ""


def _address(properties: Mapping[str, Any]) -> str:
    whole = _first(properties, "address")
    if whole:
        return whole
    street = " ".join(filter(None, (_first(properties, "addr:street", "ulica"), _number(properties))))
    city = " ".join(
        filter(
            None,
            (_first(properties, "addr:postcode", "kod_pocztowy"), _first(properties, "addr:city", "miejscowosc")),
        )
    )
    return ", ".join(filter(None, (street, city)))


def _number(properties: Mapping[str, Any]) -> str:
    return _first(properties, "addr:housenumber", "nr_budynku")
