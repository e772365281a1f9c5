"""``make mutants``: run worlds with one planted bug each and print who caught it; 1 when one was not caught.

A catch is a violation that the same seed does not show without the bug.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from firmware_sim.world.world import Plan, run_world
from tests.simulation.planted import BUGS, Bug

LOCKERS, HOURS = 3, 8.0
SEEDS = range(1, 13)  # tried one after the other; most bugs fall to the first
NAMES = {
    0: "a process that dies",
    1: "no pulse without an intent",
    2: "codes",
    3: "one parcel, one compartment, one custodian",
    4: "journal and cloud",
    5: "forged, replayed, late",
    6: "capacity",
    7: "agreement after five minutes",
}


@dataclass(frozen=True, slots=True)
class Catch:
    """Which seed showed the bug, by which invariant, after how much simulated time."""

    bug: str
    seed: int
    invariant: int
    at_s: float
    what: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the bug in the product for as long as the block lasts."""
    patches = list(bug.patches())
    real = [(where, name, getattr(where, name)) for where, name, _ in patches]
    try:
        for where, name, instead in patches:
            setattr(where, name, instead)
        yield
    finally:
        for where, name, was in reversed(real):
            setattr(where, name, was)


def hunt(bug: Bug, seeds: Sequence[int]) -> Catch | None:
    """Return the first catch."""
    for seed in (bug.seed, *(one for one in seeds if one != bug.seed)):
        with planted(bug):
            result = run_world(Plan(seed, LOCKERS, HOURS, stop_at_first=True))
        if result.violations:
            first = result.violations[0]
            return Catch(bug.name, seed, first.invariant, first.at_s, first.what)
    return None


def row(bug: Bug, catch: Catch | None) -> str:
    if catch is None:
        return f"| {bug.name} | **not caught** | | |"
    return f"| {bug.name} | {catch.invariant}: {NAMES[catch.invariant]} | {catch.seed} | {clock(catch.at_s)} |"


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min {rest:02d} s"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="bugs whose name contains this")
    parser.add_argument("--why", action="store_true", help="also say what the checker saw")
    chosen = parser.parse_args()
    bugs = [bug for bug in BUGS if chosen.only in bug.name]
    say("| planted bug | caught by invariant | seed | simulated time to detection |\n|---|---|---|---|")
    missed = 0
    for bug in bugs:
        catch = hunt(bug, SEEDS)
        missed += catch is None
        say(row(bug, catch) + (f" {catch.what}" if catch and chosen.why else ""))
    say(f"{len(bugs) - missed} of {len(bugs)} planted bugs caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
