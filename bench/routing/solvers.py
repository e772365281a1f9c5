"""The solvers that are compared, each a function from an instance and seconds to an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.routing import peers, places
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.joint.worker import use_cache


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float
    seed: int = 1
    threads: int = 2
    rounds: int | None = None


def _nothing() -> None:
    """Most solvers are ready when they are imported."""


@dataclass(frozen=True, slots=True)
class Solver:
    solve: Callable[[Instance, Limits], Answer]
    warm_up: Callable[[], None] = _nothing


def joint(instance: Instance, limits: Limits) -> Answer:
    """Our own search over options and routes together."""
    from cloud.routing.joint.engine import Effort, solve  # noqa: PLC0415 - brings numba, which only this solver needs

    effort = Effort(limits.seconds, limits.seed, limits.threads, limits.rounds)
    return solve(instance, effort, time.monotonic)[0]


def joint_warm_up() -> None:
    """Load or make the machine code, so that no instance pays for it."""
    use_cache()
    from cloud.routing.joint.warm import warm_up  # noqa: PLC0415 - as above

    warm_up()


def two_stage(instance: Instance, limits: Limits) -> Answer:
    """Everybody to the nearest locker that has room, then routes: by our own search, so that only the order differs."""
    decided = places.decide(instance, places.nearest_shared)
    return places.back(instance, decided, joint(decided, limits))


def pyvrp(instance: Instance, limits: Limits) -> Answer:
    return peers.pyvrp(instance, limits.seconds, limits.seed)


def vroom(instance: Instance, limits: Limits) -> Answer:
    return peers.vroom(instance, limits.seconds)


SOLVERS = {
    "joint": Solver(joint, joint_warm_up),
    "two-stage": Solver(two_stage, joint_warm_up),
    "pyvrp": Solver(pyvrp),
    "vroom": Solver(vroom),
}
