"""A recipient says beforehand that a locker will do; the consent is a record that every assignment checks."""

from dataclasses import dataclass

from cloud.domain.actors import Role, require
from cloud.domain.assignment import Scope
from cloud.domain.changes import ChangeKind
from cloud.domain.errors import InvalidError
from cloud.domain.locker import Locker
from cloud.domain.parcel import TERMINAL, Parcel, ParcelState
from cloud.services import reroute
from cloud.services.ask_change import Wanted, free_or_ask
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.promise import promise
from cloud.services.records import Consent

WALK_M_MAX = 20_000  # farther is not a walk


@dataclass(frozen=True, slots=True)
class OptIn:
    """``this_locker``: bring it there at once; ``any_nearby``, ``if_absent``: when nobody is at home."""

    parcel_id: str
    scope: Scope
    locker_id: str | None = None
    walk_m_max: int | None = None


def opt_in(uow: UnitOfWork, act: Act, keys: Keys, wish: OptIn) -> Consent:
    """Record the consent and, for one named locker and a parcel not yet under way, keep a compartment there."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    parcel = uow.need(Parcel, wish.parcel_id)
    _check(wish, parcel)
    consent = Consent(
        id=act.ids.new(),
        parcel_id=parcel.id,
        given_by=str(act.actor),
        given_at=act.now,
        scope=wish.scope,
        locker_id=wish.locker_id,
        walk_m_max=wish.walk_m_max,
        withdrawn_at=None,
    )
    uow.add(consent)
    parcel = move(uow, act, parcel, "consent_given", locker_allowed=True, detail=wish.scope)
    if wish.locker_id is not None:
        locker = uow.need(Locker, wish.locker_id)
        if wish.scope is Scope.THIS_LOCKER:
            _promise(uow, act, keys, parcel, locker)
    return consent


def withdraw(uow: UnitOfWork, act: Act, parcel_id: str) -> int:
    """Take every consent back; a compartment already kept is released by its own verb."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    return uow.change(Consent, {"parcel_id": parcel_id, "withdrawn_at": None}, withdrawn_at=act.now)


def _promise(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, locker: Locker) -> None:
    if parcel.state is ParcelState.ASSIGNED_TO_LOCKER:
        raise InvalidError("locker_id", f"the parcel goes to locker {parcel.locker_id} already; release that first")
    if free_or_ask(uow, act, Wanted(parcel.id, ChangeKind.LOCKER, locker_id=locker.id)):
        return
    send(uow, act, keys, uow.need(Parcel, parcel.id), locker)


def send(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, locker: Locker) -> None:
    """Promise the place and lead there whoever brings the parcel."""
    assigned = promise(uow, act, keys, parcel, locker)
    reroute.to_locker(uow, act, parcel, locker)
    note = notice(act, parcel, "opted_in", assigned.group_id)
    if note is not None:
        uow.add(note)


def _check(wish: OptIn, parcel: Parcel) -> None:
    if wish.scope is Scope.THIS_LOCKER and wish.locker_id is None:
        raise InvalidError("locker_id", "say which locker")
    if wish.walk_m_max is not None and not 0 < wish.walk_m_max <= WALK_M_MAX:
        raise InvalidError("walk_m_max", f"between 1 and {WALK_M_MAX} metres")
    if parcel.state in TERMINAL:
        raise InvalidError("parcel_id", f"the parcel is {parcel.state} already")
