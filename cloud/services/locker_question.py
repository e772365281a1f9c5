"""What is asked when a locker must be chosen, as plain data: routing answers purely, services act on the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.records import Route, Stop, StopTask
from contract.sizes import SizeClass


@dataclass(frozen=True, slots=True)
class RouteLeft:
    """The courier's day: its route, all stops in order, and the tasks of each stop."""

    route: Route
    stops: tuple[Stop, ...]
    tasks: Mapping[str, tuple[StopTask, ...]]


@dataclass(frozen=True, slots=True)
class LockerQuestion:
    """``candidates`` may all take the parcel; ``left`` is what may still be promised there, by size class.

    ``here`` is where the courier is (longitude, latitude), the parcel's address when nobody knows.
    """

    parcel: Parcel
    size: SizeClass
    here: tuple[float, float]
    candidates: tuple[Locker, ...]
    left: Mapping[str, Mapping[SizeClass, int]]
    route: RouteLeft | None
    now: datetime


ChooseLocker = Callable[[LockerQuestion], Sequence[str]]
"""Returns locker ids, best first; those it leaves out are not tried."""
