"""Opens the hardware a wiring file describes, and nothing else: no guessing, no falling back to another pin library."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gpiozero import Factory
from gpiozero.pins.mock import MockFactory

from contract.ids import CompartmentLabel
from edge.clock import Clock
from edge.drivers.errors import BoardSetupError
from edge.drivers.gpio import GpioBuzzer, GpioDoors, GpioMains, claim_coils
from edge.drivers.lgpio_pins import lgpio_factory
from edge.drivers.lock_board import CoilBoard
from edge.drivers.ports import Buzzer, DoorSensors, LockBoard, MainsSignal
from edge.drivers.pulse_gate import PulseLimits
from edge.drivers.wiring_records import PinFactoryName, Wiring


class Closing(Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Board:
    """One locker's hardware, open. ``close`` drops every coil first."""

    locks: LockBoard
    doors: DoorSensors
    buzzer: Buzzer | None = None
    mains: MainsSignal | None = None
    parts: tuple[Closing, ...] = ()

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        """What could not be claimed or dropped, by compartment."""
        return {**self.doors.faults, **self.locks.faults}

    def close(self) -> None:
        """Drop all coils, then let go of the pins."""
        for part in self.parts:
            part.close()


def open_board(wiring: Wiring, clock: Clock, factory: Factory | None = None) -> Board:
    """Open the board from within the running loop; every coil is off from the first moment on.

    ``factory`` is only for pins that cannot be made from the wiring alone (the simulation's). Raises
    ``BoardSetupError`` when it is not of the kind the wiring names.
    """
    pins = pin_factory(wiring, factory)
    board = wiring.board
    claimed = claim_coils(board, wiring.compartments, pins)
    locks = CoilBoard(
        claimed.coils,
        {one.label: one.pulse_ms for one in wiring.compartments},
        PulseLimits(board.pulse_ms_max, board.coil_off_ms_min),
        clock,
        claimed.failures,
    )
    locks.all_off()
    doors = GpioDoors(wiring.compartments, pins, clock, asyncio.get_running_loop())
    buzzer = None if board.buzzer_pin is None else GpioBuzzer(board.buzzer_pin, pins)
    mains = None if board.mains_pin is None else GpioMains(board.mains_pin, pins)
    parts = tuple(part for part in (locks, claimed, doors, buzzer, mains) if part is not None)
    return Board(locks, doors, buzzer, mains, parts)


def pin_factory(wiring: Wiring, given: Factory | None) -> Factory:
    """Return the pins the wiring names, or refuse."""
    named = wiring.board.pin_factory
    if named is PinFactoryName.MOCK:
        if isinstance(given, MockFactory):
            return given
        raise BoardSetupError("the wiring says pin_factory = mock: that board exists only inside latchmile-sim")
    if given is not None:
        raise BoardSetupError(f"the wiring says pin_factory = {named}, but {type(given).__name__} was handed over")
    return lgpio_factory(wiring.board.gpio_chip, wiring.board.work_dir)
