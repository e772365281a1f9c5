"""Somebody looks after an alarm, so that nobody else has to; it stays until its cause is gone."""

from cloud.domain.actors import Role, require
from cloud.services import audit
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm


def see_alarm(uow: UnitOfWork, act: Act, alarm_id: str) -> None:
    """Note who saw it first; seeing it again changes nothing."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    alarm = uow.need(Alarm, alarm_id)
    if uow.change(Alarm, {"id": alarm_id, "seen_at": None}, seen_at=act.now, seen_by=str(act.actor)):
        audit.note(uow, act, "see_alarm", alarm.locker_id or "cloud", detail=alarm.kind)
