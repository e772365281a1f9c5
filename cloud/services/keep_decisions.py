"""What the plan chose becomes promises before it is stored: compartments kept, rights issued, recipients told."""

from collections.abc import Iterable, Mapping

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.routing.joint.day import Running
from cloud.routing.problem import RouteCourierId
from cloud.services.device_keys import newest_key, secrets_of
from cloud.services.gather_day import DayData, DaySpan
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.promise import promise
from cloud.services.records import Plan, Route

BATCH = 20  # promises in one unit of the writer: about 60 ms when their codes are prepared


def to_promise(data: DayData) -> dict[str, str]:
    """Return parcel and locker of what the plan chose a locker for."""
    planned = {ref for stop in data.problem.stops for ref in stop.parcels}
    return {parcel: locker for parcel, locker in sorted(data.decided.items()) if parcel in planned}


def keep_decisions(uow: UnitOfWork, act: Act, keys: Keys, chosen: Iterable[tuple[str, str]]) -> int:
    """Promise each parcel its locker and return for how many it could be done.

    What was promised to somebody else meanwhile, cancelled or taken back is left out: the plan leaves it behind.
    """
    require(act.actor, Role.PLANNER, Role.OPERATOR)
    kept = 0
    for parcel_id, locker_id in chosen:
        parcel, locker = uow.need(Parcel, parcel_id), uow.need(Locker, locker_id)
        if parcel.locker_id == locker_id:
            continue
        try:
            assigned = promise(uow, act, keys, parcel, locker)
        except ConflictError:
            continue
        note = notice(act, parcel, "opted_in", assigned.group_id)
        uow.add(*([note] if note else []))
        kept += 1
    return kept


def codes_wanted(uow: UnitOfWork, keys: Keys, chosen: Mapping[str, str]) -> list[tuple[str, bytes, int]]:
    """Return locker, salt and how many pick-up codes are to be made before these promises, none made by the writer."""
    ready = uow.reads.prepared_codes()
    wanted: dict[str, int] = {}
    for locker_id in chosen.values():
        wanted[locker_id] = wanted.get(locker_id, 0) + 1
    return [
        (locker_id, secrets_of(keys, newest_key(uow, locker_id)).salt, count - ready[locker_id])
        for locker_id, count in sorted(wanted.items())
        if locker_id in ready and ready[locker_id] < count
    ]


def in_force(uow: UnitOfWork, span: DaySpan) -> dict[RouteCourierId, list[Running]]:
    """Return the day's plan in force, as far as nobody drives it yet, for the planner to go on from."""
    plan = uow.first(Plan, day=span.day.isoformat(), current=True)
    if plan is None:
        return {}
    shifts = {route.id: route.shift_id for route in uow.find(Route, plan_id=plan.id, started_at=None)}
    found: dict[RouteCourierId, list[Running]] = {}
    for row in uow.reads.ahead(plan.id):
        if row.route_id in shifts:
            begin_s = max(0, int((row.eta - span.begins).total_seconds()))
            running = Running(row.parcel_id, row.locker_id, begin_s)
            found.setdefault(RouteCourierId(shifts[row.route_id]), []).append(running)
    return found
