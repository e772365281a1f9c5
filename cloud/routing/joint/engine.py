"""Runs the compiled search against the clock: several seeds side by side, the best handed round, progress told.

Deterministic for a seed and a number of rounds: every seed runs on its own dice, and they meet only at fixed points.
With a deadline alone the machine's speed decides how many rounds there are, and so the result.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

import numpy as np

from cloud.routing.joint.anneal import Search, Slice, anneal, begin, construct, drop_route, load_route, resume, shrink
from cloud.routing.joint.arrays import as_answer, as_data
from cloud.routing.joint.chance import dice
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.joint.layout import (
    C_PENALTY,
    L_ABSENT,
    MANDATORY,
    T_ABSENT,
    T_COST,
    T_ROUTES,
    T_ROUTES_MAX,
    T_STEPS,
    Data,
    empty_state,
)

THREADS_MAX = 32  # more seeds side by side than that only warm the room
SLICE_S = 0.05  # how often a search looks at the clock; a progress page asks no more often
ROUNDS_FIRST = 20  # in the first slice, before the speed is known: milliseconds even at 1,000 customers
ROUNDS_FIXED = 500  # in every slice of a run counted in rounds
MEETINGS = 8  # times the seeds meet; between them each is on its own
ADOPT_FROM = 4  # the first meeting at which all go on from the best; earlier, the heat would only undo it
FLEET_SHARE = 0.3  # of the time at most goes into needing fewer vans, where they count first
FLEET_HEAT = 0.1  # temperature in that phase, in mean legs
PROGRESS_S = 0.25  # between two reports; a person sees no more


@dataclass(frozen=True, slots=True)
class Tuning:
    """Temperatures are in mean legs of the first solution. Chosen on VRPDO, see docs/routing-bench.md."""

    hot: float = 1.0
    cold: float = 0.03
    take: float = 8.0
    take_saving: float = 10.0  # in the search for fewer vans, which needs more room to move
    any_option: float = 0.3
    blink: float = 0.01
    option_blink: float = 0.0
    warm_hot: float = 0.1  # a plan to start from is not melted down


@dataclass(frozen=True, slots=True)
class Effort:
    """``rounds`` (per thread) makes a run repeatable; None means that only the deadline ends it.

    With ``carry`` the answer is where the search stands, not the best it saw: another one goes on from there, and while
    it is hot the best so far is mostly where it began.
    """

    seconds: float
    seed: int = 1
    threads: int = 2
    rounds: int | None = None
    tuning: Tuning = Tuning()
    carry: bool = False

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and 1 <= self.threads <= THREADS_MAX and (self.rounds is None or self.rounds > 0)):
            raise ValueError(f"{self} asks for no time, no rounds or not 1 to {THREADS_MAX} threads")


@dataclass(frozen=True, slots=True)
class Found:
    """What is known so far: ``cost`` without penalties, ``steps`` positions looked at by all seeds."""

    seconds: float
    vehicles: int
    absent: int
    cost: int
    rounds: int = 0
    steps: int = 0


Clock = Callable[[], float]
Tell = Callable[[Found], None]


def nobody(_: Found) -> None:
    """Progress nobody asked for."""


@dataclass(slots=True)
class _Seed:
    """One search on one core."""

    data: Data
    search: Search
    fewest: bool
    done: int = 0
    pace: int = ROUNDS_FIRST


@dataclass(frozen=True, slots=True)
class _Budget:
    """How much of the run is over, from 0 to 1, by the clock or by rounds."""

    clock: Clock
    began: float
    effort: Effort

    def spent(self, seed: _Seed) -> float:
        by_clock = (self.clock() - self.began) / self.effort.seconds
        if by_clock >= 1.0 or self.effort.rounds is None:
            return min(1.0, by_clock)
        return min(1.0, seed.done / self.effort.rounds)

    def slice_share(self, seed: _Seed) -> float:
        if self.effort.rounds is None:
            return SLICE_S / self.effort.seconds
        return seed.pace / self.effort.rounds


@dataclass(frozen=True, slots=True)
class _Run:
    """What all seeds share."""

    instance: Instance
    budget: _Budget
    tuning: Tuning
    hot: float
    cold: float
    leg: float
    tell: Tell


def solve(
    instance: Instance, effort: Effort, clock: Clock, warm: Answer | None = None, tell: Tell = nobody
) -> tuple[Answer, Found]:
    """Return the best answer found and how it was come by; ``warm`` is an answer to start from.

    The deadline is kept to about a slice (0.05 s) and one construction. Customers with a penalty may be absent.
    """
    began = clock()
    tuning = effort.tuning
    data, order = as_data(instance)
    seeds = [
        _seed(data, effort.seed * 1_000 + number, fewest=instance.fewest_vehicles) for number in range(effort.threads)
    ]
    if not instance.customers or not instance.vehicles or not instance.options:
        absent = tuple(range(len(instance.customers)))
        return Answer((), absent), Found(clock() - began, 0, len(absent), 0)
    with ThreadPoolExecutor(effort.threads, thread_name_prefix="joint") as pool:
        warm_routes = _loadable(instance, order, warm) if warm else ()
        for seed in seeds:
            _first(seed, warm_routes)
        leg = _mean_leg(seeds[0])
        hot = tuning.warm_hot if warm_routes else tuning.hot
        run = _Run(instance, _Budget(clock, began, effort), tuning, hot * leg, tuning.cold * leg, leg, tell)
        _fewer_vans(pool, run, seeds)
        _cool_down(pool, run, seeds)
    best = min(seeds, key=_worth)
    state = best.search.current if effort.carry else best.search.best
    return as_answer(data, order, state), _found(run, seeds)


def _seed(data: Data, number: int, *, fewest: bool) -> _Seed:
    search = Search(empty_state(data), empty_state(data), empty_state(data), dice(number))
    return _Seed(data, search, fewest)


def _loadable(instance: Instance, order: tuple[int, ...], warm: Answer) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Return the routes of an answer that may be taken as they are, with options numbered as in the arrays."""
    place = {given: number for number, given in enumerate(order)}
    taken: list[tuple[int, tuple[int, ...]]] = []
    everybody = frozenset(range(len(instance.customers)))
    for route in warm.routes:
        tried = (*taken, route)
        known = all(0 <= one < len(instance.options) for _, options in tried for one in options)
        served = {instance.options[one].customer for _, options in tried for one in options} if known else set()
        found = check(instance, Answer(tried, tuple(sorted(everybody - served))))
        if known and all("must be served" in one for one in found):
            taken.append(route)
    return tuple((vehicle, tuple(place[one] for one in options)) for vehicle, options in taken)


