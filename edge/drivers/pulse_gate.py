"""The rules that protect coil and supply, apart from the thread that keeps them, so that they can be read and tested.

One coil at a time (12 V / 2.5 A feeds sixteen doors, one lock draws up to 2 A), a hard maximum per pulse, a rest per
coil (heat), and a rate for the whole supply.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from contract.ids import CompartmentLabel
from edge.drivers.errors import PulseRefusal
from edge.drivers.ports import PULSE_MS_HARD_MAX, PULSE_MS_MIN

RATE_WINDOW_MS = 60_000
PULSES_PER_WINDOW_MAX = 60  # a quick courier opens a door every 7 s, each with one re-pulse at worst: 18 a minute


@dataclass(frozen=True, slots=True)
class PulseLimits:
    """What this locker's locks bear. ``coil_off_ms_min`` is the rest a coil gets after a pulse."""

    pulse_ms_max: int
    coil_off_ms_min: int
    pulses_per_minute_max: int = PULSES_PER_WINDOW_MAX


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, and the wait after which it would be allowed, where waiting helps."""

    reason: PulseRefusal
    wait_ms: int | None = None


class PulseGate:
    """Admits pulses. Not safe between threads: its owner holds the lock."""

    def __init__(self, labels: Iterable[CompartmentLabel], limits: PulseLimits) -> None:
        """Start with every coil cold."""
        self._labels = frozenset(labels)
        self._limits = limits
        self._active: CompartmentLabel | None = None
        self._dropped_at_ms: dict[CompartmentLabel, int] = {}
        self._starts_ms: deque[int] = deque(maxlen=limits.pulses_per_minute_max)

    def admit(self, label: CompartmentLabel, pulse_ms: int, now_ms: int) -> Refusal | None:
        """Admit one pulse and count it as begun, or say why not and count nothing."""
        refusal = self._objection(label, pulse_ms, now_ms)
        if refusal is None:
            self._active = label
            self._starts_ms.append(now_ms)
        return refusal

    def ended(self, now_ms: int) -> None:
        """Note that the admitted pulse is over."""
        if self._active is not None:
            self._dropped_at_ms[self._active] = now_ms
        self._active = None

    def _objection(self, label: CompartmentLabel, pulse_ms: int, now_ms: int) -> Refusal | None:
        if label not in self._labels:
            return Refusal(PulseRefusal.UNKNOWN_LABEL)
        if pulse_ms < PULSE_MS_MIN:
            return Refusal(PulseRefusal.TOO_SHORT)
        if pulse_ms > min(self._limits.pulse_ms_max, PULSE_MS_HARD_MAX):
            return Refusal(PulseRefusal.TOO_LONG)
        if self._active is not None:
            return Refusal(PulseRefusal.BUSY)
        wait_ms = max(self._rest_ms(label, now_ms), self._rate_ms(now_ms))
        return Refusal(PulseRefusal.TOO_SOON, wait_ms) if wait_ms > 0 else None

    def _rest_ms(self, label: CompartmentLabel, now_ms: int) -> int:
        dropped_at_ms = self._dropped_at_ms.get(label)
        return 0 if dropped_at_ms is None else dropped_at_ms + self._limits.coil_off_ms_min - now_ms

    def _rate_ms(self, now_ms: int) -> int:
        full = len(self._starts_ms) == self._starts_ms.maxlen
        return self._starts_ms[0] + RATE_WINDOW_MS - now_ms if full else 0
