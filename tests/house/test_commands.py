"""The project's own commands can fail: coverage gate and reset are each shown what they must refuse."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.check import Gate, gate_of, run_all
from tests.house.sources import ROOT

COVERED: dict[str, object] = {"missing_lines": [], "missing_branches": []}


def forget(state: Path) -> subprocess.CompletedProcess[str]:
    command = (str(ROOT / "scripts" / "demo-reset.sh"),)
    surroundings = os.environ | {"STATE_DIR": str(state)}
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=surroundings)


def test_full_coverage_passes_the_gate() -> None:
    assert gate_of("domain", "cloud/domain/", {"cloud/domain/a.py": COVERED}).passed


@pytest.mark.parametrize("missing", [{"missing_lines": [3]}, {"missing_branches": [[3, 5]]}])
def test_one_line_or_branch_that_never_ran_fails_the_gate(missing: dict[str, object]) -> None:
    assert not gate_of("domain", "cloud/domain/", {"cloud/domain/a.py": COVERED | missing}).passed


def test_a_gate_without_any_file_fails() -> None:
    assert not gate_of("domain", "cloud/domain/", {"cloud/web/a.py": COVERED}).passed


def test_a_rim_is_not_gated() -> None:
    rim: dict[str, object] = {"missing_lines": [1], "missing_branches": []}
    assert gate_of("contract", "contract/", {"contract/mqtt.py": rim, "contract/ids.py": COVERED}).passed


def test_every_gate_is_told_whatever_became_of_those_before_it_and_beside_it() -> None:
    told = run_all(
        [Gate("broken", ("false",)), Gate("last", ("true",))], [Gate("beside", ("sh", "-c", "echo no; false"))]
    )
    assert {one.name: (one.passed, one.words) for one in told} == {
        "broken": (False, ""),
        "last": (True, ""),
        "beside": (False, "no\n"),
    }


def test_the_reset_forgets_a_demo(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    (state / "broker").mkdir(parents=True)
    assert forget(state).returncode == 0
    assert not state.exists()


def test_the_reset_spares_a_folder_that_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert forget(tmp_path).returncode == 1
    assert (tmp_path / "thesis.txt").exists()


def test_the_reset_spares_a_folder_around_this_clone() -> None:
    done = forget(ROOT.parent)
    assert done.returncode == 1
    assert "refused" in done.stderr


def test_the_reset_has_nothing_to_do_without_a_demo(tmp_path: Path) -> None:
    assert forget(tmp_path / "nothing").returncode == 0
