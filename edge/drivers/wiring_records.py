"""A locker's wiring as frozen records: which pin drives which lock, and the times its parts need."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contract.ids import CompartmentLabel
from contract.sizes import SizeClass

SCANNER_BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200)


class BoardKind(StrEnum):
    """How the locks are connected."""

    GPIO = "gpio"


class PinFactoryName(StrEnum):
    """The pin libraries that can claim an output at its inactive level, and the simulation's."""

    LGPIO = "lgpio"
    MOCK = "mock"


class PiModel(StrEnum):
    """How many lines there are: the 40-pin header carries GPIO 0 to 27, a compute module GPIO 0 to 45."""

    PI = "pi"
    COMPUTE_MODULE = "compute_module"

    @property
    def gpio_max(self) -> int:
        return 27 if self is PiModel.PI else 45


@dataclass(frozen=True, slots=True)
class CompartmentWiring:
    """One door: its lock's pin, its sensor's pin and the times its parts need."""

    label: CompartmentLabel
    size: SizeClass
    lock_pin: int
    door_pin: int
    door_closed_level: int
    low: bool
    pulse_ms: int
    debounce_ms: int


@dataclass(frozen=True, slots=True)
class BoardWiring:
    """What all doors share. ``external_pulls``: resistors hold every lock pin inactive while the Pi boots."""

    kind: BoardKind
    pin_factory: PinFactoryName
    model: PiModel
    gpio_chip: int
    active_high: bool
    external_pulls: bool
    i2c: bool
    uart: bool
    pulse_ms_max: int
    coil_off_ms_min: int
    buzzer_pin: int | None
    mains_pin: int | None
    work_dir: Path


@dataclass(frozen=True, slots=True)
class ScannerWiring:
    """A scanner that speaks as a serial port."""

    device: Path
    baud: int


@dataclass(frozen=True, slots=True)
class Wiring:
    """One locker's wiring, checked."""

    board: BoardWiring
    compartments: tuple[CompartmentWiring, ...]
    scanner: ScannerWiring | None

    def compartment(self, label: CompartmentLabel) -> CompartmentWiring:
        """Return the wiring of one compartment; ``KeyError`` if there is none of that label."""
        return {one.label: one for one in self.compartments}[label]
