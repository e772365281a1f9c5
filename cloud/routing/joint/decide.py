"""From the search's answer to a plan: places decided, parcels merged into stops, breaks put in, what does not hold out.

A van that cannot keep a break or a limit the search does not know loses its stops from the end on until it can; another
van takes them if it can. That costs a little driving, a stop now and then, and never a promise.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from cloud.routing.checker import Violation, check, check_route
from cloud.routing.explain import explain
from cloud.routing.joint.day import OFFERS_MAX, Choice, JointDay, JointPlan, Visit
from cloud.routing.joint.instance import Answer
from cloud.routing.joint.posed import Posed, left_to_others, orders
from cloud.routing.joint.tuck_in import Vans, tuck_in
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Outside, Plan, Route, Unplanned, UnplannedReason, plan_cost
from cloud.routing.problem import (
    STOPS_MAX,
    Courier,
    Problem,
    RouteCourierId,
    Stop,
    StopId,
    TimeWindow,
    total,
)
from cloud.routing.resting import rested
from cloud.routing.schedule import Halt, schedule, without_idle_reloads
from cloud.routing.stops import Site, site_stop_id
from cloud.routing.validation import FieldError, validate
from cloud.routing.vroom_request import left_out


def validate_day(day: JointDay, travel: TravelTimes) -> tuple[FieldError, ...]:
    """Return every error of a day: those of its stops and couriers, then those of its choices."""
    errors = [*validate(Problem(day.stops, day.couriers, day.tariffs))]
    if len(day.stops) + len(day.choices) > STOPS_MAX:
        errors.append(FieldError("choices", f"{len(day.stops) + len(day.choices)} with the stops; at most {STOPS_MAX}"))
    errors += _repeated("choices", (choice.item.ref for choice in day.choices))
    errors += _repeated("sites", (site.id for site in day.sites))
    known = {site.id for site in day.sites}
    fixed = {stop.id for stop in day.stops}
    offered = {offer.site_id for choice in day.choices for offer in choice.sites}
    twice = [one.id for one in day.sites if one.id in offered and site_stop_id(one.kind, one.id) in fixed]
    errors += [FieldError("stops", f"{one} is fixed there and a choice, too; make all of it choices") for one in twice]
    for number, choice in enumerate(day.choices):
        errors += _choice_errors(f"choices[{number}]", choice, known)
    unknown = travel.missing(day.places())
    errors += [FieldError("travel", f"knows nothing of {place}") for place in unknown]
    return tuple(errors)


def _repeated(path: str, names: Iterable[str]) -> list[FieldError]:
    return [FieldError(path, f"{name} stands there {n} times") for name, n in Counter(names).items() if n > 1]


def _choice_errors(path: str, choice: Choice, known: set[str]) -> list[FieldError]:
    errors = [FieldError(path, f"site {one.site_id} is not known") for one in choice.sites if one.site_id not in known]
    if len(choice.sites) > OFFERS_MAX:
        errors.append(FieldError(path, f"{len(choice.sites)} sites; at most {OFFERS_MAX}"))
    if any(amount < 0 for amount in choice.item.amounts):
        errors.append(FieldError(path, "a negative weight or volume"))
    if choice.home_extra_cents < 0 or any(one.extra_cents < 0 for one in choice.sites):
        errors.append(FieldError(path, "a negative extra cost"))
    if any(not 0 <= window.start_s <= window.end_s for window in choice.windows):
        errors.append(FieldError(path, "a window that ends before it begins"))
    return errors


@dataclass(slots=True)
class _Made:
    """Stops as they come up along the routes, and where each choice went."""

    stops: list[Stop] = field(default_factory=list)
    parts: Counter[str] = field(default_factory=Counter)
    decided: dict[str, str | None] = field(default_factory=dict)


def decide(day: JointDay, travel: TravelTimes, posed: Posed, answer: Answer) -> tuple[JointPlan, tuple[Violation, ...]]:
    """Return the plan and everything the checker finds wrong with it, which ought to be nothing."""
    made = _Made(stops=[*day.stops])
    along = {
        posed.translation.drivers[vehicle][0].id: [_stops_along(day, visits, made) for visits in loads]
        for vehicle, loads in orders(posed, answer).items()
    }
    outside = tuple(_left(day, visit, made) for visit in left_to_others(posed, answer))
    problem = Problem(tuple(made.stops), day.couriers, day.tariffs)
    stops = problem.stop_by_id()
    routes = _routes(day, travel, stops, along)
    plan = Plan(tuple(routes), (), plan_cost(routes, outside), outside)
    dropped = set(left_out(problem, plan))
    plan = replace(plan, unplanned=(*explain(problem, travel, sorted(dropped)), *_nowhere(day, answer, posed)))
    lost = {ref for one in dropped for ref in stops[one].parcels}
    decided = {ref: site for ref, site in made.decided.items() if ref not in lost}
    return JointPlan(problem, plan, decided), check(problem, travel, plan)


def _routes(
    day: JointDay, travel: TravelTimes, stops: dict[StopId, Stop], along: dict[RouteCourierId, list[list[Stop]]]
) -> list[Route]:
    """Return every courier's route; what one van cannot keep another one takes along, if there is room."""
    made: dict[RouteCourierId, Route] = {}
    fallen: list[Stop] = []
    for courier in day.couriers:
        order = [*(stops[one] for one in courier.locked), *_in_loads(courier, along.get(courier.id, []))]
        route = _route(courier, order, stops, travel)
        if route is not None:
            made[courier.id] = route
        kept = set(route.stop_ids() if route else ())
        fallen += [stop for stop in order if isinstance(stop, Stop) and stop.id not in kept]
    made = tuck_in(Vans(day.couriers, stops, travel), made, fallen)
    return [made[courier.id] for courier in day.couriers if courier.id in made]


