"""A crowd courier says yes: the stop joins the trip's route where it lengthens the way least, if the trip bears it.

The trip becomes a shift and a route of the courier's, so that page, pass, tracking and failed attempts are those of
any courier. Its routes stand in a plan of their own for the day (``2026-11-22/crowd``): planning our own couriers
again leaves them alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from cloud.domain.errors import ConflictError
from cloud.domain.outside import CrowdTrip, OfferKind, OfferStep
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import audit
from cloud.services.history import move
from cloud.services.many import by_id
from cloud.services.offer_steps import answerable, take
from cloud.services.outside_load import load, load_of
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.records import Plan, Route, Shift, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.records_outside import Errand, ErrandParcel, Offer
from cloud.services.reroute import DOOR_STOP_S, DROP_OFF_S, LOCKER_STOP_S

PLANNER = "crowd"

Spot = tuple[float, float]
Legs = Callable[[Spot, Spot], tuple[int, int]]
"""Metres and seconds from one place to another, both longitude and latitude; raises ``KeyError`` for unknown ones."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stop of a trip: not served before ``ready``, begun by ``due``."""

    stop_id: str
    spot: Spot
    service_s: int
    ready: datetime | None
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Timed:
    """Visits in their order with when each begins, and the whole way."""

    visits: tuple[Visit, ...]
    etas: tuple[datetime, ...]
    way_m: int
    ends_at: datetime


@dataclass(slots=True)
class _Yes:
    """What one acceptance speaks of."""

    offer: Offer
    trip: CrowdTrip
    errand: Errand
    parcels: tuple[Parcel, ...]
    route: Route | None
    there: tuple[Visit, ...]


def places_of(uow: UnitOfWork, act: Act, offer_id: str) -> tuple[Spot, ...]:
    """Return every place whose distances ``accept_crowd`` asks for."""
    yes = _read(uow, act, offer_id)
    spots = {_start(yes.trip), (yes.errand.lon, yes.errand.lat), *(one.spot for one in yes.there)}
    end = _end(yes.trip)
    return tuple(sorted(spots | ({end} if end else set())))


def accept_crowd(uow: UnitOfWork, act: Act, offer_id: str, legs: Legs) -> Offer:
    """Say yes; raises ``ConflictError`` when the trip, with all it has accepted, cannot bear the stop."""
    yes = _read(uow, act, offer_id)
    if yes.trip.withdrawn_at is not None or (yes.route is not None and yes.route.started_at is not None):
        raise ConflictError("this trip takes no more parcels")
    more = load_of(uow, yes.trip.id, but=offer_id).with_more(load(uow, [yes.errand.id]))
    if not more.fits(yes.trip):
        raise ConflictError("this is more than the trip has room for")
    after = take(uow, act, yes.offer, OfferStep.ACCEPT, answered_at=act.now)
    stop = _stop(act, yes)
    try:
        timed = with_one_more(yes.trip, yes.there, _visit(stop, yes.offer, yes.parcels), legs)
    except KeyError as error:
        raise ConflictError("the trip changed just now; answer again") from error
    if timed is None:
        raise ConflictError("with what you have accepted already, this is too far off your way or too late")
    _write(uow, act, yes, (stop, timed))
    audit.note(uow, act, "accept_offer", f"offer:{offer_id}", detail=f"{yes.offer.price_cents} cents")
    return after


# ------------------------------------------------------------------ the way


def with_one_more(trip: CrowdTrip, there: Sequence[Visit], new: Visit, legs: Legs) -> Timed | None:
    """Return the shortest way that has ``new`` between the stops there are, None when none is short or early enough."""
    ways = (timed(trip, (*there[:place], new, *there[place:]), legs) for place in range(len(there) + 1))
    direct = legs(_start(trip), _end(trip) or _start(trip))[0]
    possible = [one for one in ways if one is not None and one.way_m - direct <= trip.detour_m_max]
    return min(possible, key=lambda one: (one.way_m, one.ends_at), default=None)


def timed(trip: CrowdTrip, visits: tuple[Visit, ...], legs: Legs) -> Timed | None:
    """Return when everything happens in this order, None when something is too late."""
    here, clock, way_m = _start(trip), trip.leaves_at, 0
    etas = []
    for visit in visits:
        metres, seconds = legs(here, visit.spot)
        clock, way_m, here = clock + timedelta(seconds=seconds), way_m + metres, visit.spot
        clock = max(clock, visit.ready) if visit.ready else clock
        if visit.due is not None and clock > visit.due:
            return None
        etas.append(clock)
        clock += timedelta(seconds=visit.service_s)
    end = _end(trip)
    metres, seconds = legs(here, end) if end else (0, 0)
    clock += timedelta(seconds=seconds)
    return Timed(visits, tuple(etas), way_m + metres, clock) if clock <= trip.arrives_by else None


def further_m(uow: UnitOfWork, trip: CrowdTrip, spot: Spot, legs: Legs) -> int:
    """Return how much farther a trip is driven for one more place, beside what it has accepted."""
    route = uow.first(Route, shift_id=trip.id)
    there = [one.spot for one in visits_left(uow, route)] if route else []
    path = [_start(trip), *(one for one in there if one != spot)]
    end = _end(trip)

    def way_m(points: Sequence[Spot]) -> int:
        return sum(legs(a, b)[0] for a, b in pairwise([*points, *([end] if end else [])]))

    ways = (way_m([*path[:place], spot, *path[place:]]) for place in range(1, len(path) + 1))
    return max(0, min(ways) - way_m(path))


def _start(trip: CrowdTrip) -> Spot:
    return trip.start_lon, trip.start_lat


