"""Everything due on one day, as routing's own records: what to bring and collect, where there is room, who drives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.assignment import wanted_size
from cloud.domain.capacity import left_by_size
from cloud.domain.custody import CustodianKind
from cloud.domain.locker import Locker, is_counter, takes_parcels
from cloud.domain.opening_hours import ALWAYS, open_spans
from cloud.domain.outside import CrowdTrip
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.windows import Window
from cloud.routing.joint.day import JointDay
from cloud.routing.plan import Unplanned
from cloud.routing.problem import (
    Amounts,
    Break,
    Courier,
    Place,
    Problem,
    Reload,
    RouteCourierId,
    Soft,
    StopKind,
    TimeWindow,
)
from cloud.routing.stops import STANDARD_COSTS, Collection, DayInput, DropOff, HomeDelivery, Item, Site, build_stops
from cloud.services.day_choices import Due, Hands, joint_day
from cloud.services.day_size import fitting
from cloud.services.forecast_capacity import forecast, with_forecast
from cloud.services.many import by_id
from cloud.services.offers import offered_parcels
from cloud.services.outside_day import OURS, Others, as_courier, as_tariff, others_of, refused
from cloud.services.ports import NOT_NULL, Act, Before, From, UnitOfWork
from cloud.services.records import GrantState, IssuedGrant, Route, Shift, Stop, StopTask, Task, TaskState
from contract.sizes import SizeClass

PARCELS_MAX = 20_000  # a day of one depot; the largest city day measured has 10,000
SKILLS_MAX = 60  # words of one day: the planner tells 64 apart, and some of them are its own
OTHER_SKILLS = frozenset({"something nobody can do today"})
CM3_PER_L = 1_000
MM3_PER_CM3 = 1_000


@dataclass(frozen=True, slots=True)
class DaySpan:
    """One service day: its date at the depot, and when it begins and ends (aware)."""

    day: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class DayData:
    """``problem`` counts seconds from ``span.begins``; its couriers are shifts. ``left_behind`` never became a stop.

    ``joint`` is the same day with its choices, None when there are none to make; ``decided`` says to which locker
    parcels go that the plan has chosen one for. ``others`` are the crowd couriers' trips (couriers of the problem, by
    their ids) and the partners' tariffs (the problem's) that the plan may count on.
    """

    span: DaySpan
    problem: Problem
    left_behind: tuple[Unplanned, ...]
    shifts: tuple[Shift, ...]
    joint: JointDay | None = None
    decided: Mapping[str, str] = field(default_factory=dict)
    others: Others = field(default_factory=Others)


def gather_day(uow: UnitOfWork, act: Act, span: DaySpan) -> DayData:
    """Read the day. Only parcels the depot holds are brought; what is in a van already stays with its courier."""
    require(act.actor, Role.PLANNER, Role.OPERATOR)
    theirs = offered_parcels(uow) | waiting_to_load(uow, span)
    wanted = [one for one in uow.reads.parcels_to_plan(span.ends, PARCELS_MAX) if one not in theirs]
    collections = _collections(uow, act)
    lockers = {one.id: one for one in uow.find(Locker)}
    shifts = waiting_shifts(uow, span)
    others = others_of(uow, act, span.day.isoformat())
    fixed = {Place(one.lon, one.lat) for one in lockers.values()} | _bases(shifts, others)
    due, too_many = fitting(list(by_id(uow, Parcel, wanted).values()), fixed)
    ours = OURS if others else frozenset()
    back = refused(uow, span.day.isoformat()) if others else set()
    skills = _known_skills(shifts, due)
    items = {one.id: _item(one, _needed(one, skills) | (ours if one.id in back else frozenset())) for one in due}
    sites = tuple(_sites(uow, span, lockers, due))
    day = DayInput(
        sites=sites,
        homes=tuple(_home(one, items, span) for one in due if one.state is not ParcelState.ASSIGNED_TO_LOCKER),
        drop_offs=tuple(_drop_off(one, items) for one in due if one.state is ParcelState.ASSIGNED_TO_LOCKER),
        collections=tuple(Collection(_item(parcel, ours), parcel.locker_id or "") for parcel in collections),
    )
    stops = build_stops(day)
    couriers = tuple(_courier(shift, span, (skills & words(shift.skills)) | ours) for shift in shifts)
    couriers += tuple(as_courier(trip, span.begins) for trip in others.trips)
    partners = tuple(as_tariff(one, span.begins) for one in others.tariffs)
    dues = tuple(Due(parcel, items[parcel.id], _windows(parcel, span), _soft(parcel, span)) for parcel in due)
    joint = joint_day(uow, act, dues, (sites, day.collections), Hands(couriers, partners))
    if joint is not None:  # only a day with choices has a use for it, and it reads weeks of history
        joint = replace(joint, sites=_forecast(uow, act, (joint.sites, shifts), span))
    problem, left = Problem(stops.stops, couriers, partners), (*stops.unplanned, *too_many)
    return DayData(span, problem, left, shifts, joint, others=others)


def _bases(shifts: Iterable[Shift], others: Others) -> set[Place]:
    """Return where vans and crowd couriers set out and end."""
    drive: tuple[Shift | CrowdTrip, ...] = (*shifts, *others.trips)
    ends = ((one.end_lon, one.end_lat) for one in drive)
    known = {Place(lon, lat) for lon, lat in ends if lon is not None and lat is not None}
    return known | {Place(one.start_lon, one.start_lat) for one in drive}


def waiting_to_load(uow: UnitOfWork, span: DaySpan) -> set[str]:
    """Return what lies at the depot for a van on the road that comes back for it; vans of days before do not."""
    tasks = uow.find(StopTask, task=Task.LOAD, state=TaskState.PENDING)
    stops = by_id(uow, Stop, {task.stop_id for task in tasks})
    routes = by_id(uow, Route, {stop.route_id for stop in stops.values()})
    coming = {key for key, one in routes.items() if one.started_at is not None and one.ends_at >= span.begins}
    return {task.parcel_id for task in tasks if stops[task.stop_id].route_id in coming}


def waiting_shifts(uow: UnitOfWork, span: DaySpan) -> tuple[Shift, ...]:
    """Return the shifts that begin on the day and do not drive yet: a van under way is re-planned, not planned."""
    latest = span.ends + timedelta(hours=6)  # a late shift may end after midnight
    shifts = uow.find(Shift, order="starts_at courier_id id", starts_at=From(span.begins), ends_at=Before(latest))
    ids = tuple(shift.id for shift in shifts)
    taken = {route.shift_id for route in uow.find(Route, shift_id=ids, started_at=NOT_NULL)} if ids else set()
    taken |= {trip.id for trip in uow.find(CrowdTrip, id=ids)} if ids else set()  # theirs to fill, not ours
    return tuple(shift for shift in shifts if shift.id not in taken)


def _collections(uow: UnitOfWork, act: Act) -> list[Parcel]:
    """Return expired parcels that a courier may take out today."""
    live = uow.find(IssuedGrant, kind="collect", state=GrantState.ISSUED, expires_at=From(act.now))
    may = {grant.parcel_id for grant in live} - uow.reads.under_way()
    return [one for one in uow.find(Parcel, order="deadline id", state=ParcelState.EXPIRED) if one.id in may]


def _sites(uow: UnitOfWork, span: DaySpan, lockers: dict[str, Locker], due: Iterable[Parcel]) -> Iterable[Site]:
    """Yield every locker with the room today's drop-offs may use: what is left, and what is kept for these parcels."""
    free = uow.reads.free_by_size()
    reserved = uow.reads.reserved_by_size()
    kept: dict[str, list[SizeClass]] = {}
    for parcel in due:
        if parcel.state is ParcelState.ASSIGNED_TO_LOCKER and parcel.locker_id:
            kept.setdefault(parcel.locker_id, []).append(wanted_size(parcel) or SizeClass.XL)
    for locker in lockers.values():
        counted = reserved.get(locker.id, {})
        left = left_by_size(free.get(locker.id, {}), (size for size, n in counted.items() for _ in range(n)))
        for size in kept.get(locker.id, ()):
            left[size] += 1
        windows = _hours(locker, span)
        is_open = windows is not None and (takes_parcels(locker) or locker.id in kept)
        kind = StopKind.PARTNER if is_counter(locker) else StopKind.LOCKER
        yield Site(locker.id, Place(locker.lon, locker.lat), kind, free=left, windows=windows or (), is_open=is_open)


