"""For peers that know neither lockers' rooms nor service levels: search freely, narrow where a rule is broken, go on.

A rule that a plan breaks is given away: to those customers whose assignment costs least by what each option would add
to the plan, everybody keeping some option. Nobody else may use it any more, so no rule is broken twice; all other
options stay open, and the search goes on from what is left of its plan.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.routing.choosing import assignment, limits
from bench.routing.curve import Point
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost

ROUNDS = (0.35, 0.5, 0.62, 0.72, 0.8, 1.0)  # of the time, where a round ends and a plan is looked at

Found = tuple[Answer, list[Point]]
Search = Callable[[Instance, tuple[float, float], Answer | None], Found]
"""Takes an instance, when (by time.monotonic) the clock began and how many seconds after that to stop, and a start."""
Rule = tuple[set[int], int]


@dataclass(slots=True)
class _Run:
    """``alive`` are the options still open, by their numbers in the whole instance; answers are in those, too."""

    instance: Instance
    rules: list[Rule]
    alive: list[int]
    good: list[Answer] = field(default_factory=list)

    def part(self) -> Instance:
        return replace(self.instance, options=tuple(self.instance.options[one] for one in self.alive))

    def start(self, answer: Answer) -> Answer:
        """Return what of an answer is left with the options still open, in the part's numbers."""
        numbers = {number: place for place, number in enumerate(self.alive)}
        routes = ((van, tuple(numbers[one] for one in route if one in numbers)) for van, route in answer.routes)
        return Answer(tuple((van, route) for van, route in routes if route))

    def failed(self, answer: Answer) -> bool:
        """Whether an answer breaks rules that the search did know: then it is no place to start from."""
        roomy = tuple((len(self.instance.customers),) * len(room) for room in self.instance.rooms)
        return bool(check(replace(self.instance, rooms=roomy, budget=()), answer))

    def broken(self, answer: Answer) -> list[Rule]:
        used = {one for _, route in answer.routes for one in route}
        return [(inside, allowed) for inside, allowed in self.rules if len(used & inside) > allowed]

    def narrow(self, answer: Answer, rules: Sequence[Rule]) -> None:
        """Leave the options of some rules to as many as may use them: to whom they are worth most, then as they are."""
        chosen = assignment(self.part(), prices(self.instance, answer)[self.alive])
        if chosen is None:
            return
        kept, used = {self.alive[one] for one in chosen}, {one for _, route in answer.routes for one in route}
        shut: set[int] = set()
        for inside, allowed in rules:
            left = sorted(inside.intersection(self.alive), key=lambda one: (one not in kept, one not in used, one))
            shut.update(left[allowed:])
        self.alive = [one for one in self.alive if one not in shut]


def solve(instance: Instance, seconds: float, search: Search) -> Found:
    """Return a peer's best answer within so many seconds, and how it came by it."""
    began = time.monotonic()
    run = _Run(instance, list(limits(instance)), list(range(len(instance.options))))
    if not run.rules:
        return search(instance, (began, seconds), None)
    points: list[Point] = []
    answer, start = Answer(()), None  # each round's, in the whole instance's numbers; what the next one begins with
    for share, after in pairwise((*ROUNDS, 1.0)):
        found, more = search(run.part(), (began, share * seconds), start)
        points += more
        routes = tuple((van, tuple(run.alive[one] for one in route)) for van, route in found.routes)
        answer = Answer(routes, found.absent)
        if not check(instance, answer):
            run.good.append(answer)
        last_chance = after == ROUNDS[-1] and not run.good
        rules = run.rules if last_chance else run.broken(answer)
        if rules:
            run.narrow(answer, rules)
        start = None if run.failed(answer) else run.start(answer)
    return min(run.good, key=lambda one: _worth(instance, one), default=answer), points


def _worth(instance: Instance, answer: Answer) -> tuple[int, int]:
    return len(answer.routes) if instance.fewest_vehicles else 0, answer_cost(instance, answer)


def prices(instance: Instance, answer: Answer) -> NDArray[np.float64]:
    """Return for each option what it adds to a plan: if used, what leaving it out saves; else its cheapest detour."""
    cost = instance.cost[0].astype(np.float64)
    van = instance.vehicles[0]
    places = np.array([option.location for option in instance.options])
    stops = [[van.start, *places[list(route)], van.end] for _, route in answer.routes]
    legs = np.array([leg for route in stops for leg in pairwise(route)] or [(van.start, van.end)])
    here, there = legs[:, 0], legs[:, 1]
    detours = cost[here][:, places].T + cost[places][:, there] - cost[here, there]
    price: NDArray[np.float64] = detours.min(axis=1)
    for (_, route), path in zip(answer.routes, stops, strict=True):
        for at, option in enumerate(route, 1):
            before, own, after = path[at - 1], path[at], path[at + 1]
            price[option] = cost[before, own] + cost[own, after] - cost[before, after]
    return price
