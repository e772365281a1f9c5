"""Reminders while a parcel waits, at fractions of its dwell; each goes out once however often the job runs."""

from cloud.domain.dwell import reminders_due
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.notices import notice
from cloud.services.ports import NOT_NULL, Act, UnitOfWork
from cloud.services.promise import dwell
from cloud.services.records_ops import Notification

PAGE_MAX = 10_000  # parcels waiting at once in the fleet one process serves


def remind(uow: UnitOfWork, act: Act) -> int:
    """Queue the reminders that are due and return how many."""
    queued = 0
    waiting = uow.find(
        Parcel, order="deadline id", limit=PAGE_MAX, state=ParcelState.READY_FOR_PICKUP, deadline=NOT_NULL
    )
    for parcel in waiting:
        queued += _remind(uow, act, parcel)
    return queued


def _remind(uow: UnitOfWork, act: Act, parcel: Parcel) -> int:
    if parcel.deadline is None or parcel.deadline <= act.now:
        return 0
    policy = act.rules.dwell.policy_for(parcel.carrier, None)
    begun = parcel.deadline - dwell(act, parcel)
    due = reminders_due(policy, begun, parcel.deadline, act.now)
    if due == 0:
        return 0
    note = notice(act, parcel, "reminder", f"{parcel.deadline.isoformat()}/{due}")
    if note is None or uow.count(Notification, dedupe=note.dedupe):
        return 0
    uow.add(note)
    return 1
