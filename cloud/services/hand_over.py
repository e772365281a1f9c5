"""A courier is out: who comes to the van, what each takes over there, and what goes back to the depot.

Thinking is done elsewhere (``cloud.handing_over``); here the day is read for it, and its answer stored if the routes
are still what they were. Parcels stay in the van that is stuck until whoever takes them over has said so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind, parse_custodian
from cloud.domain.errors import ConflictError, InvalidError, NotFoundError
from cloud.domain.parcel import TERMINAL, Parcel, ParcelState
from cloud.routing.problem import Amounts, Costs, Place, RouteCourierId, StopId, TimeWindow
from cloud.routing.problem import Courier as Driver
from cloud.routing.stops import STANDARD_COSTS
from cloud.services import audit, reroute
from cloud.services.attention import alarm
from cloud.services.come_aboard import left_at_depot, left_in_van
from cloud.services.cut_short import cut_short
from cloud.services.delays import Delay, Delayed, RouteChangedError, check_delay, tell_later
from cloud.services.gather_day import CM3_PER_L, words
from cloud.services.locker_question import NewOrder, RouteLeft, Timed
from cloud.services.many import by_id
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import (
    ABOARD,
    BRINGS,
    Courier,
    CourierKind,
    Plan,
    Route,
    Shift,
    Stop,
    StopKind,
    StopTask,
    Task,
    TaskState,
)
from cloud.services.rest_of_day import OVERTIME, Rest, read_rest, seconds, volume_cm3

KIND = "courier_out"
MEETING = timedelta(minutes=5)  # to park beside the van and find what is yours; our assumption
COURIERS_MAX = 1_000  # as many as one problem may have


@dataclass(frozen=True, slots=True)
class HandOver:
    """``courier_id`` cannot go on. ``to`` are those who may come, nobody named for whoever fits.

    Who has no route of their own is at the van in ``within``. ``here`` is where the van stands (longitude, latitude),
    None for where its courier's phone says it is now, else as far as its route tells.
    """

    courier_id: str
    reason: str
    to: tuple[str, ...] = ()
    within: timedelta = timedelta(0)
    here: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Comer:
    """Who could come: ``rest`` is their own day, None for somebody without a route."""

    courier: Courier
    shift_id: str
    driver: Driver
    rest: Rest | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """The van as it is read: ``rest`` is what is in it and to do, ``at_depot`` what it would have come back for."""

    what: HandOver
    rest: Rest
    at_depot: tuple[str, ...]
    comers: tuple[Comer, ...]
    open_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Taking:
    """What one courier takes over: the whole rest of their day in order, ``""`` for the meeting.

    ``before`` is what was open on their own route when it was thought about.
    """

    comer: Comer
    order: tuple[Timed, ...]
    handed: tuple[str, ...]
    parcels: int
    ends_at: datetime
    more_m: int
    more_cents: int
    before: frozenset[str]
    late: frozenset[str]

    @property
    def meets_at(self) -> datetime:
        return next(one.eta for one in self.order if not one.stop_id)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who takes what, thought about and not yet said; ``left`` are stops of the van nobody can take over."""

    id: str
    stuck: Stuck
    takings: tuple[Taking, ...]
    left: tuple[str, ...]
    zone: str

    @property
    def left_parcels(self) -> tuple[str, ...]:
        """What stays in the van and is brought back."""
        rest = self.stuck.rest
        return tuple(ref for stop in rest.stops if stop.id in self.left for ref in stop.parcels)


@dataclass(frozen=True, slots=True)
class HandedOver:
    parcels: int
    left_behind: int
    told: int
    late: int


def read_stuck(uow: UnitOfWork, act: Act, what: HandOver) -> Stuck:
    """Read the van and who could come to it. Raises ``ConflictError`` for somebody named who cannot."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    check_delay(what.within)
    if what.courier_id in what.to:
        raise InvalidError("to", "a courier cannot take over from themselves")
    left = reroute.route_of(uow, what.courier_id)
    if left is None or not reroute.open_ids(left):
        raise NotFoundError("route on the road of courier", what.courier_id)
    later = {task.parcel_id for stop in left.stops for task in reroute.pending(left, stop) if task.task in ABOARD}
    aboard = _without(left, later)
    rest = _without_break(_by_stored_names(read_rest(uow, act, aboard, what.here)), aboard)
    comers = [_comer(uow, act, (what, rest), courier) for courier in _asked(uow, what)]
    able = tuple(one for one in comers if isinstance(one, Comer))
    if what.to and len(able) < len(what.to):
        raise ConflictError(next(one for one in comers if isinstance(one, str)))
    return Stuck(what, rest, tuple(sorted(later)), able, reroute.open_ids(left))


def store_hand_over(uow: UnitOfWork, act: Act, proposal: Proposal) -> HandedOver:
    """Let those come who were proposed. Raises ``RouteChangedError`` when a route is not what was thought about."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    stuck = proposal.stuck
    left = reroute.route_of(uow, stuck.what.courier_id)
    if left is None or reroute.open_ids(left) != stuck.open_ids:
        raise RouteChangedError("the van's route has changed meanwhile; ask again")
    parcels = told = late = 0
    for taking in proposal.takings:
        found = _hand(uow, act, proposal, left, taking)
        parcels, told, late = parcels + taking.parcels, told + found.told, late + found.late
    _send_back(uow, act, proposal)
    cut_short(uow, act, left)
    names = ", ".join(one.comer.courier.name for one in proposal.takings) or "nobody"
    out, why, back = stuck.what.courier_id, stuck.what.reason, len(proposal.left_parcels)
    said = f"courier {out} is out ({why}); taken over by {names}: {parcels} parcels, back to the depot: {back}"
    uow.add(alarm(act, (None, None), (KIND, "warning"), said))
    audit.note(uow, act, "take_van_over", f"courier:{out}", reason=why, detail=names)
    return HandedOver(parcels, back, told, late)


