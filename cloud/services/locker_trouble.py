"""A courier stands before a locker that takes nothing: each parcel meant for it goes elsewhere."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cloud.domain.actors import Role, require
from cloud.domain.capacity import ReservationState
from cloud.domain.errors import ConflictError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import reroute
from cloud.services.attention import alarm
from cloud.services.delays import check_driver
from cloud.services.find_locker import question_for, send_to_locker
from cloud.services.history import move
from cloud.services.locker_question import ChooseLocker, LockerQuestion
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.positions import where_now
from cloud.services.promise import Assigned
from cloud.services.records import StopTask, Task, TaskState
from cloud.services.records_ops import Alarm
from cloud.services.withdrawal import end_promise, revoke_grants

KIND = "locker_takes_nothing"
SAID_AGAIN = timedelta(hours=1)  # the same trouble is one alarm for so long, however many parcels it sends away


class Trouble(StrEnum):
    SILENT = "silent"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class TakesNothing:
    """``here`` is where the courier is (longitude, latitude), the locker itself when no phone says where."""

    courier_id: str
    locker_id: str
    trouble: Trouble
    here: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """``assigned`` is None when no other locker could take it; ``why_not`` then says why, in stable words."""

    parcel_id: str
    assigned: Assigned | None
    why_not: tuple[str, ...] = ()


def waiting_at(uow: UnitOfWork, act: Act, trouble: TakesNothing) -> tuple[str, ...]:
    """Return the parcels a courier should have dropped off there."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    left = reroute.route_of(uow, trouble.courier_id)
    if left is None:
        return ()
    check_driver(act, left)
    there = [stop for stop in left.stops if stop.locker_id == trouble.locker_id]
    tasks = [task for stop in there for task in reroute.pending(left, stop) if task.task is Task.DROP_OFF]
    return tuple(task.parcel_id for task in tasks)


def ask_elsewhere(uow: UnitOfWork, act: Act, trouble: TakesNothing, parcel_id: str) -> LockerQuestion | None:
    """Return what would be asked, changing nothing."""
    parcel = uow.need(Parcel, parcel_id)
    where = (_here(uow, act, trouble), reroute.route_carrying(uow, parcel_id))
    return question_for(uow, act, parcel, where, trouble.locker_id)[0]


def send_elsewhere(
    uow: UnitOfWork, act: Act, keys: Keys, what: tuple[TakesNothing, str], choose_locker: ChooseLocker
) -> Elsewhere:
    """Take one parcel (the second of ``what``) back from the locker and promise it another on the way."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    trouble, parcel_id = what
    parcel = uow.need(Parcel, parcel_id)
    route = reroute.route_carrying(uow, parcel_id)
    held = parcel.locker_id is None and parcel.state is ParcelState.OUT_FOR_DELIVERY  # planned there, never promised
    promised = parcel.locker_id == trouble.locker_id and parcel.state is ParcelState.ASSIGNED_TO_LOCKER
    if route is None or not (promised or held):
        raise ConflictError(f"parcel {parcel_id} is not on its way to locker {trouble.locker_id}")
    check_driver(act, route)
    _say(uow, act, trouble)
    end_promise(uow, act, parcel.id, ReservationState.RELEASED, trouble.trouble)
    revoke_grants(uow, act, keys, parcel.id, f"the locker is {trouble.trouble}")
    after = advance(parcel.state, Wish.FAIL_ATTEMPT if held else Wish.UNASSIGN)
    parcel = move(uow, act, parcel, "drop_off_refused", state=after, locker_id=None, detail=trouble.trouble)
    asked = question_for(uow, act, parcel, (_here(uow, act, trouble), route), trouble.locker_id)
    assigned, why = send_to_locker(uow, act, keys, asked, (choose_locker, "another_locker"))
    return Elsewhere(parcel_id, assigned, why)


def end_collections(uow: UnitOfWork, act: Act, trouble: TakesNothing) -> int:
    """Leave what a silent locker keeps for another day; returns how many parcels stay in it."""
    left = reroute.route_of(uow, trouble.courier_id)
    if left is None or trouble.trouble is not Trouble.SILENT:
        return 0
    there = [stop for stop in left.stops if stop.locker_id == trouble.locker_id]
    tasks = [task.id for stop in there for task in reroute.pending(left, stop) if task.task is Task.COLLECT]
    where = {"id": tuple(tasks), "state": TaskState.PENDING}
    return uow.change(StopTask, where, state=TaskState.FAILED, done_at=act.now) if tasks else 0


def _here(uow: UnitOfWork, act: Act, trouble: TakesNothing) -> tuple[float, float]:
    locker = uow.need(Locker, trouble.locker_id)
    return trouble.here or where_now(uow, act.now, trouble.courier_id) or (locker.lon, locker.lat)


def _say(uow: UnitOfWork, act: Act, trouble: TakesNothing) -> None:
    since = From(act.now - SAID_AGAIN)
    if not uow.count(Alarm, locker_id=trouble.locker_id, kind=KIND, cleared_at=None, raised_at=since):
        detail = f"a courier found it {trouble.trouble}; what was meant for it goes elsewhere"
        uow.add(alarm(act, (trouble.locker_id, None), (KIND, "warning"), detail))
