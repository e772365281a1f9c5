"""What a simulated compartment is made of and what can break in it: the data of ``cabinet``, apart from its laws."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from contract.ids import CompartmentLabel


class Chance(Protocol):
    """The part of ``random.Random`` the cabinet uses; hand it a seeded one."""

    def randint(self, a: int, b: int, /) -> int: ...


class SensorFault(StrEnum):
    """How a door contact lies. A cut cable reads open for ever, as the pull on the pin says."""

    NONE = "none"
    CUT = "cut"
    STUCK_CLOSED = "stuck_closed"
    STUCK_OPEN = "stuck_open"
    CHATTERING = "chattering"


@dataclass(frozen=True, slots=True)
class CompartmentPhysics:
    """One compartment's times: the hook frees after ``hook_ms`` of current, the contact parts ``swing_ms`` later.

    Values of a 12 V cabinet lock with a spring: 15 to 60 ms, 50 to 300 ms, 2 to 20 ms of bounce.
    """

    label: CompartmentLabel
    hook_ms: int = 30
    swing_ms: int = 120
    bounce_ms: int = 12
    pulse_ms_max: int = 1_000


@dataclass(frozen=True, slots=True)
class CompartmentFaults:
    """What is broken now. ``jams`` counts the pulses that do not free the hook (-1: all of them).

    ``slow_ms`` is added to the swing; ``spring_broken`` leaves the leaf for a person to pull while the lock is free;
    ``stuck_relay`` keeps the coil on after its first pulse.
    """

    jams: int = 0
    slow_ms: int = 0
    spring_broken: bool = False
    stuck_relay: bool = False
    sensor: SensorFault = SensorFault.NONE


class ViolationKind(StrEnum):
    """What no driver may ever do to a cabinet."""

    TWO_COILS = "two_coils"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class SensorEdge:
    """A contact changed: ``closed`` as the sensor says it, true or not."""

    at_ms: int
    label: CompartmentLabel
    closed: bool


@dataclass(frozen=True, slots=True)
class CoilPulse:
    """Current in one coil, from ``on_ms`` to ``off_ms``."""

    label: CompartmentLabel
    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A law of the cabinet was broken. ``commanded`` is false when broken hardware did it, not the driver."""

    at_ms: int
    kind: ViolationKind
    labels: tuple[CompartmentLabel, ...]
    commanded: bool


class CabinetError(Exception):
    """A person tried what is physically impossible: reach through a closed door, fill a full box."""


def plain_layout(labels: Sequence[str]) -> tuple[CompartmentPhysics, ...]:
    """Build a cabinet of sound compartments with these labels."""
    return tuple(CompartmentPhysics(CompartmentLabel(label)) for label in labels)
