"""Finds the instances of a folder, which set they are of, and what is best known of them."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cloud.routing.joint.readers import READERS, InstanceError, read

BEST_KNOWN = "best_known.csv"
LOOKED_AT = 5  # files of a folder before it is taken for none of instances: a readme or two may come first
SUFFIXES = (".txt", ".vrp", ".dat")


@dataclass(frozen=True, slots=True)
class BestKnown:
    """``vehicles`` None: the source compares distances only."""

    distance: float
    vehicles: int | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Instances of one kind in one folder."""

    kind: str
    folder: Path
    paths: tuple[Path, ...]
    known: dict[str, BestKnown]

    @property
    def title(self) -> str:
        return self.kind if self.kind == self.folder.name else f"{self.kind} ({self.folder.name})"


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


def files(folder: Path) -> tuple[Path, ...]:
    """Return what may be instances, in the order of their names."""
    return tuple(sorted(one for one in folder.iterdir() if one.is_file() and one.suffix.lower() in SUFFIXES))


def set_in(folder: Path, kind: str | None) -> Set | None:
    """Return the set in a folder, of the kind said or of the one its first file is of; None if there is no such."""
    paths = files(folder)
    found = kind or (_kind_of(paths) if paths else None)
    return Set(found, folder, paths, best_known(folder)) if found and paths else None


def _kind_of(paths: Sequence[Path]) -> str | None:
    """Return the kind whose reader takes one of the first files: no format is taken for another (tests hold that)."""
    for path in paths[:LOOKED_AT]:
        for kind in READERS:
            try:
                read(path, kind)
            except InstanceError:
                continue
            return kind
    return None


def sets_under(folder: Path) -> Iterator[Set]:
    """Yield the set in a folder, or those in the folders under it."""
    own = set_in(folder, None)
    if own is not None:
        yield own
        return
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = set_in(one, None)
        if found is not None:
            yield found


def spread(paths: Sequence[Path], limit: int | None) -> tuple[Path, ...]:
    """Return at most ``limit`` of them, evenly spaced, so that small and large ones and all kinds are among them."""
    if limit is None or limit >= len(paths):
        return tuple(paths)
    return tuple(paths[(2 * number + 1) * len(paths) // (2 * limit)] for number in range(limit))
