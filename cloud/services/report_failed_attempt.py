"""Nobody was at home: the parcel finds a locker while the courier is still at the door.

1. The attempt is recorded and the parcel's task at this stop has failed.
2. Lockers that may take it (consent, content, capacity) are put to ``choose_locker``, which knows routes.
3. The best one that still has room makes the promise; the drop-off joins the courier's route; the recipient is told.
"""

from dataclasses import dataclass

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError
from cloud.domain.parcel import Parcel, Wish, advance
from cloud.services import reroute
from cloud.services.find_locker import question_for, send_to_locker
from cloud.services.history import move
from cloud.services.locker_question import ChooseLocker, LockerQuestion, RouteLeft
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.promise import Assigned
from cloud.services.records import ABOARD, Attempt, StopTask, TaskState


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """``lon`` and ``lat`` are where the courier is, when the phone says so."""

    parcel_id: str
    courier_id: str
    reason: str
    note: str = ""
    lon: float | None = None
    lat: float | None = None

    def here(self) -> tuple[float, float] | None:
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """``assigned`` is None when no locker could take it; ``why_not`` then says why, in stable words."""

    attempt_id: str
    assigned: Assigned | None
    why_not: tuple[str, ...] = ()


def report_failed_attempt(
    uow: UnitOfWork, act: Act, keys: Keys, failed: FailedAttempt, choose_locker: ChooseLocker
) -> AttemptOutcome:
    """Record the failed attempt and send the parcel to a locker if one may and can take it."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    parcel = uow.need(Parcel, failed.parcel_id)
    route = reroute.route_carrying(uow, parcel.id)
    _check_courier(act, failed, parcel, route)
    if uow.first(StopTask, parcel_id=parcel.id, task=ABOARD, state=TaskState.PENDING):
        raise ConflictError("this parcel has not come aboard yet")
    parcel = move(
        uow,
        act,
        parcel,
        "attempt_failed",
        state=advance(parcel.state, Wish.FAIL_ATTEMPT),
        custodian=f"courier:{failed.courier_id}",
        detail=failed.reason,
    )
    reroute.end_tasks(uow, act, parcel.id, TaskState.FAILED)
    asked = question_for(uow, act, parcel, (failed.here(), route))
    assigned, why = send_to_locker(uow, act, keys, asked, (choose_locker, "attempt_failed_locker"))
    attempt = _attempt(act, failed, route, f"locker:{assigned.locker_id}" if assigned else ",".join(why))
    uow.add(attempt)
    return AttemptOutcome(attempt.id, assigned, why)


def ask_first(uow: UnitOfWork, act: Act, failed: FailedAttempt) -> LockerQuestion | None:
    """Return what would be asked, changing nothing: ranking is thought about beside the writer, not inside it."""
    parcel = uow.need(Parcel, failed.parcel_id)
    return question_for(uow, act, parcel, (failed.here(), reroute.route_carrying(uow, parcel.id)))[0]


def _check_courier(act: Act, failed: FailedAttempt, parcel: Parcel, route: RouteLeft | None) -> None:
    """Let couriers speak only of parcels in their own van."""
    if act.actor.may_be(Role.OPERATOR, Role.SYSTEM):
        return
    theirs = parcel.custodian == f"courier:{failed.courier_id}" or (
        route is not None and route.route.courier_id == failed.courier_id
    )
    if act.actor.name != failed.courier_id or not theirs:
        raise ForbiddenError(f"parcel {parcel.id} is not on the route of courier {failed.courier_id}")


def _attempt(act: Act, failed: FailedAttempt, route: RouteLeft | None, outcome: str) -> Attempt:
    tasks = [task for those in route.tasks.values() for task in those] if route else []
    stop = next((one.stop_id for one in tasks if one.parcel_id == failed.parcel_id), None)
    return Attempt(
        id=act.ids.new(),
        parcel_id=failed.parcel_id,
        courier_id=failed.courier_id,
        stop_id=stop,
        at=act.now,
        reason=failed.reason,
        note=failed.note,
        lon=failed.lon,
        lat=failed.lat,
        outcome=outcome,
    )
