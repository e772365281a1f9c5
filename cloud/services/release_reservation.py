"""Giving kept capacity back: on purpose, or because nobody came with the parcel in time."""

from cloud.domain.actors import Role, require
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.custody import CustodianKind
from cloud.domain.dwell import is_over
from cloud.domain.locker import Locker, is_caught_up
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services.history import move
from cloud.services.ports import Act, Keys, UnitOfWork, UpTo
from cloud.services.withdrawal import end_promise, revoke_grants

BATCH_MAX = 500  # reservations ended in one unit, so that the writer is never held for long; the job comes again


def release(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str, reason: str) -> Parcel:
    """Take a parcel back from the locker it was promised to."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.RECIPIENT)
    parcel = uow.need(Parcel, parcel_id)
    after = _after(parcel)
    end_promise(uow, act, parcel.id, ReservationState.RELEASED, reason)
    revoke_grants(uow, act, keys, parcel.id, reason)
    return move(uow, act, parcel, "released_from_locker", state=after, locker_id=None, detail=reason)


def expire_reservations(uow: UnitOfWork, act: Act, keys: Keys) -> int:
    """End reservations whose time is over and return how many. The grants died by their own expiry at the locker."""
    ended = 0
    due = uow.find(
        Reservation, order="expires_at id", limit=BATCH_MAX, state=ReservationState.ACTIVE, expires_at=UpTo(act.now)
    )
    for reservation in due:
        silent = not is_caught_up(uow.need(Locker, reservation.locker_id))
        if not is_over(reservation.expires_at, act.now, silent=silent):
            continue
        end_promise(uow, act, reservation.parcel_id, ReservationState.EXPIRED, "expired")
        revoke_grants(uow, act, keys, reservation.parcel_id, "reservation expired")
        parcel = uow.need(Parcel, reservation.parcel_id)
        if parcel.state is ParcelState.ASSIGNED_TO_LOCKER:
            move(uow, act, parcel, "reservation_expired", state=_after(parcel), locker_id=None)
        ended += 1
    return ended


def _after(parcel: Parcel) -> ParcelState:
    at_depot = parcel.custodian.startswith(CustodianKind.CARRIER)
    return advance(parcel.state, Wish.UNASSIGN_AT_DEPOT if at_depot else Wish.UNASSIGN)
