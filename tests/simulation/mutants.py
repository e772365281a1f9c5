"""``make mutants``: run worlds with one planted bug each and write who caught it to docs/planted-bugs.md.

A catch is a violation in a world from a seed that, without the bug, breaks nothing. Exits 1 when a bug is missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_sim.world.world import Plan, run_world
from tests.simulation.planted import Bug
from tests.simulation.planted_more import ALL_BUGS, OFTEN_H

PAGE = Path(__file__).resolve().parents[2] / "docs" / "planted-bugs.md"
LOCKERS, HOURS = 3, 8.0
SEEDS = range(1, 25)  # tried one after the other after the bug's own; most bugs fall to their own
NAMES = {
    0: "a process that dies",
    1: "no pulse without an intent",
    2: "codes",
    3: "one parcel, one compartment, one custodian",
    4: "journal and cloud",
    5: "forged, replayed, late",
    6: "capacity",
    7: "agreement after quiet",
}
HEAD = """# Planted bugs

Written by `make mutants`, which a change of the product may make necessary; a test repeats every catch. Each line is
one bug put into the product for one world of {lockers} lockers and {hours:g} hours. The world's checkers catch it as a
violation of that invariant of architecture.md after so much simulated time. The same seed violates nothing without the
bug: `make sim SEED=n LOCKERS={lockers} HOURS={hours:g}`, with `ARGS="--visit-h {often:g}"` for bugs of opening in bulk,
which is rare otherwise.

| planted bug | caught by invariant | seed | simulated time to detection | seconds of a core |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Catch:
    """Which seed showed the bug, by which invariant, how long into the world, and in how much of a core's time."""

    bug: str
    seed: int
    invariant: int
    after_s: float
    what: str
    cpu_s: float = 0.0


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


def plan_of(bug: Bug, seed: int) -> Plan:
    return Plan(seed, LOCKERS, HOURS, stop_at_first=True, visit_h=bug.visit_h)


def caught(bug: Bug, seed: int) -> Catch | None:
    """Return what one seed shows of a bug."""
    began_s, plan = time.process_time(), plan_of(bug, seed)
    with planted(bug):
        result = run_world(plan)
    if not result.violations:
        return None
    first, cpu_s = result.violations[0], time.process_time() - began_s
    return Catch(bug.name, seed, first.invariant, first.at_s - plan.begin_s, first.what, cpu_s)


def is_clean(bug: Bug, seed: int) -> bool:
    """Say whether the seed's world breaks nothing without the bug."""
    return not run_world(replace(plan_of(bug, seed), stop_at_first=False)).violations


def hunt(bug: Bug, seeds: Sequence[int]) -> Catch | None:
    """Return the first catch by a seed that is clean without the bug."""
    for seed in (bug.seed, *(one for one in seeds if one != bug.seed)):
        catch = caught(bug, seed)
        if catch is not None and is_clean(bug, seed):
            return catch
    return None


def row(bug: Bug, catch: Catch | None) -> str:
    """Return one line of the table."""
    if catch is None:
        return f"| {bug.name} | **not caught** | | | |"
    invariant = f"{catch.invariant}: {NAMES[catch.invariant]}"
    return f"| {bug.name} | {invariant} | {catch.seed} | {clock(catch.after_s)} | {catch.cpu_s:.1f} |"


def written() -> dict[str, tuple[str, str]]:
    """Return invariant and seed by bug, as the page has them."""
    lines = [line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    return {cells[0].strip(): (cells[1].strip(), cells[2].strip()) for cells in lines[1:]}


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min {rest:02d} s"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="bugs whose name contains this; nothing is written then")
    parser.add_argument("--why", action="store_true", help="also say what the checker saw")
    chosen = parser.parse_args()
    bugs = [bug for bug in ALL_BUGS if chosen.only in bug.name]
    head = HEAD.format(lockers=LOCKERS, hours=HOURS, often=OFTEN_H)
    say(head.rstrip("\n"))
    rows, missed = [], 0
    for bug in bugs:
        catch = hunt(bug, SEEDS)
        missed += catch is None
        rows.append(row(bug, catch))
        say(rows[-1] + (f" {catch.what}" if catch and chosen.why else ""))
    summary = f"{len(bugs) - missed} of {len(bugs)} planted bugs caught, none of these worlds breaks anything without."
    say("\n" + summary)
    if not chosen.only:
        PAGE.write_text(head + "\n".join(rows) + f"\n\n{summary}\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
