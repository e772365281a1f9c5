"""Hardware without hardware: locks and doors as values, for tests and for worlds whose time is virtual.

A released door springs open at once, as a sound one does within a tenth of a second. ``firmware_sim`` has the physics.
"""

from collections.abc import Iterable, Mapping

from contract.ids import CompartmentLabel
from contract.state import DoorLevel
from edge.drivers.errors import BoardError, PulseRefusal, PulseRefusedError
from edge.drivers.ports import DoorObserver, PulseResult

PULSE_MS = 200


class MemoryBoard:
    """Both a ``LockBoard`` and ``DoorSensors``. ``jammed`` doors stay shut, ``broken`` coils answer with an error."""

    def __init__(self, labels: Iterable[CompartmentLabel]) -> None:
        """Begin with every door closed."""
        self._levels = dict.fromkeys(labels, DoorLevel.CLOSED)
        self._observers: list[DoorObserver] = []
        self.released: list[CompartmentLabel] = []
        self.jammed: set[CompartmentLabel] = set()
        self.broken: set[CompartmentLabel] = set()
        self.resting: dict[CompartmentLabel, int] = {}
        self.sensors_dead = False

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]:
        return tuple(self._levels)

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        return {}

    async def release(self, label: CompartmentLabel, pulse_ms: int | None = None) -> PulseResult:
        """Pulse a lock. A coil in ``resting`` is refused once, with its wait in ms."""
        if label not in self._levels:
            raise PulseRefusedError(label, PulseRefusal.UNKNOWN_LABEL)
        if label in self.resting:
            raise PulseRefusedError(label, PulseRefusal.TOO_SOON, self.resting.pop(label))
        if label in self.broken:
            raise BoardError("no answer from the board", label)
        self.released.append(label)
        if label not in self.jammed:
            self.move(label, DoorLevel.OPEN)
        return PulseResult(label, pulse_ms or PULSE_MS, pulse_ms or PULSE_MS)

    def all_off(self) -> None:
        """Do nothing: no coil is ever left on."""

    def levels(self) -> Mapping[CompartmentLabel, DoorLevel]:
        if self.sensors_dead:
            raise BoardError("no answer from the board")
        return dict(self._levels)

    def on_change(self, observer: DoorObserver) -> None:
        self._observers.append(observer)

    def move(self, label: CompartmentLabel, level: DoorLevel) -> None:
        """Move a door's leaf and let the sensor say so."""
        self._levels[label] = level
        for observer in self._observers:
            observer(label, level)


class MemoryBuzzer:
    """A buzzer nobody hears. ``beeps`` counts how often it began to sound."""

    def __init__(self) -> None:
        """Begin silent."""
        self.is_on = False
        self.beeps = 0

    def sound(self, *, on: bool) -> None:
        self.beeps += on and not self.is_on
        self.is_on = on
