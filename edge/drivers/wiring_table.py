"""Reads one TOML table key by key and collects what is wrong instead of stopping at the first fault."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from edge.drivers.errors import WiringFault
from edge.drivers.toml_lines import Place, TomlLines

Closed = TypeVar("Closed", bound=StrEnum)
Parsed = TypeVar("Parsed")


class TableReader:
    """One table of a wiring file: typed getters that note faults and hand back a harmless stand-in.

    The stand-ins never reach a driver: whoever reads a file throws when any fault was noted.
    """

    def __init__(self, name: str, nth: int, values: Mapping[str, Any], lines: TomlLines) -> None:
        """Read ``values``, the ``nth`` table called ``name``."""
        self._name, self._nth, self._values, self._lines = name, nth, values, lines
        self._asked: set[str] = set()
        self.faults: list[WiringFault] = []

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Read an integer between ``low`` and ``high``; without a default the key must be there."""
        value = self._value(key, default)
        if value is None:
            return low
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(key, f"{key} = {value!r} is not a whole number", f"write a number from {low} to {high}")
            return low
        if not low <= value <= high:
            self._wrong(key, f"{key} = {value} is out of range", f"use {low} to {high}")
            return low
        return value

    def pin(self, key: str, high: int) -> int:
        """Read a GPIO number, 0 to ``high``."""
        return self.integer(key, 0, high)

    def optional_pin(self, key: str, high: int) -> int | None:
        """Read a GPIO number that may be left out."""
        self._asked.add(key)
        return self.integer(key, 0, high) if key in self._values else None

    def one_of(self, key: str, allowed: Sequence[int]) -> int:
        """Read one of a few numbers; the first is the default."""
        value = self._value(key, allowed[0])
        if value in allowed and not isinstance(value, bool):
            return int(value)
        self._wrong(key, f"{key} = {value!r} is not possible", f"use one of {', '.join(map(str, allowed))}")
        return allowed[0]

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Read ``true`` or ``false``."""
        value = self._value(key, default)
        if value is not None and not isinstance(value, bool):
            self._wrong(key, f"{key} = {value!r} is neither true nor false", "write true or false without quotes")
        return value is True

    def text(self, key: str, default: str | None = None) -> str:
        """Read a text that is not empty."""
        value = self._value(key, default)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self._wrong(key, f"{key} = {value!r} is not a text", 'write it in quotes, as in "A01"')
            return ""
        return value

    def member(self, key: str, kind: type[Closed], default: Closed | None = None) -> Closed:
        """Read one name of a closed set."""
        first = next(iter(kind))
        value = self.text(key, default)
        if not value:
            return first
        try:
            return kind(value)
        except ValueError:
            self._wrong(key, f"{key} = {value!r} is unknown", f"use one of {', '.join(kind)}")
            return first

    def parsed(self, key: str, parse: Callable[[str], Parsed], stand_in: Parsed) -> Parsed:
        """Read a text through ``parse``, which raises ``ValueError`` with a rule in its message."""
        value = self.text(key)
        try:
            return parse(value) if value else stand_in
        except ValueError as error:
            self._wrong(key, str(error), "correct it")
            return stand_in

    def finish(self) -> None:
        """Note every key nobody asked for: a misspelt key would otherwise be a silent default."""
        for key in self._values:
            if key not in self._asked:
                place = self._lines.key(self._name, self._nth, key)
                known = ", ".join(sorted(self._asked))
                self.note(place, f"{self._where} has an unknown key {key}", f"keys here: {known}")

    def place(self, key: str) -> Place:
        """Return where ``key``'s value stands, or the table if the key is not written."""
        return self._lines.value(self._name, self._nth, key)

    def note(self, place: Place, fact: str, remedy: str) -> None:
        self.faults.append(WiringFault(place.line, place.column, fact, remedy))

    @property
    def _where(self) -> str:
        return f"[{self._name}]"

    def _value(self, key: str, default: object) -> Any:
        self._asked.add(key)
        if key in self._values:
            return self._values[key]
        if default is None:
            place = self._lines.table(self._name, self._nth)
            self.note(place, f"{self._where} lacks {key}", f"add a line {key} = ... below it")
        return default

    def _wrong(self, key: str, fact: str, remedy: str) -> None:
        self.note(self.place(key), fact, remedy)
