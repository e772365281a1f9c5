"""The wiring file (TOML): which pin drives which lock. What an installer sets, checked before anything is energised.

Every fault names file, line and column and says what to do; all faults are reported at once.
"""

import tomllib
from pathlib import Path
from typing import Any

from contract.ids import CompartmentLabel, compartment_label
from contract.layout import COMPARTMENTS_MAX
from contract.sizes import SizeClass
from edge.drivers.errors import WiringError, WiringFault
from edge.drivers.ports import PULSE_MS_HARD_MAX, PULSE_MS_MIN
from edge.drivers.toml_lines import TomlLines, syntax_fault
from edge.drivers.wiring_records import (
    SCANNER_BAUDS,
    BoardKind,
    BoardWiring,
    CompartmentWiring,
    PiModel,
    PinFactoryName,
    ScannerWiring,
    Wiring,
)
from edge.drivers.wiring_rules import crossed
from edge.drivers.wiring_table import TableReader

FILE_BYTES_MAX = 256 * 1024  # 400 compartments written out fully take 60 kB
DEBOUNCE_MS_MAX = 1_000  # a reed contact settles in 5 ms, a leaf in 100; longer and a quick courier is missed
COIL_OFF_MS_MAX = 60_000
LOCK_PULSE_MS = 400  # between the 200 and 1,000 ms that parts ask for; the data sheet of the bought lock decides
COIL_OFF_MS = 2_000  # a 20 % duty keeps a cabinet lock's coil below its rated temperature
DEBOUNCE_MS = 30


def load_wiring(path: Path) -> Wiring:
    """Read and check a wiring file; raise ``WiringError`` with every fault found."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WiringError(path, [WiringFault(1, 1, f"cannot be read ({error.strerror})", "check the path")]) from error
    return parse_wiring(content, path)


def parse_wiring(content: bytes, path: Path) -> Wiring:
    """Check a wiring file's content; ``path`` only names it in errors."""
    text = _text(content, path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place, fact = syntax_fault(str(error), text)
        raise WiringError(path, [WiringFault(place.line, place.column, fact, "correct the TOML syntax")]) from error
    wiring, faults = _Reading(values, TomlLines(text)).wiring()
    if faults:
        raise WiringError(path, faults)
    return wiring


def _text(content: bytes, path: Path) -> str:
    if len(content) > FILE_BYTES_MAX:
        fault = WiringFault(1, 1, f"has {len(content)} bytes", f"a wiring file has at most {FILE_BYTES_MAX}")
        raise WiringError(path, [fault])
    try:
        return content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        fault = WiringFault(line, column, "is not UTF-8 text here", "save the file as UTF-8")
        raise WiringError(path, [fault]) from error


class _Reading:
    """One pass over a parsed file."""

    def __init__(self, values: dict[str, Any], lines: TomlLines) -> None:
        self._values, self._lines = values, lines
        self._faults: list[WiringFault] = []

    def wiring(self) -> tuple[Wiring, list[WiringFault]]:
        self._unknown_tables()
        board = self._board()
        readers = [TableReader("compartment", nth, one, self._lines) for nth, one in enumerate(self._compartments())]
        compartments = tuple(_compartment(reader, board) for reader in readers)
        wiring = Wiring(board, compartments, self._scanner())
        for reader in readers:
            self._faults += reader.faults
        if not self._faults:  # cross checks on stand-ins would only confuse
            self._faults += crossed(wiring, readers, self._lines)
        return wiring, self._faults

    def _unknown_tables(self) -> None:
        for name in self._values:
            if name not in {"board", "compartment", "scanner"}:
                place = self._lines.table(name) if isinstance(self._values[name], dict | list) else None
                place = place or self._lines.key("", 0, name)
                remedy = "a wiring file has [board], [scanner] and [[compartment]]"
                self._faults.append(WiringFault(place.line, place.column, f"{name} is unknown here", remedy))

    def _table(self, name: str) -> dict[str, Any]:
        value = self._values.get(name)
        if isinstance(value, dict):
            return value
        place = self._lines.key("", 0, name)
        self._faults.append(WiringFault(place.line, place.column, f"there is no table [{name}]", f"add [{name}]"))
        return {}

    def _board(self) -> BoardWiring:
        table = self._table("board")
        reader = TableReader("board", 0, table, self._lines)
        model = reader.member("model", PiModel, PiModel.PI)
        board = BoardWiring(
            kind=reader.member("kind", BoardKind),
            pin_factory=reader.member("pin_factory", PinFactoryName),
            model=model,
            gpio_chip=reader.integer("gpio_chip", 0, 15, 0),
            active_high=reader.flag("active_high"),
            external_pulls=reader.flag("external_pulls", default=False),
            i2c=reader.flag("i2c", default=False),
            uart=reader.flag("uart", default=False),
            pulse_ms_max=reader.integer("pulse_ms_max", PULSE_MS_MIN, PULSE_MS_HARD_MAX, PULSE_MS_HARD_MAX),
            coil_off_ms_min=reader.integer("coil_off_ms_min", 0, COIL_OFF_MS_MAX, COIL_OFF_MS),
            buzzer_pin=reader.optional_pin("buzzer_pin", model.gpio_max),
            mains_pin=reader.optional_pin("mains_pin", model.gpio_max),
            work_dir=Path(reader.text("work_dir", "/run/latchmile")),
        )
        reader.finish()
        if table:
            self._faults += reader.faults
        return board

    def _scanner(self) -> ScannerWiring | None:
        if "scanner" not in self._values:
            return None
        reader = TableReader("scanner", 0, self._table("scanner"), self._lines)
        scanner = ScannerWiring(Path(reader.text("device")), reader.one_of("baud", SCANNER_BAUDS))
        reader.finish()
        self._faults += reader.faults
        return scanner

    def _compartments(self) -> list[dict[str, Any]]:
        tables = self._values.get("compartment")
        if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
            place = self._lines.table("compartment")
            remedy = "write one [[compartment]] (two brackets) for each door"
            self._faults.append(WiringFault(place.line, place.column, "there is no list of compartments", remedy))
            return []
        if len(tables) > COMPARTMENTS_MAX:
            place = self._lines.table("compartment", COMPARTMENTS_MAX)
            fact, remedy = f"there are {len(tables)} compartments", f"a locker has at most {COMPARTMENTS_MAX}"
            self._faults.append(WiringFault(place.line, place.column, fact, remedy))
        return tables


def _compartment(reader: TableReader, board: BoardWiring) -> CompartmentWiring:
    compartment = CompartmentWiring(
        label=reader.parsed("label", compartment_label, CompartmentLabel("")),
        size=reader.member("size", SizeClass),
        lock_pin=reader.pin("lock_pin", board.model.gpio_max),
        door_pin=reader.pin("door_pin", board.model.gpio_max),
        door_closed_level=reader.integer("door_closed_level", 0, 1),
        low=reader.flag("low", default=False),
        pulse_ms=reader.integer("pulse_ms", PULSE_MS_MIN, board.pulse_ms_max, min(LOCK_PULSE_MS, board.pulse_ms_max)),
        debounce_ms=reader.integer("debounce_ms", 1, DEBOUNCE_MS_MAX, DEBOUNCE_MS),
    )
    reader.finish()
    return compartment
