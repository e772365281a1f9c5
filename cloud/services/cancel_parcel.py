"""Calling a parcel back: before the locker it simply ends; inside one it waits for a courier and opens to no code."""

from cloud.domain.actors import Role, require
from cloud.domain.capacity import ReservationState
from cloud.domain.changes import ChangeKind
from cloud.domain.errors import ForbiddenError
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState, Wish, advance
from cloud.services import audit
from cloud.services.ask_change import Wanted, free_or_ask
from cloud.services.collecting import issue_collection
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.withdrawal import end_promise, revoke_grants


def cancel_parcel(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str, reason: str) -> Parcel:
    """Cancel or recall a parcel. A pick-up the locker allowed before it knew is a fact and becomes a support case.

    What a partner or a crowd courier has aboard stays as it is until they have agreed.
    """
    require(act.actor, Role.OPERATOR, Role.SUPPORT, Role.CARRIER)
    parcel = uow.need(Parcel, parcel_id)
    _check_carrier(act, parcel)
    audit.note(uow, act, "cancel_parcel", f"parcel:{parcel.id}", reason=reason)
    if free_or_ask(uow, act, Wanted(parcel.id, ChangeKind.CANCEL, said=reason)):
        return parcel
    return cancel(uow, act, keys, uow.need(Parcel, parcel_id), reason)


def cancel(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, reason: str) -> Parcel:
    """Cancel or recall a parcel that nobody else need be asked about."""
    revoke_grants(uow, act, keys, parcel.id, reason)
    if parcel.state in IN_LOCKER:
        return _recall(uow, act, keys, parcel, reason)
    after = advance(parcel.state, Wish.CANCEL)
    end_promise(uow, act, parcel.id, ReservationState.RELEASED, "cancelled")
    moved = move(uow, act, parcel, "cancelled", state=after, locker_id=None, deadline=None, detail=reason)
    _tell(uow, act, moved)
    return moved


def _recall(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, reason: str) -> Parcel:
    moved = move(uow, act, parcel, "recalled", state=ParcelState.EXPIRED, deadline=act.now, detail=reason)
    issue_collection(uow, act, keys, moved, "recalled")
    _tell(uow, act, moved)
    return moved


def _tell(uow: UnitOfWork, act: Act, parcel: Parcel) -> None:
    note = notice(act, parcel, "cancelled", act.ids.new())
    uow.add(*([note] if note else []))


def _check_carrier(act: Act, parcel: Parcel) -> None:
    only_carrier = not act.actor.may_be(Role.OPERATOR, Role.SUPPORT, Role.SYSTEM)
    if only_carrier and act.actor.name != parcel.carrier:
        raise ForbiddenError(f"parcel {parcel.id} belongs to another carrier")
