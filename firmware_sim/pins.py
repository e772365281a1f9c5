"""Binds a simulated cabinet to gpiozero's mock pins, so that the real drivers move simulated doors in real time.

::

    real:       agent -> edge.drivers (lock board, doors) -> gpiozero
    simulated:  SimPin -> SimulatedCabinet -> Cabinet (physics) -> SimPin -> callback on a foreign thread

The mock pins that gpiozero ships cannot show a pulse at start and call back in the caller's thread; ``SimPin`` records
every level it shows on the outside, claims as lgpio does, and contacts change on a thread of their own as in hardware.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from gpiozero import PinFixedPull
from gpiozero.pins.mock import MockFactory, MockPin

from contract.ids import CompartmentLabel
from edge.clock import Clock, SystemClock
from edge.drivers.wiring_records import PiModel, Wiring
from firmware_sim.cabinet import Cabinet
from firmware_sim.physics import CompartmentFaults, CompartmentPhysics
from firmware_sim.truth import CabinetTruth

Answer = TypeVar("Answer")

BEAT_MS = 1_500  # the slowest pattern sounds once a second
TRACE_MAX = 10_000  # levels kept per pin: a day of a busy lock has a few hundred
PI_3B, COMPUTE_MODULE_3 = "a02082", "a020a0"  # revision codes: 28 and 46 usable lines


@dataclass(frozen=True, slots=True)
class LevelChange:
    """What an output showed on the outside from ``at_ms`` (monotonic) on."""

    at_ms: int
    level: bool


class SimPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin that behaves as a kernel line behind lgpio does and remembers every level it showed."""

    def __init__(self, factory: "SimFactory", info: Any) -> None:
        """Begin as an input, as every line does after reset."""
        self.held = False
        self.powered = True
        super().__init__(factory, info)

    @property
    def gpio(self) -> int:
        return int(self._number)

    def output_with_state(self, state: bool) -> None:  # noqa: FBT001 - gpiozero's own signature
        """Claim as an output at ``state``, as ``edge.drivers.lgpio_pins`` does on real lines."""
        self._function = "output"
        self._show(level=bool(state))

    def hold(self, *, high: bool) -> None:
        """Drive an input from outside; a contact is stronger than the Pi's own pull from now on."""
        self.held = True
        (self.drive_high if high else self.drive_low)()

    def close(self) -> None:
        """Let go; an output keeps its level, as the Pi's kernel keeps it when a process ends."""
        self.when_changed = None
        if self._function == "input":
            super().close()

    def _set_function(self, value: str) -> None:
        claimed = value == "output" and self._function != "output"
        super()._set_function(value)
        if claimed:
            self._show(level=False)  # lgpio claims at level 0 unless told otherwise

    def _set_pull(self, value: str) -> None:
        if not self.held:
            super()._set_pull(value)
        elif self.info.pull not in ("", value):
            raise PinFixedPull(f"{self!r} has a fixed pull-{self.info.pull}")
        else:
            self._pull = value

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        self._show(level=bool(value))

    def _show(self, *, level: bool) -> None:
        self._change_state(level)
        if self.powered:  # what a dead process's threads still write reaches nothing
            self.factory.shown(self.gpio, level)


class SimFactory(MockFactory):  # type: ignore[misc]  # gpiozero ships no types
    """Pins of one simulated Pi. Each locker has its own, so that many fit into one process."""

    def __init__(self, model: PiModel, clock: Clock) -> None:
        """Make the pins of a Pi of this model."""
        super().__init__(revision=PI_3B if model is PiModel.PI else COMPUTE_MODULE_3, pin_class=SimPin)
        self.traces: dict[int, deque[LevelChange]] = {}
        self.observer: Callable[[int, bool], None] = _nobody
        self._clock = clock

    def shown(self, gpio: int, level: bool) -> None:  # noqa: FBT001 - a level, as on a wire
        """Note what an output shows and tell the board behind the pins."""
        trace = self.traces.setdefault(gpio, deque(maxlen=TRACE_MAX))
        trace.append(LevelChange(self._clock.monotonic_ms(), level))
        self.observer(gpio, level)

    def forget_process(self) -> None:
        """End every claim as the kernel does when a process dies: levels stay, callbacks and claims go."""
        for pin in self.pins.values():
            pin.when_changed = None
        self._reservations.clear()

    def forget_power(self) -> None:
        """Begin with fresh pins, all inputs, as after a power cut; the old ones drive nothing any more."""
        self.forget_process()
        for pin in self.pins.values():
            pin.powered = False
        self.pins.clear()


def _nobody(_gpio: int, _level: bool) -> None:  # noqa: FBT001 - the shape of an observer
    """Stand in until a cabinet is bound."""


