"""A route that runs late: the new order and times are stored, and whoever waits longer than was said is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel
from cloud.services import reroute
from cloud.services.attention import case
from cloud.services.eta import Expected, around
from cloud.services.history import entry
from cloud.services.locker_question import NewOrder, RouteLeft
from cloud.services.many import by_id
from cloud.services.notices import notice
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Route, Stop, StopKind

DELAY_MAX = timedelta(hours=8)  # a whole shift; longer is not late, it is another day
TELL_FROM = timedelta(minutes=20)  # a shorter shift of a time nobody promised is not worth a message


class RouteChangedError(ConflictError):
    """A route is no longer the one that was thought about."""


@dataclass(frozen=True, slots=True)
class Delay:
    """What was thought about one route; ``late`` are stops whose promise is lost, ``zone`` is where people live."""

    route_id: str
    reason: str
    order: NewOrder
    late: frozenset[str]
    zone: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """How many parcels are affected: told are those whose recipients get a message."""

    told: int
    late: int


def store_delay(uow: UnitOfWork, act: Act, delay: Delay) -> Delayed:
    """Store the new order and tell people; raises ``RouteChangedError`` when the route has changed since."""
    require(act.actor, Role.COURIER, Role.OPERATOR, Role.PLANNER)
    left = reroute.with_stops(uow, uow.need(Route, delay.route_id))
    check_driver(act, left)
    if reroute.open_ids(left) != delay.order.stop_ids():
        raise RouteChangedError("the route has changed meanwhile; ask again")
    reroute.resequence(uow, left, delay.order)
    return tell_later(uow, act, left, delay)


def tell_later(uow: UnitOfWork, act: Act, before: RouteLeft, delay: Delay) -> Delayed:
    """Tell everybody at home whose arrival moved by ``TELL_FROM`` or whose promise is lost; each time once."""
    etas = {one.stop_id: one.eta for one in delay.order.stops}
    moved = [
        stop
        for stop in before.stops
        if stop.kind is StopKind.HOME
        and stop.id in etas
        and (stop.id in delay.late or etas[stop.id] - stop.eta >= TELL_FROM)
    ]
    told = late = 0
    for stop, parcel in _waiting(uow, before, moved):
        eta = etas[stop.id]
        band = _band(around(uow, eta, before.route, act.now), delay.zone)
        note = notice(act, parcel, "running_late", eta.isoformat(timespec="minutes"), band)
        told += note is not None
        uow.add(entry(act, parcel, "delayed", f"{delay.reason}: now about {eta.isoformat(timespec='minutes')}"))
        uow.add(*([note] if note else []))
        if stop.id in delay.late:
            late += 1
            uow.add(
                case(act, "promise_lost", parcel.id, (None, None), f"{delay.reason}: the promised window is missed")
            )
    return Delayed(told, late)


def check_driver(act: Act, left: RouteLeft) -> None:
    """Let couriers speak only of their own route."""
    if act.actor.may_be(Role.OPERATOR, Role.PLANNER, Role.SYSTEM):
        return
    if act.actor.name != left.route.courier_id:
        raise ForbiddenError("this is another courier's route")


def check_delay(by: timedelta) -> None:
    if not timedelta(0) <= by <= DELAY_MAX:
        raise InvalidError("minutes", f"between 0 and {DELAY_MAX // timedelta(minutes=1)}")


def _waiting(uow: UnitOfWork, left: RouteLeft, stops: Iterable[Stop]) -> list[tuple[Stop, Parcel]]:
    tasks = [(stop, task.parcel_id) for stop in stops for task in reroute.pending(left, stop)]
    parcels = by_id(uow, Parcel, (ref for _, ref in tasks))
    return [(stop, parcels[ref]) for stop, ref in tasks if ref in parcels]


def _band(expected: Expected, zone: str) -> Mapping[str, str]:
    return {"begins": expected.begins.isoformat(), "ends": expected.ends.isoformat(), "time_zone": zone}
