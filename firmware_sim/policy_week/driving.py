"""One planned day as it is really driven: traffic, closed doors, full lockers, and what a policy makes of them.

All vans drive at once, event by event, because they share the lockers. Costs are those of what was driven.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from cloud.domain.places import distance_m
from cloud.routing.joint.day import JointPlan
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Route, cost_cents
from cloud.routing.planner import Planner, PlannerError
from cloud.routing.problem import Courier, Place, Stop, StopId, StopKind, TimeWindow
from cloud.routing.reorder import reordered
from cloud.routing.stops import PART_MARK
from cloud.routing.travel_times import VAN
from cloud.services.rest_of_day import NO_LIMIT, OVERTIME
from firmware_sim.city_day import HOUR_S, PRIORITY_FAILED, CityLocker, CityParcel, near
from firmware_sim.policy_week.fates import DAY_S, Fates
from firmware_sim.policy_week.policies import Asked, Policy, answer
from firmware_sim.policy_week.tally import DayTally
from firmware_sim.policy_week.walls import Walls


@dataclass(slots=True, eq=False)
class _Van:
    """``order`` is what is still ahead, ``now_s`` of the day when the van stands ``here`` and may go on."""

    courier: Courier
    order: tuple[Stop, ...]
    here: Place
    began_s: int
    now_s: int
    metres: int = 0
    stops: int = 0


@dataclass(slots=True)
class Day:
    """Everything a day is driven with. ``free`` are travel times on empty roads; ``due`` the parcels by their ref.

    ``brought`` and ``back`` come to hold what found its recipient or locker and what the vans bring back.
    """

    number: int
    policy: Policy
    fates: Fates
    walls: Walls
    free: TravelTimes
    due: dict[str, CityParcel]
    tally: DayTally = field(init=False)
    brought: list[CityParcel] = field(default_factory=list)
    back: list[CityParcel] = field(default_factory=list)
    sites: dict[Place, str] = field(init=False)

    def __post_init__(self) -> None:
        self.tally = DayTally(self.number)
        self.sites = {one.place: one.id for one in self.walls.lockers}

    def week_s(self, now_s: int) -> int:
        return self.number * DAY_S + now_s


class _Coming(NamedTuple):
    """What a van does next, in the day's seconds; events happen when it ends."""

    ends_s: int
    van: int
    arrival_s: int
    begin_s: int


async def drive(day: Day, joint: JointPlan, second: Planner | None = None) -> None:
    """Drive every route of the plan to its end; ``second`` thinks again about routes that the product changed."""
    stops = joint.problem.stop_by_id()
    couriers = joint.problem.courier_by_id()
    vans = [_van(couriers[route.courier_id], route, stops) for route in joint.plan.routes]
    _keep_promises(day, joint)
    coming = [_coming(day, van, number) for number, van in enumerate(vans)]
    heapq.heapify(coming)
    while coming:
        event = heapq.heappop(coming)
        van = vans[event.van]
        if van.order:
            if _serve(day, van, event) and second is not None and day.policy is Policy.LIVE:
                await _think_again(day, van, second)
            heapq.heappush(coming, _coming(day, van, event.van))
        else:
            _come_home(day, van, event.arrival_s)
    day.walls.forget_promises()
    day.tally.vans = len(vans)


def _van(courier: Courier, route: Route, stops: Mapping[StopId, Stop]) -> _Van:
    assert courier.start is not None  # noqa: S101 - the city's couriers begin at the depot
    order: dict[StopId, Stop] = {}
    for stop_id in route.stop_ids():
        whole = StopId(str(stop_id).partition(PART_MARK)[0])  # a second van's part is this van's whole stop
        name = stop_id if whole in order else whole
        order[name] = replace(stops[stop_id], id=name)
    return _Van(courier, tuple(order.values()), courier.start, route.depart_s, route.depart_s)


def _keep_promises(day: Day, joint: JointPlan) -> None:
    """Keep an empty compartment for what the plan sends to lockers; what counts on the forecast hopes for one."""
    for ref, site_id in sorted(joint.decided.items()):
        if site_id is not None:
            day.walls.keep(site_id, day.due[ref])


def _coming(day: Day, van: _Van, number: int) -> _Coming:
    """Return when a van is at its next stop, begins and ends there; on the way home it only arrives."""
    target = van.order[0].place if van.order else _home_of(van)
    free_s = day.free.duration_s(van.here, target)
    arrival_s = van.now_s
    if free_s:
        arrival_s += day.fates.drive_s(day.number, van.now_s, (van.here, target), free_s)
    if not van.order:
        return _Coming(arrival_s, number, arrival_s, arrival_s)
    stop = van.order[0]
    starts = [max(arrival_s, window.start_s) for window in stop.windows if arrival_s <= window.end_s]
    begin_s = starts[0] if starts else arrival_s
    ends_s = begin_s + day.fates.service_s(day.number, str(stop.id), stop.service_s)
    return _Coming(ends_s, number, arrival_s, begin_s)


def _go(day: Day, van: _Van, target: Place) -> None:
    van.metres += day.free.distance_m(van.here, target)
    van.here = target


def _home_of(van: _Van) -> Place:
    assert van.courier.end is not None  # noqa: S101 - the city's couriers end at the depot
    return van.courier.end


