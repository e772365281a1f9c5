"""A day's answer becomes routes, stops and tasks; the plan it replaces ends, except for routes already driving."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.routing import plan as routed
from cloud.routing.plan import StepKind
from cloud.routing.problem import Place
from cloud.routing.problem import Stop as PlannedStop
from cloud.services import reroute
from cloud.services.gather_day import DayData, at_depot
from cloud.services.history import entry
from cloud.services.many import CHUNK, by_id
from cloud.services.ports import NOT_NULL, Act, Change, UnitOfWork
from cloud.services.records import BRINGS, Plan, Route, Stop, StopKind, StopTask, Task, TaskState, Unplanned


@dataclass(slots=True)
class _Work:
    """What the answer refers to, and what is to be written."""

    data: DayData
    plan_id: str
    stops: Mapping[str, PlannedStop]
    parcels: Mapping[str, Parcel]
    lockers: Mapping[str, Locker]
    added: list[object]


def store_plan(uow: UnitOfWork, act: Act, data: DayData, answer: routed.Plan, planner: str) -> str:
    """Store the plan as the day's current one and return its id. Parcels that changed meanwhile are left out of it."""
    require(act.actor, Role.PLANNER, Role.OPERATOR)
    plan = _plan(act, data, answer, planner)
    replaced = _end_current(uow, act, plan)
    uow.add(plan)
    for old in replaced:
        uow.change(Route, {"plan_id": old, "started_at": NOT_NULL}, plan_id=plan.id)
    stops = {str(stop.id): stop for stop in data.problem.stops}
    parcels = by_id(uow, Parcel, (ref for stop in stops.values() for ref in stop.parcels))
    work = _Work(data, plan.id, stops, parcels, {one.id: one for one in uow.find(Locker)}, [])
    planned: set[str] = set()
    for route in answer.routes:
        planned |= _route(act, work, route)
    for left in (*data.left_behind, *answer.unplanned):
        for ref in left.parcels:
            work.added.append(Unplanned(id=act.ids.new(), plan_id=plan.id, parcel_id=ref, reason=left.sentence))
    _forget_loads(uow, act, planned)
    uow.add(*work.added)
    _mark(uow, act, parcels, planned)
    return plan.id


def _forget_loads(uow: UnitOfWork, act: Act, planned: set[str]) -> None:
    """Call off the loads of days before that nobody came back for: their parcels are planned anew."""
    late = {one.parcel_id for one in uow.find(StopTask, task=Task.LOAD, state=TaskState.PENDING)} & planned
    for ref in sorted(late):
        reroute.end_tasks(uow, act, ref, TaskState.CANCELLED)


def _plan(act: Act, data: DayData, answer: routed.Plan, planner: str) -> Plan:
    return Plan(
        id=act.ids.new(),
        day=data.span.day.isoformat(),
        planner=planner,
        made_at=act.now,
        current=True,
        cost_cents=answer.cost_cents,
        distance_m=sum(route.distance_m for route in answer.routes),
        duration_s=sum(route.end_s - route.depart_s for route in answer.routes),
    )


def _end_current(uow: UnitOfWork, act: Act, plan: Plan) -> list[str]:
    """End the day's current plan and return it; its routes that already drive move over to the new one as they are."""
    ended = uow.find(Plan, day=plan.day, current=True)
    for old in ended:
        uow.change(Plan, {"id": old.id}, current=False)
        waiting = [route.id for route in uow.find(Route, plan_id=old.id, started_at=None)]
        stops = [stop.id for stop in uow.find(Stop, route_id=tuple(waiting))] if waiting else []
        for start in range(0, len(stops), CHUNK):
            where = {"stop_id": tuple(stops[start : start + CHUNK]), "state": TaskState.PENDING}
            uow.change(StopTask, where, state=TaskState.CANCELLED, done_at=act.now)
    return [old.id for old in ended]


def _route(act: Act, work: _Work, route: routed.Route) -> set[str]:
    shift = next(one for one in work.data.shifts if one.id == route.courier_id)
    stored = Route(
        id=act.ids.new(),
        plan_id=work.plan_id,
        courier_id=shift.courier_id,
        shift_id=shift.id,
        starts_at=_at(work, route.depart_s),
        ends_at=_at(work, route.end_s),
        distance_m=route.distance_m,
        started_at=None,
    )
    work.added.append(stored)
    planned: set[str] = set()
    steps = [step for step in route.steps if step.kind in (StepKind.STOP, StepKind.RELOAD)]
    for position, step in enumerate(steps):
        tasks = list(_load(work, steps[position + 1 :]) if step.kind is StepKind.RELOAD else _tasks(work, step.ref))
        if tasks:
            blank = _depot(act, work, step) if step.kind is StepKind.RELOAD else _stop(act, work, (step, tasks[0][0]))
            stored_stop = replace(blank, route_id=stored.id, position=position)
            work.added.append(stored_stop)
            work.added.extend(_task(act, stored_stop.id, ref, task) for ref, task in tasks)
            planned.update(ref for ref, _ in tasks)
    return planned


