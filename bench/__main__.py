"""``make bench``: run all or some benchmarks, print a table each and one JSON line at the end."""

import argparse
import asyncio
import json
import logging
import os
import platform
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from bench import backlog, edge_weight, failed_attempt, ingest, roundtrip, windows

Rows = list[dict[str, object]]


def _ingest() -> Rows:
    return asyncio.run(ingest.compare())


def _roundtrip() -> Rows:
    return asyncio.run(roundtrip.compare())


def _backlog() -> Rows:
    return asyncio.run(backlog.compare())


BENCHES: dict[str, tuple[str, Callable[[], Rows]]] = {
    "ingest": ("Durable ingest, events a second (limit: bare paho + group commit)", _ingest),
    "backlog": ("A broker with a backlog, messages a second (peer: saving at every change)", _backlog),
    "edge": ("The edge agent's weight (limit: its bare imports)", edge_weight.compare),
    "failed-attempt": ("A failed attempt, live (peer: nearest locker, go there now)", failed_attempt.compare),
    "windows": ("Windows a recipient may choose, on a running plan", windows.compare),
    "roundtrip": ("Broker round trip (peer: paho with its defaults)", _roundtrip),
}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description="Measure against limits in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHES)} (default: all)")
    asked = parser.parse_args().names or list(BENCHES)
    if unknown := set(asked) - set(BENCHES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    logging.getLogger().setLevel(logging.ERROR)
    console = Console()
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    results = {}
    for name in asked:
        title, run = BENCHES[name]
        results[name] = run()
        console.print(_table(title, results[name]))
    print(json.dumps(results))


def _table(title: str, rows: Rows) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for _ in rows:
        table.add_column(justify="right")
    for name in rows[0]:
        table.add_row(name, *(str(row[name]) for row in rows))
    return table


if __name__ == "__main__":
    main()
