"""The running plan as one parcel's recipient may still change it: whose routes, in which order, with how much slack."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window
from cloud.routing.problem import Amounts, Courier, Place, RouteCourierId, Stop, StopId, StopKind, TimeWindow
from cloud.routing.stops import STANDARD_COSTS
from cloud.routing.windows import Running
from cloud.services import reroute
from cloud.services.crowd_route import PLANNER as CROWD
from cloud.services.gather_day import CM3_PER_L, words
from cloud.services.many import by_id
from cloud.services.pauses import Called, break_after, with_break
from cloud.services.ports import Act, AheadRow, UnitOfWork
from cloud.services.records import ABOARD, Plan, Route, Shift, StopTask, Task, TaskState
from cloud.services.records import Stop as StoredStop
from cloud.services.rest_of_day import MM3_PER_CM3, hours, position_of, seconds

LEAD = timedelta(minutes=30)  # a window that begins sooner is chosen by nobody in time
LENGTH, STEP = timedelta(hours=2), timedelta(hours=1)
OFFERED_MAX = 14  # a day of fourteen hours in steps of one; more is a calendar
SERVICE_S = 170  # at a door with one parcel, as in cloud.routing.stops


@dataclass(frozen=True, slots=True)
class Lane:
    """One route the parcel may be on, without it. ``names`` leads from routing's ids to stored stops."""

    route: Route
    running: Running
    names: Mapping[StopId, str]


@dataclass(frozen=True, slots=True)
class Board:
    """``lanes[own]`` has the parcel now, at ``position``; ``alone`` says that nothing else is done at its stop.

    Times are seconds from ``now``.
    """

    parcel_id: str
    now: datetime
    lanes: tuple[Lane, ...]
    own: int
    position: int
    stop: Stop
    stored_stop: str
    alone: bool

    def places(self) -> tuple[Place, ...]:
        """Return every place of the board, once."""
        found = {self.stop.place}
        for lane in self.lanes:
            courier = lane.running.courier
            found |= {place for place in (courier.start, courier.end) if place is not None}
            found |= {stop.place for stop in lane.running.order}
        return tuple(sorted(found))


def read_board(uow: UnitOfWork, act: Act, parcel_id: str) -> Board | None:
    """Return the board of a parcel that a courier of ours brings to a door; None for every other parcel."""
    found = _task(uow, parcel_id)
    if found is None:
        return None
    task, route = found
    started = route.started_at is not None
    rows = [row for row in uow.reads.ahead(route.plan_id) if row.route_id == route.id or not started]
    by_route = {one: list(these) for one, these in groupby(rows, key=lambda row: row.route_id)}
    mine = next(row for row in rows if row.parcel_id == parcel_id and row.stop_id == task.stop_id)
    if started and rows[0].stop_id == task.stop_id:
        return None  # the courier is on the way there: nobody is turned round
    routes = [one for one in uow.find(Route, order="id", plan_id=route.plan_id) if _may_take(one, route)]
    routes = [one for one in routes if not any(row.task in ABOARD for row in by_route.get(one.id, []))]
    if route.id not in {one.id for one in routes}:
        return None  # it comes aboard on the way: when it is loaded would have to move along
    shifts = by_id(uow, Shift, (one.shift_id for one in routes))
    lockers = by_id(uow, Locker, {row.locker_id for row in rows if row.locker_id})
    wanted = words(uow.need(Parcel, parcel_id).skills)
    able = [
        one
        for one in routes
        if one.id == route.id
        or (
            wanted <= words(shifts[one.shift_id].skills)
            and _has_room(by_route.get(one.id, []), shifts[one.shift_id], mine)
        )
    ]
    lanes = [
        _lane(uow, act, one, shifts[one.shift_id], _Ahead(by_route.get(one.id, []), parcel_id, lockers)) for one in able
    ]
    own = next(number for number, lane in enumerate(lanes) if lane.route.id == route.id)
    at_stop = [row for row in by_route[route.id] if row.stop_id == task.stop_id]
    before = dict.fromkeys(row.stop_id for row in by_route[route.id])
    return Board(
        parcel_id,
        act.now,
        tuple(lanes),
        own,
        list(before).index(task.stop_id) + (len(at_stop) > 1),
        _door(act.now, mine),
        task.stop_id,
        len(at_stop) == 1,
    )


def windows_of(board: Board, local: datetime) -> tuple[Window, ...]:
    """Return the windows worth asking about, on full hours of the clock of ``local`` (now, where the recipient is)."""
    shifts = [lane.running.courier.shift for lane in board.lanes]
    first = local + max(LEAD, timedelta(seconds=min(one.start_s for one in shifts)))
    last = local + timedelta(seconds=max(one.end_s for one in shifts))
    return on_full_hours(first, last)


def on_full_hours(first: datetime, last: datetime) -> tuple[Window, ...]:
    """Return windows of two hours from ``first`` on; the last may end an hour after ``last``, which it still holds."""
    begins = first.replace(minute=0, second=0, microsecond=0)
    begins += STEP if begins < first else timedelta(0)
    found: list[Window] = []
    while begins + LENGTH <= last + STEP and len(found) < OFFERED_MAX:
        found.append(Window(begins, begins + LENGTH))
        begins += STEP
    return tuple(found)


