"""Parcels come into a van on its way: the next load at the depot, or what is taken over from a van that is stuck.

Only what a courier says is aboard changes hands. The rest stays where it is: at the depot, or in the other van.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import reroute
from cloud.services.history import entry, move
from cloud.services.many import by_id
from cloud.services.notices import local_zone, notice
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.records import ABOARD, Route, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.records_ops import Notification
from cloud.services.start_route import in_van

ON_A_TRIP = (ParcelState.OUT_FOR_DELIVERY, ParcelState.PLANNED)
WAITED_FOR = (*ON_A_TRIP, ParcelState.ANNOUNCED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)
NOT_TODAY = "not_today"
LEFT = ("left_in_van", "left_at_depot")  # what a parcel's history says of it then

Pair = tuple[StopTask, Parcel]


@dataclass(frozen=True, slots=True)
class Aboard:
    """What one courier took at a stop: ``parcels`` by id or barcode, None for everything that lies there.

    ``is_all``: the rest does not come along, and nobody waits for it on this route any more.
    """

    courier_id: str
    stop_id: str
    parcels: tuple[str, ...] | None = None
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class CameAboard:
    """How many came aboard now, how many are still to come, and how many were left behind."""

    route_id: str
    taken: int
    to_come: int
    left_behind: int


def come_aboard(uow: UnitOfWork, act: Act, what: Aboard) -> CameAboard:
    """Move custody of what was taken; saying it twice changes nothing. Raises ``InvalidError`` for unknown parcels."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    stop = uow.need(Stop, what.stop_id)
    route = uow.need(Route, stop.route_id)
    is_operator = act.actor.may_be(Role.OPERATOR, Role.SYSTEM)
    if route.courier_id != what.courier_id or not (is_operator or act.actor.name == route.courier_id):
        raise ForbiddenError("this is another courier's route")
    if route.started_at is None:
        raise ConflictError("this route has not been started yet")
    there = _there(uow, stop)
    taken = [pair for pair in _wanted(there, what.parcels) if pair[0].state is TaskState.PENDING]
    _take(uow, act, taken, route.courier_id)
    gone = {task.id for task, _ in taken}
    left = [pair for pair in there if pair[0].state is TaskState.PENDING and pair[0].id not in gone]
    if not what.is_all:
        return CameAboard(route.id, len(taken), len(left), 0)
    for task, parcel in left:
        _leave(uow, act, task, parcel)
    return CameAboard(route.id, len(taken), 0, len(left))


def left_in_van(uow: UnitOfWork, act: Act, parcel: Parcel, why: str) -> Parcel:
    """End the day of a parcel that nobody could take over: it is brought back, and waits for another day's plan."""
    reroute.end_tasks(uow, act, parcel.id, TaskState.CANCELLED)
    _tell(uow, act, parcel)
    state = advance(parcel.state, Wish.FAIL_ATTEMPT) if parcel.state in ON_A_TRIP else parcel.state
    return move(uow, act, parcel, "left_in_van", state=state, detail=why)


def _tell(uow: UnitOfWork, act: Act, parcel: Parcel) -> None:
    """Tell whoever waits for a parcel that it does not come; once a day, however often it is left behind."""
    if parcel.state not in WAITED_FOR:
        return
    day = act.now.astimezone(ZoneInfo(local_zone(uow))).date()
    note = notice(act, parcel, NOT_TODAY, day.isoformat())
    if note is not None and not uow.count(Notification, dedupe=note.dedupe):
        uow.add(note)


def _there(uow: UnitOfWork, stop: Stop) -> list[Pair]:
    if stop.kind not in (StopKind.DEPOT, StopKind.MEETING):
        raise InvalidError("stop", "nothing comes aboard at this stop")
    tasks = uow.find(StopTask, order="id", stop_id=stop.id, task=ABOARD)
    parcels = by_id(uow, Parcel, [task.parcel_id for task in tasks])
    return [(task, parcels[task.parcel_id]) for task in tasks]


def _wanted(there: Sequence[Pair], names: Iterable[str] | None) -> list[Pair]:
    if names is None:
        return list(there)
    known = {name: pair for pair in there for name in (pair[1].id, pair[1].barcode)}
    strange = [name for name in names if name not in known]
    if strange:
        raise InvalidError("parcel", f"{strange[0]} is not to come aboard here")
    return list({known[name][0].id: known[name] for name in names}.values())


def _take(uow: UnitOfWork, act: Act, taken: Sequence[Pair], courier_id: str) -> None:
    after = [_taken(act, task, parcel, courier_id) for task, parcel in taken]
    uow.change_many(
        Parcel,
        [
            Change({"id": one.id}, {"state": one.state, "custodian": one.custodian, "updated_at": act.now})
            for one in after
        ],
    )
    uow.change_many(
        StopTask, [Change({"id": task.id}, {"state": TaskState.DONE, "done_at": act.now}) for task, _ in taken]
    )
    for (task, before), one in zip(taken, after, strict=True):
        said = ("loaded", "") if task.task is Task.LOAD else ("handed_over", f"from {before.custodian}")
        uow.add(entry(act, one, *said))


def _taken(act: Act, task: StopTask, parcel: Parcel, courier_id: str) -> Parcel:
    if task.task is Task.LOAD:
        return in_van(act, parcel, courier_id)
    custodian = str(Custodian(CustodianKind.COURIER, courier_id))
    return replace(parcel, custodian=custodian, updated_at=act.now)


def _leave(uow: UnitOfWork, act: Act, task: StopTask, parcel: Parcel) -> None:
    if task.task is Task.TAKE_OVER:
        left_in_van(uow, act, parcel, "was not taken over")
    else:
        left_at_depot(uow, act, parcel)


def left_at_depot(uow: UnitOfWork, act: Act, parcel: Parcel) -> None:
    """Let a parcel that no van came back for wait for the next plan."""
    reroute.end_tasks(uow, act, parcel.id, TaskState.CANCELLED)
    _tell(uow, act, parcel)
    state = advance(parcel.state, Wish.UNPLAN) if parcel.state is ParcelState.PLANNED else parcel.state
    move(uow, act, parcel, "left_at_depot", state=state)
