"""Who drives on a day: the shifts, how far each has come; adding one, changing or taking back one that waits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, InvalidError, ShiftOverlapsError
from cloud.domain.outside import CrowdTrip
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import audit
from cloud.services.gather_day import DaySpan
from cloud.services.history import move
from cloud.services.many import by_id
from cloud.services.people import SHIFT_MAX, check_shift
from cloud.services.ports import NOT_NULL, Act, Before, From, UnitOfWork
from cloud.services.records import (
    ENDS,
    Courier,
    CourierKind,
    Plan,
    Route,
    Shift,
    Stop,
    StopTask,
    TaskState,
    Unplanned,
)

SHIFTS_MAX = 1_000  # of one day: as many as couriers (cloud.routing.problem.COURIERS_MAX)
AHEAD_MAX = timedelta(days=366)  # rosters are made for weeks; further off is a mistyped year
TAKEN_BACK = "The shift it was planned for was taken back."


class ShiftState(StrEnum):
    """``unused``: it is over, and nobody set off in it."""

    WAITING = "waiting"
    DRIVING = "driving"
    HOME = "home"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One shift of a day; ``parcels`` are still to be brought or collected on its route, None without a route."""

    shift: Shift
    courier: Courier
    state: ShiftState
    parcels: int | None

    @property
    def may_change(self) -> bool:
        return self.state is ShiftState.WAITING


def shifts_of(uow: UnitOfWork, act: Act, span: DaySpan) -> tuple[ShiftLine, ...]:
    """Return the shifts that begin on a day; trips of crowd couriers are their own and not among them."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    found = uow.find(
        Shift,
        order="starts_at courier_id id",
        limit=SHIFTS_MAX,
        starts_at=From(span.begins),
        ends_at=Before(span.ends + SHIFT_MAX),
    )
    trips = by_id(uow, CrowdTrip, (one.id for one in found))
    shifts = [one for one in found if one.starts_at < span.ends and one.id not in trips]
    couriers = by_id(uow, Courier, {one.courier_id for one in shifts})
    plans = tuple(one.id for one in uow.find(Plan, day=span.day.isoformat(), current=True))
    routes = {one.shift_id: one for one in (uow.find(Route, plan_id=plans) if plans else ())}
    left: Counter[str] = Counter()
    for plan in plans:
        left.update(row.route_id for row in uow.reads.ahead(plan) if row.task in ENDS)
    return tuple(_line(act, one, couriers[one.courier_id], routes.get(one.id), left) for one in shifts)


def add_shift(uow: UnitOfWork, act: Act, shift: Shift) -> Shift:
    """Add a shift. Raises ``InvalidError`` for one that cannot be, or overlaps another of the same courier."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    check_courier(uow.need(Courier, shift.courier_id))
    _check(uow, act, shift)
    uow.add(shift)
    audit.note(uow, act, "add_shift", f"courier:{shift.courier_id}", detail=_said(shift))
    return shift


def change_shift(uow: UnitOfWork, act: Act, shift: Shift) -> Shift:
    """Change everything but whose it is; raises ``ConflictError`` for one that has begun or is over.

    A route that was planned for it stays as it is until the day is planned again.
    """
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    before = need_waiting(uow, act, shift.id)
    if before.courier_id != shift.courier_id:
        raise InvalidError("courier", "a shift stays its courier's; take it back and add another one")
    _check(uow, act, shift)
    names = [name for name in Shift.__slots__ if getattr(before, name) != getattr(shift, name)]
    if names:
        uow.change(Shift, {"id": shift.id}, **{name: getattr(shift, name) for name in names})
        audit.note(uow, act, "change_shift", f"courier:{shift.courier_id}", detail=_said(shift))
    return shift


