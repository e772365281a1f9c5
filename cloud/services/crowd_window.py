"""Another window on a crowd courier's way: the same stops, one of them at another time, if the trip still bears it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from cloud.domain.errors import ConflictError
from cloud.domain.outside import CrowdTrip
from cloud.domain.parcel import Parcel
from cloud.services import reroute
from cloud.services.crowd_route import Spot, Timed, Visit, timed, visits_left
from cloud.services.locker_question import NewOrder, RouteLeft
from cloud.services.locker_question import Timed as TimedStop
from cloud.services.offers_view import about
from cloud.services.outside_load import agreed_detour_m
from cloud.services.ports import UnitOfWork
from cloud.services.records import Route, Shift, StopTask, TaskState
from cloud.services.rest_of_day import position_of


def lead_to_window(uow: UnitOfWork, trip: CrowdTrip, parcel: Parcel, now: datetime) -> None:
    """Store the way that keeps the window ``parcel`` has now and is over first; raises ``ConflictError`` for none."""
    route = uow.first(Route, shift_id=trip.id)
    order = order_with(uow, trip, parcel, now)
    if route is None or order is None:
        raise ConflictError("with what you have accepted already, this is too far off your way or too late")
    reroute.resequence(uow, reroute.with_stops(uow, route), order)
    if trip.end_lon is None:  # an open trip ends where its last parcel goes
        last = next(one for one in visits_left(uow, route) if one.stop_id == order.stops[-1].stop_id)
        uow.change(Shift, {"id": trip.id}, end_lon=last.spot[0], end_lat=last.spot[1])


def order_with(uow: UnitOfWork, trip: CrowdTrip, parcel: Parcel, now: datetime) -> NewOrder | None:
    """Return the rest of the trip as it would be with ``parcel`` as given, None when it cannot be.

    Metres and seconds are about, as everything a crowd courier is shown beforehand.
    """
    route = uow.first(Route, shift_id=trip.id)
    task = uow.first(StopTask, parcel_id=parcel.id, state=TaskState.PENDING)
    if route is None or task is None:
        return None
    left = reroute.with_stops(uow, route)
    visits = _without_lost(left, visits_left(uow, route, parcel), task.stop_id)
    mine = next((one for one in visits if one.stop_id == task.stop_id), None)
    if mine is None:
        return None
    rest = _from_here(uow, trip, left, now)
    now_m = _way_m(rest, [one.spot for one in visits])
    possible = [
        one
        for one in _ways(rest, [one for one in visits if one is not mine], mine)
        if agreed_detour_m(trip, route) + one.way_m - now_m <= trip.detour_m_max
    ]
    best = min(possible, key=lambda one: (one.ends_at, one.way_m), default=None)  # nobody waits who need not
    if best is None:
        return None
    etas = zip(best.visits, best.etas, strict=True)
    return NewOrder(tuple(TimedStop(one.stop_id, eta) for one, eta in etas), best.ends_at, best.way_m - now_m)


def _ways(trip: CrowdTrip, others: Sequence[Visit], mine: Visit) -> list[Timed]:
    ways = (timed(trip, (*others[:at], mine, *others[at:]), about) for at in range(len(others) + 1))
    return [one for one in ways if one is not None]


def _without_lost(left: RouteLeft, visits: Sequence[Visit], but: str) -> list[Visit]:
    """Ask no more of a promise that is lost already: it is no reason to refuse another."""
    etas = {stop.id: stop.eta for stop in left.stops}
    return [
        replace(one, due=None) if one.stop_id != but and one.due is not None and etas[one.stop_id] > one.due else one
        for one in visits
    ]


def _from_here(uow: UnitOfWork, trip: CrowdTrip, left: RouteLeft, now: datetime) -> CrowdTrip:
    """Return what is left of the trip: from the last stop that is done, not before now."""
    lon, lat = position_of(left, uow.get(Shift, trip.id))
    return replace(trip, start_lon=lon, start_lat=lat, leaves_at=max(now, trip.leaves_at))


def _way_m(trip: CrowdTrip, middle: Sequence[Spot]) -> int:
    ends = [(trip.end_lon, trip.end_lat)] if trip.end_lon is not None and trip.end_lat is not None else []
    return sum(about(a, b)[0] for a, b in pairwise([(trip.start_lon, trip.start_lat), *middle, *ends]))
