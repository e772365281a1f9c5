"""Locks and doors of a simulated locker in virtual time: the cabinet's physics behind the edge's two hardware ports.

In place of the driver's thread stands a sleep of virtual time; gate, debouncing and physics are the real ones.
"""

import asyncio
from collections.abc import Mapping

from contract.ids import CompartmentLabel
from contract.state import DoorLevel
from edge.drivers.debounce import Debounced, sampled, settles_at_ms
from edge.drivers.errors import BoardError, PulseRefusedError
from edge.drivers.ports import DoorObserver, PulseResult
from edge.drivers.pulse_gate import PulseGate, PulseLimits
from firmware_sim.cabinet import Cabinet
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.plug import Plug
from firmware_sim.world.virtual_time import Timer, VirtualLoop

PULSE_MS = 250
DEBOUNCE_MS = 50
LIMITS = PulseLimits(pulse_ms_max=500, coil_off_ms_min=1_500)


class Machine:
    """Both a ``LockBoard`` and ``DoorSensors``, for one boot of one locker."""

    def __init__(self, cabinet: Cabinet, plug: Plug, ledger: Ledger, loop: VirtualLoop) -> None:
        """Begin with every contact unread."""
        self._cabinet, self._plug, self._ledger, self._loop = cabinet, plug, ledger, loop
        self._gate = PulseGate(cabinet.labels, LIMITS)
        self._contacts = {label: Debounced.unread(loop.now_ms) for label in cabinet.labels}
        self._levels = {label: contact.level for label, contact in self._contacts.items()}
        self._observers: list[DoorObserver] = []
        self._wake: Timer | None = None
        self._looking: set[CompartmentLabel] = set()
        self.board_fails = 0
        for label in cabinet.labels:
            self._look(label)

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]:
        return self._cabinet.labels

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        return {}

    async def release(self, label: CompartmentLabel, pulse_ms: int | None = None) -> PulseResult:
        """Pulse one coil; the power may go before, during and after."""
        length_ms = PULSE_MS if pulse_ms is None else pulse_ms
        await self._plug.moment("before the pin")
        if self.board_fails:
            self.board_fails -= 1
            raise BoardError("no answer from the board", label)
        refusal = self._gate.admit(label, length_ms, self._loop.now_ms)
        if refusal is not None:
            raise PulseRefusedError(label, refusal.reason, refusal.wait_ms)
        self._ledger.pulse(label)
        self._switch(label, on=True)
        await self._plug.moment("while current flows")
        await asyncio.sleep(length_ms / 1000)
        await self._plug.moment("before the pin drops")
        self._switch(label, on=False)
        self._gate.ended(self._loop.now_ms)
        await self._plug.moment("after the pin")
        return PulseResult(label, length_ms, length_ms)

    def all_off(self) -> None:
        """Nothing is left on: a cut of the power drops every coil by itself."""

    def levels(self) -> Mapping[CompartmentLabel, DoorLevel]:
        return self._levels.copy()

    def on_change(self, observer: DoorObserver) -> None:
        self._observers.append(observer)

    def stir(self) -> None:
        """Take note that something moved, and be there when the next thing moves by itself."""
        if self._plug.dead:
            return
        edges = self._cabinet.advance(self._loop.now_ms)
        for label in dict.fromkeys(edge.label for edge in edges):
            self._look(label)
        if self._wake is not None:
            self._wake.cancel()
        next_ms = self._cabinet.next_at_ms()
        self._wake = None if next_ms is None else self._loop.call_at(next_ms / 1000, self.stir)

    def _switch(self, label: CompartmentLabel, *, on: bool) -> None:
        self._cabinet.energise(label, on, self._loop.now_ms)
        self.stir()

    def _look(self, label: CompartmentLabel) -> None:
        if self._plug.dead:
            return
        now_ms = self._loop.now_ms
        before = self._contacts[label]
        raw = DoorLevel.CLOSED if self._cabinet.says_closed(label, now_ms) else DoorLevel.OPEN
        after = self._contacts[label] = sampled(before, raw, now_ms, DEBOUNCE_MS)
        again_ms = settles_at_ms(after, DEBOUNCE_MS)
        if again_ms is not None and label not in self._looking:  # one timer a contact, however often it flips
            self._looking.add(label)
            self._loop.call_at(max(again_ms, now_ms + 1) / 1000, self._look_again, label)
        if after.level is not before.level:
            self._levels[label] = after.level
            self._ledger.chronicle.step("door", f"{self._ledger.locker} {label} {after.level}")
            for observer in self._observers:
                observer(label, after.level)

    def _look_again(self, label: CompartmentLabel) -> None:
        self._looking.discard(label)
        self._look(label)
