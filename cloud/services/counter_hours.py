"""When a counter takes parcels and when it is shut: its hours, no more today, closed on a day, as usual again."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from cloud.domain.actors import Role
from cloud.domain.closings import closed_on, days_off, last_chance, open_again_on, with_days_off
from cloud.domain.locker import Locker
from cloud.domain.opening_hours import normal
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import audit
from cloud.services.attention import alarm
from cloud.services.counter_staff import check_works_there
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm

CLOSED = "counter_closed"


def set_intake(uow: UnitOfWork, act: Act, counter_id: str, *, is_open: bool) -> None:
    """Say whether new parcels may be sent there; what is under way already still comes."""
    check_works_there(uow, act, counter_id, Role.OPERATOR)
    if uow.change(Locker, {"id": counter_id, "intake_open": not is_open}, intake_open=is_open, updated_at=act.now):
        audit.note(uow, act, "set_intake", counter_id, detail="open" if is_open else "full")


def set_hours(uow: UnitOfWork, act: Act, counter_id: str, hours: str) -> None:
    """Change the usual hours; single days off stay, and a deadline that would now fall when it is shut moves on."""
    counter = check_works_there(uow, act, counter_id, Role.OPERATOR)
    today = today_at(counter, act.now)
    changed = with_days_off(normal(hours), tuple(one for one in days_off(counter.opening_hours) if one >= today))
    if changed == counter.opening_hours:
        return
    uow.change(Locker, {"id": counter_id}, opening_hours=changed, updated_at=act.now)
    audit.note(uow, act, "set_hours", counter_id, detail=changed)
    _give_longer(uow, act, counter, changed)


def close_on(uow: UnitOfWork, act: Act, counter_id: str, day: date) -> None:
    """Shut the counter on one day: planning goes elsewhere, and whoever had until that day gets longer."""
    counter = check_works_there(uow, act, counter_id, Role.OPERATOR)
    hours = closed_on(counter.opening_hours, day, today_at(counter, act.now))
    if hours == counter.opening_hours:
        return
    uow.change(Locker, {"id": counter_id}, opening_hours=hours, updated_at=act.now)
    audit.note(uow, act, "close_on", counter_id, detail=day.isoformat())
    _give_longer(uow, act, counter, hours)
    coming = uow.count(Parcel, locker_id=counter_id, state=ParcelState.ASSIGNED_TO_LOCKER)
    if coming and not uow.count(Alarm, locker_id=counter_id, kind=CLOSED, cleared_at=None):
        detail = f"closed on {day.isoformat()} while {coming} parcels are promised to it; plan their day again"
        uow.add(alarm(act, (counter_id, None), (CLOSED, "warning"), detail))


def open_on(uow: UnitOfWork, act: Act, counter_id: str, day: date) -> None:
    """Take a closing back. Deadlines that moved because of it stay: people were told."""
    counter = check_works_there(uow, act, counter_id, Role.OPERATOR)
    hours = open_again_on(counter.opening_hours, day, today_at(counter, act.now))
    if hours != counter.opening_hours:
        uow.change(Locker, {"id": counter_id}, opening_hours=hours, updated_at=act.now)
        uow.change(Alarm, {"locker_id": counter_id, "kind": CLOSED, "cleared_at": None}, cleared_at=act.now)
        audit.note(uow, act, "open_on", counter_id, detail=day.isoformat())


def today_at(counter: Locker, now: datetime) -> date:
    """Return the date where the counter stands."""
    return now.astimezone(ZoneInfo(counter.time_zone)).date()


def _give_longer(uow: UnitOfWork, act: Act, counter: Locker, hours: str) -> None:
    for parcel in uow.find(Parcel, order="id", locker_id=counter.id, state=ParcelState.READY_FOR_PICKUP):
        if parcel.deadline is None:
            continue
        deadline = last_chance(hours, counter.time_zone, parcel.deadline)
        if deadline > parcel.deadline:
            moved = move(uow, act, parcel, CLOSED, deadline=deadline, detail=deadline.isoformat())
            note = notice(act, moved, "deadline_extended", deadline.isoformat())
            uow.add(*([note] if note else []))
