"""Finds the instances of a folder and what is best known of them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloud.routing.joint.instance import Instance
from cloud.routing.joint.readers import InstanceError, read

BEST_KNOWN = "best_known.csv"
SUFFIXES = (".txt", ".vrp", ".dat")


@dataclass(frozen=True, slots=True)
class BestKnown:
    """``vehicles`` None: the source compares distances only."""

    distance: float
    vehicles: int | None = None


def best_known(folder: Path) -> dict[str, BestKnown]:
    """Read ``best_known.csv``: name, [vehicles,] distance; a header and further columns (proven or not) are skipped."""
    path = folder / BEST_KNOWN
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as rows:
        table = [row for row in csv.reader(rows) if row]
    header = [name.strip().lower() for name in table[0]]
    titled = "name" in header or "instance" in header
    vehicles_at = next((header.index(one) for one in ("routes", "vehicles") if one in header), None)
    distance_at = next((header.index(one) for one in ("dist", "distance", "cost") if one in header), 1)
    return {
        row[0]: BestKnown(float(row[distance_at]), None if vehicles_at is None else int(row[vehicles_at]))
        for row in table[titled:]
    }


def instances(folder: Path, kind: str, names: frozenset[str]) -> Iterator[Instance]:
    """Yield the instances of a folder, one at a time, all or those named; a file of another kind is told and left."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or (names and path.stem not in names):
            continue
        try:
            yield read(path, kind)
        except InstanceError as error:
            print(f"# {error}", flush=True)
