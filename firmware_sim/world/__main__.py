"""``make sim SEED=7 LOCKERS=5 HOURS=48``: live through one world, tell its story, end with one line of JSON."""

import argparse
import sys

from firmware_sim.world.world import Plan, run_world


def main() -> int:
    """Run one world; 1 when an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--lockers", type=int, default=5)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--calm", action="store_true", help="no faults")
    parser.add_argument("--quiet", action="store_true", help="only the last line")
    chosen = parser.parse_args()
    plan = Plan(chosen.seed, chosen.lockers, chosen.hours, trouble=not chosen.calm)
    result = run_world(plan, None if chosen.quiet else print)
    print(result.to_json())
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