# ------------------------------------------------------------------ reading


def _asked(uow: UnitOfWork, what: HandOver) -> list[Courier]:
    if what.to:
        return [uow.need(Courier, one) for one in dict.fromkeys(what.to)]
    every = uow.find(Courier, order="id", active=True, kind=CourierKind.OWN, limit=COURIERS_MAX)
    return [one for one in every if one.id != what.courier_id]


def _comer(uow: UnitOfWork, act: Act, van: tuple[HandOver, Rest], courier: Courier) -> Comer | str:
    """Return how a courier could come, or why not."""
    if not courier.active or courier.kind is not CourierKind.OWN:
        return f"courier {courier.name} does not work"
    own = _route_of(uow, courier.id)
    if own is None:
        return _free(uow, act, van, courier)
    if own.route.started_at is None:
        return f"courier {courier.name} has a route of their own today and has not set off"
    rest = _by_stored_names(read_rest(uow, act, own))
    if rest.borders:
        return f"courier {courier.name} has to load again or to meet another van first"
    shift = uow.need(Shift, own.route.shift_id)
    driver = replace(rest.courier, capacity=_room(uow, shift, rest), locked=tuple(one.id for one in rest.stops[:1]))
    return Comer(courier, shift.id, driver, rest)


def _free(uow: UnitOfWork, act: Act, stuck: tuple[HandOver, Rest], courier: Courier) -> Comer | str:
    """Return somebody without a route: on a shift of theirs, or, named, called in to drive the van that is stuck."""
    what, van = stuck
    shifts = uow.find(Shift, order="starts_at id", courier_id=courier.id)
    own = next((one for one in shifts if one.starts_at <= act.now < one.ends_at), None)
    if own is None and not what.to:
        return f"courier {courier.name} is not on shift"
    used = own or uow.need(Shift, van.left.route.shift_id)
    begin_s = int(what.within.total_seconds())
    ends_s = seconds(act.now, used.ends_at + OVERTIME)
    driver = Driver(
        RouteCourierId(courier.id),
        van.courier.start,
        Place(used.end_lon, used.end_lat),
        TimeWindow(begin_s, max(begin_s, ends_s, van.courier.shift.end_s if own is None else 0)),
        Amounts(used.parcels_max, used.weight_g_max, used.volume_l_max * CM3_PER_L),
        skills=words(used.skills),
        costs=Costs(per_hour_cents=STANDARD_COSTS.per_hour_cents, per_km_cents=STANDARD_COSTS.per_km_cents),
        under_way=True,
    )
    return Comer(courier, used.id, driver, None)


def _route_of(uow: UnitOfWork, courier_id: str) -> RouteLeft | None:
    """Return a route in force on which a courier has something left to do, one on the road before any other."""
    driven = reroute.route_of(uow, courier_id)
    if driven is not None and reroute.open_ids(driven):
        return driven
    current = tuple(plan.id for plan in uow.find(Plan, current=True))
    routes = uow.find(Route, order="id", courier_id=courier_id, plan_id=current) if current else []
    return next((one for one in (reroute.with_stops(uow, r) for r in routes) if reroute.open_ids(one)), None)


def _by_stored_names(rest: Rest) -> Rest:
    """Return the rest of a day with its stops called by their stored ids: two couriers may stop at one locker."""
    stops = tuple(replace(one, id=StopId(rest.names[one.id])) for one in rest.stops)
    return replace(rest, stops=stops, names={one.id: str(one.id) for one in stops})


def _without_break(rest: Rest, left: RouteLeft) -> Rest:
    """Return the rest of a van that is stuck as others would drive it: its courier's break is not theirs."""
    stored = {StopId(stop.id): stop.service_s for stop in left.stops}
    return replace(rest, stops=tuple(replace(one, service_s=stored[one.id]) for one in rest.stops))


