"""Drop-offs planned on a forecast: promised as soon as a compartment is really free, driven home when none came free.

A plan may count on people fetching their parcels. A promise never does: the recipient is told of a locker, and the
courier gets a right to it, only when a compartment is kept. What is not kept an hour before the courier would be there
becomes a delivery to the door, as if nobody had thought of a locker.
"""

from datetime import timedelta

from cloud.domain.errors import ConflictError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import reroute
from cloud.services.history import entry
from cloud.services.many import by_id
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.promise import promise
from cloud.services.records import Plan, Route, Stop, StopTask, Task, TaskState

HELD = (ParcelState.PLANNED, ParcelState.OUT_FOR_DELIVERY)
HOME_BEFORE = timedelta(hours=1)  # the courier has the door on the list while there is still time to go there
BATCH_MAX = 50  # in one unit, so that the writer is never held for long; the job comes again


def promise_held(uow: UnitOfWork, act: Act, keys: Keys) -> int:
    """Promise what can be promised now, send home what has waited too long, and return how many were settled."""
    settled = 0
    for parcel, stop in _held(uow):
        if settled == BATCH_MAX:
            break
        if _promised(uow, act, keys, parcel, stop):
            settled += 1
        elif stop.eta - act.now < HOME_BEFORE:
            reroute.to_home(uow, act, parcel)
            uow.add(entry(act, parcel, "goes_home", f"no compartment came free at {stop.locker_id}"))
            settled += 1
    return settled


def _held(uow: UnitOfWork) -> list[tuple[Parcel, Stop]]:
    """Return drop-offs that nothing is promised for, the first to be reached first."""
    tasks = uow.find(StopTask, order="id", state=TaskState.PENDING, task=Task.DROP_OFF)
    parcels = by_id(uow, Parcel, (task.parcel_id for task in tasks))
    current = {plan.id for plan in uow.find(Plan, current=True)}
    found = []
    for task in tasks:
        parcel = parcels.get(task.parcel_id)
        if parcel is None or parcel.state not in HELD or parcel.locker_id is not None:
            continue
        stop = uow.need(Stop, task.stop_id)
        if stop.locker_id is not None and uow.need(Route, stop.route_id).plan_id in current:
            found.append((parcel, stop))
    return sorted(found, key=lambda one: (one[1].eta, one[0].id))


def _promised(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, stop: Stop) -> bool:
    try:
        assigned = promise(uow, act, keys, parcel, uow.need(Locker, stop.locker_id or ""))
    except ConflictError:
        return False
    note = notice(act, parcel, "opted_in", assigned.group_id)
    uow.add(*([note] if note else []))
    return True
