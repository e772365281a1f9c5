"""Somebody says that it is done: a case for support, or an alarm whose cause no locker will ever call gone.

A forced door, guessing, a frozen board: they happened, and only a person can say that they are over. Should the cause
still be there, the next word about it raises the alarm anew.
"""

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError
from cloud.services import audit
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm, SupportCase


def settle_case(uow: UnitOfWork, act: Act, case_id: str) -> None:
    """Close a case; closing it again changes nothing."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    case = uow.need(SupportCase, case_id)
    if uow.change(SupportCase, {"id": case_id, "closed_at": None}, closed_at=act.now):
        audit.note(uow, act, "settle_case", case.parcel_id or case.locker_id or "cloud", detail=case.kind)


def settle_alarm(uow: UnitOfWork, act: Act, alarm_id: str) -> None:
    """End an alarm that somebody has looked after; raises ``ConflictError`` while nobody has."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    alarm = uow.need(Alarm, alarm_id)
    if alarm.seen_at is None:
        raise ConflictError("nobody has taken this alarm yet")
    if uow.change(Alarm, {"id": alarm_id, "cleared_at": None}, cleared_at=act.now):
        audit.note(uow, act, "settle_alarm", alarm.locker_id or "cloud", detail=alarm.kind)
