"""A parcel changes its destination while its courier drives: tasks move from one stop to another on the same route.

The order of the rest comes from whoever thought about the route (``NewOrder``). When the world moved on meanwhile, or
nobody thought, the new stop goes where it lengthens the way least; a re-plan improves that later.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services.locker_question import NewOrder, RouteLeft
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.records import ABOARD, ENDS, Plan, Route, Stop, StopKind, StopTask, Task, TaskState

SPEED_M_S = 7.0  # 25 km/h, a van in a city with detours; only for the first guess of an ETA
DETOUR = 1.4  # road over great-circle distance in European cities
LOCKER_STOP_S = 120  # park, walk, sign in at the kiosk
DOOR_STOP_S = 170  # park, walk, ring, hand over, as in cloud.routing.stops
DROP_OFF_S = 25  # one more door opened and closed, as in cloud.routing.stops
TASKS_MAX = 2_000  # on one route; the longest have about 150 stops

Way = tuple[RouteLeft | None, NewOrder | None]
NOBODYS: Way = (None, None)


def route_carrying(uow: UnitOfWork, parcel_id: str) -> RouteLeft | None:
    """Return the route that still has something to do with this parcel."""
    for task in uow.find(StopTask, parcel_id=parcel_id, state=TaskState.PENDING):
        route = uow.get(Route, uow.need(Stop, task.stop_id).route_id)
        plan = uow.get(Plan, route.plan_id) if route else None
        if route is not None and plan is not None and plan.current:
            return with_stops(uow, route)
    return None


def route_of(uow: UnitOfWork, courier_id: str) -> RouteLeft | None:
    """Return the route a courier drives now: started, of a plan in force, with something left to do if there is one."""
    found = None
    for route in uow.find(Route, order="-started_at id", courier_id=courier_id):
        plan = uow.get(Plan, route.plan_id) if route.started_at is not None else None
        if plan is not None and plan.current:
            left = with_stops(uow, route)
            found = found or left
            if any(is_open(left, stop) for stop in left.stops):
                return left
    return found


def to_locker(uow: UnitOfWork, act: Act, parcel: Parcel, locker: Locker, way: Way = NOBODYS) -> Stop | None:
    """Put the drop-off on the route that carries the parcel; None when it is on nobody's route yet.

    ``way`` is that route if it is known, and the order somebody thought about.
    """
    route, order = way
    route = route or route_carrying(uow, parcel.id)
    end_tasks(uow, act, parcel.id, TaskState.CANCELLED, ENDS)
    if route is None:
        return None
    route = _without(route, parcel.id)
    first = _first_free(route, parcel.id)
    aboard = _comes_aboard_at(route, parcel.id)
    there = _open_stop_at(route, locker.id, 0 if aboard is None else aboard)
    order = order if aboard is None else None  # whoever thought about it took the parcel for one in the van
    if order is not None and order.stop_ids() == open_ids(route):
        stop = there if there is not None and not order.has_new else _blank_stop(act, route, locker)
        if order.has_new:
            uow.add(stop)
        else:
            uow.change(Stop, {"id": stop.id}, service_s=stop.service_s + DROP_OFF_S)
        resequence(uow, route, order, stop)
    else:
        stop = there or _inserted(uow, act, route, _blank_stop(act, route, locker), first)
    uow.add(_task(act, stop, parcel, Task.DROP_OFF))
    return stop


def to_home(uow: UnitOfWork, act: Act, parcel: Parcel) -> Stop | None:
    """Put a delivery to the recipient's door on the route that carries the parcel, in place of what was to be done."""
    route = route_carrying(uow, parcel.id)
    end_tasks(uow, act, parcel.id, TaskState.CANCELLED, ENDS)
    if route is None:
        return None
    door = Stop(
        id=act.ids.new(),
        route_id=route.route.id,
        position=0,
        kind=StopKind.HOME,
        locker_id=None,
        address=parcel.address,
        lon=parcel.lon,
        lat=parcel.lat,
        eta=act.now,
        service_s=DOOR_STOP_S,
    )
    route = _without(route, parcel.id)
    stop = _inserted(uow, act, route, door, _first_free(route, parcel.id))
    uow.add(_task(act, stop, parcel, Task.DELIVER))
    return stop


def _task(act: Act, stop: Stop, parcel: Parcel, task: Task) -> StopTask:
    return StopTask(
        id=act.ids.new(), stop_id=stop.id, parcel_id=parcel.id, task=task, state=TaskState.PENDING, done_at=None
    )


def resequence(uow: UnitOfWork, route: RouteLeft, order: NewOrder, new: Stop | None = None) -> None:
    """Give the stops ahead their new order and times; whatever is done keeps its place before them."""
    ahead = {one.stop_id or (new.id if new else ""): one.eta for one in order.stops}
    behind = [stop.id for stop in route.stops if stop.id not in ahead]
    changes = [Change({"id": one}, {"position": number}) for number, one in enumerate(behind)]
    uow.change_many(Stop, changes)
    timed = [
        Change({"id": one}, {"position": len(behind) + number, "eta": eta})
        for number, (one, eta) in enumerate(ahead.items())
    ]
    uow.change_many(Stop, timed)
    uow.change(
        Route,
        {"id": route.route.id},
        starts_at=order.starts_at or route.route.starts_at,
        ends_at=order.ends_at,
        distance_m=max(0, route.route.distance_m + order.longer_m),
    )