def _room(uow: UnitOfWork, shift: Shift, rest: Rest) -> Amounts:
    """Return what the van holds beside what only rides along in it: parcels to be brought back."""
    custodian = str(Custodian(CustodianKind.COURIER, rest.left.route.courier_id))
    on_route = {ref for stop in rest.stops for ref in stop.parcels}
    riding = [p for p in uow.find(Parcel, custodian=custodian) if p.id not in on_route and p.state not in TERMINAL]
    used = Amounts(len(riding), sum(one.weight_g for one in riding), sum(volume_cm3(one) for one in riding))
    room = Amounts(shift.parcels_max, shift.weight_g_max, shift.volume_l_max * CM3_PER_L).minus(used)
    return Amounts(*(max(0, one) for one in room))


def _without(left: RouteLeft, parcels: Iterable[str]) -> RouteLeft:
    """Return the route without whatever is about these parcels."""
    gone = set(parcels)
    tasks = {key: tuple(one for one in those if one.parcel_id not in gone) for key, those in left.tasks.items()}
    return replace(left, tasks=tasks)


# ------------------------------------------------------------------ storing


def _hand(uow: UnitOfWork, act: Act, proposal: Proposal, van: RouteLeft, taking: Taking) -> Delayed:
    """Put the meeting and what is handed over on one courier's route, and tell people who wait longer."""
    own = _still_own(uow, act, van, taking)
    told = _tell(uow, act, proposal, (van, own), taking)
    moved = {one.id: one for one in van.stops if one.id in taking.handed}
    names = {"": _meeting(uow, act, own, taking, proposal)}
    for stop in moved.values():
        tasks = reroute.pending(_without(van, proposal.stuck.at_depot), stop)
        new = replace(stop, id=act.ids.new(), route_id=own.route.id)
        uow.add(new)
        names[stop.id] = new.id
        ids = tuple(task.id for task in tasks)
        uow.change(StopTask, {"id": ids, "state": TaskState.PENDING}, stop_id=new.id)
        uow.add(*(_take_over(act, names[""], task.parcel_id) for task in tasks if task.task in BRINGS))
    order = tuple(Timed(names.get(one.stop_id, one.stop_id), one.eta) for one in taking.order)
    reroute.resequence(uow, own, NewOrder(order, taking.ends_at, taking.more_m))
    return told


def _still_own(uow: UnitOfWork, act: Act, van: RouteLeft, taking: Taking) -> RouteLeft:
    """Return the courier's own route, a new one for somebody who has none."""
    courier_id = taking.comer.courier.id
    own = _route_of(uow, courier_id)
    if taking.before != (reroute.open_ids(own) if own else frozenset()):
        raise RouteChangedError(f"the route of courier {taking.comer.courier.name} has changed meanwhile; ask again")
    if own is not None:
        return own
    route = Route(
        id=act.ids.new(),
        plan_id=van.route.plan_id,
        courier_id=courier_id,
        shift_id=taking.comer.shift_id,
        starts_at=act.now,
        ends_at=taking.ends_at,
        distance_m=0,
        started_at=act.now,
    )
    uow.add(route)
    return RouteLeft(route, (), {})


def _meeting(uow: UnitOfWork, act: Act, own: RouteLeft, taking: Taking, proposal: Proposal) -> str:
    place = proposal.stuck.rest.courier.start or Place(0, 0)
    stop = Stop(
        id=act.ids.new(),
        route_id=own.route.id,
        position=len(own.stops),
        kind=StopKind.MEETING,
        locker_id=None,
        address="",
        lon=place.lon,
        lat=place.lat,
        eta=taking.meets_at,
        service_s=int(MEETING.total_seconds()),
    )
    uow.add(stop)
    return stop.id


def _take_over(act: Act, stop_id: str, parcel_id: str) -> StopTask:
    return StopTask(
        id=act.ids.new(),
        stop_id=stop_id,
        parcel_id=parcel_id,
        task=Task.TAKE_OVER,
        state=TaskState.PENDING,
        done_at=None,
    )


def _tell(
    uow: UnitOfWork, act: Act, proposal: Proposal, routes: tuple[RouteLeft, RouteLeft], taking: Taking
) -> Delayed:
    van, own = routes
    handed = [one for one in van.stops if one.id in taking.handed]
    tasks = {**own.tasks, **{stop.id: van.tasks[stop.id] for stop in handed}}
    before = RouteLeft(own.route, (*own.stops, *handed), tasks)
    order = NewOrder(taking.order, taking.ends_at, 0)
    return tell_later(uow, act, before, Delay(own.route.id, "van_out", order, taking.late, proposal.zone))


def _send_back(uow: UnitOfWork, act: Act, proposal: Proposal) -> None:
    """End what nobody can do: what lies in a van, this or another one it was to meet, and what was never loaded."""
    parcels = by_id(uow, Parcel, {*proposal.left_parcels, *proposal.stuck.at_depot})
    for parcel in parcels.values():
        if parse_custodian(parcel.custodian).kind is CustodianKind.COURIER:
            left_in_van(uow, act, parcel, "nobody can take it over today")
        elif parcel.state is ParcelState.EXPIRED:
            reroute.end_tasks(uow, act, parcel.id, TaskState.CANCELLED)
        else:
            left_at_depot(uow, act, parcel)
