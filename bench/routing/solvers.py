"""The solvers that are compared: each a function from an instance to an answer and to what it had found by when."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.routing import choosing, ortools_peer, pyvrp_peer, vroom_peer
from bench.routing.curve import Point, judged
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.joint.worker import use_cache

Tell = Callable[[float, Answer], None]
Found = tuple[Answer, list[Point]]


@dataclass(frozen=True, slots=True)
class Limits:
    """``tell`` hears answers that must not be lost should the solver never come back."""

    seconds: float
    seed: int
    cores: int
    tell: Tell


def _nothing() -> None:
    """Most solvers are ready when they are imported."""


@dataclass(frozen=True, slots=True)
class Solver:
    """``chooses``: decides where and how together. ``twins``: several cores mean several runs, the best one taken."""

    solve: Callable[[Instance, Limits], Found]
    what: str
    warm_up: Callable[[], None] = _nothing
    chooses: bool = True
    twins: bool = True


def joint(instance: Instance, limits: Limits) -> Found:
    """Our own search over options and routes together."""
    from cloud.routing.joint.engine import (  # noqa: PLC0415 - brings numba, which only this solver needs
        Effort,
        Found,
        solve,
    )

    points: list[Point] = []

    def heard(found: Found) -> None:
        if found.absent == 0:
            points.append(Point(round(found.seconds, 3), found.vehicles, found.cost))

    effort = Effort(limits.seconds, limits.seed, limits.cores)
    answer, found = solve(instance, effort, time.monotonic, None, heard)
    heard(found)
    return answer, points


def joint_warm_up() -> None:
    """Load or make the machine code, so that no instance pays for it."""
    use_cache()
    from cloud.routing.joint.warm import warm_up  # noqa: PLC0415 - as above

    warm_up()


def pyvrp(instance: Instance, limits: Limits) -> Found:
    return pyvrp_peer.solve(instance, limits.seconds, limits.seed)


def ortools(instance: Instance, limits: Limits) -> Found:
    return ortools_peer.solve(instance, limits.seconds)


def vroom(instance: Instance, limits: Limits) -> Found:
    decided = choosing.decide(instance, choosing.first_choice)
    told: list[tuple[float, Answer]] = []

    def tell(seconds: float, answer: Answer) -> None:
        told.append((seconds, choosing.back(instance, decided, answer)))
        limits.tell(*told[-1])

    answer = vroom_peer.solve(decided, limits.seconds, limits.cores, tell)
    return choosing.back(instance, decided, answer), judged(instance, told)


def two_stage(instance: Instance, limits: Limits) -> Found:
    return _decided(instance, choosing.nearest, limits)


def first_choice(instance: Instance, limits: Limits) -> Found:
    return _decided(instance, choosing.first_choice, limits)


def _decided(instance: Instance, wish: choosing.Wish, limits: Limits) -> Found:
    decided = choosing.decide(instance, wish)
    answer, points = pyvrp_peer.solve(decided, limits.seconds, limits.seed)
    return choosing.back(instance, decided, answer), points


SOLVERS = {
    "joint": Solver(joint, "options, rooms and routes in one search", joint_warm_up, twins=False),
    "pyvrp": Solver(pyvrp, "PyVRP, options as groups of clients, lockers' rooms and service levels repaired"),
    "ortools": Solver(ortools, "OR-Tools, options as disjunctions, rooms and service levels repaired", twins=False),
    "two-stage": Solver(two_stage, "the nearest pick-up point that has room, then PyVRP", chooses=False),
    "first-choice": Solver(first_choice, "what recipients like best, then PyVRP", chooses=False),
    "vroom": Solver(vroom, "what the recipient likes best, then VROOM", chooses=False, twins=False),
}