def take_back(uow: UnitOfWork, act: Act, shift_id: str) -> int:
    """Remove a shift nobody has set off in, with what was planned for it; return how many parcels wait for a plan."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    shift = need_waiting(uow, act, shift_id)
    waiting = 0
    for route in uow.find(Route, shift_id=shift_id):
        waiting += _unplan(uow, act, route)
    uow.remove(Shift, id=shift_id)
    audit.note(uow, act, "take_shift_back", f"courier:{shift.courier_id}", detail=_said(shift))
    return waiting


def need_waiting(uow: UnitOfWork, act: Act, shift_id: str) -> Shift:
    """Return a shift that may still be changed; raises ``ConflictError``."""
    shift = uow.need(Shift, shift_id)
    if uow.get(CrowdTrip, shift_id) is not None:
        raise ConflictError("this is a crowd courier's own trip")
    if uow.count(Route, shift_id=shift_id, started_at=NOT_NULL):
        raise ConflictError("this shift has begun: its courier is on the road")
    if shift.ends_at <= act.now:
        raise ConflictError("this shift is over")
    return shift


def overlapping(uow: UnitOfWork, shift: Shift) -> list[Shift]:
    """Return the same courier's other shifts in which this one falls; crowd couriers' trips are never theirs."""
    near = uow.find(
        Shift,
        order="starts_at id",
        courier_id=shift.courier_id,
        starts_at=From(shift.starts_at - SHIFT_MAX - timedelta(hours=1)),
        ends_at=Before(shift.ends_at + SHIFT_MAX + timedelta(hours=1)),
    )
    return [
        one for one in near if one.id != shift.id and one.starts_at < shift.ends_at and shift.starts_at < one.ends_at
    ]


def check_courier(courier: Courier) -> None:
    """Refuse a shift for somebody who does not drive for us; raises ``InvalidError``."""
    if not courier.active or courier.kind is not CourierKind.OWN:
        raise InvalidError("courier", "choose a courier of ours who works")


def couriers_of(uow: UnitOfWork) -> tuple[Courier, ...]:
    """Return who may have a shift, by name."""
    return tuple(uow.find(Courier, order="name id", limit=SHIFTS_MAX, active=True, kind=CourierKind.OWN))


def pattern_of(uow: UnitOfWork, lines: Iterable[ShiftLine], before: datetime) -> Shift | None:
    """Return the shift the next one most likely is like: the day's last, else the latest one before it."""
    *_, last = (None, *(one.shift for one in lines))
    if last is not None:
        return last
    found = uow.find(Shift, order="-starts_at", limit=SHIFTS_MAX // 10, starts_at=Before(before))
    trips = by_id(uow, CrowdTrip, (one.id for one in found))
    return next((one for one in found if one.id not in trips), None)


def _line(act: Act, shift: Shift, courier: Courier, route: Route | None, left: Counter[str]) -> ShiftLine:
    if route is None or route.started_at is None:
        state = ShiftState.WAITING if shift.ends_at > act.now else ShiftState.UNUSED
    else:
        state = ShiftState.DRIVING if left[route.id] else ShiftState.HOME
    return ShiftLine(shift, courier, state, left[route.id] if route else None)


def _unplan(uow: UnitOfWork, act: Act, route: Route) -> int:
    """Remove a route nobody has set off on; what it was to bring waits for the next plan."""
    plan = uow.need(Plan, route.plan_id)
    stops = tuple(one.id for one in uow.find(Stop, route_id=route.id))
    tasks = uow.find(StopTask, order="id", stop_id=stops, state=TaskState.PENDING) if stops else []
    parcels = by_id(uow, Parcel, {one.parcel_id for one in tasks})
    if stops:
        uow.remove(StopTask, stop_id=stops)
        uow.remove(Stop, route_id=route.id)
    uow.remove(Route, id=route.id)
    for parcel in parcels.values():
        if parcel.state is ParcelState.PLANNED:
            move(uow, act, parcel, "unplanned", state=advance(parcel.state, Wish.UNPLAN), detail="shift taken back")
        if plan.current:
            uow.add(Unplanned(id=act.ids.new(), plan_id=plan.id, parcel_id=parcel.id, reason=TAKEN_BACK))
    return len(parcels) if plan.current else 0


def _check(uow: UnitOfWork, act: Act, shift: Shift) -> None:
    """Refuse what no van can do, what is over or years away, and what falls into another shift of the courier."""
    check_shift(shift)
    if shift.ends_at <= act.now:
        raise InvalidError("ends_at", "this time is over already")
    if shift.starts_at > act.now + AHEAD_MAX:
        raise InvalidError("starts_at", "this day is more than a year away")
    zone = shift.starts_at.tzinfo
    for other in overlapping(uow, shift):
        raise ShiftOverlapsError(other.id, other.starts_at.astimezone(zone), other.ends_at.astimezone(zone))


def _said(shift: Shift) -> str:
    return f"{shift.starts_at.isoformat(timespec='minutes')} to {shift.ends_at.isoformat(timespec='minutes')}"
