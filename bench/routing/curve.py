"""What a solver had found by when: kept as it goes, judged by the checker after the clock has stopped."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Generic, NamedTuple, TypeVar

from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost

FIRST_S = 0.01  # earlier answers count as come by then
MARKS_A_DECADE = 16  # of the logarithm of time: one kept solution for every 15 % more time

T = TypeVar("T")


class Point(NamedTuple):
    """A plan that passes the checker was there after ``seconds``. ``cost`` is in the instance's own units."""

    seconds: float
    vehicles: int
    cost: int


@dataclass(slots=True)
class Kept(Generic[T]):
    """The last of a solver's own solutions before each mark; older ones between two marks are let go."""

    clock: Callable[[], float]
    began: float
    solutions: dict[int, tuple[float, T]] = field(default_factory=dict)

    def add(self, solution: T) -> None:
        seconds = self.clock() - self.began
        mark = int(MARKS_A_DECADE * log10(max(seconds, FIRST_S) / FIRST_S))
        self.solutions[mark] = seconds, solution

    def in_order(self) -> list[tuple[float, T]]:
        return [self.solutions[mark] for mark in sorted(self.solutions)]


def judged(instance: Instance, answers: Iterable[tuple[float, Answer]]) -> list[Point]:
    """Return a point for each answer that keeps every rule."""
    return [
        Point(round(seconds, 3), len(answer.routes), answer_cost(instance, answer))
        for seconds, answer in answers
        if not check(instance, answer)
    ]


def seconds_to(points: Iterable[Point], vehicles: int | None, cost: float) -> float | None:
    """Return when a plan was first there with no more vehicles than that, or fewer, and no more cost; None for never.

    ``vehicles`` None: they do not count. With fewer vehicles any cost is good enough.
    """
    for point in sorted(points):
        fewer = vehicles is not None and point.vehicles < vehicles
        if fewer or (point.cost <= cost and (vehicles is None or point.vehicles == vehicles)):
            return point.seconds
    return None


def best_of(points: Sequence[Point], *, fewest: bool) -> Point | None:
    """Return the best point: by vehicles first where they count, then by cost."""
    return min(points, key=lambda one: (one.vehicles if fewest else 0, one.cost, one.seconds), default=None)
