"""What the composition root hands the loop: who the locker is in this boot, its hardware, its time and chance."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contract.codes import PickUpCode, StretchedCode
from contract.envelope import KeyRing
from contract.ids import BootId
from contract.state import Configuration, TimeQuality
from edge.drivers.ports import Buzzer, DoorSensors, LockBoard
from edge.locker_controller.beat import is_quiet
from edge.locker_controller.state import Setup
from edge.locker_controller.timekeeper import Clock
from edge.locker_controller.timekeeping import TimeReading

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
    ``local_minute`` turns Unix ms into minutes after midnight where the locker stands; without it no hour is quiet.
    """

    clock: Clock
    synced: Callable[[], bool]
    fresh: Callable[[int], bytes]
    stretch: Callable[[PickUpCode, bytes], Awaitable[StretchedCode]] | None = None
    tick_ms: int = TICK_MS
    rest: Callable[[float], Awaitable[None]] | None = None
    telemetry_s: float | None = None
    local_minute: Callable[[int], int] | None = None

    def is_quiet(self, told: Configuration, now: Callable[[], TimeReading]) -> bool:
        """Whether these are quiet hours here; a locker that does not know the time keeps none."""
        if self.local_minute is None or told.quiet_from_min == told.quiet_to_min:
            return False
        here = now()
        return here.quality is not TimeQuality.UNTRUSTED and is_quiet(told, self.local_minute(here.now_ms))