def _forecast(
    uow: UnitOfWork, act: Act, known: tuple[tuple[Site, ...], tuple[Shift, ...]], span: DaySpan
) -> tuple[Site, ...]:
    """Return the lockers with the room there will be when the first courier sets out: nobody is there earlier."""
    (sites, shifts), zone = known, span.begins.tzinfo
    begins = min((shift.starts_at for shift in shifts), default=act.now)
    more = forecast(uow, act, begins.astimezone(zone))
    return tuple(replace(site, free=with_forecast(site.free or {}, more.get(site.id, {}))) for site in sites)


def _hours(locker: Locker, span: DaySpan) -> tuple[TimeWindow, ...] | None:
    """Return the day's opening hours, empty for always, None for a day on which it stays shut."""
    if locker.opening_hours == ALWAYS:
        return ()
    spans = open_spans(locker.opening_hours, locker.time_zone, Window(span.begins, span.ends))
    return tuple(_window(one, span) for one in spans) or None


def _home(parcel: Parcel, items: Mapping[str, Item], span: DaySpan) -> HomeDelivery:
    return HomeDelivery(items[parcel.id], Place(parcel.lon, parcel.lat), _windows(parcel, span), _soft(parcel, span))


def _windows(parcel: Parcel, span: DaySpan) -> tuple[TimeWindow, ...]:
    if parcel.window_from is None or parcel.window_to is None:
        return ()
    inside = Window(parcel.window_from, parcel.window_to).within(Window(span.begins, span.ends))
    return (_window(inside, span),) if inside else ()


