"""``make sim SEED=7 LOCKERS=5 HOURS=48``: live through one world, tell its story, end with one line of JSON."""

import argparse
import sys

from firmware_sim.world.faults import KINDS
from firmware_sim.world.maintaining import VISIT_H
from firmware_sim.world.shrinking import command, shrink
from firmware_sim.world.world import Plan, run_world


def main() -> int:
    """Run one world; 1 when an invariant did not hold."""
    chosen = _arguments()
    without = tuple(word for word in chosen.without.split(",") if word)
    plan = Plan(
        seed=chosen.seed,
        lockers=chosen.lockers,
        hours=chosen.hours,
        trouble=not chosen.calm,
        genuine=chosen.genuine,
        begin_h=chosen.begin,
        without=without,
        visit_h=chosen.visit_h,
    )
    if chosen.shrink:
        plan = _shrunk(plan)
    result = run_world(plan, None if chosen.quiet else print)
    print(result.to_json())
    return 1 if result.violations else 0


def _shrunk(plan: Plan) -> Plan:
    found = shrink(plan)
    if found is None:
        print("nothing to shrink: no invariant is violated")
        return plan
    print(f"after {found.tried} worlds, the shortest story is: {command(found.plan)}")
    return found.plan


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--lockers", type=int, default=5)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--begin", type=float, help="hours after six in the morning; else by the seed")
    parser.add_argument("--calm", action="store_true", help="no faults")
    parser.add_argument("--without", default="", help=f"kinds of fault to leave out, of {','.join(KINDS)}")
    help_visit = "locker-hours between two orders to open many doors"
    parser.add_argument("--visit-h", type=float, default=VISIT_H, help=help_visit)
    parser.add_argument("--genuine", action="store_true", help="SQL and Ed25519 instead of their quick stand-ins")
    parser.add_argument("--shrink", action="store_true", help="look for a shorter story of the first violation")
    parser.add_argument("--quiet", action="store_true", help="only the last line")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
