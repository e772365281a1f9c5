"""Every crash point of every scenario, or one of them with its story.

``python -m tests.power`` cuts at every moment; ``--double`` cuts again at every moment of every recovery;
``--scenario pick-up --cut 17 --cut 3`` tells what happens then.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from tests.power.explaining import explained
from tests.power.forks import Outcome, run, second_cuts, single_cuts, stage
from tests.power.rig import Rig, Scenario
from tests.power.scenarios import FIRST_DAY, SCENARIOS


def main() -> int:
    """Run what was asked for; 1 if an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", default=[])
    parser.add_argument("--cut", type=int, action="append", default=[], help="the moment of the first, second ... cut")
    parser.add_argument("--double", action="store_true", help="cut a second time at every moment that follows")
    wish = parser.parse_args()
    chosen = [SCENARIOS[name] for name in wish.scenario or SCENARIOS]
    if wish.cut:
        return _tell(chosen[0], tuple(wish.cut))
    broken = sum([_enumerate(scenario, double=wish.double) for scenario in chosen])
    return int(broken > 0)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _tell(scenario: Scenario, cuts: tuple[int, ...]) -> int:
    with stage(scenario, FIRST_DAY) as rig:
        told = len(rig.story)
        outcome = run(rig, scenario, cuts)
    _say(*outcome.story[told:], f"ended: {outcome.ended}", *outcome.violations)
    return int(bool(outcome.violations))


def _enumerate(scenario: Scenario, *, double: bool) -> int:
    ends: Counter[str] = Counter()
    tried = broken = 0
    with stage(scenario, FIRST_DAY) as rig:
        calm = run(rig, scenario, ())
        for cuts, outcome in _outcomes(rig, scenario, double=double):
            tried += 1
            ends[outcome.ended] += 1
            if outcome.violations:
                broken += 1
                _say(explained(scenario, cuts, outcome))
    _say(f"{scenario.name}: {tried} crash points, {broken} broken, undisturbed {calm.ended}; {dict(ends)}")
    return broken


def _outcomes(rig: Rig, scenario: Scenario, *, double: bool) -> Iterator[tuple[tuple[int, ...], Outcome]]:
    for first, outcome in single_cuts(rig, scenario):
        yield (first,), outcome
        if double:
            yield from second_cuts(rig, scenario, first)


if __name__ == "__main__":
    sys.exit(main())
