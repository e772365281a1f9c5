"""``make survives``: run what shows that the system survives, then write the measured table into README.

The tests themselves write down what they saw (``tests/survives.py``); nothing here knows a number.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "survives"
BEGIN, END = "<!-- survives: written by `make survives` -->", "<!-- /survives -->"
CALL = "from tests.survives import survived"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of trouble: how often it was tried and how often a promise was broken."""

    trouble: str
    tried: int
    broken: int
    shown_by: str


def rows(facts: Iterable[Mapping[str, object]]) -> list[Row]:
    """Add up the pieces of each kind of trouble, in the order of the alphabet."""
    found: dict[str, Row] = {}
    for fact in facts:
        name, shown_by = str(fact["row"]), str(fact["shown_by"])
        before = found.get(name, Row(name, 0, 0, shown_by))
        tried, broken = before.tried + int(str(fact["tried"])), before.broken + int(str(fact["broken"]))
        found[name] = Row(name, tried, broken, before.shown_by)
    return [found[name] for name in sorted(found)]


def table(found: Iterable[Row]) -> str:
    """Return the table in Markdown."""
    lines = ["| what happens | tried | promises broken | shown by |", "|---|--:|--:|---|"]
    lines += [f"| {row.trouble} | {row.tried:,} | {row.broken:,} | `{row.shown_by}` |" for row in found]
    return "\n".join(lines)


def rewritten(readme: str, new: str) -> str:
    """Return ``readme`` with ``new`` between its marks; raises ValueError when a mark is missing."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN if not begin else END}")
    return f"{head}{BEGIN}\n{new}\n{END}{tail}"


def showing() -> list[str]:
    """Return the test files that write down what was survived."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path.relative_to(ROOT)) for path in files if CALL in path.read_text(encoding="utf-8")]


def main() -> int:
    """Run, read, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="run nothing: use what earlier runs wrote down")
    if not parser.parse_args().keep:
        for old in FOLDER.glob("*.json"):
            old.unlink()
        command = (
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadgroup",
            "-m",
            "not hardware and not night",
        )
        if subprocess.run((*command, *showing()), cwd=ROOT, check=False).returncode:
            return 1
    found = rows(json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))
    if not found:
        print("nothing was written down: run `make survives` without --keep")
        return 1
    readme = ROOT / "README.md"
    readme.write_text(rewritten(readme.read_text(encoding="utf-8"), table(found)), encoding="utf-8")
    print(table(found))
    return 1 if any(row.broken for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
