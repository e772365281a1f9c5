"""Locks and door contacts directly on the Pi's pins, through gpiozero.

gpiozero calls back on a foreign thread which dies with the first exception, so a callback does one thing: it hands the
sample to the loop.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gpiozero import Factory, GPIOZeroError, InputDevice, OutputDevice

from contract.ids import CompartmentLabel
from contract.state import DoorLevel
from edge.clock import Clock
from edge.drivers.debounce import Debounced, sampled, settles_at_ms
from edge.drivers.ports import DoorObserver
from edge.drivers.wiring_records import BoardWiring, CompartmentWiring


@dataclass(frozen=True, slots=True)
class ClaimedCoils:
    """The coils that were claimed, dropped from the first moment, and why the others were not."""

    coils: Mapping[CompartmentLabel, OutputDevice]
    failures: Mapping[CompartmentLabel, str]

    def close(self) -> None:
        """Let go of the pins; see ``lgpio_pins`` for the level they keep."""
        for coil in self.coils.values():
            coil.close()


def claim_coils(board: BoardWiring, compartments: Iterable[CompartmentWiring], factory: Factory) -> ClaimedCoils:
    """Claim every lock pin at its inactive level; one dead pin does not stop the rest."""
    coils: dict[CompartmentLabel, OutputDevice] = {}
    failures: dict[CompartmentLabel, str] = {}
    for one in compartments:
        try:
            coils[one.label] = OutputDevice(one.lock_pin, active_high=board.active_high, pin_factory=factory)
        except (GPIOZeroError, OSError) as error:
            failures[one.label] = f"GPIO {one.lock_pin} could not be claimed ({error})"
    return ClaimedCoils(coils, failures)


class DoorContact:
    """One door's contact: its pin, its debounced level, and the one line that crosses into the loop."""

    def __init__(self, wiring: CompartmentWiring, factory: Factory, hand_over: DoorObserver) -> None:
        """Claim the pin, pulled towards "open": a cut cable then reads open and never closed."""
        self.wiring = wiring
        self._hand_over = hand_over
        self._device = InputDevice(wiring.door_pin, pull_up=wiring.door_closed_level == 0, pin_factory=factory)
        self._device.pin.when_changed = self._changed

    def raw(self) -> DoorLevel:
        """Read the pin; a pin that cannot be read says ``unknown``."""
        try:
            return self._door(self._device.pin.state)
        except (GPIOZeroError, OSError):
            return DoorLevel.UNKNOWN

    def close(self) -> None:
        self._device.pin.when_changed = None
        self._device.close()

    def _changed(self, _ticks: object, state: float) -> None:
        self._hand_over(self.wiring.label, self._door(state))

    def _door(self, state: float) -> DoorLevel:
        return DoorLevel.CLOSED if int(state) == self.wiring.door_closed_level else DoorLevel.OPEN


class GpioDoors:
    """All door contacts of a locker behind the ``DoorSensors`` port. Use it from the loop's thread only."""

    def __init__(
        self,
        compartments: Iterable[CompartmentWiring],
        factory: Factory,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Claim the pins and take the first sample; a contact that cannot be claimed stays ``unknown``."""
        self._clock, self._loop = clock, loop
        self._observers: list[DoorObserver] = []
        self._timers: dict[CompartmentLabel, asyncio.TimerHandle] = {}
        self._contacts: dict[CompartmentLabel, DoorContact] = {}
        self._states: dict[CompartmentLabel, Debounced] = {}
        self._faults: dict[CompartmentLabel, str] = {}
        for one in compartments:
            self._states[one.label] = Debounced.unread(clock.monotonic_ms())
            try:
                self._contacts[one.label] = DoorContact(one, factory, self._from_foreign_thread)
            except (GPIOZeroError, OSError) as error:
                self._faults[one.label] = f"GPIO {one.door_pin} could not be claimed ({error})"
        self.levels()

    def levels(self) -> Mapping[CompartmentLabel, DoorLevel]:
        """Read every door now; nothing depends on having seen each edge."""
        now_ms = self._clock.monotonic_ms()
        for label, contact in self._contacts.items():
            self._sample(label, contact.raw(), now_ms)
        return {label: state.level for label, state in self._states.items()}

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        return dict(self._faults)

    def on_change(self, observer: DoorObserver) -> None:
        self._observers.append(observer)

    def close(self) -> None:
        """Let go of the pins and the timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for contact in self._contacts.values():
            contact.close()
        self._contacts.clear()

    def _from_foreign_thread(self, label: CompartmentLabel, raw: DoorLevel) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: an exception here would end all edge events
            self._loop.call_soon_threadsafe(self._sample, label, raw, self._clock.monotonic_ms())

    def _sample(self, label: CompartmentLabel, raw: DoorLevel, now_ms: int) -> None:
        contact = self._contacts.get(label)
        if contact is None:
            return
        before = self._states[label]
        after = sampled(before, raw, now_ms, contact.wiring.debounce_ms)
        self._states[label] = after
        self._look_again(label, settles_at_ms(after, contact.wiring.debounce_ms))
        if after.level != before.level:
            for observer in self._observers:
                observer(label, after.level)

    def _look_again(self, label: CompartmentLabel, at_ms: int | None) -> None:
        timer = self._timers.pop(label, None)
        if timer is not None:
            timer.cancel()
        if at_ms is not None:
            wait_ms = max(1, at_ms - self._clock.monotonic_ms())  # 1: a clock's rounding must not spin the loop
            self._timers[label] = self._loop.call_later(wait_ms / 1000, self._read_again, label)

    def _read_again(self, label: CompartmentLabel) -> None:
        contact = self._contacts.get(label)
        if contact is not None:
            self._sample(label, contact.raw(), self._clock.monotonic_ms())


class GpioBuzzer:
    """A buzzer on one pin, active high."""

    def __init__(self, pin: int, factory: Factory) -> None:
        self._device = OutputDevice(pin, pin_factory=factory)

    def sound(self, *, on: bool) -> None:
        self._device.value = on

    def close(self) -> None:
        self._device.off()
        self._device.close()


class GpioMains:
    """A UPS contact that closes to ground while the mains is there; a cut cable reads as "no mains"."""

    def __init__(self, pin: int, factory: Factory) -> None:
        self._device = InputDevice(pin, pull_up=True, pin_factory=factory)

    def present(self) -> bool:
        return bool(self._device.is_active)

    def close(self) -> None:
        self._device.close()
