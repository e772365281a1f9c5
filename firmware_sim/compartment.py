"""One simulated compartment: coil, hook, leaf, contact and what lies inside. ``cabinet`` moves it through time."""

from dataclasses import dataclass, field
from enum import Enum, auto

from firmware_sim.physics import CompartmentFaults, CompartmentPhysics, SensorFault


class Happening(Enum):
    """What time brings to a compartment."""

    HOOK_FREES = auto()
    LEAF_MOVES = auto()
    CONTACT_BOUNCES = auto()
    CONTACT_SETTLES = auto()
    CONTACT_CHATTERS = auto()
    PULSE_EXPIRES = auto()


@dataclass(slots=True)
class Compartment:
    """The state of one compartment. ``door_open`` is the leaf's truth, ``says_closed`` is what its contact says."""

    physics: CompartmentPhysics
    faults: CompartmentFaults = field(default_factory=CompartmentFaults)
    commanded: bool = False
    energised_since_ms: int | None = None
    hook_free: bool = False
    leaf_moving: bool = False
    door_open: bool = False
    says_closed: bool = True
    contents: str | None = None
    pulse: int = 0

    @property
    def energised(self) -> bool:
        return self.energised_since_ms is not None

    @property
    def truth_for_sensor(self) -> bool:
        """What the contact says once it is calm."""
        match self.faults.sensor:
            case SensorFault.CUT | SensorFault.STUCK_OPEN:
                return False
            case SensorFault.STUCK_CLOSED:
                return True
            case SensorFault.NONE | SensorFault.CHATTERING:
                return not self.door_open
