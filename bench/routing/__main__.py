"""``make bench-routing``: a solver on every instance of a folder; a JSON line each, a mean at the end."""

import argparse
import json
import resource
import time
from pathlib import Path
from statistics import mean

from bench.routing.instances import BestKnown, best_known, instances
from bench.routing.solvers import SOLVERS, Limits
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, answer_cost
from cloud.routing.joint.readers import READERS

Row = dict[str, object]


def main() -> None:
    """Solve, check, compare and print."""
    asked = _arguments()
    limits = Limits(asked.seconds, asked.seed, asked.threads)
    known = best_known(asked.data)
    solver = SOLVERS[asked.solver]
    rows = []
    solver.warm_up()
    for instance in instances(asked.data, asked.set, frozenset(asked.names)):
        began = time.monotonic()
        answer = solver.solve(instance, limits)
        row = describe(instance, answer, known.get(instance.name))
        rows.append(
            {"name": instance.name, "solver": asked.solver, "seconds": round(time.monotonic() - began, 1), **row}
        )
        print(json.dumps(rows[-1]), flush=True)
        if asked.out and row["feasible"]:
            write_answer(asked.out, instance, answer, row)
    print(json.dumps(summary(rows, asked)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.routing", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of instances; best_known.csv in it gives the gaps")
    parser.add_argument("--set", choices=sorted(READERS), required=True, help="the instances' format")
    parser.add_argument("--solver", choices=sorted(SOLVERS), default="joint")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each instance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a folder for the solutions found")
    parser.add_argument("names", nargs="*", help="only these instances")
    return parser.parse_intermixed_args()


def describe(instance: Instance, answer: Answer, best: BestKnown | None) -> Row:
    """Say what an answer is worth, by the checker and against the best known.

    ``gap`` compares distances and is given at equal fleet or where vehicles do not count; ``vehicles_over`` says by how
    many the fleet differs otherwise.
    """
    faults = check(instance, answer)
    distance = answer_cost(instance, answer) / instance.scale
    row: Row = {"vehicles": len(answer.routes), "distance": round(distance, 3), "feasible": not faults}
    if faults:
        row["faults"] = faults[:3]
    if best is not None:
        row["best"] = best.distance
        over = 0 if best.vehicles is None else len(answer.routes) - best.vehicles
        row["distance_gap"] = round(100 * (distance / best.distance - 1), 3)
        row["vehicles_over"] = over
        if over == 0 and not faults:
            row["gap"] = row["distance_gap"]
    return row


def write_answer(folder: Path, instance: Instance, answer: Answer, row: Row) -> None:
    """Keep a solution: each route as (customer, location) pairs in driving order."""
    folder.mkdir(parents=True, exist_ok=True)
    routes = [
        [
            (instance.customers[one.customer].name, instance.locations[one.location].name)
            for one in (instance.options[number] for number in options)
        ]
        for _, options in answer.routes
    ]
    (folder / f"{instance.name}.json").write_text(
        json.dumps({"name": instance.name, **row, "routes": routes}, indent=1)
    )


def summary(rows: list[Row], asked: argparse.Namespace) -> Row:
    """Return the line at the end: means over what can be compared, and what cannot be."""
    gaps = [float(str(row["gap"])) for row in rows if "gap" in row]
    usage = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "mean": asked.set,
        "solver": asked.solver,
        "seconds": asked.seconds,
        "instances": len(rows),
        "feasible": sum(bool(row["feasible"]) for row in rows),
        "gap": round(mean(gaps), 3) if gaps else None,
        "gaps_of": len(gaps),
        "fewer_vehicles": sum(int(str(row.get("vehicles_over", 0))) < 0 for row in rows),
        "more_vehicles": sum(int(str(row.get("vehicles_over", 0))) > 0 for row in rows),
        "distance": round(mean(float(str(row["distance"])) for row in rows), 3) if rows else None,
        "memory_mb": usage // 1024,
    }


if __name__ == "__main__":
    main()
