"""The one judge of a change: runs every gate, shows what failed, ends with one line that says how it went.

``make test`` runs it. Gates go on after a failure, so that one run tells everything there is to mend. The tests of what
decides run under coverage and are gated on it; the others run without, because tracing makes them a half slower and
nothing is gated on them. They are one run, the heaviest first (tests/conftest.py), so that every test is collected once
and no core waits at its end; lint and types, which use one core, run beside. ``make coverage`` traces the short ones,
too, and says how much of everything they cover.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.second_look import worth_it

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
ALL = "not hardware and not night"
SHORT = f"not long and {ALL}"
DECIDING = (  # what the branch gates are about, in a run of its own: a worker lost in the long run must not fail them
    "tests/contract",
    "tests/unit/edge/locker_controller",
    "tests/unit/edge/controller",
    "tests/unit/cloud/domain",
)
OTHERS = "tests"
LAST_FAILED = ROOT / "build" / "last-failed"  # of the others' run alone: scripts/second_look.py reads it
DECIDING_WORKERS = "2"  # the tests are budgeted for two cores
WORKERS = "3"  # one of them has all the tests of real processes (a group), which wait more than they compute


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    command: tuple[str, ...]
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a gate went; ``words`` is what is to be read when it failed."""

    name: str
    passed: bool
    seconds: float
    words: str = ""


def collection() -> Gate:
    """Read every test once, beside those of what decides: the workers after it find all modules compiled.

    In a fresh clone reading and compiling the tests costs three times what reading them compiled does, and the workers
    start together, so that each would do all of it.
    """
    quiet = ("-qqq", "--no-header", "-p", "no:cacheprovider")
    return Gate("collection", (f"{BIN}/python", "-m", "pytest", "--collect-only", *quiet, "-m", ALL))


def lint_gates() -> list[Gate]:
    present = [name for name in PACKAGES if any((ROOT / name).glob("**/*.py"))]
    return [
        Gate("ruff check", (f"{BIN}/ruff", "check", "--quiet", ".")),
        Gate("ruff format", (f"{BIN}/ruff", "format", "--check", "--quiet", ".")),
        Gate("mypy --strict", (f"{BIN}/mypy", "--strict", "--no-error-summary", *present)),
        Gate("dependency law", (f"{BIN}/lint-imports", "--no-logo")),
    ]


def test_gates(*, everything: bool) -> list[Gate]:
    """Return the runs of the tests; with ``everything`` the short ones are traced and the long ones left out."""
    python = f"{BIN}/python"
    traced = ("-m", "coverage", "run")
    others = [f"--ignore={folder}" for folder in DECIDING]
    deciding = _pytest(DECIDING_WORKERS, SHORT if everything else ALL, "deciding")
    gated = () if everything else ("--include", ",".join(f"{prefix}*" for prefix in GATED.values()))
    return [
        Gate("coverage reset", (python, "-m", "coverage", "erase")),
        Gate("tests of what decides", (python, *traced, *deciding, *DECIDING), streams=True),
        Gate(
            OTHERS,
            (python, *traced, *_pytest(WORKERS, SHORT, "tests"), *others)
            if everything
            else (python, *_pytest(WORKERS, ALL, "tests"), *others, "-o", f"cache_dir={LAST_FAILED}"),
            streams=True,
        ),
        Gate("coverage data", (python, "-m", "coverage", "combine", "--quiet")),
        Gate("coverage report", (python, "-m", "coverage", "json", "--quiet", *gated, "-o", "build/coverage.json")),
    ]


def _pytest(workers: str, chosen: str, report: str) -> tuple[str, ...]:
    run_as = ("-n", workers, "--dist", "loadgroup", "--no-loadscope-reorder")
    return ("-m", "pytest", *run_as, "-m", chosen, f"--junitxml=build/{report}.xml")


def run(gate: Gate) -> Outcome:
    started = time.perf_counter()
    into = None if gate.streams else subprocess.PIPE
    done = subprocess.run(
        gate.command,
        cwd=ROOT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=into,
        stderr=None if gate.streams else subprocess.STDOUT,
        text=True,
    )
    return Outcome(gate.name, done.returncode == 0, time.perf_counter() - started, done.stdout or "")


def run_all(gates: list[Gate], beside: list[Gate]) -> Iterator[Outcome]:
    """Run ``gates`` one after the other, and those ``beside`` meanwhile; each is told when no other is talking."""
    with ThreadPoolExecutor(1) as lane:
        waiting: list[Future[Outcome]] = [lane.submit(run, gate) for gate in beside]
        for gate in gates:
            yield run(gate)
            while waiting and waiting[0].done():
                yield waiting.pop(0).result()
        for outcome in waiting:
            yield outcome.result()


def show(outcome: Outcome) -> None:
    if not outcome.passed and outcome.words:
        print(outcome.words, flush=True)
    print(f"{'ok  ' if outcome.passed else 'FAIL'}  {outcome.name} ({outcome.seconds:.0f} s)", flush=True)


def look_again(outcomes: list[Outcome], unsteady: list[str]) -> list[Outcome]:
    """Run once more what may have failed by chance: what passes now is added to ``unsteady``, its run has passed."""
    again = worth_it(LAST_FAILED) if any(one.name == OTHERS and not one.passed for one in outcomes) else []
    if not again:
        return outcomes
    quietly = ("-p", "no:cacheprovider", "-m", ALL)
    second = run(Gate("second look", (f"{BIN}/python", "-m", "pytest", *quietly, *again), streams=True))
    show(second)
    if not second.passed:
        return [*outcomes, second]
    unsteady += again
    return [second if one.name == OTHERS else one for one in outcomes]


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
    shutil.rmtree(LAST_FAILED, ignore_errors=True)
    outcomes: list[Outcome] = []
    unsteady: list[str] = []
    facts = ""
    gates, beside = ([], []) if chosen.lint_only else (test_gates(everything=chosen.coverage), [collection()])
    for outcome in run_all(gates, [*beside, *lint_gates()]):
        show(outcome)
        outcomes.append(outcome)
    outcomes = look_again(outcomes, unsteady)
    if not chosen.lint_only:
        outcomes += coverage_gates(report)
        facts = f", {overall(report)}" if chosen.coverage else ""
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    minutes, seconds = divmod(round(time.perf_counter() - started), 60)
    verdict = f"FAILED: {', '.join(failed)}" if failed else f"all {len(outcomes)} gates passed"
    if unsteady:
        verdict += f" (UNSTEADY, passed alone only: {', '.join(unsteady)})"
    print(f"latchmile: {verdict}{facts}, {minutes} min {seconds:02d} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
