"""Parcels nobody fetched: their dwell ends by policy, and a courier gets the right to take them out."""

from cloud.domain.dwell import is_over
from cloud.domain.locker import Locker, is_caught_up
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services.collecting import has_collection, issue_collection
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork, UpTo

BATCH_MAX = 500  # parcels in one unit, so that the writer is never held for long; the job comes again


def expire_parcels(uow: UnitOfWork, act: Act, keys: Keys) -> int:
    """End due dwells and return how many; also renew collection grants that ran out before a courier came."""
    due = uow.find(
        Parcel, order="deadline id", limit=BATCH_MAX, state=ParcelState.READY_FOR_PICKUP, deadline=UpTo(act.now)
    )
    ended = sum(_expire(uow, act, parcel) for parcel in due)
    for parcel in uow.find(Parcel, order="deadline id", limit=BATCH_MAX, state=ParcelState.EXPIRED):
        if not has_collection(uow, act, parcel.id):
            issue_collection(uow, act, keys, parcel, "expired")
    return ended


def _expire(uow: UnitOfWork, act: Act, parcel: Parcel) -> bool:
    if parcel.locker_id is None or parcel.deadline is None:
        return False
    if not is_over(parcel.deadline, act.now, silent=not is_caught_up(uow.need(Locker, parcel.locker_id))):
        return False
    moved = move(uow, act, parcel, "expired", state=advance(parcel.state, Wish.END_DWELL))
    note = notice(act, moved, "expired", parcel.deadline.isoformat())
    uow.add(*([note] if note else []))
    return True
