"""What the agent needs from hardware, small enough that a relay board, a serial board and a simulation can all give it.

Five facts are kept apart: command acknowledged, coil driven, hook moved, door open, contents inside. A ``LockBoard``
answers only for the second, ``DoorSensors`` only for the fourth.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from contract.ids import CompartmentLabel
from contract.state import DoorLevel

PULSE_MS_HARD_MAX = 1000  # the longest any cabinet lock in the field asks for; a coil of 2 A burns soon after
PULSE_MS_MIN = 20  # shorter moves no hook, it only warms the coil and hides a wrong unit

DoorObserver = Callable[[CompartmentLabel, DoorLevel], None]


@dataclass(frozen=True, slots=True)
class PulseResult:
    """A pulse that was given: the time asked for, and the time measured between energising and dropping the coil."""

    label: CompartmentLabel
    pulse_ms: int
    energised_ms: int


class LockBoard(Protocol):
    """The locks of one locker: at most one coil energised at any time."""

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]: ...

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        """Coils that could not be claimed or dropped, with the reason; the others work."""

    async def release(self, label: CompartmentLabel, pulse_ms: int | None = None) -> PulseResult:
        """Energise one coil once and return after it has been dropped; ``None`` takes the wiring's pulse.

        Raises ``PulseRefusedError`` with nothing energised, or ``BoardError`` when the coil may have been. Cancelling
        the caller does not shorten the pulse: its end belongs to the driver.
        """

    def all_off(self) -> None:
        """Drop every coil now, from any thread, best effort per coil."""


class DoorSensors(Protocol):
    """The door leaves as levels; ``open`` and ``closed`` only after having been stable for the debounce time."""

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        """Contacts that could not be claimed, with the reason; they read ``unknown`` for ever."""

    def levels(self) -> Mapping[CompartmentLabel, DoorLevel]:
        """Read every door now."""

    def on_change(self, observer: DoorObserver) -> None:
        """Call ``observer`` in the loop's own thread whenever a door's level changes."""


class Scanner(Protocol):
    """A barcode and QR reader; yields one text per scan and ends when the reader is gone."""

    def __aiter__(self) -> AsyncIterator[str]: ...


class Buzzer(Protocol):
    """The locker's voice; sounding is a level, so that no schedule can be left behind half done."""

    def sound(self, *, on: bool) -> None: ...


class MainsSignal(Protocol):
    """Whether the mains is there, from a UPS contact."""

    def present(self) -> bool: ...
