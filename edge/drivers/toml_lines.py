"""Where in a TOML text a key stands: tomllib keeps no positions, and an installer needs the line, not the idea.

Reads the plain subset wiring files are written in, ``[table]``, ``[[table]]`` and ``key = value`` each on a line of its
own; tomllib has accepted the text before, so all that is left is to find things again. Whatever is written more
cleverly is reported at the nearest line above.
"""

import re
from dataclasses import dataclass

_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_\-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*(?:\"([^\"]+)\"|'([^']+)'|([A-Za-z0-9_\-]+))\s*=\s*")
_SYNTAX_AT = re.compile(
    r"^(?P<fact>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)

TOP = ("", 0)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text, from 1."""

    line: int
    column: int


class TomlLines:
    """Positions of tables and keys. A table is named and counted: ``("compartment", 3)`` is the fourth such table."""

    def __init__(self, text: str) -> None:
        """Scan the text once."""
        self._tables: dict[tuple[str, int], Place] = {TOP: Place(1, 1)}
        self._keys: dict[tuple[str, int, str], Place] = {}
        self._values: dict[tuple[str, int, str], Place] = {}
        table, seen = TOP, dict[str, int]()
        for number, line in enumerate(text.splitlines(), start=1):
            if opened := _TABLE.match(line):
                name = opened[2]
                table = (name, seen.get(name, 0))
                seen[name] = table[1] + 1
                self._tables[table] = Place(number, opened.start(1) + 1)
            elif key := _KEY.match(line):
                at = (*table, key[1] or key[2] or key[3])
                self._keys[at] = Place(number, key.start(key.lastindex or 0) + 1)
                self._values[at] = Place(number, key.end() + 1)

    def table(self, name: str, nth: int = 0) -> Place:
        return self._tables.get((name, nth), self._tables[TOP])

    def key(self, name: str, nth: int, key: str) -> Place:
        return self._keys.get((name, nth, key), self.table(name, nth))

    def value(self, name: str, nth: int, key: str) -> Place:
        return self._values.get((name, nth, key), self.table(name, nth))


def syntax_fault(message: str, text: str) -> tuple[Place, str]:
    """Split tomllib's message into place and fact; "end of document" becomes the last line."""
    lines = text.splitlines() or [""]
    end = Place(len(lines), len(lines[-1]) + 1)
    found = _SYNTAX_AT.match(message)
    if found is None:
        return end, message
    place = Place(int(found["line"]), int(found["column"])) if found["line"] else end
    return place, found["fact"]
