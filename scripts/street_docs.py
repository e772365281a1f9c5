"""Write docs/street.md anew by playing every scenario of tests/simulation/street; a test there holds them together."""

import sys
from collections.abc import Iterable
from pathlib import Path

from cloud.web.words import words_of
from tests.simulation.street import (
    test_street_bulk,
    test_street_couriers,
    test_street_doors,
    test_street_machine,
    test_street_messages,
)
from tests.simulation.street.lines import LINES
from tests.simulation.street.operator_desk import Sight
from tests.simulation.street.scenario import SCENARIOS, Played, played
from tests.simulation.street.speech import Said

FILE = Path(__file__).resolve().parents[1] / "docs" / "street.md"
PLAYED_IN = (
    test_street_couriers,
    test_street_doors,
    test_street_machine,
    test_street_messages,
    test_street_bulk,
)
FAMILIES = {"parcel": "happened", "message": "template"}
SOURCES = {
    "alarm": "alarm",
    "case": "case",
    "parcel": "parcel's story",
    "message": "message to the recipient",
    "event": "door's story",
    "command": "command",
}
HEAD = """# What goes wrong in the street

Written by `python -m scripts.street_docs` from the scenarios in `tests/simulation/street`: the real agent on simulated
doors and the real cloud, in virtual time. Each scenario is played, its sentences are read off the kiosk's own page
(they exist in English, Polish and German), and what the operator sees was there within two simulated seconds of the
locker's knowing it; only what the cloud finds out by itself (a silent locker, a time that ran out) takes longer.

| what goes wrong | what the person reads | what the operator sees | how it ends |
|---|---|---|---|
"""


def page() -> str:
    """Play everything; return the page."""
    order = {line: place for place, line in enumerate(LINES)}
    scenarios = sorted(SCENARIOS.values(), key=lambda one: order[one.about])
    return HEAD + "".join(_row(played(one)) for one in scenarios)


def _row(one: Played) -> str:
    reads = "<br>".join(dict.fromkeys(_sentence(said) for said in one.sentences))
    sees = "<br>".join(dict.fromkeys(_sight(sight) for sight in one.sights))
    return _cells(one.scenario.title, reads, sees, one.scenario.ends)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _sentence(said: Said) -> str:
    return f"**{said.title}** {said.lead}".strip()


def _sight(sight: Sight) -> str:
    words = words_of("en")
    kinds: Iterable[str] = sight.kind.split()
    if sight.source == "command":
        kind, state = kinds
        named = f"{words.word('command', kind)}: {words.word('command_state', state)}"
    else:
        named = words.word(FAMILIES.get(sight.source, sight.source), sight.kind)
    grave = f", {words.word('severity', sight.severity)}" if sight.severity else ""
    return f"{named} ({SOURCES[sight.source]}{grave})"


def main() -> None:
    """Write the page."""
    FILE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}: {len(SCENARIOS)} scenarios\n")


if __name__ == "__main__":
    main()