def _in_loads(courier: Courier, loads: Sequence[Sequence[Stop]]) -> list[Halt]:
    """Return all stops in order, the van loaded again between two loads."""
    order: list[Halt] = []
    for stops in loads:
        if order and courier.reload is not None:
            order.append(courier.reload)
        order += stops
    return order


def _left(day: JointDay, visit: Visit, made: _Made) -> Outside:
    """Return what is left to a partner."""
    assert visit.quote is not None  # noqa: S101 - posed leaves nothing without one
    return Outside(_at_door(day, visit, made).id, visit.quote.by, visit.quote.price_cents, visit.quote.promise)


def _stops_along(day: JointDay, visits: Sequence[Visit], made: _Made) -> list[Stop]:
    """Return a van's stops; parcels for one pick-up point in one go are one stop."""
    found: list[Stop] = []
    for site, group in groupby(visits, key=lambda visit: visit.site):
        several = list(group)
        if site is not None:
            made.parts[site.id] += 1
            found.append(_site_stop(day, site, several, made.parts[site.id]))
            made.stops.append(found[-1])
            made.decided |= {one.choice.item.ref: site.id for one in several if one.choice}
        else:
            found.extend(_at_door(day, visit, made) for visit in several)
    return found


def _at_door(day: JointDay, visit: Visit, made: _Made) -> Stop:
    """Return the stop of a visit that is at no pick-up point."""
    if visit.choice is None:
        assert visit.stop is not None  # noqa: S101 - a visit is of a stop or of a choice
        return visit.stop
    made.stops.append(day.home_stop(visit.choice))
    made.decided[visit.choice.item.ref] = None
    return made.stops[-1]


def _site_stop(day: JointDay, site: Site, visits: Sequence[Visit], part: int) -> Stop:
    items = [visit.choice.item for visit in visits if visit.choice is not None]
    return Stop(
        site_stop_id(site.kind, site.id, part),
        site.place,
        site.windows,
        day.base_s(site) + day.each_s(site) * len(items),
        total(item.amounts for item in items),
        skills=site.skills.union(*(item.skills for item in items)),
        priority=max(item.priority for item in items),
        kind=site.kind,
        parcels=tuple(item.ref for item in items),
    )


def _route(courier: Courier, order: Sequence[Halt], stops: dict[StopId, Stop], travel: TravelTimes) -> Route | None:
    """Return the route over as much of the order as holds; locked stops stay whatever it takes."""
    while order:
        route = schedule(courier, rested(courier, order, stops, travel), travel)
        violations = check_route(stops, travel, courier, route)
        if not violations or len(order) == len(courier.locked):
            return route
        order = _without_worst(courier, order, route)
    return None


def _without_worst(courier: Courier, order: Sequence[Halt], route: Route) -> list[Halt]:
    """Leave out the first stop that begins too late, or else the last one of the lowest priority."""
    begins = {step.ref: step.begin_s for step in route.steps}
    free = [one for one in order[len(courier.locked) :] if isinstance(one, Stop)]
    late = [stop for stop in free if stop.windows and not _inside(begins[stop.id], stop.windows)]
    worst = late[0] if late else min(reversed(free), key=lambda stop: stop.priority)
    return without_idle_reloads([one for one in order if one is not worst])


def _inside(moment_s: int, windows: Iterable[TimeWindow]) -> bool:
    return any(window.start_s <= moment_s <= window.end_s for window in windows)


def _nowhere(day: JointDay, answer: Answer, posed: Posed) -> list[Unplanned]:
    """Say of every choice that got no place why, as far as can be told."""
    refs = {choice.item.ref: choice for choice in day.choices}
    names = (posed.instance.customers[number].name for number in answer.absent)
    return [_unplanned(refs[name]) for name in names if name in refs]


def _unplanned(choice: Choice) -> Unplanned:
    ref = choice.item.ref
    if choice.home is None and not choice.sites:
        return Unplanned(None, (ref,), UnplannedReason.NO_PLACE, f"Parcel {ref} has neither an address nor a locker.")
    sentence = f"Parcel {ref}: no courier can reach any of its places in time with room in van and locker."
    return Unplanned(None, (ref,), UnplannedReason.CROWDED_OUT, sentence)
