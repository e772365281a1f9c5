"""Routes as they are driven: where the courier was when, what is still ahead, and where a window holds them up."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cloud.domain.parcel import Parcel
from cloud.routing.problem import Place
from cloud.routing.travel.arrivals import Ahead, Driven, Left, Visit
from cloud.services import reroute
from cloud.services.locker_question import RouteLeft
from cloud.services.many import by_id
from cloud.services.pauses import pauses
from cloud.services.ports import Before, From, UnitOfWork
from cloud.services.records import Attempt, Route, Shift, Stop, StopKind, StopTask, Task, TaskState

ROUTES_MAX = 1_000  # of one day: as many as couriers (cloud.routing.problem.COURIERS_MAX)
SERVED = (TaskState.DONE, TaskState.FAILED)


def routes_driven(uow: UnitOfWork, begins: datetime, ends: datetime) -> list[Driven]:
    """Return the routes that set off in the span and served something."""
    routes = uow.find(Route, order="started_at id", limit=ROUTES_MAX, started_at=From(begins), starts_at=Before(ends))
    same_day = (route for route in routes if route.started_at is not None and route.started_at < ends)
    found = (_driven(uow, reroute.with_stops(uow, route)) for route in same_day)
    return [one for one in found if one is not None]


def ahead_of(uow: UnitOfWork, left: RouteLeft) -> list[tuple[Stop, Ahead]]:
    """Return the stops where something is still to be done, in order."""
    coming = [stop for stop in left.stops if reroute.is_open(left, stop)]
    parcels, rests = _parcels(uow, left, coming), _pauses(uow, left)
    return [(stop, _ahead(stop, reroute.pending(left, stop), parcels, rests)) for stop in coming]


def last_known(uow: UnitOfWork, left: RouteLeft, now: datetime) -> Left:
    """Return what the courier left last, and when; before the start that is the start, at the planned time or later."""
    route, starts_at = left.route, left.route.starts_at
    served = _served(uow, left, list(left.stops))
    if route.started_at is not None and served:
        stop, done_at = max(served, key=lambda one: one[1])
        return Left(Place(stop.lon, stop.lat), done_at, stop.eta + timedelta(seconds=stop.service_s))
    return Left(_start(uow, left), route.started_at or max(starts_at, now), starts_at)


def _driven(uow: UnitOfWork, left: RouteLeft) -> Driven | None:
    """Return what was served in the order of the route; a visit out of turn ends it, as nothing told of the rest."""
    route = left.route
    if route.started_at is None:
        return None
    stops = [stop for stop in left.stops if left.tasks.get(stop.id)]
    parcels, rests = _parcels(uow, left, stops), _pauses(uow, left)
    visits: list[Visit] = []
    for stop, done_at in _served(uow, left, stops):
        if done_at < (visits[-1].done_at if visits else route.started_at):
            break
        visits.append(Visit(_ahead(stop, left.tasks[stop.id], parcels, rests), done_at))
    return Driven(_start(uow, left), route.starts_at, route.started_at, tuple(visits)) if visits else None


def _served(uow: UnitOfWork, left: RouteLeft, stops: Sequence[Stop]) -> list[tuple[Stop, datetime]]:
    """Return the stops somebody stood at, with the moment the last thing was done there.

    What was called off from afar is no visit; what was called off at the door left an attempt behind.
    """
    names = tuple(stop.id for stop in stops if not reroute.is_open(left, stop))
    attempts = {one.stop_id: one.at for one in uow.find(Attempt, stop_id=names)} if names else {}
    dropped = _dropped_off(uow, left, stops)
    found: list[tuple[Stop, datetime]] = []
    for stop in stops:
        if stop.id not in names:
            continue
        times = [dropped.get(task.id, task.done_at) for task in left.tasks.get(stop.id, ()) if task.state in SERVED]
        known = [at for at in (*times, attempts.get(stop.id)) if at is not None]
        if known:
            found.append((stop, max(known)))
    return found


def _dropped_off(uow: UnitOfWork, left: RouteLeft, stops: Sequence[Stop]) -> Mapping[str, datetime]:
    """Return by task when the locker says that a parcel was dropped off: its word may have come hours later."""
    every = (task for stop in stops for task in left.tasks.get(stop.id, ()))
    tasks = [task for task in every if task.task is Task.DROP_OFF and task.state is TaskState.DONE]
    parcels = by_id(uow, Parcel, (task.parcel_id for task in tasks))
    known = {task.id: parcels[task.parcel_id].dropped_off_at for task in tasks if task.parcel_id in parcels}
    return {task: at for task, at in known.items() if at is not None}


def _ahead(stop: Stop, tasks: Sequence[StopTask], parcels: Mapping[str, Parcel], rests: Mapping[str, int]) -> Ahead:
    """Return a stop with the moment before which nothing is done there: an appointment's, or a promised window's."""
    place, pause_s = Place(stop.lon, stop.lat), rests.get(stop.id, 0)
    if stop.kind is StopKind.MEETING:
        return Ahead(place, stop.eta, stop.service_s, stop.eta, pause_s)
    promised = [parcels[task.parcel_id].window_from for task in tasks if task.parcel_id in parcels]
    windows = [at for at in promised if at is not None] if stop.kind is StopKind.HOME else []
    return Ahead(place, stop.eta, stop.service_s, max(windows, default=None), pause_s)


def _pauses(uow: UnitOfWork, left: RouteLeft) -> Mapping[str, int]:
    return pauses(uow.get(Shift, left.route.shift_id), left.stops)


def _parcels(uow: UnitOfWork, left: RouteLeft, stops: Sequence[Stop]) -> Mapping[str, Parcel]:
    return by_id(uow, Parcel, (task.parcel_id for stop in stops for task in left.tasks.get(stop.id, ())))


def _start(uow: UnitOfWork, left: RouteLeft) -> Place:
    shift = uow.get(Shift, left.route.shift_id)
    if shift is not None:
        return Place(shift.start_lon, shift.start_lat)
    return Place(left.stops[0].lon, left.stops[0].lat) if left.stops else Place(0.0, 0.0)
