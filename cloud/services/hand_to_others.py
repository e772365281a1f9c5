"""What a plan leaves to others becomes tasks to offer: the planner's choice first, then who else could, cheapest first.

A partner may ask for at most what our own courier would have cost: the cheapest place in the routes there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.domain.outside import OfferKind
from cloud.routing.others import Day, Opening, cheapest, day_of, inserted, opening
from cloud.routing.plan import Outside, Plan, Route, StepKind, plan_cost
from cloud.routing.problem import Courier, RouteCourierId, Stop, StopId, StopKind, TimeWindow, Travel
from cloud.routing.stops import site_of
from cloud.routing.tariffs import quotes
from cloud.services.gather_day import DayData
from cloud.services.offers import CANDIDATES_MAX, PARCELS_MAX, Candidate, OutsideTask


def own_part(data: DayData, plan: Plan) -> Plan:
    """Return what our own couriers drive: what is stored as the day's plan."""
    theirs = _trips(data)
    routes = tuple(route for route in plan.routes if route.courier_id not in theirs)
    return replace(plan, routes=routes, outside=(), cost_cents=plan_cost(routes))


def tasks_for_others(data: DayData, plan: Plan, travel: Travel) -> tuple[OutsideTask, ...]:
    """Return a task for every stop others are to do, those of a trip in its order.

    It tries our own routes for each stop: not for a loop that serves requests.
    """
    theirs = _trips(data)
    day = day_of(data.problem, travel, plan)
    asking = _Asking(data, day, _openings(day, [one for one in data.problem.couriers if one.id not in theirs]))
    stops = data.problem.stop_by_id()
    found: list[OutsideTask] = []
    for route in plan.routes:
        if route.courier_id in theirs:
            steps = [step for step in route.steps if step.kind is StepKind.STOP]
            for position, step in enumerate(steps):
                stop = stops[StopId(step.ref)]
                found += _tasks(asking, stop, _of_trip(asking, route.courier_id, (stop, step.begin_s), position))
    for one in plan.outside:
        found += _tasks(asking, stops[one.stop_id], _of_partner(asking, one, stops[one.stop_id]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Each:
    """A candidate with the price of one parcel: a stop of many parcels becomes several tasks."""

    candidate: Candidate
    each_cents: int


@dataclass(frozen=True, slots=True)
class _Asking:
    data: DayData
    day: Day
    own: Sequence[Opening]

    def at(self, seconds: int) -> datetime:
        return self.data.span.begins + timedelta(seconds=seconds)


def _trips(data: DayData) -> set[str]:
    return {trip.id for trip in data.others.trips}


def _openings(day: Day, couriers: Iterable[Courier]) -> list[Opening]:
    return [opening(day, courier, day.routes.get(courier.id)) for courier in couriers]


def _tasks(asking: _Asking, stop: Stop, first: _Each) -> Iterator[OutsideTask]:
    ranked = sorted(_others(asking, stop, first.candidate), key=lambda one: one.candidate.price_cents)
    several = [first, *ranked][:CANDIDATES_MAX]
    own = cheapest(asking.day, asking.own, stop)
    ceiling = own.added_cents if own else max(one.candidate.price_cents for one in several)
    locker_id = None if stop.kind is StopKind.HOME else site_of(stop.id)
    count = len(stop.parcels)
    for start in range(0, count, PARCELS_MAX):
        parcels = stop.parcels[start : start + PARCELS_MAX]
        candidates = tuple(replace(one.candidate, price_cents=one.each_cents * len(parcels)) for one in several)
        share = -(-max(ceiling, 0) * len(parcels) // count)
        yield OutsideTask(asking.data.span.day.isoformat(), parcels, candidates, share, locker_id)


def _of_trip(asking: _Asking, trip_id: RouteCourierId, at: tuple[Stop, int], position: int) -> _Each:
    stop, begin_s = at
    courier = asking.day.couriers[trip_id]
    begins, ends = _promise(courier, stop, begin_s)
    each = courier.costs.per_parcel_cents
    whole = each * len(stop.parcels)
    return _Each(Candidate(OfferKind.CROWD, trip_id, whole, asking.at(begins), asking.at(ends), position), each)


def _promise(courier: Courier, stop: Stop, begin_s: int) -> TimeWindow:
    """Return the window of the stop it would be kept in, or the whole trip: its order changes with every yes."""
    inside = (one for one in stop.windows if one.start_s <= begin_s <= one.end_s)
    window = next(inside, courier.shift)
    return TimeWindow(max(window.start_s, courier.shift.start_s), min(window.end_s, courier.shift.end_s))


def _of_partner(asking: _Asking, one: Outside, stop: Stop) -> _Each:
    begins, ends = one.promise
    candidate = Candidate(OfferKind.PARTNER, one.by, one.price_cents, asking.at(begins), asking.at(ends))
    return _Each(candidate, one.price_cents // len(stop.parcels))


def _others(asking: _Asking, stop: Stop, chosen: Candidate) -> Iterator[_Each]:
    """Yield who else could do it."""
    for quote in quotes(stop, asking.data.problem.tariffs):
        if quote.by != chosen.source_id:
            yield _of_partner(asking, Outside(stop.id, quote.by, quote.price_cents, quote.promise), stop)
    for courier in asking.day.passing():
        if courier.id == chosen.source_id:
            continue
        way = inserted(asking.day, opening(asking.day, courier, asking.day.routes.get(courier.id)), stop)
        if way is not None:
            yield _placed(asking, way.route, courier, stop)


def _placed(asking: _Asking, route: Route, courier: Courier, stop: Stop) -> _Each:
    steps = [step for step in route.steps if step.kind is StepKind.STOP]
    position, step = next((number, one) for number, one in enumerate(steps) if one.ref == stop.id)
    return _of_trip(asking, courier.id, (stop, step.begin_s), position)
