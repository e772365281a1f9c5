"""What can go wrong at the lowest layer, as one tree, so that callers can catch as narrowly or widely as they mean.

DriverError
├── WiringError            the wiring file cannot be used; carries every fault with line and column
├── BoardError             the board did not do what it was told; carries the label when one coil is meant
│   ├── BoardSetupError    it cannot be used at all: wrong pin factory, library without its chip
│   ├── BoardClosedError   it was closed
│   └── CoilStuckError     a coil would not drop and may be energised
└── PulseRefusedError      the driver protects coil and supply; nothing was energised
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class DriverError(Exception):
    """Anything from the hardware side of the agent."""


@dataclass(frozen=True, slots=True)
class WiringFault:
    """One thing wrong in a wiring file, where (from 1), and what to do about it."""

    line: int
    column: int
    fact: str
    remedy: str


class WiringError(DriverError):
    """A wiring file that must not be used; all its faults at once, so that an installer climbs the ladder once."""

    def __init__(self, path: Path, faults: Sequence[WiringFault]) -> None:
        """Keep the faults in the order of the file."""
        self.path = path
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
        super().__init__("\n".join(f"{path}:{f.line}:{f.column}: {f.fact}; {f.remedy}" for f in self.faults))


class BoardError(DriverError):
    """A board did not do what it was told."""

    def __init__(self, fact: str, label: str | None = None) -> None:
        """State the ``fact``; ``label`` names the compartment when only one is meant."""
        super().__init__(fact if label is None else f"{label}: {fact}")
        self.fact, self.label = fact, label


class BoardSetupError(BoardError):
    """The board cannot be used on this machine as it is set up."""


class BoardClosedError(BoardError):
    """The board was closed; nothing more will move."""


class CoilStuckError(BoardError):
    """A coil could not be dropped and may still be energised; somebody must pull the plug."""


class PulseRefusal(StrEnum):
    """Why a coil was not energised."""

    UNKNOWN_LABEL = "unknown_label"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SOON = "too_soon"
    BUSY = "busy"


class PulseRefusedError(DriverError):
    """The driver's own limits forbid this pulse. ``wait_ms`` says when it would be allowed, if waiting helps."""

    def __init__(self, label: str, reason: PulseRefusal, wait_ms: int | None = None) -> None:
        """Name the compartment, the reason and the wait."""
        super().__init__(f"{label}: pulse refused, {reason}" + (f", wait {wait_ms} ms" if wait_ms is not None else ""))
        self.label, self.reason, self.wait_ms = label, reason, wait_ms
