"""Solving a published instance in this process: the same search as the planner's worker runs."""

from collections.abc import Callable
from dataclasses import dataclass

from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.joint.worker import use_cache

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Search:
    """How long and on how many cores; ``clock`` returns seconds that only grow."""

    clock: Callable[[], float]
    seconds: float
    seed: int = 1
    threads: int = 2


def solve_instance(instance: Instance, search: Search, tell: Tell) -> tuple[Answer, tuple[str, ...]]:
    """Return the best answer found and what the checker finds wrong with it.

    ``tell`` hears the cost and the vehicles of the best one so far.
    """
    use_cache()
    from cloud.routing.joint.engine import Effort, Found, solve  # noqa: PLC0415 - numba, after its cache has a place
    from cloud.routing.joint.warm import warm_up  # noqa: PLC0415 - as above

    warm_up()

    def heard(found: Found) -> None:
        tell(found.cost, found.vehicles)

    answer, _ = solve(instance, Effort(search.seconds, search.seed, search.threads), search.clock, None, heard)
    return answer, check(instance, answer)
