"""Worlds from seeds: a small fixed number in every test run; `make sim SEED=n` replays any."""

import json
import os
import subprocess
import sys

import pytest

from firmware_sim.world.world import CONVERGED_S_MAX, Plan, Result, run_world

SEEDS_PER_TEST = 5
TESTS = 4  # twenty seeds; each test is one worker's piece
LOCKERS, HOURS = 4, 6.0


def explained(result: Result) -> str:
    """Say what to type to see it happen."""
    plan = result.plan
    return f"make sim SEED={plan.seed} LOCKERS={plan.lockers} HOURS={plan.hours:g}: {result.violations}"


def test_a_calm_world_serves_people_and_breaks_nothing() -> None:
    result = run_world(Plan(seed=1, lockers=2, hours=4, trouble=False))

    assert result.violations == ()
    assert result.faults == {}
    assert result.deeds["ParcelDroppedOff"] > 0
    assert result.deeds["ParcelPickedUp"] > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(TESTS))
def test_every_invariant_holds_in_worlds_full_of_trouble(piece: int) -> None:
    for seed in range(1_000 + piece * SEEDS_PER_TEST, 1_000 + (piece + 1) * SEEDS_PER_TEST):
        result = run_world(Plan(seed, LOCKERS, HOURS))

        assert result.violations == (), explained(result)
        assert result.slowest_convergence_s <= CONVERGED_S_MAX, explained(result)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_one_seed_gives_one_trace_in_every_process() -> None:
    told = [replayed(hash_seed) for hash_seed in ("1", "2")]

    assert told[0]["trace"] == told[1]["trace"]
    assert told[0] == told[1]


def replayed(hash_seed: str) -> dict[str, object]:
    """Run one world in a process whose sets and addresses are ordered differently."""
    command = [sys.executable, "-m", "firmware_sim.world", "--seed", "7", "--lockers", "3", "--hours", "6"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer
