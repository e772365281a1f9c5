"""Rules between the lines of a wiring file: who shares a pin, and which pins move by themselves while a Pi boots.

Pin facts from the BCM2711/BCM2835 peripherals data sheets (alternate functions, pulls after reset): GPIO 0 to 8 are
pulled up after reset, 9 to 27 down; GPIO 0 and 1 read the identity memory of a HAT; GPIO 2 and 3 carry fixed pull-ups.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from edge.drivers.errors import WiringFault
from edge.drivers.toml_lines import Place, TomlLines
from edge.drivers.wiring_records import BoardWiring, CompartmentWiring, Wiring

HAT_PINS = frozenset({0, 1})
I2C_PINS = frozenset({2, 3})
UART_PINS = frozenset({14, 15})
PULLED_UP_AT_BOOT = frozenset(range(9))
PULLED_DOWN_AT_BOOT = frozenset(range(9, 28))


class Places(Protocol):
    """Where the value of a key of one compartment stands."""

    def place(self, key: str) -> Place: ...


def crossed(wiring: Wiring, places: Sequence[Places], lines: TomlLines) -> list[WiringFault]:
    """Check everything that needs more than one value; ``places`` go with ``wiring.compartments``."""
    faults = list(_labels(wiring, places))
    faults += _pins(wiring, places, lines)
    for compartment, place in zip(wiring.compartments, places, strict=True):
        faults += _boot_level(wiring.board, compartment, place)
        faults += _sensor_pull(compartment, place)
    return faults


def _labels(wiring: Wiring, places: Sequence[Places]) -> Iterator[WiringFault]:
    first: dict[str, int] = {}
    for compartment, place in zip(wiring.compartments, places, strict=True):
        at = place.place("label")
        if compartment.label in first:
            fact = f"label {compartment.label} is already used in line {first[compartment.label]}"
            yield WiringFault(at.line, at.column, fact, "give each door the label painted on it")
        first.setdefault(compartment.label, at.line)


def _pins(wiring: Wiring, places: Sequence[Places], lines: TomlLines) -> Iterator[WiringFault]:
    first: dict[int, str] = {}
    for pin, what, at in _uses(wiring, places, lines):
        if pin in first:
            fact = f"{what} uses GPIO {pin}, which is already {first[pin]}"
            yield WiringFault(at.line, at.column, fact, "give each line a pin of its own")
        first.setdefault(pin, f"{what} in line {at.line}")
        taken = _taken(wiring.board, pin)
        if taken:
            yield WiringFault(at.line, at.column, f"{what} uses GPIO {pin}, {taken}", "choose another pin")


def _uses(wiring: Wiring, places: Sequence[Places], lines: TomlLines) -> Iterator[tuple[int, str, Place]]:
    board = wiring.board
    for key, pin in (("buzzer_pin", board.buzzer_pin), ("mains_pin", board.mains_pin)):
        if pin is not None:
            yield pin, key, lines.value("board", 0, key)
    for compartment, place in zip(wiring.compartments, places, strict=True):
        yield compartment.lock_pin, f"lock_pin of {compartment.label}", place.place("lock_pin")
        yield compartment.door_pin, f"door_pin of {compartment.label}", place.place("door_pin")


def _taken(board: BoardWiring, pin: int) -> str:
    if pin in HAT_PINS:
        return "which reads the identity memory of a HAT at boot"
    if board.i2c and pin in I2C_PINS:
        return "which is the I2C bus (i2c = true)"
    if board.uart and pin in UART_PINS:
        return "which is the serial port (uart = true)"
    return ""


def _boot_level(board: BoardWiring, compartment: CompartmentWiring, place: Places) -> Iterator[WiringFault]:
    """Refuse a pin whose pull, from reset until the agent claims it, energises a lock."""
    inactive = PULLED_DOWN_AT_BOOT if board.active_high else PULLED_UP_AT_BOOT
    if board.external_pulls or compartment.lock_pin in inactive:
        return
    at = place.place("lock_pin")
    level = "high" if board.active_high else "low"
    pin, label = compartment.lock_pin, compartment.label
    fact = f"GPIO {pin} may be {level} while the Pi boots, which energises the lock of {label}"
    remedy = (
        "use GPIO 9 to 27" if board.active_high else "use an active-high driver or GPIO 4 to 8"
    ) + ", or fit pull resistors and set external_pulls = true"
    yield WiringFault(at.line, at.column, fact, remedy)


def _sensor_pull(compartment: CompartmentWiring, place: Places) -> Iterator[WiringFault]:
    """Refuse a contact that closes to high on a fixed pull-up: a cut cable must read open, not closed."""
    if compartment.door_pin in I2C_PINS and compartment.door_closed_level == 1:
        at = place.place("door_pin")
        fact = (
            f"GPIO {compartment.door_pin} has a fixed pull-up, so a cut cable of {compartment.label} would read closed"
        )
        yield WiringFault(
            at.line, at.column, fact, "choose another pin or wire the contact to ground (door_closed_level = 0)"
        )
