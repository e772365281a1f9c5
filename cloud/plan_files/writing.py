"""A plan as files: JSON for programs, GeoJSON for maps (RFC 7946)."""

import dataclasses
import json
from typing import Any

from cloud.plan_files.outcome import By, Ground, Outcome, RouteLine

VERSION = 1  # of the JSON; fields are only ever added


def as_json(outcome: Outcome) -> str:
    """Return everything the report knows, with the totals first."""
    document: dict[str, Any] = {"version": VERSION, "totals": totals(outcome), **dataclasses.asdict(outcome)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def totals(outcome: Outcome) -> dict[str, float | int]:
    """Return what the day cost: cents, metres, hours, grams of CO2 (an instance: its own units, no CO2)."""
    found: dict[str, float | int] = {
        "routes": len(outcome.routes),
        "stops": outcome.stops,
        "parcels": outcome.parcels,
        "unplanned": len(outcome.unplanned),
        "cost": outcome.cost,
        "metres": outcome.metres,
        "hours": round(outcome.hours, 2),
    }
    if outcome.ground is Ground.EARTH:
        found |= {
            "cents_per_parcel": round(outcome.cost / max(1, outcome.parcels), 1),
            "cents_per_stop": round(outcome.cost / max(1, outcome.stops), 1),
            "co2_g": outcome.metres * outcome.co2_g_per_km // 1_000,
            "locker_share": round(outcome.locker_share, 4),
        }
        for by in By:
            found[f"{by}_parcels"], found[f"{by}_cents"] = outcome.brought_by(by)
    return found


def as_geojson(outcome: Outcome) -> str:
    """Return routes as lines, stops and lockers as points; of an instance, the plane's coordinates as they are."""
    features: list[dict[str, Any]] = []
    for number, route in enumerate(outcome.routes):
        features += _route(number, route)
    for site in outcome.sites:
        facts = {"kind": "site", "id": site.id, "name": site.name, "parcels": site.parcels}
        features.append(_feature("Point", site.place, facts | {"compartments": site.compartments}))
    for one in outcome.left:
        facts = {"kind": "left", "by": By.PARTNER, "partner": one.partner, "name": one.name, "cost": one.cost}
        features.append(_feature("Point", one.place, facts | {"parcels": len(one.parcels)}))
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n"


def _route(number: int, route: RouteLine) -> list[dict[str, Any]]:
    facts: dict[str, Any] = {"kind": "route", "courier": route.courier, "by": route.by, "colour": number}
    facts |= {"cost": route.cost, "metres": route.metres}
    line = [_feature("LineString", route.path, facts)] if len(route.path) > 1 else []
    points = [
        _feature(
            "Point",
            stop.place,
            {
                "kind": stop.kind,
                "courier": route.courier,
                "colour": number,
                "number": stop.number,
                "name": stop.name,
                "arrive_s": stop.arrive_s,
                "parcels": len(stop.parcels),
            },
        )
        for stop in route.stops
    ]
    known = {"kind": "reload", "courier": route.courier, "colour": number}
    reloads = [
        _feature("Point", one.place, known | {"arrive_s": one.arrive_s, "behind": one.behind}) for one in route.reloads
    ]
    return [*line, *points, *reloads]


def _feature(kind: str, coordinates: object, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
