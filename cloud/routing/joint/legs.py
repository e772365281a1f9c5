"""A large day's legs, made where they are read: 6,000 stops would be a gigabyte, and nobody reads it all at once.

Whoever asks for one leg gets that leg; a territory asks for a small dense part. The travel times themselves stay where
they are, once.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cloud.routing.joint.instance import LEG_MAX, Instance, Matrix
from cloud.routing.matrices import TravelTimes

NO_PLACE = -1  # of a van that may start or end anywhere
DENSE_MAX = 2_000  # nodes up to which a day's matrices are made whole: 16 MB each, and quicker to read

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """Between nodes, which are indexes into the travel times or NO_PLACE.

    ``prepare`` (seconds) and ``stopping`` (thousandths of stops) are paid on the way to each; ``tariffs`` are cents
    (per hour, per km, per stop).
    """

    nodes: Numbers
    prepare: Numbers
    stopping: Numbers
    tariffs: tuple[tuple[int, int, int], ...]
    travel: TravelTimes

    def time(self, here: Numbers, there: Numbers) -> Matrix:
        """Return seconds from each of ``here`` to each of ``there``."""
        return np.minimum(self._read(self.travel.durations_s, here, there), LEG_MAX).astype(np.int32)

    def metres(self, here: Numbers, there: Numbers) -> Matrix:
        return np.minimum(self._read(self.travel.distances_m, here, there), LEG_MAX).astype(np.int32)

    def cost(self, kind: int, here: Numbers, there: Numbers) -> Matrix:
        """Return thousandths of a cent. What a visit costs whoever comes lies on the way there."""
        per_hour, per_km, per_stop = self.tariffs[kind]
        seconds = self._read(self.travel.durations_s, here, there) + self.prepare[there]
        legs = per_km * self._read(self.travel.distances_m, here, there) + (per_hour * seconds * 1_000) // 3_600
        legs += per_stop * self.stopping[there]
        legs[here[:, None] == there[None, :]] = 0
        return np.minimum(legs, LEG_MAX).astype(np.int32)

    def _read(self, matrix: NDArray[np.uint32], here: Numbers, there: Numbers) -> Numbers:
        rows, columns = self.nodes[here], self.nodes[there]
        found: Numbers = matrix[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))].astype(np.int64)
        found[rows == NO_PLACE, :] = 0
        found[:, columns == NO_PLACE] = 0
        return found


@dataclass(frozen=True, slots=True, eq=False)
class TimesOf:
    """Reads as a (nodes, nodes) matrix of seconds, or of metres."""

    legs: Legs
    in_metres: bool = False

    def __getitem__(self, at: tuple[int, int]) -> int:
        read = self.legs.metres if self.in_metres else self.legs.time
        return int(read(np.array([at[0]]), np.array([at[1]]))[0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class CostsOf:
    """Reads as a (kinds, nodes, nodes) matrix of costs."""

    legs: Legs

    def __getitem__(self, at: tuple[int, int, int]) -> int:
        return int(self.legs.cost(at[0], np.array([at[1]]), np.array([at[2]]))[0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Dense matrices among some of an instance's locations."""

    time: Matrix
    cost: NDArray[np.int32]
    metres: Matrix | None


def part(instance: Instance, locations: Numbers) -> Part:
    """Return the instance's matrices among ``locations``, in their order."""
    metres = instance.metres
    if isinstance(instance.time, TimesOf):
        legs = instance.time.legs
        kinds = [legs.cost(kind, locations, locations) for kind in range(len(legs.tariffs))]
        far = None if metres is None else legs.metres(locations, locations)
        return Part(legs.time(locations, locations), np.stack(kinds), far)
    cells = np.ix_(locations, locations)
    cost = np.stack([one[cells] for one in instance.cost])
    return Part(instance.time[cells], cost, None if metres is None else metres[cells])


def seconds_from(instance: Instance, here: int, there: Numbers) -> Numbers:
    """Return the time from one location to each of several."""
    if isinstance(instance.time, TimesOf):
        away: Matrix = instance.time.legs.time(np.array([here]), there)[0]
        return away.astype(np.int64)
    row: Matrix = instance.time[here, there]
    return row.astype(np.int64)


def matrices(legs: Legs) -> Part:
    """Return a day's matrices: whole if it is small, made where they are read if it is not."""
    size = len(legs.nodes)
    if size <= DENSE_MAX:
        every = np.arange(size)
        kinds = [legs.cost(kind, every, every) for kind in range(len(legs.tariffs))]
        return Part(legs.time(every, every), np.stack(kinds), legs.metres(every, every))
    return Part(
        cast("Matrix", TimesOf(legs)), cast("Matrix", CostsOf(legs)), cast("Matrix", TimesOf(legs, in_metres=True))
    )
