"""``make bench-city``: one generated day of a city, planned by the product and by its peers: a table, a JSON line."""

import argparse
import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import child
from bench.city.solo import METHODS
from bench.page import put, table

PEERS = {"pyvrp": 300.0, "vroom": 300.0}  # seconds, as in the measurements the targets were taken from
START_S = 600  # for imports, making the day and its matrix, and machine code that has to be made first
PAGE = 140  # characters of a table that goes into a file
GRACE = 1.5  # times the seconds given is when a planner that does not come back is ended
COLUMNS = ("seconds", "engine", "stops", "vans", "left", "cents_a_parcel", "km", "wall_s", "memory_mb", "faults")


def main() -> None:
    """Plan the same day by each method in turn, nobody beside it."""
    asked = _arguments()
    console = Console(stderr=True)
    console.print(
        f"{asked.parcels} parcels, seed {asked.seed}, {asked.choice:.0%} of the doors have a choice; {asked.cores} "
        f"cores where a planner can use them; {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}. At most {sum(_seconds(asked, one) for one in asked.methods) / 60:.0f} minutes."
    )
    rows = {}
    for method in asked.methods:
        with console.status(f"{method}, {_seconds(asked, method):.0f} s"):
            rows[method] = _row(asked, method)
        console.print(f"{method}: {json.dumps(rows[method])}", highlight=False)
    if asked.write is not None:
        choice = f", {asked.choice:.0%} with a choice" if asked.choice else ""
        title = f"A city's day of {asked.parcels} parcels{choice}, {asked.cores} core(s)"
        put(asked.write, title, _markdown(rows, asked))
    Console(width=None if sys.stdout.isatty() else PAGE).print(_table(rows))
    print(json.dumps({"parcels": asked.parcels, "seed": asked.seed, "choice": asked.choice, **rows}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-city", description=__doc__)
    parser.add_argument("--parcels", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="for our planner (default: %(default)s)")
    parser.add_argument("--peer-seconds", type=float, help="for PyVRP and VROOM (default: 300; 640 from 5,000 parcels)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--choice", type=float, default=0.0, help="share of doors that accept a locker nearby")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page that the table goes into")
    parser.add_argument("--methods", nargs="*", choices=sorted(METHODS), default=["product", "joint", "pyvrp", "vroom"])
    return parser.parse_args()


def _seconds(asked: argparse.Namespace, method: str) -> float:
    if method not in PEERS:
        return float(asked.seconds)
    large = 5_000
    return float(asked.peer_seconds or (PEERS[method] if asked.parcels < large else 640.0))


def _row(asked: argparse.Namespace, method: str) -> dict[str, object]:
    seconds = _seconds(asked, method)
    ask = {"method": method, "parcels": asked.parcels, "seed": asked.seed, "choice": asked.choice}
    ended = child.run("bench.city.solo", {**ask, "seconds": seconds, "cores": asked.cores}, START_S + GRACE * seconds)
    said = ended.said[-1] if ended.said else {"failed": ended.error}
    return {**said, "seconds": seconds, "memory_mb": ended.memory_mb}


def _markdown(rows: dict[str, dict[str, object]], asked: argparse.Namespace) -> str:
    about = (
        f"{date.today()}, seed {asked.seed}, {asked.choice:.0%} of the doors with a choice; "  # noqa: DTZ011 - where it was measured
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end."
    )
    titles = ["", *(name.replace("_", " ") for name in COLUMNS)]
    return f"{about}\n\n{table(titles, [_cells(*row) for row in rows.items()])}"


def _cells(method: str, row: dict[str, object]) -> list[str]:
    if "failed" in row:
        return [method, str(row["seconds"]), str(row["failed"]), *[""] * (len(COLUMNS) - 2)]
    return [method, *(str(row[name] or 0) if name == "faults" else str(row[name]) for name in COLUMNS)]


def _table(rows: dict[str, dict[str, object]]) -> Table:
    drawn = Table(title="A city's day", title_justify="left")
    drawn.add_column("")
    for name in COLUMNS:
        drawn.add_column(name.replace("_", " "), justify="right")
    for method, row in rows.items():
        drawn.add_row(*_cells(method, row))
    return drawn


if __name__ == "__main__":
    main()
