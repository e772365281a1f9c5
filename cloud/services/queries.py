"""What pages show, read in one unit each; everything here only reads."""

from dataclasses import dataclass
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.capacity import left_by_size
from cloud.domain.custody import CustodyEntry, handovers
from cloud.domain.locker import Compartment, Locker, LockerStatus
from cloud.domain.parcel import Parcel
from cloud.services.many import by_id
from cloud.services.pauses import pauses
from cloud.services.ports import Act, FleetRow, From, LoggedEvent, UnitOfWork
from cloud.services.records import (
    ENDS,
    Consent,
    Courier,
    CourierKind,
    HistoryEntry,
    Plan,
    Route,
    Shift,
    Stop,
    StopTask,
    TaskState,
    Unplanned,
)
from cloud.services.records_ops import Alarm, CommandSent, Notification, SupportCase
from cloud.services.withdrawal import live_pick_up
from contract.sizes import SizeClass

SEARCH_MAX = 50  # rows a person reads before they type more
TIMELINE_MAX = 200


@dataclass(frozen=True, slots=True)
class Tracking:
    """``has_code``: a code was told and still opens. ``eta`` is the pending stop's; None when nobody drives yet."""

    parcel: Parcel
    locker: Locker | None
    eta: datetime | None
    has_code: bool
    history: tuple[HistoryEntry, ...]
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class StopView:
    """``break_before_s`` is how long the courier rests on the way here."""

    stop: Stop
    tasks: tuple[tuple[StopTask, Parcel], ...]
    break_before_s: int = 0

    @property
    def done_at(self) -> datetime | None:
        """When the last thing was done here; None while something is left to do."""
        times = [task.done_at for task, _ in self.tasks]
        done = [at for at in times if at is not None]
        return max(done) if done and len(done) == len(times) else None


@dataclass(frozen=True, slots=True)
class CourierDay:
    courier: Courier
    route: Route | None
    stops: tuple[StopView, ...]
    carried: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True)
class LockerPage:
    locker: Locker
    compartments: tuple[Compartment, ...]
    left: dict[SizeClass, int]
    alarms: tuple[Alarm, ...]
    commands: tuple[CommandSent, ...]
    cases: tuple[SupportCase, ...]


