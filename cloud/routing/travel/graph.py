"""A city's drivable streets as arrays: what is read from an extract once, kept in a file, and searched many times."""

import hashlib
import os
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

VERSION = 2  # of the file; a graph of another version is read from the extract anew
HASH_BLOCK = 1 << 20  # bytes of the extract hashed at once
NODES_MAX = 5_000_000  # a small country; a city with its suburbs has 0.1 to 0.3 million crossings

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class ExtractError(ValueError):
    """An extract cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadGraph:
    """Directed edges between crossings, and points along them to which places are snapped.

    Edge ``e`` leads from node ``tail[e]`` to ``head[e]`` in ``edge_cs[e]`` hundredths of a second over ``edge_dm[e]``
    decimetres. ``twin[e]`` is the same road the other way, or -1. ``component`` numbers each node's strongly connected
    part, the largest 0. Points: degrees, the edge they lie on, and how far along it (0 to 1).
    """

    tail: Ints
    head: Ints
    edge_cs: Ints
    edge_dm: Ints
    twin: Ints
    component: Ints
    point_degrees: Floats
    point_edge: Ints
    point_along: Floats

    @property
    def nodes(self) -> int:
        return len(self.component)

    @property
    def edges(self) -> int:
        return len(self.tail)

    def component_sizes(self) -> NDArray[np.int64]:
        """Return how many nodes each part has, by its number."""
        return np.bincount(self.component)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; raises ``ExtractError`` when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ExtractError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def kept_at(directory: Path, digest: str) -> Path:
    return directory / f"roads-v{VERSION}-{digest[:32]}.npz"


def keep(graph: RoadGraph, path: Path) -> None:
    """Write the graph beside its name first, so that nobody ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    try:
        np.savez(unfinished, **{field.name: getattr(graph, field.name) for field in fields(graph)})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def recall(path: Path) -> RoadGraph | None:
    """Return a kept graph; None when there is none or the file is damaged: the extract is then read again."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return RoadGraph(**{field.name: kept[field.name] for field in fields(RoadGraph)})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
