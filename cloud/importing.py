"""``latchmile-import-lockers`` and ``latchmile-import-parcels``: hand a file to the cloud and read what it found.

Exit codes: 0 everything landed, 1 some rows were refused, 2 the file was refused or the cloud could not be reached.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

KEY_VARIABLE = "LATCHMILE_KEY"
ANSWER_S_MAX = 120.0  # for taking a file of 64 MB over a slow line
LOOK_EVERY_S = 0.2
SHOWN_MAX = 50  # findings in the table; the whole report is one request away


class Exit(IntEnum):
    LANDED = 0
    SOME_REFUSED = 1
    NOT_TAKEN = 2


class NotTakenError(Exception):
    """The cloud did not take the file; the message says why."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What to send where. ``options`` become the query."""

    kind: str
    content_type: str
    file: Path
    cloud: str
    key: str
    options: Mapping[str, str]


def main_lockers(arguments: Sequence[str] | None = None) -> int:
    """Import an operator's lockers from GeoJSON."""
    parser = _parser("latchmile-import-lockers", "Import lockers from a GeoJSON file (OpenStreetMap or InPost tags).")
    parser.add_argument("--model", default="M24", help="model of lockers of which the file says none")
    found = parser.parse_args(arguments)
    return _main(parser, found, ("lockers", "application/geo+json"), {"model": found.model})


def main_parcels(arguments: Sequence[str] | None = None) -> int:
    """Import a carrier's parcels from CSV."""
    parser = _parser("latchmile-import-parcels", "Import parcels from a CSV file with a header.")
    parser.add_argument("--carrier", help="whose parcels they are; needed with an operator's key only")
    found = parser.parse_args(arguments)
    return _main(parser, found, ("parcels", "text/csv"), {"carrier": found.carrier} if found.carrier else {})


def _main(
    parser: argparse.ArgumentParser, found: argparse.Namespace, what: tuple[str, str], options: Mapping[str, str]
) -> int:
    if not found.key:
        parser.error(f"needed: --key (or {KEY_VARIABLE})")
    errand = Errand(*what, found.file, found.cloud.rstrip("/"), found.key, options)
    console = Console()
    try:
        report = run(errand, console)
    except (NotTakenError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        if isinstance(error, httpx.ConnectError):
            why = f"nobody answers at {errand.cloud} ({why}); is the cloud running there? --cloud says where it is"
        Console(stderr=True).print(f"[red]{parser.prog}[/]: {escape(why)}", soft_wrap=True)
        return Exit.NOT_TAKEN
    show(report, console)
    return Exit.SOME_REFUSED if report["rejected"] else Exit.LANDED


def run(errand: Errand, console: Console) -> dict[str, Any]:
    """Send the file, watch it land, and return the report; raises ``NotTakenError``."""
    raw = errand.file.read_bytes()
    headers = {"Authorization": f"Bearer {errand.key}"}
    with httpx.Client(base_url=errand.cloud, headers=headers, timeout=ANSWER_S_MAX) as client:
        query = {"file_name": errand.file.name[:200], **errand.options}
        kind = {"Content-Type": errand.content_type}
        begun = _taken(client.post(f"/v1/imports/{errand.kind}", params=query, content=raw, headers=kind))
        return _watch(client, begun["id"], console)


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print what became of the rows and, as a table, what to mend."""
    problems = report["problems"]
    if problems:
        table = Table("line", "column", "what is wrong", "given", title=f"{escape(report['file_name'])}: to mend")
        for one in problems[:SHOWN_MAX]:
            table.add_row(str(one["line"]), *(escape(one[name]) for name in ("column", "reason", "value")))
        console.print(table)
        if len(problems) > SHOWN_MAX:
            console.print(f"and {len(problems) - SHOWN_MAX} more; see /v1/imports/{report['id']}")
    counts = ", ".join(f"{report[name]} {name}" for name in ("added", "changed", "unchanged", "rejected"))
    console.print(f"{report['rows']} {report['kind']}: {counts}")


def _watch(client: httpx.Client, import_id: str, console: Console) -> dict[str, Any]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("importing", total=None)
        while True:
            report = _taken(client.get(f"/v1/imports/{import_id}"))
            job = report["job"]
            bar.update(task, total=job["total"] or None, completed=job["done"])
            if job["state"] == "failed":
                raise NotTakenError(f"the import stopped: {job['detail']}; send the file again")
            if job["state"] == "done":
                return report
            time.sleep(LOOK_EVERY_S)


def _taken(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NotTakenError(f"what answers there is no Latchmile cloud ({answer.status_code})")
    if not answer.is_success:
        raise NotTakenError(f"refused ({answer.status_code}): {said.get('detail', said)}")
    return said


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    codes = "exit codes: 0 everything landed, 1 some rows were refused, 2 the file was refused or nobody answered"
    parser = argparse.ArgumentParser(prog=name, description=description, epilog=codes)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--cloud", default="http://127.0.0.1:8000", help="address of the cloud (default: %(default)s)")
    parser.add_argument("--key", default=os.environ.get(KEY_VARIABLE), help=f"API key; or {KEY_VARIABLE}")
    return parser


if __name__ == "__main__":
    sys.exit(main_parcels())
