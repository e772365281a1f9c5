"""For peers that know neither lockers' rooms nor service levels, nor vehicles before distance: asked again and again.

Vehicles are as few as the load needs, one more when nothing was found. Then a price on each rule a plan breaks, raised
while it is broken and lowered while there is room (a subgradient of the Lagrangian relaxation, as in M. L. Fisher,
Management Science 27, 1981): options come to cost what they use up. At last a rule that is still broken is given away
to those customers whose assignment costs least, and nobody else may use it any more, so that a plan keeps it for sure.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.routing.choosing import assignment, limits
from bench.routing.curve import Point, judged
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost

FLEET = (0.06, 0.12, 0.18)  # of the time: when a plan with so few vehicles must be there
PRICED = (0.2, 0.27, 0.34, 0.41, 0.48, 0.54, 0.6)  # where a plan is looked at and prices move
NARROWED = (0.67, 0.77, 1.0)  # where broken rules are given away; the last stretch only improves

Timeline = list[tuple[float, Answer]]
Search = Callable[[Instance, tuple[float, float], Answer | None], Timeline]
"""Takes an instance, when (by time.monotonic) the clock began and how many seconds after that to stop, and a start.

Returns what it had by when, the best last. Vehicles are all alike and cost nothing; ``extra`` of an option counts.
"""
Found = tuple[Answer, list[Point]]


@dataclass(slots=True)
class _Run:
    """``alive`` are the options still open; answers are in the whole instance's numbers. ``prices`` are the rules'."""

    instance: Instance
    search: Search
    began: float
    seconds: float
    rules: list[tuple[set[int], int]]
    alive: list[int]
    vans: int
    prices: list[float]
    answer: Answer = field(default_factory=lambda: Answer(()))
    usable: bool = False
    timeline: Timeline = field(default_factory=list)

    def go_on(self, share: float) -> None:
        """Search until a share of the time is over, from the last plan if it is one."""
        part = self._part()
        numbers = {number: place for place, number in enumerate(self.alive)}
        kept = ((van, tuple(numbers[one] for one in route if one in numbers)) for van, route in self.answer.routes)
        start = Answer(tuple((van, route) for van, route in kept if route)) if self.usable else None
        for at, found in self.search(part, (self.began, share * self.seconds), start):
            routes = tuple((van, tuple(self.alive[one] for one in route)) for van, route in found.routes)
            self.timeline.append((at, Answer(routes, found.absent)))
        self.answer = self.timeline[-1][1]
        self.usable = not check(_lenient(self.instance), self.answer)

    def _part(self) -> Instance:
        extra = np.zeros(len(self.instance.options))
        for (inside, _), price in zip(self.rules, self.prices, strict=True):
            extra[list(inside)] += price
        options = (replace(self.instance.options[one], extra=int(extra[one])) for one in self.alive)
        return replace(self.instance, options=tuple(options), vehicles=self.instance.vehicles[: self.vans])

    def over(self) -> list[int]:
        """Return for each rule how many more use it than may; below zero there is room."""
        used = {one for _, route in self.answer.routes for one in route}
        return [len(used & inside) - allowed for inside, allowed in self.rules]

    def move_prices(self, times: int) -> None:
        """By a mean leg for twice the use allowed, half of that back for no use at all, less each time they move."""
        leg = answer_cost(self.instance, self.answer) / max(1, len(self.instance.customers)) / (1 + times / 2)
        excess = [over if over > 0 else over / 2 for over in self.over()]
        steps = (leg * over / max(1, allowed) for over, (_, allowed) in zip(excess, self.rules, strict=True))
        self.prices = [max(0.0, price + step) for price, step in zip(self.prices, steps, strict=True)]

    def narrow(self, rules: Sequence[int]) -> None:
        """Leave the options of some rules to as many as may use them, those who would lose least by moving moved."""
        part = replace(self.instance, options=tuple(self.instance.options[one] for one in self.alive))
        chosen = assignment(part, regrets(self.instance, self.answer)[self.alive])
        if chosen is None:
            return
        kept, used = {self.alive[one] for one in chosen}, {one for _, route in self.answer.routes for one in route}
        shut: set[int] = set()
        for inside, allowed in (self.rules[number] for number in rules):
            left = sorted(inside.intersection(self.alive), key=lambda one: (one not in kept, one not in used, one))
            shut.update(left[allowed:])
        self.prices = [0.0 if number in rules else price for number, price in enumerate(self.prices)]
        self.alive = [one for one in self.alive if one not in shut]

    def good(self) -> Answer | None:
        """Return the best plan so far that keeps every rule, if there is one."""
        good = (answer for _, answer in self.timeline if not check(self.instance, answer))
        fewest = self.instance.fewest_vehicles
        return min(
            good, key=lambda one: (len(one.routes) if fewest else 0, answer_cost(self.instance, one)), default=None
        )

    def stay_with(self, answer: Answer) -> None:
        """Leave every rule to those who use it in a plan that keeps them all, and what is left of it to others."""
        self.answer, self.usable = answer, True
        self.alive = list(range(len(self.instance.options)))
        self.narrow(range(len(self.rules)))


def solve(instance: Instance, seconds: float, search: Search) -> Found:
    """Return a peer's best answer within so many seconds, and how it came by it."""
    rules = list(limits(instance))
    everything = list(range(len(instance.options)))
    vans = vans_at_least(instance) if instance.fewest_vehicles else len(instance.vehicles)
    run = _Run(instance, search, time.monotonic(), seconds, rules, everything, vans, [0.0] * len(rules))
    if instance.fewest_vehicles:
        _fewest(run)
    if rules:
        for times, share in enumerate(PRICED):
            run.go_on(share)
            if run.usable:
                run.move_prices(times)
            else:
                run.vans = min(run.vans + 1, len(instance.vehicles))
        _narrowed(run)
    else:
        run.go_on(1.0)
    return run.good() or run.answer, judged(instance, run.timeline)


