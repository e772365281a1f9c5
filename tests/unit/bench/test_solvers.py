"""Our solver and VROOM through the whole path: file, process of its own, checker, score."""

from pathlib import Path

import pytest

from bench.routing.instances import BestKnown
from bench.routing.race import Question, race
from bench.routing.roaming import instance_text
from bench.routing.score import score
from cloud.routing.joint.readers import read


@pytest.mark.long
@pytest.mark.parametrize("solver", ["joint", "vroom"])
def test_a_solver_in_a_process_of_its_own(tmp_path: Path, solver: str) -> None:
    path = tmp_path / "roaming.txt"
    path.write_text(instance_text(12, 1))
    day = read(path, "vrprdl")
    raced = race(day, Question(str(path), "vrprdl", solver, 1.0))
    found = score(day, solver, raced, BestKnown(1.0))
    assert found.error == ""
    assert found.feasible
    assert found.memory_mb > 50
    assert raced.points
    assert found.distance == raced.points[-1].cost
