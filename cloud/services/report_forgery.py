"""Somebody speaks on a locker's topics and is not believed: the broker is in other hands, or the wire is broken."""

from cloud.domain.locker import Locker
from cloud.services.attention import alarm
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm

FORGED = "forged_messages"


def report_forgery(uow: UnitOfWork, act: Act, locker_id: str, reason: str) -> None:
    """Raise the alarm once; while it stands, the next thousand forgeries say nothing new."""
    locker = uow.need(Locker, locker_id)
    if not uow.count(Alarm, locker_id=locker.id, kind=FORGED, cleared_at=None):
        uow.add(alarm(act, (locker.id, None), (FORGED, "critical"), f"a message in its name was refused: {reason}"))
