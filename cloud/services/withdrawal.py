"""Ending promises before they are used: the reservation, the assignment, the grants, the code, the tasks."""

from cloud.domain.capacity import Reservation, ReservationState
from cloud.services import reroute
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import Assignment, GrantState, IssuedGrant, SealedCode, TaskState
from cloud.services.sending import send_tombstone


def end_promise(uow: UnitOfWork, act: Act, parcel_id: str, state: ReservationState, outcome: str) -> None:
    """End the parcel's active reservation and assignment and everything still to be done with it."""
    active = {"parcel_id": parcel_id, "state": ReservationState.ACTIVE}
    uow.change(Reservation, active, state=state, ended_at=act.now)
    uow.change(Assignment, {"parcel_id": parcel_id, "ended_at": None}, ended_at=act.now, outcome=outcome)
    reroute.end_tasks(uow, act, parcel_id, TaskState.CANCELLED)


def revoke_grants(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str, reason: str) -> int:
    """Revoke every live grant of a parcel: a tombstone goes to the locker for each group. Returns how many groups."""
    live = uow.find(IssuedGrant, order="id", parcel_id=parcel_id, state=GrantState.ISSUED)
    groups = {grant.group_id: grant.locker_id for grant in live}
    for group, locker_id in groups.items():
        revoke_group(uow, act, keys, (group, locker_id), reason)
    return len(groups)


def revoke_group(uow: UnitOfWork, act: Act, keys: Keys, where: tuple[str, str], reason: str) -> None:
    """Revoke one group at one locker (``where``), and forget its code."""
    group, _locker = where
    uow.change(IssuedGrant, {"group_id": group, "state": GrantState.ISSUED}, state=GrantState.REVOKED, ended_at=act.now)
    uow.remove(SealedCode, group_id=group)
    send_tombstone(uow, act, keys, where, reason)


def live_pick_up(uow: UnitOfWork, parcel_id: str) -> IssuedGrant | None:
    """Return the grant by which the recipient may take the parcel out, the newest if it was issued again."""
    return uow.first(IssuedGrant, order="-issued_at -id", parcel_id=parcel_id, kind="pick_up", state=GrantState.ISSUED)
