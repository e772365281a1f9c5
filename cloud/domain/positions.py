"""Where a van is, as its courier's phone tells while it may: what counts, who sees it, when it is forgotten.

Of every courier there is one position at most, the last one: a track that is not kept can be given to nobody.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import cos, isfinite, radians

from cloud.domain.errors import InvalidError
from cloud.domain.places import distance_m

ACCURACY_M_MAX = 500  # a phone that only knows its cell tower would put the van into another district
AGE_MAX = timedelta(minutes=2)  # of what is told: what a phone kept through a tunnel is worth nothing any more
AHEAD_MAX = timedelta(seconds=10)  # a phone's clock may be a little before ours
OFTEN = timedelta(seconds=10)  # pages send every 15 s at most; whoever sends oftener costs a write for nothing
SPEED_M_S_MAX = 200 / 3.6  # no van drives 200 km/h; satellites mirrored in glass walls do
FORGOTTEN = timedelta(minutes=10)  # without news: nobody is then told anything about the van
STILL_THERE = timedelta(minutes=5)  # in which a re-plan begins there: as long as one stop takes with the way to it
AFTER_SHIFT = timedelta(hours=2)  # overtime, as re-plans allow it; who then still shows the van has forgotten to end
STOPS_AHEAD_MAX = 5  # about half an hour before the van comes; earlier it says nothing to who waits
SEEN_DEGREES = 0.001  # of latitude, 111 m: which street, not at whose door; neighbours have secrets as well


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPosition:
    """Degrees; ``at`` is when the phone measured it, to ``accuracy_m`` metres (a radius)."""

    courier_id: str
    lon: float
    lat: float
    accuracy_m: int
    at: datetime


class Ignored(StrEnum):
    """Why a position that may well be true is not taken over."""

    VAGUE = "vague"
    SOON = "soon"
    JUMP = "jump"


def check_told(told: CourierPosition, now: datetime) -> None:
    """Raise ``InvalidError`` for a place outside the earth, and for a time that is over or still to come."""
    for field, degrees, most in (("lon", told.lon, 180), ("lat", told.lat, 90)):
        if not (isfinite(degrees) and -most <= degrees <= most):
            raise InvalidError(field, f"is no place on earth: between -{most} and {most} degrees")
    if told.at > now + AHEAD_MAX:
        raise InvalidError("at", "is in the future; set the phone's clock by the network")
    if told.at < now - AGE_MAX:
        raise InvalidError("at", "is older than two minutes; an old position is worth nothing")


def weighed(told: CourierPosition, before: CourierPosition | None, pace: int = 1) -> Ignored | None:
    """Return why a position does not count after the one ``before``, None when it does.

    What both are uncertain of counts as no way driven. ``pace`` is how many times faster days pass here (a demo's).
    """
    if told.accuracy_m > ACCURACY_M_MAX:
        return Ignored.VAGUE
    if before is None:
        return None
    passed = (told.at - before.at) * pace
    if passed < OFTEN:
        return Ignored.SOON
    way_m = distance_m(before.lon, before.lat, told.lon, told.lat) - before.accuracy_m - told.accuracy_m
    return Ignored.JUMP if way_m > SPEED_M_S_MAX * passed.total_seconds() else None


def is_known(position: CourierPosition, now: datetime) -> bool:
    """Whether it is young enough to be shown to anybody."""
    return position.at > now - FORGOTTEN


def is_still_there(position: CourierPosition, now: datetime) -> bool:
    """Whether it is young enough to think about the rest of a route from there."""
    return position.at > now - STILL_THERE


def may_be_seen(stops_before: int | None) -> bool:
    """Whether a recipient may see the van that has so many stops before theirs; None while nobody drives."""
    return stops_before is not None and stops_before <= STOPS_AHEAD_MAX


def as_seen(position: CourierPosition) -> CourierPosition:
    """Return what recipients see of a position: to some hundred metres and the minute."""
    lat = round(round(position.lat / SEEN_DEGREES) * SEEN_DEGREES, 5)
    wide = SEEN_DEGREES / max(cos(radians(lat)), SEEN_DEGREES)  # a degree of longitude is shorter up north
    lon = max(-180.0, min(180.0, round(round(position.lon / wide) * wide, 5)))
    return replace(position, lon=lon, lat=lat, at=position.at.replace(second=0, microsecond=0))
