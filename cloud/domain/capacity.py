"""Promised capacity: one reservation keeps one compartment of one size class at one locker until a moment.

The smallest fitting size with something left is taken, a larger one otherwise. A size is never promised more often than
it is free, and every reservation ends exactly once: used, released or expired.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.sizes import SizeClass


class ReservationState(StrEnum):
    ACTIVE = "active"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    id: str
    locker_id: str
    parcel_id: str
    size: SizeClass
    state: ReservationState
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


def left_by_size(free: Mapping[SizeClass, int], reserved: Iterable[SizeClass]) -> dict[SizeClass, int]:
    """Return what may still be promised: free compartments less active reservations, never below zero."""
    promised = Counter(reserved)
    return {size: max(0, free.get(size, 0) - promised[size]) for size in SizeClass}


def choose_size(wanted: SizeClass, left: Mapping[SizeClass, int]) -> SizeClass | None:
    """Return the smallest size class of at least ``wanted`` with something left, or None."""
    fitting = (size for size in SizeClass if size.at_least(wanted) and left.get(size, 0) > 0)
    return next(fitting, None)


def overpromised(free: Mapping[SizeClass, int], reserved: Iterable[SizeClass]) -> dict[SizeClass, int]:
    """Return by how many each size is promised beyond what is free: a fault took compartments after the promise."""
    promised = Counter(reserved)
    over = {size: promised[size] - free.get(size, 0) for size in SizeClass}
    return {size: count for size, count in over.items() if count > 0}