def _serve(day: Day, van: _Van, event: _Coming) -> bool:
    """Let happen what happens at the next stop and return whether a drop-off joined the route."""
    stop, van.order = van.order[0], van.order[1:]
    _go(day, van, stop.place)
    van.stops += 1
    van.now_s = event.ends_s
    day.walls.advance(day.week_s(van.now_s))
    before = van.order
    if stop.kind is StopKind.HOME:
        _at_the_door(day, van, stop, event.begin_s)
    elif stop.kind is StopKind.COLLECTION:
        _collect(day, van, stop)
    else:
        _drop_off(day, van, stop)
    return van.order is not before


def _at_the_door(day: Day, van: _Van, stop: Stop, begin_s: int) -> None:
    """Hand over, or be sent elsewhere; a promise is kept when the courier stood there in time and somebody opened."""
    for parcel in _parcels(day, stop):
        if not day.fates.is_absent(parcel):
            _brought(day, parcel)
            if parcel.windows:
                day.tally.kpi.promised += 1
                day.tally.kpi.kept += any(one.start_s <= begin_s <= one.end_s for one in parcel.windows)
            continue
        day.tally.kpi.failed += 1
        item = replace(parcel.item, priority=PRIORITY_FAILED)
        day.due[parcel.ref] = replace(parcel, failed=parcel.failed + 1, item=item)
        day.tally.rerouted += _send_on(day, van, day.due[parcel.ref])


def _drop_off(day: Day, van: _Van, stop: Stop) -> None:
    locker_id = day.sites[stop.place]
    for parcel in _parcels(day, stop):
        now_s = day.week_s(van.now_s)
        if day.walls.put(locker_id, parcel, now_s, day.fates.fetched_at_s(parcel, now_s)):
            _brought(day, parcel)
            day.tally.kpi.to_lockers += 1
            day.tally.kpi.walk_m += distance_m(*parcel.home, *stop.place)
        else:
            day.tally.refused += 1
            _send_on(day, van, parcel)


def _collect(day: Day, van: _Van, stop: Stop) -> None:
    for ref in stop.parcels:
        day.walls.collect(day.sites[stop.place], ref, day.week_s(van.now_s))
        day.tally.collected += 1


def _send_on(day: Day, van: _Van, parcel: CityParcel) -> bool:
    """Let the policy say where a parcel goes that is still in the van; the depot is what is left."""
    sent = answer(day.policy, _asked(day, van, parcel)) if parcel.scope is not None else None
    if sent is None or not day.walls.keep(sent.locker_id, parcel):
        day.back.append(parcel)
        return False
    van.order = sent.order
    return True


def _asked(day: Day, van: _Van, parcel: CityParcel) -> Asked:
    lockers = tuple(locker for _, locker in near(parcel, day.walls.lockers))
    travel = _travel_now(day, van, lockers)
    return Asked(parcel, _rest_of(van), van.order, travel, lockers, {one.id: day.walls.left(one.id) for one in lockers})


async def _think_again(day: Day, van: _Van, second: Planner) -> None:
    """Ask for a cheaper order of the rest, as the product does beside everything else once a route has changed."""
    try:
        found = await reordered(second, _rest_of(van), van.order, _travel_now(day, van))
    except PlannerError:  # as the product: the order in force stays
        day.tally.unanswered += 1
        return
    if found is not None:
        day.tally.reordered += 1
        known = {stop.id: stop for stop in van.order}
        van.order = tuple(known[one] for one in found.route.stop_ids())


def _rest_of(van: _Van) -> Courier:
    """Return the courier as rest_of_day has it: here, now, the day's fixed cost spent, overtime allowed."""
    courier = van.courier
    return replace(
        courier,
        start=van.here,
        shift=TimeWindow(van.now_s, max(van.now_s, courier.shift.end_s) + round(OVERTIME.total_seconds())),
        capacity=NO_LIMIT,
        costs=replace(courier.costs, fixed_cents=0),
        under_way=True,
    )


def _travel_now(day: Day, van: _Van, lockers: Iterable[CityLocker] = ()) -> TravelTimes:
    """Return the travel times the product would go by: the hour's traffic, not the day's nor the leg's."""
    places = {van.here, _home_of(van), *(stop.place for stop in van.order), *(locker.place for locker in lockers)}
    free = day.free.part(tuple(sorted(places)))
    factor = VAN.hour_factors[van.now_s // HOUR_S % 24]
    return replace(free, durations_s=np.ceil(free.durations_s * factor).astype(np.uint32))


def _brought(day: Day, parcel: CityParcel) -> None:
    kpi = day.tally.kpi
    kpi.parcels += 1
    kpi.at_first += parcel.failed == 0
    day.brought.append(parcel)


def _parcels(day: Day, stop: Stop) -> list[CityParcel]:
    return [day.due[ref] for ref in stop.parcels]


def _come_home(day: Day, van: _Van, arrival_s: int) -> None:
    _go(day, van, _home_of(van))
    paid_s = arrival_s - van.began_s
    kpi = day.tally.kpi
    kpi.stops += van.stops
    kpi.metres += van.metres
    kpi.seconds += paid_s
    kpi.cents += cost_cents(van.courier.costs, paid_s, van.metres, van.stops)
    day.tally.overtime_s += max(0, arrival_s - van.courier.shift.end_s)
