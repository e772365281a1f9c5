"""What one courier still has to do today, as routing's records: seconds from now, from where the van stands.

Every verb that changes a running route (failed attempt, delay, jam, van handed over, locker that takes nothing) thinks
about this and hands back an order, which ``reroute`` stores if the route is still the one it was thought about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.domain.locker import Locker
from cloud.domain.opening_hours import ALWAYS, open_spans
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window
from cloud.routing import plan as routed
from cloud.routing.plan import StepKind
from cloud.routing.problem import Amounts, Costs, Courier, Place, RouteCourierId, Stop, StopId, StopKind, TimeWindow
from cloud.routing.stops import STANDARD_COSTS, site_stop_id
from cloud.services import reroute
from cloud.services.gather_day import words
from cloud.services.locker_question import NewOrder, RouteLeft, Timed
from cloud.services.many import by_id
from cloud.services.pauses import Called, break_after, with_break
from cloud.services.ports import Act, UnitOfWork
from cloud.services.positions import where_now
from cloud.services.records import Shift, StopTask, Task
from cloud.services.records import Stop as StoredStop
from cloud.services.records import StopKind as StoredKind

OVERTIME = timedelta(hours=2)  # a courier may come home this much later than planned to bring a parcel to a locker
AHEAD = timedelta(hours=16)  # of opening hours looked at: a shift with overtime
NO_LIMIT = Amounts(100_000, 100_000_000, 1_000_000_000)  # what is in the van already fits it
MM3_PER_CM3 = 1_000


@dataclass(frozen=True, slots=True)
class Rest:
    """``stops`` in the order in force; ``names`` leads from routing's ids back to the stored stops.

    At ``borders`` parcels come aboard: what is behind one of them cannot be done before it.
    """

    left: RouteLeft
    now: datetime
    courier: Courier
    stops: tuple[Stop, ...]
    names: Mapping[StopId, str]
    borders: frozenset[StopId] = frozenset()


def read_rest(
    uow: UnitOfWork, act: Act, left: RouteLeft, here: tuple[float, float] | None = None, without: str = ""
) -> Rest:
    """Read what is still ahead on a route, but for the parcel ``without``.

    Unknown, ``here`` is where the courier's phone says it is now, else as far as the route tells.
    """
    ahead = [stop for stop in left.stops if reroute.is_open(left, stop)]
    refs = [task.parcel_id for stop in ahead for task in reroute.pending(left, stop)]
    parcels = by_id(uow, Parcel, refs)
    lockers = by_id(uow, Locker, (stop.locker_id for stop in ahead if stop.locker_id))
    stops: list[Stop] = []
    names: dict[StopId, str] = {}
    for stop in ahead:
        tasks = [task for task in reroute.pending(left, stop) if task.parcel_id != without]
        if tasks:
            one = _stop(act, stop, tasks, (parcels, lockers), names)
            stops.append(one)
            names[one.id] = stop.id
    shift = uow.get(Shift, left.route.shift_id)
    resting = break_after(shift, (Called(one.id, one.eta, one.service_s) for one in ahead))
    stops = [
        replace(one, service_s=with_break(one.service_s, shift)) if names[one.id] == resting else one for one in stops
    ]
    known = here or where_now(uow, act.now, left.route.courier_id)
    courier = _courier(act, left, shift, known or position_of(left, shift))
    able = words(shift.skills if shift else "").union(*(stop.skills for stop in stops))  # what is aboard was given them
    borders = {StopId(stop.id) for stop in ahead if stop.kind in (StoredKind.DEPOT, StoredKind.MEETING)}
    return Rest(left, act.now, replace(courier, skills=able), tuple(stops), names, frozenset(borders))


def position_of(left: RouteLeft, shift: Shift | None) -> tuple[float, float]:
    """Return where the van is as far as the route tells: at the last stop that is done, else at the shift's start."""
    done = [stop for stop in left.stops if left.tasks.get(stop.id) and not reroute.is_open(left, stop)]
    if done:
        return done[-1].lon, done[-1].lat
    if shift is not None:
        return shift.start_lon, shift.start_lat
    return (left.stops[0].lon, left.stops[0].lat) if left.stops else (0.0, 0.0)


