"""Five hundred worlds from seeds, twenty thousand locker-hours full of trouble; `make sim SEED=n` replays any."""

import pytest

from firmware_sim.world.shrinking import command
from firmware_sim.world.world import CONVERGED_S_MAX, Plan, Result, run_world
from tests.survives import survived

PIECES, SEEDS_PER_PIECE = 25, 20
FIRST, LOCKERS, HOURS = 1_000, 5, 8.0
GENUINE_EVERY = 50  # worlds on SQL and Ed25519; they take ten times as long
ROW = (
    "Simulated city: power cuts, bad wires, restarts, broken locks, full cards, wrong clocks, hostile broker, guessing"
)


def seeds_of(piece: int) -> range:
    return range(FIRST + piece * SEEDS_PER_PIECE, FIRST + (piece + 1) * SEEDS_PER_PIECE)


def explained(result: Result) -> str:
    """Say what to type to see it happen."""
    return f"{command(result.plan)}: {result.violations}"


def test_there_are_five_hundred_seeds_and_twenty_thousand_locker_hours() -> None:
    seeds = {seed for piece in range(PIECES) for seed in seeds_of(piece)}

    assert len(seeds) >= 500
    assert len(seeds) * LOCKERS * HOURS >= 20_000


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(PIECES))
def test_every_invariant_holds_in_worlds_full_of_trouble(piece: int) -> None:
    results = [run_world(Plan(seed, LOCKERS, HOURS, genuine=seed % GENUINE_EVERY == 0)) for seed in seeds_of(piece)]
    broken = [result for result in results if result.violations]

    hours = round(sum(result.plan.lockers * result.plan.hours for result in results))
    survived(
        f"{ROW} (locker-hours)", f"{piece}", tried=hours, broken=len(broken), shown_by="tests/simulation/test_seeds.py"
    )
    assert not broken, "\n".join(explained(result) for result in broken)
    assert max(result.slowest_convergence_s for result in results) <= CONVERGED_S_MAX
    assert all(result.faults for result in results)
