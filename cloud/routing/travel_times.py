"""How long and how far between places: the port every provider speaks, and one that needs no data at all.

The default takes the great circle, stretches it to road length and drives it by a speed profile. It is wrong by a
quarter for a single trip and right enough on average to plan a first day; road graphs and servers join behind the port.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cloud.routing.matrices import PLACES_MAX, MatrixError, TravelTimes
from cloud.routing.problem import Place

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1 of GRS 80 (H. Moritz, Geodetic Reference System 1980)
BLOCK_ROWS = 256  # rows computed at once: 256 x 7,000 doubles is 14 MB, where the whole would be 392 MB several times
HOURS = 24


class TravelTimesProvider(Protocol):
    """Answers for all pairs of the places, leaving at ``depart_at`` (aware local time, since rush hour is local)."""

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes: ...


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """How a vehicle gets on. ``bands`` are (road metres up to which, km/h there), ascending; the last has no end.

    The first kilometres of a trip are side streets, the later ones main roads, so speed grows with the trip.
    ``hour_factors`` multiply durations by the local hour of leaving.
    """

    name: str
    detour_factor: float
    bands: tuple[tuple[float, float], ...]
    hour_factors: tuple[float, ...] = (1.0,) * HOURS

    def __post_init__(self) -> None:
        speeds = [speed for _, speed in self.bands]
        if not speeds or min(speeds) <= 0 or speeds != sorted(speeds):  # else two short trips could beat one long one
            raise MatrixError(f"profile {self.name}: speeds {speeds} must be above 0 and not fall")
        if self.bands[-1][0] != math.inf or [up for up, _ in self.bands] != sorted(up for up, _ in self.bands):
            raise MatrixError(f"profile {self.name}: bands must ascend and the last must reach infinity")
        if self.detour_factor < 1 or len(self.hour_factors) != HOURS or min(self.hour_factors) <= 0:
            raise MatrixError(f"profile {self.name}: a detour of at least 1 and {HOURS} factors above 0 are needed")


# Roads are about 1.4 times as long as the straight line (1.417 over 66,000 trips: Boscoe, Henry, Zdeb, Professional
# Geographer 64, 2012). Speeds and hours are our assumption of a city van until completed stops teach better.
VAN = SpeedProfile(
    "van",
    1.4,
    ((1_000, 18.0), (5_000, 28.0), (20_000, 45.0), (math.inf, 75.0)),
    (*(0.85,) * 6, 1.0, 1.25, 1.3, 1.15, *(1.0,) * 5, 1.15, 1.3, 1.35, 1.2, *(1.0,) * 3, 0.9, 0.85),
)


@dataclass(frozen=True, slots=True)
class GreatCircle:
    """The provider that always answers. It computes in the caller's thread: 1,000 places take about 0.1 s."""

    profile: SpeedProfile = VAN

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        return great_circle(places, self.profile, depart_at.hour)


def great_circle(places: Sequence[Place], profile: SpeedProfile, hour: int) -> TravelTimes:
    """Return whole seconds and metres between all pairs, rounded up so that no two legs are shorter than one.

    Raises MatrixError for more than PLACES_MAX places, doubles, or coordinates that are not on Earth.
    """
    size, degrees = len(places), degrees_of(places)
    radians = np.radians(degrees)
    distances = np.empty((size, size), dtype=np.uint32)
    durations = np.empty((size, size), dtype=np.uint32)
    for first in range(0, size, BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        road_m = haversine_m(radians[rows], radians) * profile.detour_factor
        distances[rows] = np.ceil(road_m)
        durations[rows] = np.ceil(drive_s(road_m, profile) * profile.hour_factors[hour])
    return TravelTimes(tuple(places), durations, distances)


def degrees_of(places: Sequence[Place]) -> NDArray[np.float64]:
    """Return places as rows of longitude and latitude; raises MatrixError for too many, or one that is not on Earth."""
    if len(places) > PLACES_MAX:
        raise MatrixError(f"{len(places)} places; at most {PLACES_MAX} fit one matrix")
    degrees = np.asarray(places, dtype=np.float64).reshape(len(places), 2)
    if not np.isfinite(degrees).all() or (np.abs(degrees) > (180.0, 90.0)).any():
        raise MatrixError("a place is not on Earth: longitude -180..180 comes first, then latitude -90..90")
    return degrees


def haversine_m(origins: NDArray[np.float64], destinations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return great-circle metres from each origin (row) to each destination; both are (n, 2) radians, longitude first.

    Haversine formula (R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68, 1984); steady for short distances.
    """
    lon = origins[:, None, 0] - destinations[None, :, 0]
    lat = origins[:, None, 1] - destinations[None, :, 1]
    both = np.cos(origins[:, None, 1]) * np.cos(destinations[None, :, 1])
    squared = np.sin(lat / 2) ** 2 + both * np.sin(lon / 2) ** 2
    arc: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(squared, 0, 1)))
    return arc


def drive_s(road_m: NDArray[np.float64], profile: SpeedProfile) -> NDArray[np.float64]:
    """Return free-flow seconds for road lengths, each band's part at the band's speed."""
    seconds = np.zeros_like(road_m)
    low = 0.0
    for up_to, speed_kmh in profile.bands:
        seconds += np.clip(road_m - low, 0, up_to - low) * (3.6 / speed_kmh)
        low = up_to
    return seconds
