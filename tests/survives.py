"""What tests saw the system survive, written down for README's table; ``make survives`` reads it.

A row is one kind of trouble; the pieces of a row (a worker, a seed, a scenario) are added up.
"""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "survives"


def survived(row: str, piece: str, *, tried: int, broken: int, shown_by: str) -> None:
    """Keep that ``tried`` times ``row`` happened and that an invariant was broken ``broken`` times.

    ``shown_by`` names the test file or command; it is the same for all pieces of a row.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = "-".join(re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60] for words in (row, piece))
    facts = {"row": row, "piece": piece, "tried": tried, "broken": broken, "shown_by": shown_by}
    (FOLDER / f"{name}.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