def _end(trip: CrowdTrip) -> Spot | None:
    return None if trip.end_lon is None or trip.end_lat is None else (trip.end_lon, trip.end_lat)


# ------------------------------------------------------------------ reading and writing


def _read(uow: UnitOfWork, act: Act, offer_id: str) -> _Yes:
    offer = answerable(uow, act, offer_id)
    if offer.kind is not OfferKind.CROWD:
        raise ConflictError("this was offered to a partner fleet")
    trip = uow.need(CrowdTrip, offer.source_id)
    route = uow.first(Route, shift_id=trip.id)
    names = [one.parcel_id for one in uow.find(ErrandParcel, order="parcel_id", errand_id=offer.errand_id)]
    parcels = tuple(by_id(uow, Parcel, names).values())
    errand = uow.need(Errand, offer.errand_id)
    return _Yes(offer, trip, errand, parcels, route, tuple(visits_left(uow, route)) if route else ())


def visits_left(uow: UnitOfWork, route: Route, as_if: Parcel | None = None) -> list[Visit]:
    """Return what is still to be done on a route, in its order; ``as_if`` is a parcel as it might become."""
    stops = uow.find(Stop, order="position id", route_id=route.id)
    tasks = uow.find(StopTask, stop_id=tuple(one.id for one in stops), state=TaskState.PENDING) if stops else []
    parcels = {**by_id(uow, Parcel, [one.parcel_id for one in tasks]), **({as_if.id: as_if} if as_if else {})}
    found = []
    for stop in stops:
        here = tuple(parcels[one.parcel_id] for one in tasks if one.stop_id == stop.id)
        if here:
            found.append(_visit(stop, None, here))
    return found


def _visit(stop: Stop, offer: Offer | None, parcels: Sequence[Parcel]) -> Visit:
    """Return a stop with the window its parcels leave, and what was promised for it."""
    opens = [one.window_from for one in parcels if one.window_from is not None]
    closes = [one.window_to for one in parcels if one.window_to is not None]
    if offer is not None:
        closes.append(offer.promise_to)
    spot = (stop.lon, stop.lat)
    return Visit(stop.id, spot, stop.service_s, max(opens, default=None), min(closes, default=None))


def _stop(act: Act, yes: _Yes) -> Stop:
    many = DROP_OFF_S * len(yes.parcels) if yes.errand.locker_id else 0
    return Stop(
        id=act.ids.new(),
        route_id=yes.route.id if yes.route else "",
        position=0,
        kind=StopKind.LOCKER if yes.errand.locker_id else StopKind.HOME,
        locker_id=yes.errand.locker_id,
        address=yes.errand.address,
        lon=yes.errand.lon,
        lat=yes.errand.lat,
        eta=yes.trip.leaves_at,
        service_s=LOCKER_STOP_S + many if yes.errand.locker_id else DOOR_STOP_S,
    )


def _write(uow: UnitOfWork, act: Act, yes: _Yes, new: tuple[Stop, Timed]) -> None:
    stop, timed_ = new
    route = yes.route or _begin(uow, act, yes.trip)
    plan = uow.need(Plan, route.plan_id)
    uow.change(Plan, {"id": plan.id}, cost_cents=plan.cost_cents + yes.offer.price_cents)
    uow.change(Route, {"id": route.id}, distance_m=timed_.way_m, ends_at=timed_.ends_at)
    uow.add(replace(stop, route_id=route.id))
    etas = enumerate(zip(timed_.visits, timed_.etas, strict=True))
    uow.change_many(Stop, [Change({"id": one.stop_id}, {"position": at, "eta": eta}) for at, (one, eta) in etas])
    if _end(yes.trip) is None:  # an open trip ends where its last parcel goes
        lon, lat = timed_.visits[-1].spot
        uow.change(Shift, {"id": yes.trip.id}, end_lon=lon, end_lat=lat)
    for parcel in yes.parcels:
        task = Task.DROP_OFF if yes.errand.locker_id else Task.DELIVER
        uow.add(
            StopTask(
                id=act.ids.new(),
                stop_id=stop.id,
                parcel_id=parcel.id,
                task=task,
                state=TaskState.PENDING,
                done_at=None,
            )
        )
        if parcel.state not in (ParcelState.PLANNED, ParcelState.ASSIGNED_TO_LOCKER):
            move(uow, act, parcel, "planned", state=advance(parcel.state, Wish.PLAN), detail="a crowd courier's trip")


def _begin(uow: UnitOfWork, act: Act, trip: CrowdTrip) -> Route:
    """Make the trip a shift and a route of the crowd's plan of the day; the shift has the trip's id."""
    end = _end(trip) or _start(trip)
    shift = Shift(
        id=trip.id,
        courier_id=trip.courier_id,
        starts_at=trip.leaves_at,
        ends_at=trip.arrives_by,
        start_lon=trip.start_lon,
        start_lat=trip.start_lat,
        end_lon=end[0],
        end_lat=end[1],
        parcels_max=trip.parcels_max,
        weight_g_max=trip.weight_g_max,
        volume_l_max=trip.volume_l_max,
    )
    day = f"{trip.day}/{PLANNER}"
    plan = uow.first(Plan, day=day, current=True) or Plan(
        id=act.ids.new(),
        day=day,
        planner=PLANNER,
        made_at=act.now,
        current=True,
        cost_cents=0,
        distance_m=0,
        duration_s=0,
    )
    if uow.get(Plan, plan.id) is None:
        uow.add(plan)
    route = Route(
        id=act.ids.new(),
        plan_id=plan.id,
        courier_id=trip.courier_id,
        shift_id=trip.id,
        starts_at=trip.leaves_at,
        ends_at=trip.arrives_by,
        distance_m=0,
        started_at=None,
    )
    uow.add(shift, route)
    return route
