"""What lies behind the doors, kept in a file: parcels do not vanish because a simulator was ended."""

import json
from pathlib import Path

FILE = "cabinet.json"


def read_inside(folder: Path) -> dict[str, str]:
    """Return what lies in which compartment; nothing where no simulator has been before."""
    try:
        known = json.loads((folder / FILE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(label): str(thing) for label, thing in known.items()}


def write_inside(folder: Path, inside: dict[str, str]) -> None:
    """Replace the file. It is not flushed: what a simulated door hides need not survive a real power cut."""
    aside = folder / f".{FILE}.new"
    aside.write_text(json.dumps(inside, ensure_ascii=False))
    aside.replace(folder / FILE)