def _soft(parcel: Parcel, span: DaySpan) -> Soft | None:
    """Return until when it should be there and what a minute later costs; None for a window without, or another day."""
    windows = _windows(parcel, span)
    if parcel.soft_to is None or not windows:
        return None
    end_s = int((parcel.soft_to - span.begins).total_seconds())
    begins_s, ends_s = windows[0]
    return Soft(end_s, parcel.late_cents_per_min) if begins_s <= end_s <= ends_s else None


def _known_skills(shifts: Iterable[Shift], due: Iterable[Parcel]) -> frozenset[str]:
    """Return the words the planner is told: what somebody of the day can do, then what else is asked for."""
    held = sorted({word for shift in shifts for word in words(shift.skills)})
    asked = sorted({word for parcel in due for word in words(parcel.skills)} - set(held))
    return frozenset((held + asked)[:SKILLS_MAX])


def _needed(parcel: Parcel, known: frozenset[str]) -> frozenset[str]:
    """Return what its courier has to be able to do; beyond what the planner is told there is one name for all."""
    wanted = words(parcel.skills)
    return (wanted & known) | (OTHER_SKILLS if wanted - known else frozenset())


def words(skills: str) -> frozenset[str]:
    """Return the words of a shift's or a parcel's skills."""
    return frozenset(skills.split())


def _drop_off(parcel: Parcel, items: Mapping[str, Item]) -> DropOff:
    return DropOff(items[parcel.id], parcel.locker_id or "", wanted_size(parcel) or SizeClass.XL)


def _item(parcel: Parcel, skills: frozenset[str]) -> Item:
    volume = parcel.length_mm * parcel.width_mm * parcel.height_mm // MM3_PER_CM3
    priority = 10 if parcel.state is ParcelState.DELIVERY_FAILED else 0  # one failed attempt is enough
    return Item(parcel.id, parcel.weight_g, volume, priority, skills)


def _courier(shift: Shift, span: DaySpan, skills: frozenset[str]) -> Courier:
    depot = Place(shift.start_lon, shift.start_lat)
    return Courier(
        RouteCourierId(shift.id),
        depot,
        Place(shift.end_lon, shift.end_lat),
        _window(Window(shift.starts_at, shift.ends_at), span),
        Amounts(shift.parcels_max, shift.weight_g_max, shift.volume_l_max * CM3_PER_L),
        breaks=_breaks(shift, span),
        skills=skills,
        costs=STANDARD_COSTS,
        reload=Reload(depot, shift.loads_max - 1, shift.reload_s) if shift.loads_max > 1 else None,
    )


def _breaks(shift: Shift, span: DaySpan) -> tuple[Break, ...]:
    if shift.break_from is None or shift.break_to is None:
        return ()
    return (Break("break", (_window(Window(shift.break_from, shift.break_to), span),), shift.break_s),)


def _window(window: Window, span: DaySpan) -> TimeWindow:
    def seconds(at: datetime) -> int:
        return max(0, int((at - span.begins).total_seconds()))

    return TimeWindow(seconds(window.begins), seconds(window.ends))


def at_depot(parcel: Parcel) -> bool:
    """Whether the carrier still has it, so that a plan may decide who brings it."""
    return parcel.custodian.startswith(CustodianKind.CARRIER)
