"""``make sim-night``: a million locker-hours on all cores, one world after the other, and what became of them.

Every world is written down when it ends: whoever is interrupted calls again, and it goes on.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from firmware_sim.world.night_book import Lived, NightBook, digest_of
from firmware_sim.world.shrinking import command
from firmware_sim.world.world import Plan, Result, run_world

LOCKER_HOURS = 1_000_000
LOCKERS, HOURS = 5, 48.0
GENUINE_EVERY = 25  # worlds with SQL and real signatures; they take ten times as long
TOLD_EVERY_S = 30.0


@dataclass(slots=True)
class Tally:
    """The sum of many worlds."""

    worlds: int = 0
    before: int = 0
    lockers: int = 0
    locker_hours: float = 0.0
    steps: int = 0
    cpu_s: float = 0.0
    slowest_s: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    broken: list[Result] = field(default_factory=list)

    def add(self, lived: Lived) -> None:
        """Count one world."""
        result, plan = lived.result, lived.result.plan
        self.worlds += 1
        self.lockers += plan.lockers
        self.locker_hours += plan.lockers * plan.hours
        self.steps += result.steps
        self.cpu_s += lived.cpu_s
        self.slowest_s = max(self.slowest_s, result.slowest_convergence_s)
        self.faults.update(result.faults)
        self.deeds.update(result.deeds)
        if result.violations:
            self.broken.append(result)

    @property
    def rate(self) -> float:
        """Return how many locker-hours one core does in a second."""
        return self.locker_hours / self.cpu_s if self.cpu_s else 0.0

    def lines(self) -> Iterable[str]:
        """Yield the summary."""
        earlier = f", {self.before:,} of them in earlier runs" if self.before else ""
        yield f"worlds                      {self.worlds:,}{earlier}"
        yield f"lockers                     {self.lockers:,}"
        yield f"locker-hours                {self.locker_hours:,.0f}"
        yield f"steps                       {self.steps:,}"
        yield f"locker-hours/second/core    {self.rate:.1f}"
        yield f"slowest convergence         {self.slowest_s} s"
        yield "deeds                       " + _counted(self.deeds)
        yield "faults                      " + _counted(self.faults)
        yield f"violations                  {sum(len(one.violations) for one in self.broken)}"
        for result in self.broken:
            yield _accused(result)


def plan_of(seed: int, lockers: int, hours: float) -> Plan:
    """Return a seed's world."""
    return Plan(seed, lockers, hours, genuine=seed % GENUINE_EVERY == 0)


def timed(plan: Plan) -> Lived:
    """Run one world and say how much of a core's time it took."""
    began_s = time.process_time()
    result = run_world(plan)
    return Lived(result, time.process_time() - began_s)


def night(plans: list[Plan], workers: int, book: NightBook) -> Tally:
    """Run all worlds that are not in the book, saying now and then how far it is."""
    tally, told_s, known = Tally(), time.monotonic(), book.read()
    for lived in (known[plan] for plan in plans if plan in known):
        tally.add(lived)
    tally.before = tally.worlds
    if tally.before:
        _say(f"{tally.before:,} worlds are in {book.path}; to live them again, take it away")
    with ProcessPoolExecutor(workers) as pool:
        for done in as_completed([pool.submit(timed, plan) for plan in plans if plan not in known]):
            lived = done.result()
            book.write(lived)
            tally.add(lived)
            if lived.result.violations:
                _say(_accused(lived.result))
            if time.monotonic() - told_s >= TOLD_EVERY_S:
                told_s = time.monotonic()
                _say(f"{tally.worlds:,} of {len(plans):,} worlds, {len(tally.broken)} with a violation")
    return tally


def _accused(result: Result) -> str:
    first = result.violations[0]
    return f"  {command(result.plan)}: invariant {first.invariant}, {first.what}"


def main() -> int:
    """Live through the night; 1 when an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="make sim-night", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many worlds; by default a million locker-hours' worth")
    parser.add_argument("--first", type=int, default=1_000_000, help="the first seed")
    parser.add_argument("--lockers", type=int, default=LOCKERS)
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--book", type=Path, default=Path("build/night"), help="the folder where it is written down")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    seeds = chosen.seeds or -(-LOCKER_HOURS // round(chosen.lockers * chosen.hours))
    plans = [plan_of(seed, chosen.lockers, chosen.hours) for seed in range(chosen.first, chosen.first + seeds)]
    _say(f"{seeds:,} worlds of {chosen.lockers} lockers and {chosen.hours:g} hours on {chosen.workers} cores")
    tally = night(plans, chosen.workers, NightBook(chosen.book, digest_of()))
    for line in tally.lines():
        _say(line)
    return 1 if tally.broken else 0


def _counted(what: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(what.items()))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
