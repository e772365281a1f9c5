"""The search's own dice: xorshift64* (S. Vigna, ACM TOMS 42, 2016) on a state that belongs to one search alone.

A state of one's own, not the library's, is what makes a run repeatable whatever else the process does.
"""

import numpy as np
from numpy.typing import NDArray

from cloud.routing.joint.compiled import inlined

Dice = NDArray[np.uint64]
_MIX = 0x2545F4914F6CDD1D
_SPREAD = 0x9E3779B97F4A7C15  # makes neighbouring seeds unlike each other (splitmix64's constant)
_UNIT = 1.0 / 9007199254740992.0  # 2 to the power of -53


def dice(seed: int) -> Dice:
    """Return fresh dice; equal seeds roll equally."""
    return np.array([((seed + 1) * _SPREAD) % 2**64 or 1], dtype=np.uint64)


@inlined
def uniform(state: Dice) -> float:
    """Return a number from 0 up to, not including, 1."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(_MIX)) >> np.uint64(11)) * _UNIT


@inlined
def below(state: Dice, limit: int) -> int:
    """Return a whole number from 0 up to, not including, ``limit``."""
    return int(uniform(state) * limit)
