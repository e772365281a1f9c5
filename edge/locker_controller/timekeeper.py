"""The running time floor of one boot: ``timekeeping``'s rules, fed from whatever clock it is handed."""

from collections.abc import Callable
from typing import Protocol

from edge.locker_controller.timekeeping import TimeFloor, TimeReading, leapt, noted, reading, restored, signed

SYNC_LOOK_MS = 10_000  # whether the clock follows a time source changes in minutes


class Clock(Protocol):
    """Both times in milliseconds; see ``edge.clock``."""

    def now_ms(self) -> int: ...

    def monotonic_ms(self) -> int: ...


class Timekeeper:
    """Tells the time and remembers what time it surely is."""

    def __init__(self, clock: Clock, synced: Callable[[], bool], kept: tuple[int, int], build_ms: int) -> None:
        """Begin with what was kept (signed and wall time, Unix ms) and the agent's build date."""
        self._clock, self._ask_synced = clock, synced
        self._looked_ms = clock.monotonic_ms()
        self._synced = synced()
        self._floor: TimeFloor = restored(*kept, build_ms, self._looked_ms)
        self._asked: tuple[int, int, TimeFloor, bool] | None = None

    def now(self) -> TimeReading:
        """Tell the time; the very same reading for as long as the clocks say the same."""
        wall_ms, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        self._doubt(wall_ms, monotonic_ms)
        asked = (wall_ms, monotonic_ms, self._floor, self._synced)
        if asked != self._asked:
            wall_ms, monotonic_ms, floor, synced = self._asked = asked
            self._told = reading(wall_ms, monotonic_ms, floor, synced=synced)
        return self._told

    def carry_on(self) -> None:
        """Let the floor rise; on every tick."""
        wall_ms, now_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        if now_ms - self._looked_ms >= SYNC_LOOK_MS:
            self._look(now_ms)
        self._doubt(wall_ms, now_ms)
        self._floor = noted(self._floor, wall_ms, now_ms, synced=self._synced)

    def saw_signature(self, issued_at_s: int) -> None:
        """Learn from a verified document that this moment has passed."""
        self._floor = signed(self._floor, issued_at_s, self._clock.monotonic_ms())

    def kept(self) -> tuple[int, int]:
        """Return what should outlive a power cut: signed and wall time."""
        return self._floor.signed_ms, self._floor.wall_ms

    def _doubt(self, wall_ms: int, monotonic_ms: int) -> None:
        """Ask anew who steers the clock when it has leapt: what was so seconds ago vouches for no leap."""
        if self._synced and leapt(self._floor, wall_ms, monotonic_ms):
            self._look(monotonic_ms)

    def _look(self, monotonic_ms: int) -> None:
        self._synced, self._looked_ms = self._ask_synced(), monotonic_ms
