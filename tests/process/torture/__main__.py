"""``make torture``: a storm of ``kill -9``; the last line is JSON, the exit code 1 if anything was lost or doubled."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.process.programs import NeverError
from tests.process.torture.killer import GAP_S
from tests.process.torture.storm import Report, Wish, storm
from tests.survives import survived

ROW = "kill -9 of locker, cloud and broker in turn"


def main() -> int:
    """Run a storm as the command line asks."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--lockers", type=int, default=4)
    parser.add_argument("--gap", type=float, default=GAP_S, help="mean seconds between two kills")
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="stop killing after so long")
    parser.add_argument("--save", choices=("change", "second"), help="how often the broker saves; else its default")
    parser.add_argument("--keep", type=Path, help="where everything lives, and stays")
    asked = parser.parse_args()
    wish = Wish(
        seed=asked.seed,
        kills=asked.kills,
        lockers=asked.lockers,
        gap_s=asked.gap,
        within_s=asked.minutes * 60,
        save=asked.save or "",
    )
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="latchmile-torture-"))
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"seed {wish.seed}, {wish.kills} kills, everything in {folder}")
    try:
        report = asyncio.run(storm(wish, folder, _say))
    except NeverError as error:
        _say(f"seed {wish.seed}: {error}")
        return 1
    _note(report, folder)
    if report.violations:
        return 1
    if asked.keep is None:
        shutil.rmtree(folder)
    return 0


def _note(report: Report, folder: Path) -> None:
    if report.violations:
        _say(f"seed {report.wish.seed} broke a promise; everything is left in {folder}")
    (folder / "people.log").write_text("\n".join([*report.goods.problems, *report.goods.nuisances]))
    for one in report.violations:
        _say(f"VIOLATION {one}")
    tried, broken = report.kills.total(), len(report.violations)
    survived(ROW, "make torture", tried=tried, broken=broken, shown_by="tests/process/test_torture.py")
    _say(report.line())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
