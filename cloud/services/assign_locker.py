"""Send one parcel to one locker, because an operator or the planner says so."""

from cloud.domain.actors import Role, require
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services import reroute
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.promise import Assigned, promise


def assign_locker(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str, locker_id: str) -> Assigned:
    """Reserve, issue, assign and tell the recipient; raises what ``promise`` raises."""
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    parcel, locker = uow.need(Parcel, parcel_id), uow.need(Locker, locker_id)
    assigned = promise(uow, act, keys, parcel, locker)
    reroute.to_locker(uow, act, parcel, locker)
    note = notice(act, parcel, "opted_in", assigned.group_id)
    if note is not None:
        uow.add(note)
    return assigned
