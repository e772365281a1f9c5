"""Who a locker is in one boot, and the hardware it was handed: what the composition root gives the loop."""

from dataclasses import dataclass

from contract.envelope import KeyRing
from contract.ids import BootId
from edge.drivers.ports import Buzzer, DoorSensors, LockBoard
from edge.locker_controller.state import Setup


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the loop moves and reads."""

    locks: LockBoard
    doors: DoorSensors
    buzzer: Buzzer | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this locker is, whom it believes, and what it was given at enrolment."""

    setup: Setup
    keys: KeyRing
    salt_locker: bytes
    boot: BootId
    agent_version: str
    build_ms: int = 0
