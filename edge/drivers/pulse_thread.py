"""The end of a pulse must not depend on the event loop: a busy loop ends it 20 to 84 ms late, a hung one never.

So every coil is driven from this one thread, which drops it when its time is over whatever the rest of the agent does.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from contract.ids import CompartmentLabel
from edge.clock import Clock
from edge.drivers.errors import BoardError, CoilStuckError
from edge.drivers.ports import PULSE_MS_HARD_MAX, PulseResult

DROP_TRIES_MAX = 3  # a write to a GPIO line fails for good or not at all; an expander on I2C may need a second word

PulseEnd = Callable[[PulseResult | BoardError], None]


class Coil(Protocol):
    """One lock's actuator as the thread sees it."""

    def on(self) -> None: ...

    def off(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PulseJob:
    """One pulse to give. ``ended`` is called in the pulse thread, once, after the coil has been dropped."""

    label: CompartmentLabel
    coil: Coil
    pulse_ms: int
    ended: PulseEnd
    abandoned: threading.Event = field(default_factory=threading.Event)


class PulseThread:
    """Gives pulses one after the other."""

    def __init__(self, clock: Clock) -> None:
        """Start the thread; it is a daemon, so that a crash of the agent is not held up by a pulse."""
        self._clock = clock
        self._jobs: queue.SimpleQueue[PulseJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def give(self, job: PulseJob) -> None:
        self._jobs.put(job)

    def close(self) -> None:
        """End after the pulse under way (``abandoned`` ends that at once), which takes at most the hard maximum."""
        self._jobs.put(None)
        self._thread.join(2 * PULSE_MS_HARD_MAX / 1000)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.ended(self._pulse(job))

    def _pulse(self, job: PulseJob) -> PulseResult | BoardError:
        if job.abandoned.is_set():
            return BoardError("dropped before the pulse began", job.label)
        began_ms = self._clock.monotonic_ms()
        trouble = _attempt(job.coil.on)
        if trouble is None:
            job.abandoned.wait(min(job.pulse_ms, PULSE_MS_HARD_MAX) / 1000)
        stuck = dropped(job.coil, job.label)
        if stuck is not None:
            return stuck
        if trouble is not None:
            return BoardError(f"the coil could not be energised ({trouble})", job.label)
        return PulseResult(job.label, job.pulse_ms, self._clock.monotonic_ms() - began_ms)


def dropped(coil: Coil, label: CompartmentLabel) -> CoilStuckError | None:
    """Drop a coil, trying again; return what to report when it may still be energised."""
    for _ in range(DROP_TRIES_MAX):
        trouble = _attempt(coil.off)
        if trouble is None:
            return None
    return CoilStuckError(f"the coil could not be dropped and may be energised ({trouble})", label)


def _attempt(write: Callable[[], None]) -> Exception | None:
    try:
        write()
    except Exception as error:  # noqa: BLE001 - whatever a pin library throws, the coil must still be dropped
        return error
    return None
