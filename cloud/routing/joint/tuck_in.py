"""Stops that fell out of a van because of its break or a limit the search does not know may fit into another one.

Few fall out, so each is tried in every van where it adds the least driving, and scheduled and checked exactly there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cloud.routing.checker import check_route
from cloud.routing.plan import Route
from cloud.routing.problem import Courier, Place, RouteCourierId, Stop, StopId, Travel
from cloud.routing.schedule import Halt, halts_of, schedule, with_breaks

TRIES = 6  # positions in one van, those that add least first; further ones lie on the other side of town


@dataclass(frozen=True, slots=True)
class Vans:
    """Everybody who could come, and what the day's stops are."""

    couriers: tuple[Courier, ...]
    stops: dict[StopId, Stop]
    travel: Travel


def tuck_in(vans: Vans, routes: dict[RouteCourierId, Route], fallen: Iterable[Stop]) -> dict[RouteCourierId, Route]:
    """Return the routes with as many of the fallen stops in them as there is room for, most important first."""
    found = dict(routes)
    for stop in sorted(fallen, key=lambda one: (-one.priority, one.id)):
        tried = (_with(vans, courier, found.get(courier.id), stop) for courier in vans.couriers)
        offers = [(route.cost_cents - _cost(found, route), route) for route in tried if route is not None]
        if offers:
            _, best = min(offers, key=lambda offer: (offer[0], offer[1].courier_id))
            found[best.courier_id] = best
    return found


def _cost(routes: dict[RouteCourierId, Route], new: Route) -> int:
    before = routes.get(new.courier_id)
    return before.cost_cents if before else 0


def _with(vans: Vans, courier: Courier, route: Route | None, stop: Stop) -> Route | None:
    """Return the courier's route with the stop in it, at the first place of least detour that holds."""
    order = halts_of(route, vans.stops, courier) if route else [vans.stops[one] for one in courier.locked]
    places = sorted(
        range(len(courier.locked), len(order) + 1),
        key=lambda position: _detour_s(vans.travel, courier, order, (position, stop)),
    )
    for position in places[:TRIES]:
        longer = [*order[:position], stop, *order[position:]]
        made = schedule(courier, with_breaks(courier, longer, vans.travel), vans.travel)
        if not check_route(vans.stops, vans.travel, courier, made):
            return made
    return None


def _detour_s(travel: Travel, courier: Courier, order: Sequence[Halt], new: tuple[int, Stop]) -> int:
    position, stop = new
    before = order[position - 1].place if position else courier.start
    after = order[position].place if position < len(order) else courier.end
    return _leg_s(travel, before, stop.place) + _leg_s(travel, stop.place, after) - _leg_s(travel, before, after)


def _leg_s(travel: Travel, here: Place | None, there: Place | None) -> int:
    return 0 if here is None or there is None else travel.duration_s(here, there)
