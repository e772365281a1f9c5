"""What the recipient of a parcel may see of the van that brings it: how many stops away, and near the end where."""

from dataclasses import dataclass
from datetime import datetime

from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.parcel import Parcel
from cloud.domain.positions import as_seen, may_be_seen
from cloud.services.ports import UnitOfWork
from cloud.services.positions import known_of
from cloud.services.records import ENDS, Route, Stop, StopTask, TaskState


@dataclass(frozen=True, slots=True)
class Van:
    """Where the van was ``at`` some minute, to about a hundred metres, and its stops before the recipient's."""

    lon: float
    lat: float
    at: datetime
    stops_before: int


@dataclass(frozen=True, slots=True)
class WayTo:
    """The way of whoever drives to a parcel's stop now."""

    courier_id: str
    stops_before: int


def way_to(uow: UnitOfWork, parcel_id: str) -> WayTo | None:
    """Return who is on the way to the parcel's stop and how many stops come before; None while nobody drives."""
    task = uow.first(StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=ENDS)
    stop = uow.get(Stop, task.stop_id) if task else None
    route = uow.get(Route, stop.route_id) if stop else None
    if stop is None or route is None or route.started_at is None:
        return None
    earlier = [one.id for one in uow.find(Stop, route_id=route.id) if one.position < stop.position]
    open_tasks = uow.find(StopTask, stop_id=tuple(earlier), state=TaskState.PENDING) if earlier else []
    return WayTo(route.courier_id, len({one.stop_id for one in open_tasks}))


def van_on(uow: UnitOfWork, now: datetime, parcel: Parcel, way: WayTo | None) -> Van | None:
    """Return the van as the recipient may see it: with the parcel in it, a few stops away, shown by its courier."""
    if way is None or not may_be_seen(way.stops_before):
        return None
    if parcel.custodian != str(Custodian(CustodianKind.COURIER, way.courier_id)):
        return None  # it lies at the depot, or in another van that this one is to meet
    found = known_of(uow, now, way.courier_id)
    if found is None:
        return None
    seen = as_seen(found)
    return Van(seen.lon, seen.lat, seen.at, way.stops_before)
