"""What a counter's staff see: what lies on the shelf, what is coming, what goes back to a courier."""

from dataclasses import dataclass
from datetime import date, datetime

from cloud.domain.actors import Role
from cloud.domain.closings import days_off
from cloud.domain.locker import Compartment, Contents, Locker
from cloud.domain.opening_hours import is_open
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.counter_hours import today_at
from cloud.services.counter_staff import check_works_there
from cloud.services.many import by_id
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import Courier, GrantState, IssuedGrant, Route, Stop, StopTask, Task, TaskState
from contract.sizes import SizeClass


@dataclass(frozen=True, slots=True)
class Lying:
    """One parcel on the shelf."""

    parcel: Parcel
    place: str


@dataclass(frozen=True, slots=True)
class Returning:
    """One parcel whose time is over; ``courier`` is who fetches it by today's plan, None when nobody does yet."""

    parcel: Parcel
    place: str
    may_go: bool
    courier: Courier | None


@dataclass(frozen=True, slots=True)
class CounterView:
    """``shelf`` counts places by size, ``taken`` those with a parcel; ``coming`` are promised and not here yet."""

    counter: Locker
    shelf: dict[SizeClass, int]
    taken: dict[SizeClass, int]
    waiting: tuple[Lying, ...]
    returning: tuple[Returning, ...]
    coming: int
    is_open_now: bool
    today: date
    closed_days: tuple[date, ...]

    @property
    def is_closed_today(self) -> bool:
        return self.today in self.closed_days


def counter_view(uow: UnitOfWork, act: Act, counter_id: str) -> CounterView:
    """Read one counter."""
    counter = check_works_there(uow, act, counter_id, Role.OPERATOR, Role.SUPPORT)
    places = uow.find(Compartment, order="label", locker_id=counter_id)
    here = uow.find(Parcel, order="deadline id", locker_id=counter_id, state=ParcelState.READY_FOR_PICKUP)
    over = uow.find(Parcel, order="deadline id", locker_id=counter_id, state=ParcelState.EXPIRED)
    today = today_at(counter, act.now)
    return CounterView(
        counter=counter,
        shelf=_counted(places),
        taken=_counted([one for one in places if one.contents is not Contents.EMPTY]),
        waiting=tuple(Lying(one, one.compartment) for one in here if one.compartment),
        returning=_returning(uow, act.now, [one for one in over if one.compartment]),
        coming=uow.count(Parcel, locker_id=counter_id, state=ParcelState.ASSIGNED_TO_LOCKER),
        is_open_now=is_open(counter.opening_hours, counter.time_zone, act.now),
        today=today,
        closed_days=tuple(one for one in days_off(counter.opening_hours) if one >= today),
    )


def _counted(places: list[Compartment]) -> dict[SizeClass, int]:
    return {size: count for size in SizeClass if (count := sum(1 for one in places if one.size is size))}


def _returning(uow: UnitOfWork, now: datetime, parcels: list[Parcel]) -> tuple[Returning, ...]:
    if not parcels:
        return ()
    ids = tuple(one.id for one in parcels)
    live = uow.find(IssuedGrant, parcel_id=ids, kind="collect", state=GrantState.ISSUED, expires_at=From(now))
    may = {grant.parcel_id for grant in live}
    couriers = _collectors(uow, ids)
    return tuple(Returning(one, one.compartment or "", one.id in may, couriers.get(one.id)) for one in parcels)


def _collectors(uow: UnitOfWork, parcels: tuple[str, ...]) -> dict[str, Courier]:
    """Return who has the collection of each parcel on their route."""
    tasks = uow.find(StopTask, parcel_id=parcels, task=Task.COLLECT, state=TaskState.PENDING)
    stops = by_id(uow, Stop, [task.stop_id for task in tasks])
    routes = by_id(uow, Route, [stop.route_id for stop in stops.values()])
    couriers = by_id(uow, Courier, [route.courier_id for route in routes.values()])
    return {task.parcel_id: couriers[routes[stops[task.stop_id].route_id].courier_id] for task in tasks}