def _fewest(run: _Run) -> None:
    for share in FLEET:
        run.go_on(share)
        if run.usable:
            return
        run.vans = min(run.vans + 1, len(run.instance.vehicles))


def _narrowed(run: _Run) -> None:
    """Improve a plan that keeps all rules; while there is none, give broken rules away, and a vehicle where need be."""
    for share in NARROWED:
        good = run.good()
        if good is not None:
            run.stay_with(good)
        else:
            last_chance = share == NARROWED[-1]
            run.narrow([number for number, over in enumerate(run.over()) if over > 0 or last_chance])
        if not run.usable:
            run.vans = min(run.vans + 1, len(run.instance.vehicles))
        run.go_on(share)


def _lenient(instance: Instance) -> Instance:
    """Return the instance with room for everybody everywhere: what a peer was asked."""
    roomy = tuple((len(instance.customers),) * len(room) for room in instance.rooms)
    return replace(instance, rooms=roomy, budget=())


def vans_at_least(instance: Instance) -> int:
    """Return how many vehicles the load needs, if all of them could be filled to the brim."""
    axes = range(len(instance.vehicles[0].capacity))
    loads = [sum(customer.demand[axis] for customer in instance.customers) for axis in axes]
    least = max(-(-load // max(1, instance.vehicles[0].capacity[axis])) for axis, load in zip(axes, loads, strict=True))
    return min(max(1, least), len(instance.vehicles))


def regrets(instance: Instance, answer: Answer) -> NDArray[np.float64]:
    """Return for each option what a customer loses who moves to it: nothing for where they are, else at least a bit.

    By that bit nobody is moved without need: what looks cheap for each of many is so only while the others stay.
    """
    value = worth(instance, answer)
    loss = value.copy()
    used = {instance.options[one].customer: one for _, route in answer.routes for one in route}
    for number, option in enumerate(instance.options):
        if option.customer in used:
            loss[number] = max(1.0, value[number] - value[used[option.customer]])
    loss[list(used.values())] = 0.0
    return loss


def worth(instance: Instance, answer: Answer) -> NDArray[np.float64]:
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