def _load(work: _Work, behind: Sequence[routed.Step]) -> Iterable[tuple[str, Task]]:
    """Yield what is loaded at a stop at the depot: all that is brought from there to the next one."""
    for step in behind:
        if step.kind is StepKind.RELOAD:
            return
        yield from ((ref, Task.LOAD) for ref, task in _tasks(work, step.ref) if task in BRINGS)


def _depot(act: Act, work: _Work, step: routed.Step) -> Stop:
    lon, lat = step.place or Place(0, 0)
    eta, service_s = _at(work, step.begin_s), step.service_s
    return Stop(
        id=act.ids.new(),
        route_id="",
        position=0,
        kind=StopKind.DEPOT,
        locker_id=None,
        address="",
        lon=lon,
        lat=lat,
        eta=eta,
        service_s=service_s,
    )


def _stop(act: Act, work: _Work, what: tuple[routed.Step, str]) -> Stop:
    step, first = what[0], work.parcels[what[1]]
    stop = work.stops[step.ref]
    locker_id = work.data.decided.get(first.id) or first.locker_id or ""
    locker = None if _is_home(stop) else work.lockers.get(locker_id)
    return Stop(
        id=act.ids.new(),
        route_id="",
        position=0,
        kind=StopKind.LOCKER if locker else StopKind.HOME,
        locker_id=locker.id if locker else None,
        address=locker.address if locker else first.address,
        lon=stop.place.lon,
        lat=stop.place.lat,
        eta=_at(work, step.begin_s),
        service_s=stop.service_s,
    )


def _tasks(work: _Work, name: str) -> Iterable[tuple[str, Task]]:
    """Yield what is still to be done with each parcel of a stop; the world moved on while the planner thought."""
    stop = work.stops[name]
    for ref in stop.parcels:
        parcel = work.parcels.get(ref)
        if parcel is None:
            continue
        if parcel.state is ParcelState.EXPIRED:
            yield ref, Task.COLLECT
        elif parcel.state is ParcelState.ASSIGNED_TO_LOCKER and at_depot(parcel) and _same_place(work, parcel, stop):
            yield ref, Task.DROP_OFF
        elif parcel.state in _HOME and at_depot(parcel):
            if _is_home(stop):
                yield ref, Task.DELIVER
            elif ref in work.data.decided:  # room is forecast there, not free yet: held_drop_offs promises it
                yield ref, Task.DROP_OFF


_HOME = (ParcelState.ANNOUNCED, ParcelState.PLANNED, ParcelState.DELIVERY_FAILED)


def _is_home(stop: PlannedStop) -> bool:
    return str(stop.id).startswith("home:")


def _same_place(work: _Work, parcel: Parcel, stop: PlannedStop) -> bool:
    locker = work.lockers.get(parcel.locker_id or "")
    return locker is not None and (locker.lon, locker.lat) == tuple(stop.place)


def _task(act: Act, stop_id: str, parcel_id: str, task: Task) -> StopTask:
    return StopTask(
        id=act.ids.new(), stop_id=stop_id, parcel_id=parcel_id, task=task, state=TaskState.PENDING, done_at=None
    )


def _at(work: _Work, seconds: int) -> datetime:
    return work.data.span.begins + timedelta(seconds=seconds)


def _mark(uow: UnitOfWork, act: Act, parcels: Mapping[str, Parcel], planned: set[str]) -> None:
    """Say of each home parcel that it is planned, or no longer is."""
    changed: list[Parcel] = []
    for parcel in parcels.values():
        if parcel.state not in _HOME or not at_depot(parcel):
            continue
        if parcel.id in planned and parcel.state is not ParcelState.PLANNED:
            changed.append(replace(parcel, state=advance(parcel.state, Wish.PLAN), updated_at=act.now))
        elif parcel.id not in planned and parcel.state is ParcelState.PLANNED:
            changed.append(replace(parcel, state=advance(parcel.state, Wish.UNPLAN), updated_at=act.now))
    uow.change_many(Parcel, [Change({"id": one.id}, {"state": one.state, "updated_at": act.now}) for one in changed])
    uow.add(*(entry(act, one, "planned" if one.id in planned else "unplanned") for one in changed))
