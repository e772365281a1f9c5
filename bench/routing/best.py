"""Solutions better than any published one: written out, read again from what was written, and checked."""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.routing.instances import BestKnown
from bench.routing.score import Score
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost

FOLDER = Path("build/bench/best")
ROUNDING = 0.0005  # published distances have three decimals at most: closer than that is the same solution


class UnreadableError(ValueError):
    """A solution that was written is not the one that was found."""


@dataclass(frozen=True, slots=True)
class Record:
    vehicles: int
    distance: float


def is_better(found: Record, known: BestKnown) -> bool:
    """Whether a solution beats the best known: fewer vehicles where they count, or a shorter way with as many."""
    if known.vehicles is not None and found.vehicles != known.vehicles:
        return found.vehicles < known.vehicles
    return found.distance < known.distance - ROUNDING


def keep(folder: Path, instance: Instance, answer: Answer, known: BestKnown) -> Path | None:
    """Write a solution that beats the best known and whatever lies in the folder; return where, None if it does not.

    Raises UnreadableError when what was written cannot be read back as the same, feasible solution.
    """
    found = Record(len(answer.routes), round(answer_cost(instance, answer) / instance.scale, 3))
    if check(instance, answer) or not is_better(found, known) or not is_better(found, _lying(folder, instance, known)):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{instance.name}.json"
    path.write_text(json.dumps(as_document(instance, answer, found, known), indent=1), encoding="utf-8")
    again = read_back(path, instance)
    if check(instance, again) or answer_cost(instance, again) != answer_cost(instance, answer):
        raise UnreadableError(f"{path} does not hold the solution that was found")
    if len(instance.options) == len(instance.customers):
        path.with_suffix(".sol").write_text(as_routes(instance, answer, found), encoding="ascii")
    return path


def _lying(folder: Path, instance: Instance, known: BestKnown) -> BestKnown:
    path = folder / f"{instance.name}.json"
    if not path.exists():
        return known
    lying = json.loads(path.read_text(encoding="utf-8"))
    return BestKnown(lying["distance"], None if known.vehicles is None else lying["vehicles"])


def as_document(instance: Instance, answer: Answer, found: Record, known: BestKnown) -> dict[str, object]:
    """Return each route as (customer, location) names in driving order, and what it beats."""
    return {
        "name": instance.name,
        "vehicles": found.vehicles,
        "distance": found.distance,
        "best_known": {"vehicles": known.vehicles, "distance": known.distance},
        "routes": [
            [
                (instance.customers[one.customer].name, instance.locations[one.location].name)
                for one in (instance.options[number] for number in options)
            ]
            for _, options in answer.routes
        ],
    }


def read_back(path: Path, instance: Instance) -> Answer:
    """Return the answer in a written solution. Raises KeyError for what the instance does not know."""
    numbers = {
        (instance.customers[one.customer].name, instance.locations[one.location].name): number
        for number, one in enumerate(instance.options)
    }
    routes = json.loads(path.read_text(encoding="utf-8"))["routes"]
    return Answer(
        tuple(
            (vehicle, tuple(numbers[customer, location] for customer, location in route))
            for vehicle, route in enumerate(routes)
        )
    )


def as_routes(instance: Instance, answer: Answer, found: Record) -> str:
    """Return a solution without options in the form the DIMACS challenge (2021) takes: routes, then the cost."""
    lines = [
        f"Route #{number}: {' '.join(instance.customers[instance.options[one].customer].name for one in options)}"
        for number, (_, options) in enumerate(answer.routes, 1)
    ]
    return "\n".join([*lines, f"Cost {found.distance}", ""])


def told(score: Score, known: BestKnown, path: Path) -> str:
    """Return the sentence about a new best solution."""
    before = f"{known.distance}" if known.vehicles is None else f"{known.vehicles} vehicles, {known.distance}"
    return f"{score.name}: {score.vehicles} vehicles, {score.distance:.3f}; published {before}; checked again: {path}"