def _first(seed: _Seed, warm: Sequence[tuple[int, tuple[int, ...]]]) -> None:
    begin(seed.data, seed.search)
    for vehicle, options in warm:
        load_route(seed.data, seed.search.trial, vehicle, np.array(options, dtype=np.int64))
    construct(seed.data, seed.search, 0.01)


def _mean_leg(seed: _Seed) -> float:
    total = seed.search.best.total
    legs = len(seed.data.customer) - int(total[T_ABSENT]) + int(total[T_ROUTES])
    return max(1.0, (int(total[T_COST]) - _penalties(seed)) / max(1, legs))


def _penalties(seed: _Seed) -> int:
    best = seed.search.best
    return int(seed.data.customer[best.lists[L_ABSENT, : best.total[T_ABSENT]], C_PENALTY].sum())


def _worth(seed: _Seed) -> tuple[int, int, int]:
    """Sort key: complete before incomplete, fewer vans where they count first, then cost."""
    total = seed.search.best.total
    return int(total[T_COST]) // MANDATORY, int(total[T_ROUTES]) if seed.fewest else 0, int(total[T_COST])


def _found(run: _Run, seeds: Sequence[_Seed]) -> Found:
    best = min(seeds, key=_worth)
    total = best.search.best.total
    return Found(
        run.budget.clock() - run.budget.began,
        int(total[T_ROUTES]),
        int(total[T_ABSENT]),
        int(total[T_COST]) - _penalties(best),
        sum(seed.done for seed in seeds),
        sum(int(seed.search.trial.total[T_STEPS]) for seed in seeds),
    )