class SimulatedCabinet:
    """A cabinet to walk up to: doors to pull, boxes to fill, wires to cut. Safe from any thread.

    Hand ``factory`` to ``edge.drivers.board.open_board``. ``stop`` it, or use it as a context manager.
    """

    def __init__(
        self,
        wiring: Wiring,
        cabinet: Cabinet,
        clock: Clock | None = None,
        witness: Callable[[CabinetTruth], None] | None = None,
    ) -> None:
        """Bind ``cabinet`` to the pins ``wiring`` names and start its time; ``witness`` is told what has changed."""
        self._witness = witness
        self._clock = clock or SystemClock()
        self._wiring, self.cabinet = wiring, cabinet
        self.factory = SimFactory(wiring.board.model, self._clock)
        self._began_ms = self._clock.monotonic_ms() - cabinet.now_ms
        self._locks = {one.lock_pin: one.label for one in wiring.compartments}
        self._doors = {one.label: one for one in wiring.compartments}
        self._change = threading.Condition(threading.RLock())
        self._stopping = False
        self.factory.observer = self._shown
        self._wire_up()
        self._thread = threading.Thread(target=self._live, name="cabinet", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, wiring: Wiring, clock: Clock | None = None) -> Self:
        """Build a sound cabinet for a wiring."""
        return cls(wiring, Cabinet(_physics(wiring)), clock)

    @classmethod
    def resumed(cls, wiring: Wiring, truth: CabinetTruth, witness: Callable[[CabinetTruth], None]) -> Self:
        """Build the cabinet that an agent left behind, however it ended."""
        return cls(wiring, Cabinet.resumed(_physics(wiring), truth), None, witness)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the cabinet's time."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        self._thread.join()

    def pull(self, label: CompartmentLabel) -> bool:
        """Pull at a door; return whether it is open."""
        return self._act(lambda now_ms: self.cabinet.pull_door(label, now_ms))

    def close(self, label: CompartmentLabel) -> bool:
        """Push a door shut; return whether the hook caught it."""
        return self._act(lambda now_ms: self.cabinet.close_door(label, now_ms))

    def is_open(self, label: CompartmentLabel) -> bool:
        """Look whether a door stands open."""
        return self._act(lambda now_ms: self.cabinet.is_open(label, now_ms))

    def wait_open(self, label: CompartmentLabel, timeout_s: float) -> bool:
        """Stand before a door until it opens; return whether it did. Blocks: call it from a person's thread."""
        with self._change:
            return self._change.wait_for(lambda: self.cabinet.is_open(label, self._now_ms()), timeout_s)

    def put_in(self, label: CompartmentLabel, parcel: str) -> None:
        """Put a parcel into an open compartment."""
        self._act(lambda now_ms: self.cabinet.put_in(label, parcel, now_ms))

    def take_out(self, label: CompartmentLabel) -> str | None:
        """Take out what lies in an open compartment."""
        return self._act(lambda now_ms: self.cabinet.take_out(label, now_ms))

    def contents(self, label: CompartmentLabel) -> str | None:
        """Look, as through the wall, what lies in a compartment."""
        return self._act(lambda _now_ms: self.cabinet.contents(label))

    def break_(self, label: CompartmentLabel, faults: CompartmentFaults) -> None:
        """Break something; a fresh ``CompartmentFaults()`` mends it."""
        self._act(lambda now_ms: self.cabinet.break_(label, faults, now_ms))

    def agent_died(self) -> None:
        """End the agent's claims as ``kill -9`` does: outputs keep their level, the next agent may claim anew."""
        with self._change:
            self.factory.forget_process()

    def cut_power(self) -> None:
        """Cut the supply of locks and Pi: coils drop, and the agent that was running reaches nothing any more."""
        with self._change:
            self.cabinet.power(False, self._now_ms())  # noqa: FBT003 - a level, as on a wire
            self.factory.forget_power()
            self._wire_up()
            self._testify()

    def restore_power(self) -> None:
        """Bring the supply back; the next agent finds every line an input."""
        self._act(lambda now_ms: self.cabinet.power(True, now_ms))  # noqa: FBT003 - a level, as on a wire

    def lock_trace(self, label: CompartmentLabel) -> tuple[LevelChange, ...]:
        """Return every level the lock's pin has shown, oldest first."""
        return tuple(self.factory.traces.get(self._doors[label].lock_pin, ()))

    def _now_ms(self) -> int:
        return self._clock.monotonic_ms() - self._began_ms

    def _act(self, deed: Callable[[int], Answer]) -> Answer:
        with self._change:
            answer = deed(self._now_ms())
            self._testify()
            self._change.notify_all()
        return answer

    def _testify(self) -> None:
        if self._witness is not None:
            self._witness(self.cabinet.truth())

    @property
    def buzzing(self) -> bool:
        """Whether the buzzer sounds, or did within its last beat."""
        trace = self.factory.traces.get(self._wiring.board.buzzer_pin or -1)
        now_ms = self._clock.monotonic_ms()
        return any(one.level for one in trace or () if now_ms - one.at_ms <= BEAT_MS)

    def _shown(self, gpio: int, level: bool) -> None:  # noqa: FBT001 - a level, as on a wire
        label = self._locks.get(gpio)
        if label is not None:
            on = level == self._wiring.board.active_high
            self._act(lambda now_ms: self.cabinet.energise(label, on, now_ms))

    def _wire_up(self) -> None:
        """Make all pins beforehand, so that no two threads make the same one, and let the contacts hold theirs."""
        for gpio in self._locks:
            self.factory.pin(gpio)
        for label, closed in self.cabinet.levels(self._now_ms()).items():
            self._drive(label, closed=closed)

    def _live(self) -> None:
        """Let the cabinet's time pass, on the thread that contacts call back from."""
        with self._change:
            while not self._stopping:
                for edge in self.cabinet.advance(self._now_ms()):
                    self._drive(edge.label, closed=edge.closed)
                self._testify()
                self._change.notify_all()  # a person may be waiting for this door
                at_ms = self.cabinet.next_at_ms()
                self._change.wait(None if at_ms is None else max(1, at_ms - self._now_ms()) / 1000)

    def _drive(self, label: CompartmentLabel, *, closed: bool) -> None:
        wiring = self._doors[label]
        self.factory.pin(wiring.door_pin).hold(high=closed == bool(wiring.door_closed_level))


def _physics(wiring: Wiring) -> tuple[CompartmentPhysics, ...]:
    return tuple(CompartmentPhysics(one.label) for one in wiring.compartments)
