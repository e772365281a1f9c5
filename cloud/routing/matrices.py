"""The one place where travel times become arrays, as VROOM silently reads a sliced one as garbage."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloud.routing.problem import UNREACHABLE_S, Place

PLACES_MAX = 7_000  # two matrices of uint32 are then 392 MB; the largest day measured has 6,262 stops
TRAVEL_MAX = UNREACHABLE_S  # seconds or metres of one leg: nothing honest is more, and sums of it stay in 64 bits

Matrix = NDArray[np.uint32]


class MatrixError(ValueError):
    """A travel-time matrix is not what it must be; the message names which rule it breaks."""


def as_square_uint32(name: str, values: NDArray[Any], size: int) -> Matrix:
    """Return ``values`` as a C-contiguous ``size`` x ``size`` uint32 array, whatever its strides were."""
    array = np.asarray(values)
    if array.shape != (size, size):
        raise MatrixError(f"{name} has shape {array.shape}; {size} places need ({size}, {size})")
    if not np.issubdtype(array.dtype, np.integer):
        raise MatrixError(
            f"{name} holds {array.dtype}; whole numbers are needed (round before, NaN and inf have no place)"
        )
    if size and (int(array.min()) < 0 or int(array.max()) > TRAVEL_MAX):
        raise MatrixError(f"{name} holds {array.min()}..{array.max()}; allowed is 0..{TRAVEL_MAX}")
    if array.diagonal().any():
        raise MatrixError(f"{name} says that going nowhere takes {array.diagonal().max()}; its diagonal must be 0")
    result = np.ascontiguousarray(array, dtype=np.uint32)
    assert_ready(name, result)
    return result


def assert_ready(name: str, array: Matrix) -> None:
    """Refuse an array that native code would misread; the last gate before bytes leave for the worker."""
    if array.dtype != np.uint32 or not array.flags.c_contiguous:
        raise MatrixError(f"{name} is {array.dtype}, contiguous {array.flags.c_contiguous}; uint32 and True are needed")


@dataclass(frozen=True, slots=True, eq=False)
class TravelTimes:
    """How long and how far from each place (row) to each place (column): seconds, metres, asymmetric like the roads.

    Whatever array is given is copied into form here; a later change to the caller's array does not reach this one
    if it had to be copied, so hand it over and forget it. ``degraded`` says why these are not the times asked for but
    the best that could be had; it is empty when all is well.
    """

    places: tuple[Place, ...]
    durations_s: Matrix
    distances_m: Matrix
    degraded: str = ""
    index: dict[Place, int] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.places)
        if size > PLACES_MAX:
            raise MatrixError(f"{size} places; at most {PLACES_MAX} fit one matrix")
        index = {place: position for position, place in enumerate(self.places)}
        if len(index) != size:
            raise MatrixError(f"{size - len(index)} places are given twice")
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "durations_s", as_square_uint32("durations_s", self.durations_s, size))
        object.__setattr__(self, "distances_m", as_square_uint32("distances_m", self.distances_m, size))

    def duration_s(self, origin: Place, destination: Place) -> int:
        return int(self.durations_s[self.index[origin], self.index[destination]])

    def distance_m(self, origin: Place, destination: Place) -> int:
        return int(self.distances_m[self.index[origin], self.index[destination]])

    def unreachable(self) -> tuple[Place, ...]:
        """Return the places between which and most others no road leads: islands, and what lies off the map."""
        cut = self.durations_s >= UNREACHABLE_S
        lost = (cut | cut.T).sum(axis=1) * 2 > len(self.places) - 1
        return tuple(place for place, is_lost in zip(self.places, lost, strict=True) if is_lost)

    def part(self, places: tuple[Place, ...]) -> "TravelTimes":
        """Return the times among some of the places; raises KeyError for one that is not here."""
        rows = np.array([self.index[place] for place in places], dtype=np.intp)
        cells = np.ix_(rows, rows)
        return TravelTimes(places, self.durations_s[cells], self.distances_m[cells], self.degraded)

    def missing(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(place for place in places if place not in self.index)
