"""What became of every world of a night, a line each, so that a night that was interrupted goes on where it stopped.

A line counts for as long as nothing it may depend on has changed: the file's name is a digest of the sources.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from firmware_sim.world.world import Plan, Result

LIVED_BY = ("contract", "edge", "cloud", "provisioning", "firmware_sim")
ROOT = Path(__file__).resolve().parent.parent.parent


class Lived(msgspec.Struct, frozen=True):
    """One world and the seconds of a core it took."""

    result: Result
    cpu_s: float


class NightBook:
    """The worlds that ended; ``folder`` is made when the first one does."""

    def __init__(self, folder: Path, sources: str) -> None:
        """Write to the file of these ``sources``."""
        self.path = folder / f"{sources[:16]}.jsonl"

    def read(self) -> dict[Plan, Lived]:
        """Return what is written; a line that a power cut tore is lived again."""
        if not self.path.exists():
            return {}
        found = (_line(raw) for raw in self.path.read_bytes().split(b"\n"))
        return {lived.result.plan: lived for lived in found if lived is not None}

    def write(self, lived: Lived) -> None:
        """Add a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as book:
            book.write(b"\n" + msgspec.json.encode(lived))


def digest_of(root: Path = ROOT, packages: Iterable[str] = LIVED_BY) -> str:
    """Return a digest of all sources of these packages."""
    seen = hashlib.sha256()
    for path in sorted(path for name in packages for path in (root / name).rglob("*.py")):
        seen.update(f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()


def _line(raw: bytes) -> Lived | None:
    try:
        return msgspec.json.decode(raw, type=Lived)
    except msgspec.DecodeError:
        return None
