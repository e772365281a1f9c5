"""What an answer is worth beside the best known one, and what a solver's answers are worth together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean, median

from bench.routing.curve import seconds_to
from bench.routing.instances import BestKnown
from bench.routing.race import Raced
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Instance, answer_cost

GAPS = (5.0, 2.0, 1.0)  # per cent: when a plan within them was first there

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Score:
    """One answer. ``gap`` in per cent of distance, None where nothing is known or the answer breaks a rule.

    ``over`` is how many vehicles more than the best known it uses, 0 where they do not count. Only at ``over`` 0 do
    two gaps say the same thing. ``to_gap`` is when a plan within each of GAPS was there, None for never.
    """

    name: str
    solver: str
    seconds: float
    vehicles: int
    distance: float
    feasible: bool
    memory_mb: int
    gap: float | None = None
    over: int = 0
    to_gap: tuple[float | None, ...] = (None,) * len(GAPS)
    faults: tuple[str, ...] = ()
    error: str = ""
    best: BestKnown | None = None

    def row(self) -> Row:
        """Return the line of JSON."""
        row: Row = {
            "name": self.name,
            "solver": self.solver,
            "seconds": round(self.seconds, 1),
            "vehicles": self.vehicles,
            "distance": round(self.distance, 3),
            "feasible": self.feasible,
        }
        if self.best is not None:
            row |= {"gap": None if self.gap is None else round(self.gap, 3), "best": self.best.distance}
            row |= {"vehicles_over": self.over}
            row |= {f"seconds_to_{gap:.0f}": found for gap, found in zip(GAPS, self.to_gap, strict=True)}
        row["memory_mb"] = self.memory_mb
        return row | ({"faults": self.faults} if self.faults else {}) | ({"error": self.error} if self.error else {})


def score(instance: Instance, solver: str, raced: Raced, known: BestKnown | None) -> Score:
    """Judge an answer by the checker and compare it with the best known solution, if there is one."""
    faults = check(instance, raced.answer)
    distance = answer_cost(instance, raced.answer) / instance.scale
    vehicles = len(raced.answer.routes)
    plain = Score(
        instance.name,
        solver,
        raced.seconds,
        vehicles,
        distance,
        not faults,
        raced.memory_mb,
        faults=faults[:3],
        error=raced.error,
        best=known,
    )
    return plain if known is None else _beside(plain, instance, raced, known)


def _beside(plain: Score, instance: Instance, raced: Raced, known: BestKnown) -> Score:
    limits = [known.distance * instance.scale * (1 + gap / 100) for gap in GAPS]
    return Score(
        plain.name,
        plain.solver,
        plain.seconds,
        plain.vehicles,
        plain.distance,
        plain.feasible,
        plain.memory_mb,
        100 * (plain.distance / known.distance - 1) if plain.feasible else None,
        0 if known.vehicles is None else plain.vehicles - known.vehicles,
        tuple(seconds_to(raced.points, known.vehicles, limit) for limit in limits),
        plain.faults,
        plain.error,
        known,
    )


def best_seen(instance: Instance, raced: Sequence[Raced]) -> BestKnown | None:
    """Return the best of several answers, for where nobody published one."""
    good = [one.answer for one in raced if not check(instance, one.answer)]
    counted = instance.fewest_vehicles
    found = [(len(one.routes) if counted else 0, answer_cost(instance, one)) for one in good]
    if not found:
        return None
    vehicles, cost = min(found)
    return BestKnown(cost / instance.scale, vehicles if counted else None)


@dataclass(frozen=True, slots=True)
class Summary:
    """A solver on a set. ``gap`` is the mean over the ``compared`` instances: feasible and at the best known's fleet.

    ``gap_all`` is the mean over all feasible answers, whatever their fleet. ``to_gap`` holds, for each of GAPS, how
    many instances had a plan within it and the median of when, over those that had.
    """

    solver: str
    instances: int
    feasible: int
    compared: int
    gap: float | None
    gap_median: float | None
    gap_worst: float | None
    gap_all: float | None
    over: float
    distance: float | None
    seconds: float
    memory_mb: int
    to_gap: tuple[tuple[int, float | None], ...] = field(default=())


def summarise(solver: str, scores: Sequence[Score]) -> Summary:
    """Return the means, medians and worst cases of a solver's scores."""
    good = [one for one in scores if one.feasible]
    gaps = [one.gap for one in good if one.gap is not None and one.over == 0]
    everything = [one.gap for one in good if one.gap is not None]
    return Summary(
        solver,
        len(scores),
        len(good),
        len(gaps),
        mean(gaps) if gaps else None,
        median(gaps) if gaps else None,
        max(gaps) if gaps else None,
        mean(everything) if everything else None,
        mean(one.over for one in good) if good else 0.0,
        mean(one.distance for one in good) if good else None,
        mean(one.seconds for one in scores) if scores else 0.0,
        max((one.memory_mb for one in scores), default=0),
        tuple(_reached([one.to_gap[number] for one in scores]) for number in range(len(GAPS))),
    )


def _reached(seconds: Sequence[float | None]) -> tuple[int, float | None]:
    found = [one for one in seconds if one is not None]
    return len(found), median(found) if found else None