def as_seconds(board: Board, window: Window) -> TimeWindow:
    return TimeWindow(seconds(board.now, window.begins), seconds(board.now, window.ends))


def _task(uow: UnitOfWork, parcel_id: str) -> tuple[StopTask, Route] | None:
    for task in uow.find(StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=Task.DELIVER):
        stop = uow.get(StoredStop, task.stop_id)
        route = uow.get(Route, stop.route_id) if stop else None
        plan = uow.get(Plan, route.plan_id) if route else None
        if route is not None and plan is not None and plan.current:
            return None if plan.planner == CROWD else (task, route)  # a crowd courier is asked, never told
    return None


def _may_take(other: Route, own: Route) -> bool:
    """Keep what is in a van in it; what is not may change to any van that has not left."""
    return other.id == own.id or (other.started_at is None and own.started_at is None)


def _has_room(rows: Sequence[AheadRow], shift: Shift, mine: AheadRow) -> bool:
    load = [row for row in rows if row.task != Task.COLLECT]
    return (
        len(load) < shift.parcels_max
        and sum(row.weight_g for row in load) + mine.weight_g <= shift.weight_g_max
        and sum(row.volume_mm3 for row in load) + mine.volume_mm3 <= shift.volume_l_max * CM3_PER_L * MM3_PER_CM3
    )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is still to be done on one route, and for whom it is asked."""

    rows: list[AheadRow]
    parcel_id: str
    lockers: Mapping[str, Locker]


def _lane(uow: UnitOfWork, act: Act, route: Route, shift: Shift, ahead: _Ahead) -> Lane:
    stops = []
    called = {row.stop_id: Called(row.stop_id, row.eta, row.service_s) for row in ahead.rows if shift.break_s}
    resting = break_after(shift, called.values())
    for stop_id, rows in groupby(ahead.rows, key=lambda row: row.stop_id):
        left = [row for row in rows if row.parcel_id != ahead.parcel_id]
        if left:
            stop = _stop(act, StopId(stop_id), left, ahead.lockers)
            is_before = stop_id == resting
            stops.append(replace(stop, service_s=with_break(stop.service_s, shift)) if is_before else stop)
    started = route.started_at is not None
    here = position_of(reroute.with_stops(uow, route), shift) if started else (shift.start_lon, shift.start_lat)
    ends_at = max(shift.ends_at, route.ends_at) if started else shift.ends_at
    begin_s = 0 if started else seconds(act.now, shift.starts_at)
    courier = Courier(
        RouteCourierId(route.courier_id),
        Place(*here),
        Place(shift.end_lon, shift.end_lat),
        TimeWindow(begin_s, max(begin_s, seconds(act.now, ends_at))),
        Amounts(shift.parcels_max, shift.weight_g_max, shift.volume_l_max * CM3_PER_L),
        costs=STANDARD_COSTS,
        locked=tuple(stop.id for stop in stops[:1]) if started else (),
        under_way=started,
    )
    return Lane(route, Running(courier, tuple(stops)), {stop.id: str(stop.id) for stop in stops})


def _stop(act: Act, name: StopId, rows: list[AheadRow], lockers: Mapping[str, Locker]) -> Stop:
    first = rows[0]
    if len(rows) == 1 and first.locker_id is None and first.task != Task.COLLECT:
        load = Amounts(1, first.weight_g, first.volume_mm3 // MM3_PER_CM3)  # a thousand doors in one question
        return Stop(name, Place(first.lon, first.lat), _promised(act.now, first), first.service_s, load)
    locker = lockers.get(first.locker_id or "")
    windows = (hours(locker, act.now) or ()) if locker else _common(act.now, rows)
    taken = sum(row.task == Task.COLLECT for row in rows)
    weight_g = sum(row.weight_g for row in rows)
    volume_cm3 = sum(row.volume_mm3 for row in rows) // MM3_PER_CM3
    return Stop(
        name,
        Place(first.lon, first.lat),
        windows,
        first.service_s,
        Amounts(len(rows) - taken, 0 if taken else weight_g, 0 if taken else volume_cm3),
        Amounts(taken),
        kind=StopKind.LOCKER if locker else StopKind.HOME,
    )


def _door(now: datetime, mine: AheadRow) -> Stop:
    load = Amounts(1, mine.weight_g, mine.volume_mm3 // MM3_PER_CM3)
    return Stop(StopId("chosen"), Place(mine.lon, mine.lat), _common(now, [mine]), SERVICE_S, load)


def _common(now: datetime, rows: Iterable[AheadRow]) -> tuple[TimeWindow, ...]:
    """Return what all promises at one door have in common; nothing if they contradict each other."""
    found = [window for row in rows for window in _promised(now, row)]
    begin_s, end_s = max((one.start_s for one in found), default=0), min((one.end_s for one in found), default=0)
    return (TimeWindow(begin_s, end_s),) if found and begin_s <= end_s else ()


def _promised(now: datetime, row: AheadRow) -> tuple[TimeWindow, ...]:
    if row.window_from is None or row.window_to is None:
        return ()
    begin_s, end_s = seconds(now, row.window_from), seconds(now, row.window_to)
    return (TimeWindow(begin_s, end_s),) if begin_s <= end_s else ()
