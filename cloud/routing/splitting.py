"""A van that cannot go on, its parcels split over several couriers: who comes, and in what order each goes on.

Who takes something stays on the way to the stop they are driving to, then meets the van, and only then goes on; what
was in their own van stays with them. Each group of couriers is a question of its own to the planner: meeting the van
costs a detour, so the cheapest group is mostly a small one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from cloud.routing.checker import check
from cloud.routing.lateness import softened
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan, StepKind
from cloud.routing.planner import Planner, PlannerError
from cloud.routing.problem import Courier, Place, Problem, RouteCourierId, Stop, StopId, StopKind
from cloud.routing.schedule import earliest_route

TAKERS_MAX = (
    4  # the nearest: fifteen groups of four are fifteen questions, and a fifth courier is at the other end of town
)
SKILL = "van:"  # of what is in a courier's own van: nobody else can bring it


@dataclass(frozen=True, slots=True)
class Stranded:
    """The van ``name`` stands at ``place`` with ``stops`` still to do; handing over takes each who comes so long."""

    name: str
    place: Place
    stops: tuple[Stop, ...]
    meeting_s: int


@dataclass(frozen=True, slots=True)
class Taker:
    """Who could take something: under way from ``courier.start``, ``courier.locked`` first, with ``stops`` aboard."""

    courier: Courier
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """``problem`` is the question that was answered best, of the couriers who come; ``plan`` passed the checker."""

    problem: Problem
    plan: Plan

    @property
    def takers(self) -> tuple[RouteCourierId, ...]:
        return tuple(one.id for one in self.problem.couriers)


async def split(
    planner: Planner, stranded: Stranded, takers: Sequence[Taker], travel: TravelTimes, deadline_s: float
) -> Split | None:
    """Return who takes what for the least: most parcels brought first, then cost. None if nobody can take any.

    A group the planner has no answer for in time is passed over.
    """
    groups = list(_groups(stranded, takers, travel))
    best: tuple[tuple[int, int], Split] | None = None
    for group in groups:
        problem = question(stranded, group, travel)
        try:
            plan = await planner.plan(problem, travel, deadline_s / len(groups))
        except PlannerError:
            continue
        worth = _worth(stranded, group, plan, travel)
        if worth is not None and (best is None or worth < best[0]) and not check(problem, travel, plan):
            best = worth, Split(problem, plan)
    return best[1] if best else None


async def second_opinion(
    planner: Planner, found: Split, asked: tuple[Stranded, Sequence[Taker]], travel: TravelTimes, deadline_s: float
) -> Split:
    """Return the better of an answer and what another planner makes of the same couriers, by the same worth."""
    stranded, takers = asked
    group = [one for one in takers if one.courier.id in found.takers]
    try:
        plan = await planner.plan(found.problem, travel, deadline_s)
    except PlannerError:
        return found
    so_far = _worth(stranded, group, found.plan, travel)
    worth = _worth(stranded, group, plan, travel)
    is_better = worth is not None and so_far is not None and worth < so_far
    return replace(found, plan=plan) if is_better and not check(found.problem, travel, plan) else found


def question(stranded: Stranded, takers: Sequence[Taker], travel: TravelTimes) -> Problem:
    """Return the problem in which these couriers, all of them, come to the van."""
    stops: list[Stop] = []
    couriers: list[Courier] = []
    for taker in takers:
        own = frozenset({f"{SKILL}{taker.courier.id}"})
        meeting = _meeting(stranded, taker.courier, own)
        mine = {one.id: replace(one, skills=one.skills | own) for one in _own(taker, travel)}
        first = [mine.pop(one) for one in taker.courier.locked]
        stops += [*first, meeting, *mine.values()]
        locked = (*taker.courier.locked, meeting.id)
        couriers.append(replace(taker.courier, locked=locked, skills=taker.courier.skills | own, under_way=True))
    stops += [replace(one, out_of=stranded.name) for one in stranded.stops]
    return Problem(tuple(stops), tuple(couriers))


def _groups(stranded: Stranded, takers: Sequence[Taker], travel: TravelTimes) -> Iterator[tuple[Taker, ...]]:
    """Yield every group of the couriers nearest to the van, small ones first."""

    def away_s(taker: Taker) -> int:
        return travel.duration_s(taker.courier.start or stranded.place, stranded.place)

    near = sorted(takers, key=lambda one: (away_s(one), one.courier.id))[:TAKERS_MAX]
    for size in range(1, len(near) + 1):
        yield from combinations(near, size)


def _meeting(stranded: Stranded, courier: Courier, own: frozenset[str]) -> Stop:
    name = StopId(f"meet:{stranded.name}:{courier.id}")
    kind = StopKind.MEETING
    return Stop(name, stranded.place, service_s=stranded.meeting_s, skills=own, kind=kind, out_of=stranded.name)


def _own(taker: Taker, travel: TravelTimes) -> tuple[Stop, ...]:
    """Return the courier's own stops; of those that are late anyway being later costs, and is allowed."""
    route = earliest_route(taker.courier, taker.stops, travel)
    begins = {step.ref: step.begin_s for step in route.steps if step.kind is StepKind.STOP}

    def is_late(stop: Stop) -> bool:
        return bool(stop.windows) and not any(one.start_s <= begins[stop.id] <= one.end_s for one in stop.windows)

    until_s = taker.courier.shift.end_s
    return tuple(softened(one, until_s) if is_late(one) else one for one in taker.stops)


def _worth(stranded: Stranded, group: Sequence[Taker], plan: Plan, travel: TravelTimes) -> tuple[int, int] | None:
    """Return (parcels that stay in the van, cents it costs more than everybody's day so far), None for no answer.

    There is none if a courier would lose a stop of their own, or if all of it stays in the van.
    """
    left = {one.stop_id for one in plan.unplanned}
    staying = [one for one in stranded.stops if one.id in left]
    if any(one.id in left for taker in group for one in taker.stops) or len(staying) == len(stranded.stops):
        return None
    so_far = sum(earliest_route(one.courier, _own(one, travel), travel).cost_cents for one in group if one.stops)
    return sum(one.deliveries.parcels for one in staying), plan.cost_cents - so_far