def new_order(rest: Rest, route: routed.Route, longer_m: int, new: StopId | None = None) -> NewOrder:
    """Return a route over the rest of the day as what ``reroute`` stores; ``new`` is the stop nobody has stored yet."""
    steps = [step for step in route.steps if step.kind is StepKind.STOP]
    timed = [
        Timed("" if StopId(step.ref) == new else rest.names[StopId(step.ref)], _at(rest, step.begin_s))
        for step in steps
    ]
    return NewOrder(tuple(timed), _at(rest, route.end_s), longer_m)


def hours(locker: Locker, now: datetime) -> tuple[TimeWindow, ...] | None:
    """Return when a locker is open from now on, empty for always, None for not today."""
    if locker.opening_hours == ALWAYS:
        return ()
    spans = open_spans(locker.opening_hours, locker.time_zone, Window(now, now + AHEAD))
    return tuple(TimeWindow(seconds(now, one.begins), seconds(now, one.ends)) for one in spans) or None


def seconds(now: datetime, at: datetime) -> int:
    """Return whole seconds from now, 0 for what has passed."""
    return max(0, int((at - now).total_seconds()))


def volume_cm3(parcel: Parcel) -> int:
    return parcel.length_mm * parcel.width_mm * parcel.height_mm // MM3_PER_CM3


def _stop(
    act: Act,
    stop: StoredStop,
    tasks: Sequence[StopTask],
    known: tuple[Mapping[str, Parcel], Mapping[str, Locker]],
    names: Mapping[StopId, str],
) -> Stop:
    if stop.kind in (StoredKind.DEPOT, StoredKind.MEETING):
        return Stop(StopId(stop.id), Place(stop.lon, stop.lat), service_s=stop.service_s)
    parcels, lockers = known
    locker = lockers.get(stop.locker_id or "")
    name = site_stop_id(StopKind.LOCKER, stop.locker_id) if stop.locker_id else StopId(stop.id)
    if name in names:  # a second visit of one locker keeps its own name: there are two stops then
        name = StopId(stop.id)
    windows = (hours(locker, act.now) or ()) if locker else _promised(act.now, parcels, tasks)
    collected, brought = (_load(parcels, tasks, is_taken=one) for one in (True, False))
    return Stop(
        name,
        Place(stop.lon, stop.lat),
        windows,
        stop.service_s,
        brought,
        collected,
        skills=_skills(parcels, tasks),
        kind=StopKind.LOCKER if stop.locker_id else StopKind.HOME,
        parcels=tuple(task.parcel_id for task in tasks),
    )


def _skills(parcels: Mapping[str, Parcel], tasks: Iterable[StopTask]) -> frozenset[str]:
    """Return what whoever brings these parcels has to be able to do."""
    brought = (parcels[task.parcel_id] for task in tasks if task.task is not Task.COLLECT)
    return frozenset[str]().union(*(words(parcel.skills) for parcel in brought))


def _load(parcels: Mapping[str, Parcel], tasks: Sequence[StopTask], *, is_taken: bool) -> Amounts:
    """Return what is taken along at a stop, or what is left there."""
    found = [parcels[one.parcel_id] for one in tasks if (one.task is Task.COLLECT) == is_taken]
    return Amounts(len(found), sum(one.weight_g for one in found), sum(volume_cm3(one) for one in found))


def _promised(now: datetime, parcels: Mapping[str, Parcel], tasks: Iterable[StopTask]) -> tuple[TimeWindow, ...]:
    """Return what all promises at one door have in common, the first one's where they have nothing."""
    found = [
        TimeWindow(seconds(now, one.window_from), seconds(now, one.window_to))
        for one in (parcels[task.parcel_id] for task in tasks if task.parcel_id in parcels)
        if one.window_from is not None and one.window_to is not None
    ]
    if not found:
        return ()
    common = TimeWindow(max(one.start_s for one in found), min(one.end_s for one in found))
    return (common if common.start_s <= common.end_s else found[0],)


def _courier(act: Act, left: RouteLeft, shift: Shift | None, here: tuple[float, float]) -> Courier:
    ends_at = max(left.route.ends_at, act.now, *([shift.ends_at] if shift else []))
    return Courier(
        RouteCourierId(left.route.courier_id),
        Place(*here),
        Place(shift.end_lon, shift.end_lat) if shift else None,
        TimeWindow(0, seconds(act.now, ends_at + OVERTIME)),
        NO_LIMIT,
        costs=Costs(per_hour_cents=STANDARD_COSTS.per_hour_cents, per_km_cents=STANDARD_COSTS.per_km_cents),
        under_way=True,
    )


def _at(rest: Rest, moment_s: int) -> datetime:
    return rest.now + timedelta(seconds=moment_s)
