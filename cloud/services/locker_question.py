"""What is asked when a locker must be chosen, as plain data: routing answers purely, services act on the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

    def about(self, parcel: Parcel) -> "LockerQuestion":
        """Return the same question about the parcel as it is now."""
        return replace(self, parcel=parcel)


@dataclass(frozen=True, slots=True)
class Timed:
    """One stop ahead and when service begins there; ``stop_id`` is empty for a drop-off that is no stop yet."""

    stop_id: str
    eta: datetime


@dataclass(frozen=True, slots=True)
class NewOrder:
    """The rest of a route as it was thought about; it holds while exactly these stops are still to be done.

    ``starts_at`` is when a courier who has not left yet leaves now; None leaves that as it is.
    """

    stops: tuple[Timed, ...]
    ends_at: datetime
    longer_m: int
    starts_at: datetime | None = None

    @property
    def has_new(self) -> bool:
        """Whether one of the stops is still to be stored."""
        return any(not one.stop_id for one in self.stops)

    def stop_ids(self) -> frozenset[str]:
        return frozenset(one.stop_id for one in self.stops if one.stop_id)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A locker, and the rest of the courier's day with the drop-off in it when somebody drives."""

    locker_id: str
    order: NewOrder | None = None


ChooseLocker = Callable[[LockerQuestion], Sequence[Suggestion]]
"""Returns lockers, best first; those it leaves out are not tried."""