@dataclass(frozen=True, slots=True)
class ParcelPage:
    parcel: Parcel
    history: tuple[HistoryEntry, ...]
    custody: tuple[CustodyEntry, ...]
    notifications: tuple[Notification, ...]
    cases: tuple[SupportCase, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One pick-up point for the public feed."""

    locker: Locker
    left: dict[SizeClass, int]


@dataclass(frozen=True, slots=True)
class PlanPage:
    plan: Plan
    routes: tuple[tuple[Route, tuple[StopView, ...]], ...]
    unplanned: tuple[tuple[Unplanned, Parcel], ...]


def tracking(uow: UnitOfWork, parcel_id: str) -> Tracking:
    """Return what a recipient with the signed link sees."""
    parcel = uow.need(Parcel, parcel_id)
    pending = uow.first(StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=ENDS)
    stop = uow.get(Stop, pending.stop_id) if pending else None
    return Tracking(
        parcel=parcel,
        locker=uow.get(Locker, parcel.locker_id) if parcel.locker_id else None,
        eta=stop.eta if stop else None,
        has_code=parcel.dropped_off_at is not None and live_pick_up(uow, parcel_id) is not None,
        history=tuple(uow.find(HistoryEntry, order="number", parcel_id=parcel_id)),
        consents=tuple(uow.find(Consent, order="given_at", parcel_id=parcel_id, withdrawn_at=None)),
    )


def parcel_page(uow: UnitOfWork, parcel_id: str) -> ParcelPage:
    """Return everything support needs about one parcel."""
    history = tuple(uow.find(HistoryEntry, order="number", parcel_id=parcel_id))
    ledger = [CustodyEntry(one.at, one.custodian, one.happened) for one in history]
    return ParcelPage(
        parcel=uow.need(Parcel, parcel_id),
        history=history,
        custody=handovers(ledger),
        notifications=tuple(uow.find(Notification, order="-created_at", parcel_id=parcel_id, limit=TIMELINE_MAX)),
        cases=tuple(uow.find(SupportCase, order="-opened_at", parcel_id=parcel_id)),
    )


def courier_day(uow: UnitOfWork, courier_id: str, begins: datetime, ends: datetime) -> CourierDay:
    """Return a courier's current route that starts in the span, its stops in order, and what is in the van."""
    courier = uow.need(Courier, courier_id)
    route = _current_route(uow, courier, begins, ends)
    carried = tuple(uow.find(Parcel, order="id", custodian=f"courier:{courier_id}"))
    return CourierDay(courier, route, _stops(uow, route) if route else (), carried)


def plan_page(uow: UnitOfWork, day: str) -> PlanPage | None:
    """Return the day's current plan with its routes and what was left out, with reasons; ``day`` is ISO."""
    plan = uow.first(Plan, day=day, current=True)
    if plan is None:
        return None
    routes = uow.find(Route, order="starts_at id", plan_id=plan.id)
    left = uow.find(Unplanned, order="id", plan_id=plan.id)
    parcels = by_id(uow, Parcel, [one.parcel_id for one in left])
    return PlanPage(
        plan,
        tuple((route, _stops(uow, route)) for route in routes),
        tuple((one, parcels[one.parcel_id]) for one in left),
    )


def fleet(uow: UnitOfWork) -> list[FleetRow]:
    return uow.reads.fleet()


def locker_page(uow: UnitOfWork, locker_id: str) -> LockerPage:
    locker = uow.need(Locker, locker_id)
    return LockerPage(
        locker=locker,
        compartments=tuple(uow.find(Compartment, order="label", locker_id=locker_id)),
        left=_left(uow, [locker_id])[locker_id],
        alarms=tuple(uow.find(Alarm, order="-raised_at", locker_id=locker_id, cleared_at=None)),
        commands=tuple(uow.find(CommandSent, order="-issued_at", locker_id=locker_id, limit=SEARCH_MAX)),
        cases=tuple(uow.find(SupportCase, order="-opened_at", locker_id=locker_id, closed_at=None)),
    )


def timeline(uow: UnitOfWork, locker_id: str, compartment: str | None = None) -> list[LoggedEvent]:
    """Return what a locker, or one of its doors, did, newest first; decode ``entry`` with ``codec.decode_entry``."""
    return uow.log.timeline(locker=locker_id, compartment=compartment, limit=TIMELINE_MAX)


def search(uow: UnitOfWork, act: Act, text: str) -> list[Parcel]:
    """Return parcels by beginning of barcode or part of a name, the latest changed first."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    found = by_id(uow, Parcel, uow.reads.search_parcels(text.strip(), SEARCH_MAX)) if text.strip() else {}
    return list(found.values())


def points(uow: UnitOfWork) -> list[Point]:
    """Return the public feed: active lockers and what may still be promised there by size."""
    lockers = uow.find(Locker, order="id", status=LockerStatus.ACTIVE)
    left = _left(uow, [one.id for one in lockers])
    return [Point(one, left[one.id]) for one in lockers]


def _current_route(uow: UnitOfWork, courier: Courier, begins: datetime, ends: datetime) -> Route | None:
    """Return the day's last route; of a crowd courier's trips the first on which something is left to do."""
    found = []
    for route in uow.find(Route, order="-starts_at", courier_id=courier.id, starts_at=From(begins)):
        plan = uow.get(Plan, route.plan_id)
        if plan is not None and (plan.current or route.started_at is not None) and route.starts_at < ends:
            found.append(route)
    if courier.kind is CourierKind.CROWD:
        found.sort(key=lambda one: (not _has_work(uow, one), one.starts_at))
    return found[0] if found else None


def _has_work(uow: UnitOfWork, route: Route) -> bool:
    stops = tuple(stop.id for stop in uow.find(Stop, route_id=route.id))
    return bool(stops) and uow.first(StopTask, stop_id=stops, state=TaskState.PENDING) is not None


def _stops(uow: UnitOfWork, route: Route) -> tuple[StopView, ...]:
    stops = uow.find(Stop, order="position", route_id=route.id)
    rests = pauses(uow.get(Shift, route.shift_id), stops)
    tasks = uow.find(StopTask, order="id", stop_id=tuple(stop.id for stop in stops)) if stops else []
    parcels = by_id(uow, Parcel, [task.parcel_id for task in tasks])
    return tuple(
        StopView(
            stop,
            tuple((task, parcels[task.parcel_id]) for task in tasks if task.stop_id == stop.id),
            rests.get(stop.id, 0),
        )
        for stop in stops
    )


def _left(uow: UnitOfWork, lockers: list[str]) -> dict[str, dict[SizeClass, int]]:
    free, reserved = uow.reads.free_by_size(lockers), uow.reads.reserved_by_size(lockers)
    return {
        one: left_by_size(free.get(one, {}), (s for s, n in reserved.get(one, {}).items() for _ in range(n)))
        for one in lockers
    }
