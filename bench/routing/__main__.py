"""``make bench-routing``: published instances, solved by us and by our peers in the same run, judged by our checker.

Without a set or a solver: a table for each set found, every solver on every instance. With one (DATA=folder SET=vrpdo
SOLVER=joint): a JSON line for each instance and a mean at the end.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.routing import best, tables
from bench.routing.instances import Set, set_in, sets_under, spread
from bench.routing.race import Question, race
from bench.routing.roaming import write_set
from bench.routing.score import Score, score, summarise
from bench.routing.solvers import SOLVERS
from cloud.routing.joint.readers import READERS, InstanceError, read

SHARED = Path("../shared/data")
OURS = Path("build/bench/vrprdl")  # generated where nobody brought instances of the kind
SECONDS_OF_A_LINE = 10.0
SECONDS_OF_A_TABLE = 3.0  # all instances of ../shared/data by all solvers take about half an hour then


def main() -> None:
    """Do what was asked for."""
    asked = _arguments()
    if asked.solver == "all" or not (asked.set or asked.solver):
        tables.run(_sets(asked), _plan(asked, SECONDS_OF_A_TABLE))
    else:
        lines(_one_set(asked), asked.solver or "joint", _plan(asked, SECONDS_OF_A_LINE))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-routing", description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="a folder of instances; best_known.csv in it gives the gaps")
    parser.add_argument("--set", choices=sorted(READERS), help="the instances' format (default: what they look like)")
    parser.add_argument("--solver", choices=[*SOLVERS, "all"], help="all: a table")
    parser.add_argument("--solvers", nargs="*", choices=list(SOLVERS), help="of a table")
    parser.add_argument("--seconds", type=float, help="for each instance (default: 10; 3 in tables)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=1, help="2: ours exchanges between two searches, peers run twice")
    parser.add_argument("--limit", type=int, help="only so many instances of a set, evenly spaced")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page that the tables go into")
    parser.add_argument("--only", nargs="*", default=[], help="only these instances")
    return parser.parse_args()


def _plan(asked: argparse.Namespace, seconds: float) -> tables.Plan:
    return tables.Plan(
        asked.seconds or seconds,
        asked.seed,
        asked.cores,
        asked.limit,
        tuple(asked.solvers or SOLVERS),
        frozenset(asked.only),
        asked.write,
    )


def _sets(asked: argparse.Namespace) -> list[Set]:
    if asked.data is None:
        found = list(sets_under(SHARED)) if SHARED.is_dir() else []
        if not any(one.kind == "vrprdl" for one in found):
            write_set(OURS)
            found += sets_under(OURS)
        return found
    if asked.set:
        return [_one_set(asked)]
    found = list(sets_under(asked.data))
    if not found:
        sys.exit(f"no instances of a kind we read in {asked.data} or the folders in it")
    return found


def _one_set(asked: argparse.Namespace) -> Set:
    folder = asked.data or SHARED / (asked.set or "")
    found = set_in(folder, asked.set) if folder.is_dir() else None
    if found is None:
        sys.exit(f"no instances in {folder}")
    return found


def lines(one: Set, solver: str, plan: tables.Plan) -> None:
    """Print a line for each instance, and the mean at the end."""
    scores: list[Score] = []
    for path in spread([path for path in one.paths if not plan.only or path.stem in plan.only], plan.limit):
        try:
            instance = read(path, one.kind)
        except InstanceError as error:
            print(f"# {error}", file=sys.stderr)
            continue
        known = one.known.get(instance.name)
        raced = race(instance, Question(str(path), one.kind, solver, plan.seconds, plan.seed, plan.cores))
        scores.append(score(instance, solver, raced, known))
        print(json.dumps(scores[-1].row()), flush=True)
        kept = best.keep(best.FOLDER, instance, raced.answer, known) if known is not None else None
        if known is not None and kept is not None:
            print(f"# {best.told(scores[-1], known, kept)}", file=sys.stderr)
    print(json.dumps({"mean": one.kind, "solver": solver, "seconds": plan.seconds, **_mean(scores, solver)}))


def _mean(scores: list[Score], solver: str) -> dict[str, object]:
    whole = summarise(solver, scores)
    return {
        "instances": whole.instances,
        "feasible": whole.feasible,
        "gap": tables.rounded(whole.gap),
        "gaps_of": whole.compared,
        "gap_any_fleet": tables.rounded(whole.gap_all),
        "vehicles_over": round(whole.over, 2),
        "distance": tables.rounded(whole.distance),
        "memory_mb": whole.memory_mb,
    }


if __name__ == "__main__":
    main()
