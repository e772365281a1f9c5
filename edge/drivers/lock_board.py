"""Any set of coils behind the ``LockBoard`` port: gate in front, pulse thread behind, faults kept per coil."""

import asyncio
import contextlib
import threading
from collections.abc import Mapping

from contract.ids import CompartmentLabel
from edge.clock import Clock
from edge.drivers.errors import BoardClosedError, BoardError, CoilStuckError, PulseRefusedError
from edge.drivers.ports import PulseResult
from edge.drivers.pulse_gate import PulseGate, PulseLimits
from edge.drivers.pulse_thread import Coil, PulseEnd, PulseJob, PulseThread, dropped


class CoilBoard:
    """Locks whose coils this process switches itself."""

    def __init__(
        self,
        coils: Mapping[CompartmentLabel, Coil],
        pulses_ms: Mapping[CompartmentLabel, int],
        limits: PulseLimits,
        clock: Clock,
        faults: Mapping[CompartmentLabel, str] | None = None,
    ) -> None:
        """Take coils that are already dropped; ``pulses_ms`` names every label, also those in ``faults``."""
        self._coils = dict(coils)
        self._pulses_ms = dict(pulses_ms)
        self._clock = clock
        self._gate = PulseGate(self._pulses_ms, limits)
        self._guard = threading.Lock()
        self._job: PulseJob | None = None
        self._closed = False
        self._faults = dict(faults or {})
        self._thread = PulseThread(clock)

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]:
        return tuple(self._pulses_ms)

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        return dict(self._faults)

    async def release(self, label: CompartmentLabel, pulse_ms: int | None = None) -> PulseResult:
        """Energise one coil once; see ``ports.LockBoard``."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[PulseResult | BoardError] = loop.create_future()

        def hand_over(outcome: PulseResult | BoardError) -> None:
            self._ended(label, outcome)
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody is left to be told
                loop.call_soon_threadsafe(_resolve, answer, outcome)

        self._begin(label, self._pulses_ms.get(label, 0) if pulse_ms is None else pulse_ms, hand_over)
        outcome = await answer
        if isinstance(outcome, BoardError):
            raise outcome
        return outcome

    def all_off(self) -> None:
        """Drop every coil now, from any thread; a coil that will not drop is noted and does not stop the rest."""
        with self._guard:
            if self._job is not None:
                self._job.abandoned.set()
        for label, coil in self._coils.items():
            failure = dropped(coil, label)
            if failure is not None:
                self._faults[label] = failure.fact

    def close(self) -> None:
        """Drop everything and end the pulse thread; safe to call twice."""
        with self._guard:
            already, self._closed = self._closed, True
        if not already:
            self.all_off()
            self._thread.close()
            self.all_off()

    def _begin(self, label: CompartmentLabel, pulse_ms: int, ended: PulseEnd) -> None:
        with self._guard:
            if self._closed:
                raise BoardClosedError("the board is closed", label)
            if label in self._faults:
                raise BoardError(self._faults[label], label)
            refusal = self._gate.admit(label, pulse_ms, self._clock.monotonic_ms())
            if refusal is not None:
                raise PulseRefusedError(label, refusal.reason, refusal.wait_ms)
            self._job = PulseJob(label, self._coils[label], pulse_ms, ended)
            self._thread.give(self._job)

    def _ended(self, label: CompartmentLabel, outcome: PulseResult | BoardError) -> None:
        """Close the gate's account, in the pulse thread, so that the rest begins when the coil really dropped."""
        with self._guard:
            self._gate.ended(self._clock.monotonic_ms())
            self._job = None
            if isinstance(outcome, CoilStuckError):
                self._faults[label] = outcome.fact


def _resolve(answer: asyncio.Future[PulseResult | BoardError], outcome: PulseResult | BoardError) -> None:
    if not answer.done():  # the asker may have been cancelled; the pulse was given all the same
        answer.set_result(outcome)
