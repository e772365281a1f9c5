"""What others do cheaper than our own couriers, found after the routes: for engines that know only vans of our own.

A stop leaves its route when a partner's price, or what somebody on the way gets for it, is less than the route saves;
again and again until nothing improves. What no courier of ours can keep goes to others whatever it costs. The joint
engine decides all this in its search; here it is a repair, and checked like every plan.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cloud.routing.checker import check_route
from cloud.routing.insertion import detours, slacks_s
from cloud.routing.plan import Outside, Plan, Route, plan_cost
from cloud.routing.problem import Courier, Problem, RouteCourierId, Stop, StopId, TariffId, Travel
from cloud.routing.schedule import (
    Halt,
    Visit,
    earliest_route,
    halts_of,
    schedule,
    with_breaks,
    without_idle_reloads,
)
from cloud.routing.tariffs import Quote, quotes

COURIERS_TRIED = 4  # exactly, of those whose detour is shortest: it is a ceiling, not a plan
TRIES = 6  # positions on one route, those that add least driving first; further ones lie on the other side of town
SWEEPS_MAX = 20  # over all stops; each takes what saves most, and after a handful nothing is left to save
GAIN_SHARE = 0.5  # of a price: a stop whose estimated saving is below is not worth an exact look


def is_passing(courier: Courier) -> bool:
    """Whether somebody is on the way anyway and only makes a detour for us."""
    return courier.detour_m_max is not None


def ours_only(problem: Problem) -> Problem:
    """Return the day without anybody else's vans."""
    ours = tuple(courier for courier in problem.couriers if not is_passing(courier))
    return Problem(problem.stops, ours)


class Inserted(NamedTuple):
    """A route with one more stop, and what that costs more."""

    route: Route
    added_cents: int


@dataclass(slots=True)
class Day:
    """A plan being changed. ``room`` is how many parcels each partner still takes."""

    problem: Problem
    travel: Travel
    routes: dict[RouteCourierId, Route]
    outside: dict[StopId, Outside]
    stops: dict[StopId, Stop] = field(init=False)
    couriers: dict[RouteCourierId, Courier] = field(init=False)
    room: dict[TariffId, int] = field(init=False)

    def __post_init__(self) -> None:
        self.stops, self.couriers = self.problem.stop_by_id(), self.problem.courier_by_id()
        self.room = {one.id: one.parcels_max for one in self.problem.tariffs}
        for stop_id, one in self.outside.items():
            self.room[one.by] -= self.stops[stop_id].deliveries.parcels

    def quoted(self, stop: Stop) -> Iterator[Quote]:
        """Yield what partners with room ask."""
        tariffs = (one for one in self.problem.tariffs if stop.deliveries.parcels <= self.room[one.id])
        return quotes(stop, tariffs)

    def passing(self) -> Iterator[Courier]:
        return (courier for courier in self.problem.couriers if is_passing(courier))

    def leave(self, stop: Stop, quote: Quote) -> None:
        self.outside[stop.id] = Outside(stop.id, quote.by, quote.price_cents, quote.promise)
        self.room[quote.by] -= stop.deliveries.parcels


def day_of(problem: Problem, travel: Travel, plan: Plan) -> Day:
    """Return a plan to be changed or asked about."""
    routes = {one.courier_id: one for one in plan.routes}
    return Day(problem, travel, routes, {one.stop_id: one for one in plan.outside})


@dataclass(frozen=True, slots=True)
class Opening:
    """A courier's route with what is needed to try many stops in it. ``slacks`` as insertion.slacks_s has them."""

    courier: Courier
    route: Route | None
    visits: Sequence[Visit]
    slacks: Sequence[int]


def opening(day: Day, courier: Courier, route: Route | None) -> Opening:
    order = halts_of(route, day.stops, courier) if route else [day.stops[one] for one in courier.locked]
    visits = with_breaks(courier, order, day.travel)
    return Opening(courier, route, visits, slacks_s(courier, visits, earliest_route(courier, visits, day.travel)))


def inserted(day: Day, there: Opening, stop: Stop) -> Inserted | None:
    """Return the courier's route with the stop where it adds least driving and all holds, None if nowhere."""
    courier, visits = there.courier, there.visits
    for _, position in detours(courier, visits, stop, there.slacks, day.travel)[:TRIES]:
        stops = [one for one in (*visits[:position], stop, *visits[position:]) if isinstance(one, Halt)]
        made = schedule(courier, with_breaks(courier, stops, day.travel), day.travel)
        if not check_route(day.stops, day.travel, courier, made):
            return Inserted(made, made.cost_cents - (there.route.cost_cents if there.route else 0))
    return None


def cheapest(day: Day, openings: Iterable[Opening], stop: Stop) -> Inserted | None:
    """Return what is about the cheapest way to bring a stop with one of these couriers, None if nobody can."""
    hopeful = []
    for number, one in enumerate(openings):
        first = next(iter(detours(one.courier, one.visits, stop, one.slacks, day.travel)), None)
        if first is not None:
            empty = 0 if one.route else one.courier.costs.fixed_cents
            hopeful.append((empty + one.courier.costs.per_hour_cents * first[0] / 3_600, number, one))
    tried = (inserted(day, one, stop) for _, _, one in sorted(hopeful, key=lambda hope: hope[:2])[:COURIERS_TRIED])
    return min((one for one in tried if one is not None), key=lambda one: one.added_cents, default=None)


