"""Plans a city's day by territories: several searches side by side, cut anew each turn, cooler from turn to turn.

The first turn builds the plan, the later ones mend it across what were borders before. A search that fails costs its
territory that turn's progress and nothing else; the plan so far stays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cloud.routing.joint.instance import Answer, Instance, answer_cost
from cloud.routing.planner import PlannerError
from cloud.routing.territories import Routes, Territory, merged, territories

IN_ONE_PIECE = 1_200  # stops up to which borders cost more than they save
TERRITORY_STOPS = 600  # about as many a search goes through in a turn
VANS_EACH = 4  # at least in a territory: what one van too few leaves out there has room elsewhere
TURNS = 6  # times the borders are drawn
HOT, COLD = 1.0, 0.03  # temperatures of the whole day in mean legs, as for a day in one piece
WARM_HOT = 0.1  # a plan in force is not melted down
FAILURES_MAX = 3  # searches that may fail before the day's plan is called failed: more is no accident
SECONDS_MIN = 0.2  # for one search; less is all construction


@dataclass(frozen=True, slots=True)
class Slice:
    """``hot`` to ``cold`` in mean legs is this search's part of the cooling."""

    seconds: float
    hot: float
    cold: float
    seed: int
    rounds: int | None = None
    carry: bool = False


Search = Callable[[Instance, Routes, Slice], Awaitable[Answer]]
"""Solves an instance from a warm start. Raises planner.PlannerError."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CityEffort:
    """``until`` is a moment of ``clock``; ``workers`` searches go on at once; ``rounds`` makes runs repeatable."""

    clock: Callable[[], float]
    until: float
    workers: int
    territories: int
    seed: int = 1
    rounds: int | None = None


@dataclass(slots=True)
class _Run:
    instance: Instance
    effort: CityEffort
    search: Search
    lost_s: float = 0.0  # of a turn, to cutting and asking: the next one is asked for that much less
    failures: list[PlannerError] = field(default_factory=list)


def in_territories(instance: Instance, piece: int = IN_ONE_PIECE) -> int:
    """Return in how many territories a day is planned; 1 is in one piece, as up to ``piece`` customers are."""
    reached = len({option.customer for option in instance.options})
    whole = instance.fewest_vehicles or any(one.penalty is None for one in instance.customers)  # a part may leave some
    whole |= any(one.again is not None for one in instance.vehicles)  # a van's loads are not cut apart
    if whole or reached <= piece:
        return 1
    vans = sum(not one.loose for one in instance.vehicles)
    return max(1, min(-(-reached // min(piece, TERRITORY_STOPS)), vans // VANS_EACH))


async def plan_city(instance: Instance, warm: Routes, effort: CityEffort, search: Search, tell: Tell) -> Answer:
    """Return the best plan found by ``effort.until``; ``tell`` hears each turn's number and what its plan costs.

    Raises the last PlannerError when too many searches failed, or the first turn's.
    """
    run = _Run(instance, effort, search)
    served = {instance.options[number].customer for _, options in warm for number in options}
    answer = Answer(warm, tuple(one for one in range(len(instance.customers)) if one not in served))
    hot = WARM_HOT if warm else HOT
    count = -(-effort.territories // effort.workers) * effort.workers
    for turn in range(TURNS):
        left_s = effort.until - effort.clock()
        if left_s <= 0 and turn:
            break
        heat = (hot * (COLD / hot) ** (turn / TURNS), hot * (COLD / hot) ** ((turn + 1) / TURNS))
        answer = await _turn(run, answer, (turn, count, left_s / (TURNS - turn)), heat)
        tell(turn, await asyncio.to_thread(answer_cost, instance, answer))
    return answer


async def _turn(run: _Run, answer: Answer, what: tuple[int, int, float], heat: tuple[float, float]) -> Answer:
    """Cut, search every territory and put together; ``what`` is the turn, the territories and their seconds in all."""
    turn, count, budget_s = what
    effort, began = run.effort, run.effort.clock()
    parts = await asyncio.to_thread(territories, run.instance, answer, count, effort.seed * 1_000 + turn)
    planned_s = max(SECONDS_MIN, budget_s - run.lost_s)
    share = planned_s * effort.workers / max(1, sum(len(one.customers) for one in parts))
    rounds = None if effort.rounds is None else max(1, effort.rounds // TURNS)
    slots = asyncio.Semaphore(effort.workers)

    async def one(number: int, part: Territory) -> Answer:
        seconds = max(SECONDS_MIN, share * len(part.customers))
        seed = effort.seed * 1_000_000 + turn * 1_000 + number
        async with slots:
            return await _searched(run, part, Slice(seconds, *heat, seed, rounds, turn < TURNS - 1))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, part)) for number, part in enumerate(parts)]
    if run.failures and (turn == 0 or len(run.failures) > FAILURES_MAX):
        raise run.failures[-1]
    found = await asyncio.to_thread(merged, run.instance, parts, [task.result() for task in tasks])
    run.lost_s = max(0.0, effort.clock() - began - planned_s)
    return found


async def _searched(run: _Run, part: Territory, effort: Slice) -> Answer:
    """Return what a search found, or what the territory had if it failed."""
    try:
        return await run.search(part.instance, part.warm, effort)
    except PlannerError as error:
        run.failures.append(error)
    return _as_it_was(part)


def _as_it_was(part: Territory) -> Answer:
    served = {part.instance.options[number].customer for _, options in part.warm for number in options}
    return Answer(part.warm, tuple(one for one in range(len(part.customers)) if one not in served))