def _together(pool: ThreadPoolExecutor, run: _Run, seeds: Sequence[_Seed], work: Callable[[_Seed], None]) -> None:
    """Let every seed do its work on a thread of its own and tell how it goes meanwhile."""
    waiting: set[Future[None]] = {pool.submit(work, seed) for seed in seeds}
    while waiting:
        done, waiting = wait(waiting, PROGRESS_S, FIRST_EXCEPTION)
        for one in done:
            one.result()
        run.tell(_found(run, seeds))


def _adopt(seeds: Sequence[_Seed]) -> None:
    """Let everybody go on from the best solution there is."""
    best = min(seeds, key=_worth)
    for seed in seeds:
        resume(seed.data, seed.search, best.search.best)
        seed.search.trial.total[T_ROUTES_MAX] = best.search.trial.total[T_ROUTES_MAX]


def _timed(run: _Run, seed: _Seed, work: Callable[[Slice], int], heat: tuple[float, float, float]) -> None:
    """Run a slice (from hot to cold, taking out so many) and learn from it how many rounds the next one may have."""
    tuning = run.tuning
    before = run.budget.clock()
    rounds = work(Slice(seed.pace, *heat, tuning.any_option, tuning.blink, tuning.option_blink))
    seed.done += rounds
    if run.budget.effort.rounds is None:
        took = max(1e-6, run.budget.clock() - before)
        seed.pace = max(1, min(4 * seed.pace, int(rounds * SLICE_S / took)))
    else:
        seed.pace = ROUNDS_FIXED


def _fewer_vans(pool: ThreadPoolExecutor, run: _Run, seeds: Sequence[_Seed]) -> None:
    """Serve everybody who must be, then (if vans count first) with one van less and less, while the share lasts."""
    if any(customer.penalty is None for customer in run.instance.customers):
        _together(pool, run, seeds, partial(_shrink_all, run))
        _adopt(seeds)


def _shrink_all(run: _Run, seed: _Seed) -> None:
    trial, best = seed.search.trial, seed.search.best
    least = _vans_at_least(run.instance) if run.instance.fewest_vehicles else len(run.instance.vehicles)
    while run.budget.spent(seed) < FLEET_SHARE and (best.total[T_ABSENT] or best.total[T_ROUTES] > least):
        if best.total[T_ABSENT] == 0:
            drop_route(seed.data, seed.search)
        complete = False
        while not complete and run.budget.spent(seed) < FLEET_SHARE:
            heat = (FLEET_HEAT * run.leg, FLEET_HEAT * run.leg, run.tuning.take_saving)
            _timed(run, seed, lambda plan: shrink(seed.data, seed.search, plan), heat)
            complete = bool(best.total[T_ABSENT] == 0 and best.total[T_ROUTES] <= trial.total[T_ROUTES_MAX])
    if run.instance.fewest_vehicles and best.total[T_ABSENT] == 0:
        trial.total[T_ROUTES_MAX] = best.total[T_ROUTES]


def _vans_at_least(instance: Instance) -> int:
    """Return how many of the largest vans the demand needs."""
    needs = [1]
    for axis in range(len(instance.vehicles[0].capacity)):
        demand = sum(customer.demand[axis] for customer in instance.customers)
        largest = max(van.capacity[axis] for van in instance.vehicles)
        needs.append(-(-demand // max(1, largest)))
    return max(needs)


def _cool_down(pool: ThreadPoolExecutor, run: _Run, seeds: Sequence[_Seed]) -> None:
    """Anneal from hot to cold in legs between meetings."""
    start = max(run.budget.spent(seed) for seed in seeds)
    if start >= 1.0:
        return
    for meeting in range(1, MEETINGS + 1):
        until = start + (1.0 - start) * meeting / MEETINGS
        _together(pool, run, seeds, partial(_anneal_until, run, (start, until)))
        if meeting >= ADOPT_FROM and not run.budget.effort.carry:
            _adopt(seeds)


def _anneal_until(run: _Run, span: tuple[float, float], seed: _Seed) -> None:
    start, until = span

    def heat(spent: float) -> float:
        share = min(1.0, max(0.0, (spent - start) / (1.0 - start)))
        return float(run.hot * (run.cold / run.hot) ** share)

    while (spent := run.budget.spent(seed)) < until:
        temperatures = heat(spent), heat(spent + run.budget.slice_share(seed)), run.tuning.take
        _timed(run, seed, lambda plan: anneal(seed.data, seed.search, plan), temperatures)
