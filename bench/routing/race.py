"""Lets one solver solve one instance, in a process of its own (two with two cores), and says what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from bench import child
from bench.routing.curve import Point, judged
from bench.routing.solo import GRACE_S
from bench.routing.solvers import SOLVERS
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost

START_S = 600  # for imports, reading, and machine code that has to be made first on a busy machine


@dataclass(frozen=True, slots=True)
class Question:
    path: str
    set: str
    solver: str
    seconds: float
    seed: int = 1
    cores: int = 1


@dataclass(frozen=True, slots=True)
class Raced:
    """``seconds`` is what the solver took, its start not counted. ``error`` says why there may be no answer."""

    answer: Answer
    points: list[Point] = field(default_factory=list)
    seconds: float = 0.0
    memory_mb: int = 0
    error: str = ""


def race(instance: Instance, question: Question, beat: Callable[[], None] | None = None) -> Raced:
    """Solve once, or once on each core if the solver knows no better use for them; the best counts."""
    twins = SOLVERS[question.solver].twins and question.cores > 1
    asks = [asdict(question)]
    if twins:
        asks = [{**asks[0], "seed": question.seed + number, "cores": 1} for number in range(question.cores)]
    ended = child.run_all("bench.routing.solo", asks, START_S + GRACE_S + 2 * question.seconds, beat)
    return best([heard(instance, one) for one in ended], instance)


def heard(instance: Instance, ended: child.Ended) -> Raced:
    """Make sense of what a solver's process said before it ended."""
    answers = [(float(one["seconds"]), answer_from(one)) for one in ended.said]
    points = [Point(*point) for one in ended.said for point in one["points"]]
    if not answers:
        nobody = Answer((), tuple(range(len(instance.customers))))
        return Raced(nobody, [], ended.seconds, ended.memory_mb, ended.error or "it said nothing")
    seconds, answer = answers[-1]
    return Raced(answer, points or judged(instance, answers), seconds, ended.memory_mb, ended.error)


def answer_from(said: child.Said) -> Answer:
    routes = tuple((int(vehicle), tuple(int(one) for one in options)) for vehicle, options in said["routes"])
    return Answer(routes, tuple(int(one) for one in said["absent"]))


def best(raced: Sequence[Raced], instance: Instance) -> Raced:
    """Return the best answer with everybody's points, the longest time and all the memory."""

    def worth(one: Raced) -> tuple[bool, int, int]:
        vehicles = len(one.answer.routes) if instance.fewest_vehicles else 0
        return bool(check(instance, one.answer)), vehicles, answer_cost(instance, one.answer)

    winner = min(raced, key=worth)
    return Raced(
        winner.answer,
        sorted(point for one in raced for point in one.points),
        max(one.seconds for one in raced),
        sum(one.memory_mb for one in raced),
        winner.error,
    )
