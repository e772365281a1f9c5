"""The courier has loaded the van: from now on the courier answers for every parcel of its first load."""

from dataclasses import replace

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, ForbiddenError
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services.history import entry
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.records import BRINGS, Route, Stop, StopTask, Task, TaskState


def start_route(uow: UnitOfWork, act: Act, route_id: str) -> int:
    """Hand over what the depot holds for this route and return how many parcels were loaded."""
    require(act.actor, Role.COURIER, Role.OPERATOR, Role.PLANNER)
    route = uow.need(Route, route_id)
    if act.actor.may_be(Role.COURIER) and not act.actor.may_be(Role.OPERATOR) and act.actor.name != route.courier_id:
        raise ForbiddenError("this is another courier's route")
    if not uow.change(Route, {"id": route_id, "started_at": None}, started_at=act.now):
        raise ConflictError("this route has been started already")
    loaded = [in_van(act, parcel, route.courier_id) for parcel in _to_load(uow, route_id)]
    uow.change_many(
        Parcel,
        [
            Change({"id": one.id}, {"state": one.state, "custodian": one.custodian, "updated_at": act.now})
            for one in loaded
        ],
    )
    uow.add(*(entry(act, one, "loaded") for one in loaded))
    return len(loaded)


def _to_load(uow: UnitOfWork, route_id: str) -> list[Parcel]:
    stops = [stop.id for stop in uow.find(Stop, route_id=route_id)]
    if not stops:
        return []
    tasks = uow.find(StopTask, stop_id=tuple(stops), state=TaskState.PENDING, task=(*BRINGS, Task.LOAD))
    later = {task.parcel_id for task in tasks if task.task is Task.LOAD}
    first = tuple({task.parcel_id for task in tasks} - later)
    parcels = uow.find(Parcel, order="id", id=first) if first else []
    return [parcel for parcel in parcels if parcel.custodian.startswith(CustodianKind.CARRIER)]


def in_van(act: Act, parcel: Parcel, courier_id: str) -> Parcel:
    """Return a parcel of the depot's as it is once the courier has it."""
    custodian = str(Custodian(CustodianKind.COURIER, courier_id))
    state = parcel.state
    if state is not ParcelState.ASSIGNED_TO_LOCKER:
        state = advance(state, Wish.LOAD)
    return replace(parcel, state=state, custodian=custodian, updated_at=act.now)
