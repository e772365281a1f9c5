"""Which of a city's ways a van may drive, in which directions and how fast: OpenStreetMap's tags read once, here.

The meaning of the tags is OpenStreetMap's own (wiki.openstreetmap.org: Key:highway, Key:oneway, Key:access,
Key:maxspeed). The speeds are ours: what a van averages on a free city road of that class, crossings included.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

KM_H = {
    "motorway": 95.0,
    "motorway_link": 55.0,
    "trunk": 75.0,
    "trunk_link": 50.0,
    "primary": 45.0,
    "primary_link": 40.0,
    "secondary": 38.0,
    "secondary_link": 35.0,
    "tertiary": 33.0,
    "tertiary_link": 30.0,
    "unclassified": 30.0,
    "road": 25.0,
    "residential": 24.0,
    "living_street": 12.0,
    "service": 14.0,
}
OF_LIMIT = 0.85  # of a posted limit is what a van averages below it, lights and corners included
KM_H_MIN, KM_H_MAX = 5.0, 110.0  # slower is a walk; a loaded van is no faster whatever the sign says
KM_H_PER_MPH = 1.609344
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "emergency", "military"})
ONE_WAY_BY_KIND = frozenset({"motorway", "motorway_link"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(mph|km/h)?")


@dataclass(frozen=True, slots=True)
class Road:
    """A way's answer: km/h, and whether it may be driven as drawn (``forward``) and against it (``backward``)."""

    speed_kmh: float
    forward: bool
    backward: bool


def road_of(tags: Mapping[str, str]) -> Road | None:
    """Return what a van makes of a way with these tags; None where it must not or cannot drive."""
    known = KM_H.get(tags.get("highway", ""))
    if known is None or tags.get("area") == "yes" or not _is_open(tags):
        return None
    forward, backward = _directions(tags)
    return Road(_speed(known, tags.get("maxspeed", "")), forward, backward)


def _is_open(tags: Mapping[str, str]) -> bool:
    """Let the tag about the narrower kind of traffic decide: what motor vehicles may do beats what everybody may."""
    for key in ("motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in CLOSED
    return True


def _directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    said = tags.get("oneway", "")
    if said in {"-1", "reverse"}:
        return False, True
    if said in {"yes", "true", "1"}:
        return True, False
    implied = tags.get("highway") in ONE_WAY_BY_KIND or tags.get("junction") in ROUNDABOUTS
    return (True, False) if implied and said not in {"no", "false", "0"} else (True, True)


def _speed(usual: float, limit: str) -> float:
    found = _NUMBER.fullmatch(limit.strip())
    if found is None:  # "walk", "PL:urban", "none": the class knows enough
        return usual
    posted = float(found[1]) * (KM_H_PER_MPH if found[2] == "mph" else 1.0)
    return min(max(posted * OF_LIMIT, KM_H_MIN), usual * 1.5, KM_H_MAX)
