"""What the composition root hands the loop: who the locker is in this boot, its hardware, its time and chance."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contract.codes import PickUpCode, StretchedCode
from contract.envelope import KeyRing
from contract.ids import BootId
from edge.drivers.ports import Buzzer, DoorSensors, LockBoard
from edge.locker_controller.state import Setup
from edge.locker_controller.timekeeper import Clock

TICK_MS = 250  # a door is noticed in a quarter of a second even if its edge was missed


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


@dataclass(frozen=True, slots=True)
class World:
    """Time, chance and slow arithmetic, handed in so that a simulation can hand in its own.

    ``fresh`` gives that many random bytes. Without ``stretch`` Argon2id runs in a thread beside the loop, without
    ``rest`` the loop sleeps between two ticks (seconds); a simulated locker that nobody stands at may rest longer.
    Telemetry, by which nothing is decided, goes out every ``telemetry_s``, or as often as the uplink likes.
    """

    clock: Clock
    synced: Callable[[], bool]
    fresh: Callable[[int], bytes]
    stretch: Callable[[PickUpCode, bytes], Awaitable[StretchedCode]] | None = None
    tick_ms: int = TICK_MS
    rest: Callable[[float], Awaitable[None]] | None = None
    telemetry_s: float | None = None
