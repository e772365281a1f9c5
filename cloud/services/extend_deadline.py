"""A longer dwell: counts for the cloud at once and at the locker when it hears of it; the later deadline wins."""

from datetime import datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.closings import last_chance
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.ids import group_id
from cloud.domain.locker import Locker
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState, Wish, advance
from cloud.services import reroute
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import GrantState, HistoryEntry, IssuedGrant, TaskState
from cloud.services.sending import send_command, set_deadline
from cloud.services.withdrawal import live_pick_up, revoke_group

EXTENSION_MAX = timedelta(days=14)  # longer is storage, and the compartment is gone for everybody else
HAPPENED = "deadline_extended"


def extend_deadline(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str, by: timedelta | None = None) -> Parcel:
    """Extend by the policy's step, or by ``by`` for those who may choose. An expired parcel waits again."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    parcel = uow.need(Parcel, parcel_id)
    pick_up = live_pick_up(uow, parcel.id)
    if parcel.state not in IN_LOCKER or parcel.deadline is None or pick_up is None:
        raise ConflictError(f"the parcel is {parcel.state} and waits for nobody")
    step = _step(uow, act, parcel, by)
    if parcel.state is ParcelState.EXPIRED:
        _call_collection_off(uow, act, keys, parcel)
    deadline = _within_hours(uow, parcel, max(parcel.deadline, act.now) + step)
    command = set_deadline(act, pick_up.locker_id, group_id(pick_up.group_id), deadline)
    send_command(uow, act, keys, command, HAPPENED)
    after = advance(parcel.state, Wish.EXTEND)
    moved = move(uow, act, parcel, HAPPENED, state=after, deadline=deadline, detail=deadline.isoformat())
    note = notice(act, moved, HAPPENED, deadline.isoformat())
    uow.add(*([note] if note else []))
    return moved


def _within_hours(uow: UnitOfWork, parcel: Parcel, deadline: datetime) -> datetime:
    locker = uow.need(Locker, parcel.locker_id or "")
    return last_chance(locker.opening_hours, locker.time_zone, deadline)


def _step(uow: UnitOfWork, act: Act, parcel: Parcel, by: timedelta | None) -> timedelta:
    policy = act.rules.dwell.policy_for(parcel.carrier, None)
    if act.actor.may_be(Role.OPERATOR, Role.SUPPORT, Role.SYSTEM):
        step = by or policy.extension
        if not timedelta(0) < step <= EXTENSION_MAX:
            raise InvalidError("by", f"between a moment and {EXTENSION_MAX.days} days")
        return step
    if uow.count(HistoryEntry, parcel_id=parcel.id, happened=HAPPENED) >= policy.extensions_max:
        raise ConflictError(f"a deadline can be extended {policy.extensions_max} times")
    return policy.extension


def _call_collection_off(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel) -> None:
    reroute.end_tasks(uow, act, parcel.id, TaskState.CANCELLED)
    live = uow.find(IssuedGrant, parcel_id=parcel.id, kind="collect", state=GrantState.ISSUED)
    for grant in live:
        revoke_group(uow, act, keys, (grant.group_id, grant.locker_id), HAPPENED)