def open_ids(route: RouteLeft) -> frozenset[str]:
    return frozenset(stop.id for stop in route.stops if is_open(route, stop))


def end_tasks(
    uow: UnitOfWork, act: Act, parcel_id: str, state: TaskState, kinds: tuple[Task, ...] = (*ENDS, *ABOARD)
) -> int:
    """End everything still to be done with a parcel, or of these kinds only."""
    where = {"parcel_id": parcel_id, "task": kinds, "state": TaskState.PENDING}
    return uow.change(StopTask, where, state=state, done_at=act.now)


def is_open(route: RouteLeft, stop: Stop) -> bool:
    """Whether something is still to be done at a stop."""
    return bool(pending(route, stop))


def pending(route: RouteLeft, stop: Stop) -> tuple[StopTask, ...]:
    return tuple(task for task in route.tasks.get(stop.id, ()) if task.state is TaskState.PENDING)


def with_stops(uow: UnitOfWork, route: Route) -> RouteLeft:
    """Read a route with everything on it."""
    stops = tuple(uow.find(Stop, order="position", route_id=route.id))
    tasks: dict[str, list[StopTask]] = {stop.id: [] for stop in stops}
    if stops:
        for task in uow.find(StopTask, order="id", limit=TASKS_MAX, stop_id=tuple(tasks)):
            tasks[task.stop_id].append(task)
    return RouteLeft(route, stops, {stop: tuple(those) for stop, those in tasks.items()})


def _without(route: RouteLeft, parcel_id: str) -> RouteLeft:
    """Return the route as it is once this parcel leads nowhere on it; where it comes aboard it still does."""

    def rest(task: StopTask) -> StopTask:
        is_over = task.parcel_id == parcel_id and task.done_at is None and task.task in ENDS
        return replace(task, state=TaskState.CANCELLED) if is_over else task

    return replace(route, tasks={stop: tuple(map(rest, tasks)) for stop, tasks in route.tasks.items()})


def _first_free(route: RouteLeft, parcel_id: str) -> int:
    """Return the first place in the order for this parcel: behind all that is done, and behind where it comes aboard.

    A stop that was called off among those ahead counts as done, as it always did.
    """
    done = [number for number, stop in enumerate(route.stops) if not is_open(route, stop)]
    aboard = _comes_aboard_at(route, parcel_id)
    return max(done[-1] + 1 if done else 0, 0 if aboard is None else aboard + 1)


def _comes_aboard_at(route: RouteLeft, parcel_id: str) -> int | None:
    """Return the place in the order where the parcel is still to come aboard, None for one in the van."""
    for number, stop in enumerate(route.stops):
        if any(task.parcel_id == parcel_id and task.task in ABOARD for task in pending(route, stop)):
            return number
    return None


def _open_stop_at(route: RouteLeft, locker_id: str, first: int) -> Stop | None:
    return next((stop for stop in route.stops[first:] if stop.locker_id == locker_id and is_open(route, stop)), None)


def _inserted(uow: UnitOfWork, act: Act, route: RouteLeft, blank: Stop, first: int) -> Stop:
    """Insert a stop at ``first`` or later, where the way grows least, and move later ETAs."""
    place, longer_m = _cheapest(route.stops, first, (blank.lon, blank.lat))
    before = route.stops[place - 1] if place else None
    began = max(act.now, before.eta + timedelta(seconds=before.service_s) if before else route.route.starts_at)
    way_m = distance_m(before.lon, before.lat, blank.lon, blank.lat) * DETOUR if before else 0.0
    delay = timedelta(seconds=longer_m / SPEED_M_S + blank.service_s)
    for stop in route.stops[place:]:
        uow.change(Stop, {"id": stop.id}, position=stop.position + 1, eta=stop.eta + delay)
    position = route.stops[place].position if place < len(route.stops) else len(route.stops)
    new = replace(blank, position=position, eta=began + timedelta(seconds=way_m / SPEED_M_S))
    uow.add(new)
    uow.change(
        Route,
        {"id": route.route.id},
        ends_at=route.route.ends_at + delay,
        distance_m=route.route.distance_m + round(longer_m),
    )
    return new


def _blank_stop(act: Act, route: RouteLeft, locker: Locker) -> Stop:
    """Return a stop at a locker that has no place in the order yet."""
    return Stop(
        id=act.ids.new(),
        route_id=route.route.id,
        position=len(route.stops),
        kind=StopKind.LOCKER,
        locker_id=locker.id,
        address=locker.address,
        lon=locker.lon,
        lat=locker.lat,
        eta=_never_before(act.now, route),
        service_s=LOCKER_STOP_S + DROP_OFF_S,
    )


def _never_before(now: datetime, route: RouteLeft) -> datetime:
    return max(now, route.route.starts_at)


def _cheapest(stops: tuple[Stop, ...], first: int, here: tuple[float, float]) -> tuple[int, float]:
    """Return where to insert and how many metres longer the way becomes; behind the last stop it is one way only."""
    options: list[tuple[float, int]] = []
    for number, (before, after) in enumerate(pairwise(stops), start=1):
        if number >= first:
            a, b = (before.lon, before.lat), (after.lon, after.lat)
            longer = distance_m(*a, *here) + distance_m(*here, *b) - distance_m(*a, *b)
            options.append((longer * DETOUR, number))
    if stops:
        options.append((distance_m(stops[-1].lon, stops[-1].lat, *here) * DETOUR, len(stops)))
    longer, place = min(options, default=(0.0, 0))
    return place, longer
