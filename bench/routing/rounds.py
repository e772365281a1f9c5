"""How fast the joint search's machine code is: CPU time for so many rounds from one seed, which do the same each time.

``python -m bench.routing.rounds ../shared/data/vrpdo V_100_2``: here and in a worktree of another commit, by turns.
Equal positions and costs say that the work was the same; CPU time bears a busy machine better than a clock on the wall
does, and still wants several turns: neighbours on the same core cost a fifth.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.routing.instances import set_in
from cloud.routing.joint.instance import Instance
from cloud.routing.joint.layout import T_COST, T_ROUTES, T_STEPS, empty_state
from cloud.routing.joint.readers import read
from cloud.routing.joint.worker import use_cache

ROUNDS = 20_000  # a fifth of a second on a hundred customers, a second on a thousand
SLICES = 20  # the search cools down as it does when a clock ends it


@dataclass(frozen=True, slots=True)
class Speed:
    name: str
    us_a_round: float
    positions_a_round: float
    ns_a_position: float
    cost: int


def measure(instance: Instance, rounds: int, seed: int) -> Speed:
    """Run the rounds, once the machine code is there. Fleets are not minimised: that counts no rounds."""
    from cloud.routing.joint.anneal import (  # noqa: PLC0415 - brings numba, which asks for its folder only then
        Search,
        Slice,
        anneal,
        begin,
        construct,
    )
    from cloud.routing.joint.arrays import as_data  # noqa: PLC0415 - beside the other
    from cloud.routing.joint.chance import dice  # noqa: PLC0415 - as above
    from cloud.routing.joint.engine import Tuning  # noqa: PLC0415 - as above

    data, _ = as_data(replace(instance, fewest_vehicles=False))
    search = Search(empty_state(data), empty_state(data), empty_state(data), dice(seed))
    begin(data, search)
    construct(data, search, 0.01)
    total, tuning = search.best.total, Tuning()
    leg = max(1.0, int(total[T_COST]) / (len(data.customer) + int(total[T_ROUTES])))
    chances = (tuning.take, tuning.any_option, tuning.blink, tuning.option_blink)
    anneal(data, search, Slice(1, leg, leg, *chances))
    steps, began = int(search.trial.total[T_STEPS]), time.process_time()
    for number in range(SLICES):
        hot, cold = (leg * tuning.hot * (tuning.cold / tuning.hot) ** (k / SLICES) for k in (number, number + 1))
        anneal(data, search, Slice(rounds // SLICES, hot, cold, *chances))
    took_s = time.process_time() - began
    steps = int(search.trial.total[T_STEPS]) - steps
    return Speed(
        instance.name,
        round(1e6 * took_s / rounds, 2),
        round(steps / rounds, 1),
        round(1e9 * took_s / max(1, steps), 1),
        int(total[T_COST]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.routing.rounds", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of instances of one set")
    parser.add_argument("only", nargs="*", help="only these instances")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    one = set_in(asked.data, None)
    if one is None:
        parser.error(f"no instances of a kind we read in {asked.data}")
    use_cache()
    for path in one.paths:
        if not asked.only or path.stem in asked.only:
            speed = measure(read(path, one.kind), asked.rounds, asked.seed)
            print(json.dumps({name: getattr(speed, name) for name in Speed.__slots__}), flush=True)


if __name__ == "__main__":
    main()
