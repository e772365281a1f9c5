"""The one judge of a change: runs every gate, shows what failed, ends with one line that says how it went.

``make test`` runs it. Gates go on after a failure, so that one run tells everything there is to mend. The tests of what
decides run under coverage and are gated on it; the others run without, because tracing makes them a half slower and
nothing is gated on them; those marked ``long`` (real processes, thousands of simulated hours) come last. ``make
coverage`` traces the short ones, too, and says how much of everything they cover.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PACKAGES = ("contract", "edge", "cloud", "provisioning", "firmware_sim", "demo", "bench", "tests", "scripts")
GATED = {
    "contract": "contract/",
    "locker_controller": "edge/locker_controller/",
    "cloud/domain": "cloud/domain/",
}
NOT_GATED = (  # rims: held by integration tests against a real broker and a real store instead
    "contract/mqtt.py",
    "contract/mqtt_wire.py",
    "edge/locker_controller/controller.py",
)
SHORT = "not long and not hardware and not night"
LONG = "long and not hardware and not night"
DECIDING = (  # what the branch gates are about, in a run of its own: a worker lost in the long run must not fail them
    "tests/contract",
    "tests/unit/edge/locker_controller",
    "tests/unit/edge/controller",
    "tests/unit/cloud/domain",
)
WORKERS = "2"  # the tests are budgeted for two cores
LONG_WORKERS = "3"  # one of them has all the tests of real processes (a group), which wait more than they compute
NO_TESTS_COLLECTED = 5  # pytest's exit code when a marker selects nothing


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    command: tuple[str, ...]
    streams: bool = False
    also_passes_with: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    passed: bool
    seconds: float


def lint_gates() -> list[Gate]:
    present = [name for name in PACKAGES if any((ROOT / name).glob("**/*.py"))]
    return [
        Gate("ruff check", (f"{BIN}/ruff", "check", "--quiet", ".")),
        Gate("ruff format", (f"{BIN}/ruff", "format", "--check", "--quiet", ".")),
        Gate("mypy --strict", (f"{BIN}/mypy", "--strict", "--no-error-summary", *present)),
        Gate("dependency law", (f"{BIN}/lint-imports", "--no-logo")),
    ]


def _but(folders: tuple[str, ...]) -> list[str]:
    return [f"--ignore={folder}" for folder in folders]


def test_gates(*, everything: bool) -> list[Gate]:
    """Return the runs of the tests; with ``everything`` the short ones are traced and the long ones left out."""
    pytest = ("-m", "pytest", "-n", WORKERS, "--dist", "loadgroup")
    python = f"{BIN}/python"
    traced = ("-m", "coverage", "run") if everything else ()
    return [
        Gate("coverage reset", (python, "-m", "coverage", "erase")),
        Gate(
            "tests of what decides",
            (python, "-m", "coverage", "run", *pytest, "-m", SHORT, "--junitxml=build/deciding.xml", *DECIDING),
            streams=True,
        ),
        Gate(
            "tests",
            (python, *traced, *pytest, "-m", SHORT, "--junitxml=build/short.xml", *_but(DECIDING)),
            streams=True,
        ),
        *([] if everything else [_long(python)]),
        Gate("coverage data", (python, "-m", "coverage", "combine", "--quiet")),
        Gate("coverage report", (python, "-m", "coverage", "json", "--quiet", "-o", "build/coverage.json")),
    ]


def _long(python: str) -> Gate:
    pytest = ("-m", "pytest", "-n", LONG_WORKERS, "--dist", "loadgroup")
    command = (python, *pytest, "-m", LONG, "--junitxml=build/long.xml")
    return Gate("long tests", command, streams=True, also_passes_with=NO_TESTS_COLLECTED)


def run(gate: Gate) -> Outcome:
    started = time.perf_counter()
    if gate.streams:
        code, words = subprocess.run(gate.command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL).returncode, ""
    else:
        done = subprocess.run(
            gate.command,
            cwd=ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        code, words = done.returncode, done.stdout
    outcome = Outcome(gate.name, code in (0, gate.also_passes_with), time.perf_counter() - started)
    if not outcome.passed and words:
        print(words, flush=True)
    show(outcome)
    return outcome


def show(outcome: Outcome) -> None:
    print(f"{'ok  ' if outcome.passed else 'FAIL'}  {outcome.name} ({outcome.seconds:.0f} s)", flush=True)


def coverage_gates(report: Path) -> list[Outcome]:
    """Every line and every branch of the parts that decide; one uncovered arrow fails the gate and is named."""
    if not report.exists():
        return [Outcome("branch coverage", passed=False, seconds=0)]
    files = json.loads(report.read_text())["files"]
    return [gate_of(name, prefix, files) for name, prefix in GATED.items()]


def gate_of(name: str, prefix: str, files: dict[str, dict[str, object]]) -> Outcome:
    gated = {path: file for path, file in files.items() if path.startswith(prefix) and path not in NOT_GATED}
    complete = True
    for path, file in sorted(gated.items()):
        lines, branches = file.get("missing_lines"), file.get("missing_branches")
        if lines or branches:
            complete = False
            print(f"      {path}: lines {lines} branches {branches} never ran", flush=True)
    outcome = Outcome(f"100 % branch coverage of {name}", complete and bool(gated), 0)
    show(outcome)
    return outcome


def overall(report: Path) -> str:
    if not report.exists():
        return "no coverage"
    return f"{json.loads(report.read_text())['totals']['percent_covered']:.1f} % covered overall"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lint-only", action="store_true", help="ruff, mypy and the dependency law, no tests")
    parser.add_argument("--coverage", action="store_true", help="trace all short tests, leave the long ones out")
    chosen = parser.parse_args()
    started = time.perf_counter()
    report = ROOT / "build" / "coverage.json"
    (report.parent / "coverage").mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    outcomes = [run(gate) for gate in lint_gates()]
    facts = ""
    if not chosen.lint_only:
        outcomes += [run(gate) for gate in test_gates(everything=chosen.coverage)]
        outcomes += coverage_gates(report)
        facts = f", {overall(report)}" if chosen.coverage else ""
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    minutes, seconds = divmod(round(time.perf_counter() - started), 60)
    verdict = f"FAILED: {', '.join(failed)}" if failed else f"all {len(outcomes)} gates passed"
    print(f"latchmile: {verdict}{facts}, {minutes} min {seconds:02d} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