class Way(NamedTuple):
    """How somebody else would do a stop: a partner's quote or the route of somebody on the way."""

    cents: int
    quote: Quote | None
    route: Route | None


def ways(day: Day, stop: Stop) -> list[Way]:
    """Return how others could do a stop, the cheapest first."""
    found = [Way(quote.price_cents, quote, None) for quote in day.quoted(stop)]
    for courier in day.passing():
        tried = inserted(day, opening(day, courier, day.routes.get(courier.id)), stop)
        if tried is not None:
            found.append(Way(tried.added_cents, None, tried.route))
    return sorted(found, key=lambda way: (way.cents, _name(way)))


def _name(way: Way) -> str:
    return way.quote.by if way.quote else way.route.courier_id if way.route else ""


def leave_to_others(problem: Problem, travel: Travel, plan: Plan) -> Plan:
    """Return the plan with everything done by others that costs less there or that nobody of ours could do."""
    day = day_of(problem, travel, plan)
    left = [one for one in plan.unplanned if one.stop_id is None or not _place(day, one.stop_id)]
    for _ in range(SWEEPS_MAX):
        if not _sweep(day):
            break
    routes = tuple(day.routes[one.id] for one in problem.couriers if one.id in day.routes)
    outside = tuple(day.outside.values())
    return Plan(routes, tuple(left), plan_cost(routes, outside), outside)


def _place(day: Day, stop_id: StopId) -> bool:
    """Give a stop nobody of ours could do to whoever of the others is cheapest; say whether anybody can."""
    stop = day.stops[stop_id]
    best = next(iter(ways(day, stop)), None)
    if best is not None:
        _take(day, stop, best)
    return best is not None


def _take(day: Day, stop: Stop, way: Way) -> None:
    if way.quote is not None:
        day.leave(stop, way.quote)
    elif way.route is not None:
        day.routes[way.route.courier_id] = way.route


def _sweep(day: Day) -> bool:
    """Move every stop that saves something, the most first; say whether any did."""
    moved = False
    for _, stop_id, courier_id in sorted(_hopeful(day), reverse=True):
        route = day.routes.get(courier_id)
        if route is not None and stop_id in route.stop_ids():
            moved |= _move(day, route, day.stops[stop_id])
    return moved


def _move(day: Day, route: Route, stop: Stop) -> bool:
    courier = day.couriers[route.courier_id]
    shorter = without(day, courier, route, stop)
    if shorter is None:
        return False
    saved = route.cost_cents - (shorter.cost_cents if shorter.steps else 0)
    best = next(iter(ways(day, stop)), None)
    if best is None or best.cents >= saved:
        return False
    if shorter.steps:
        day.routes[courier.id] = shorter
    else:
        del day.routes[courier.id]
    _take(day, stop, best)
    return True


def without(day: Day, courier: Courier, route: Route, stop: Stop) -> Route | None:
    """Return the route without a stop (no steps if that was all of it), None where it would not hold any more."""
    order = without_idle_reloads([one for one in halts_of(route, day.stops, courier) if one != stop])
    if not order:
        return replace(route, steps=(), cost_cents=0)
    shorter = schedule(courier, with_breaks(courier, order, day.travel), day.travel)
    return None if check_route(day.stops, day.travel, courier, shorter) else shorter


def _hopeful(day: Day) -> Iterable[tuple[float, StopId, RouteCourierId]]:
    """Yield the stops of our own routes that may save something elsewhere, by the driving and service they cost."""
    passing = [courier.costs.per_parcel_cents for courier in day.passing()]
    for courier_id, route in day.routes.items():
        courier = day.couriers[courier_id]
        if is_passing(courier):
            continue
        ids = route.stop_ids()
        for position in range(len(courier.locked), len(ids)):
            stop = day.stops[ids[position]]
            prices = [quote.price_cents for quote in day.quoted(stop)]
            prices += [cents * stop.deliveries.parcels for cents in passing]
            gain = _estimate(day, courier, ids, position)
            if prices and gain > GAIN_SHARE * min(prices):
                yield gain - min(prices), stop.id, courier_id


def _estimate(day: Day, courier: Courier, ids: Sequence[StopId], position: int) -> float:
    """Return about how many cents a route saves without one of its stops."""
    stop, costs = day.stops[ids[position]], courier.costs
    before = day.stops[ids[position - 1]].place if position else courier.start
    after = day.stops[ids[position + 1]].place if position + 1 < len(ids) else courier.end
    legs = [(one, other) for one, other in ((before, stop.place), (stop.place, after)) if one and other]
    seconds = stop.service_s + sum(day.travel.duration_s(*leg) for leg in legs)
    metres = sum(day.travel.distance_m(*leg) for leg in legs)
    if before and after:
        seconds -= day.travel.duration_s(before, after)
        metres -= day.travel.distance_m(before, after)
    whole = costs.fixed_cents if len(ids) == 1 else 0
    return whole + costs.per_stop_cents + costs.per_hour_cents * seconds / 3_600 + costs.per_km_cents * metres / 1_000
