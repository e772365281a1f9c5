"""A traffic jam as couriers meet it: whoever's way leads through it takes longer, until it is over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cloud.routing.matrices import TRAVEL_MAX, TravelTimes
from cloud.routing.problem import Place

METRES_PER_DEGREE = 111_195.0  # of latitude, on the sphere of radius 6,371 km
RADIUS_M_MAX = 5_000  # wider is a city's rush hour, which the travel times know themselves
DELAY_S_MAX = 2 * 3_600  # longer and the road is closed
ROWS = 128  # origins computed at once: 128 x 7,000 pairs in doubles are 7 MB an array


@dataclass(frozen=True, slots=True)
class Jam:
    """``delay_s`` is added to every way whose straight line comes within ``radius_m`` of ``place``.

    A way that begins in the jam counts: the van stands in it. One that only ends there counts too.
    """

    place: Place
    radius_m: int
    delay_s: int

    def __post_init__(self) -> None:
        if not (0 < self.radius_m <= RADIUS_M_MAX and 0 < self.delay_s <= DELAY_S_MAX):
            raise ValueError(f"{self}: a radius up to {RADIUS_M_MAX} m and a delay up to {DELAY_S_MAX} s are needed")


def with_jams(travel: TravelTimes, jams: Sequence[Jam]) -> TravelTimes:
    """Return the travel times with every jam's delay on the ways through it; distances stay as they are."""
    if not jams or not travel.places:
        return travel
    slower = travel.durations_s.astype(np.int64)
    for jam in jams:
        for first in range(0, len(travel.places), ROWS):
            rows = slice(first, first + ROWS)
            slower[rows] += jam.delay_s * _through(travel.places, rows, jam)
    np.fill_diagonal(slower, 0)
    return replace(travel, durations_s=np.minimum(slower, TRAVEL_MAX).astype(np.uint32))


def _through(places: Sequence[Place], rows: slice, jam: Jam) -> NDArray[np.bool_]:
    """Return for each pair whether its straight line comes near the jam.

    Distance of a point to a segment in the plane that touches the Earth at the jam.
    """
    degrees = np.asarray(places, dtype=np.float64) - np.asarray(jam.place)
    flat = degrees * (METRES_PER_DEGREE * np.cos(np.radians(jam.place.lat)), METRES_PER_DEGREE)
    begin, way = flat[rows, None, :], flat[None, :, :] - flat[rows, None, :]
    length_2 = (way**2).sum(axis=2)
    along = np.clip(-(begin * way).sum(axis=2) / np.maximum(length_2, 1e-9), 0.0, 1.0)
    nearest = begin + along[..., None] * way
    near: NDArray[np.bool_] = (nearest**2).sum(axis=2) <= float(jam.radius_m) ** 2
    return near
