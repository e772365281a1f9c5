"""The real drivers on simulated pins: what a relay board and a door would have felt."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from gpiozero import Factory, OutputDevice
from gpiozero.pins.mock import MockFactory, MockPin

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import DoorLevel
from edge.clock import SystemClock
from edge.drivers.board import Board, open_board
from edge.drivers.errors import BoardError, BoardSetupError
from edge.drivers.wiring_records import PiModel, PinFactoryName, Wiring
from firmware_sim.physics import CompartmentFaults, SensorFault
from firmware_sim.pins import SimFactory, SimPin, SimulatedCabinet
from firmware_sim.wiring import simulated_wiring

A01, A02, A03 = (CompartmentLabel(f"A0{n}") for n in (1, 2, 3))
LONG_ENOUGH_S = 60  # only ever waited out by a failing test


def wiring(*, active_high: bool = True) -> Wiring:
    plans = tuple(CompartmentPlan(label, SizeClass.M) for label in (A01, A02, A03))
    plain = simulated_wiring(Layout("test", plans))
    return replace(plain, board=replace(plain.board, active_high=active_high))


@dataclass
class Locker:
    cabinet: SimulatedCabinet
    board: Board
    changes: list[tuple[CompartmentLabel, DoorLevel]]

    async def sees(self, label: CompartmentLabel, level: DoorLevel) -> None:
        """Return once the board says so; fail loudly if it never does."""
        changed = asyncio.Event()
        self.board.doors.on_change(lambda _label, _level: changed.set())
        async with asyncio.timeout(LONG_ENOUGH_S):
            while self.board.doors.levels()[label] != level:
                await changed.wait()
                changed.clear()


@asynccontextmanager
async def locker(wired: Wiring | None = None) -> AsyncIterator[Locker]:
    wired = wired or wiring()
    with SimulatedCabinet.of(wired) as cabinet:
        board = open_board(wired, SystemClock(), cabinet.factory)
        changes: list[tuple[CompartmentLabel, DoorLevel]] = []
        board.doors.on_change(lambda label, level: changes.append((label, level)))
        try:
            yield Locker(cabinet, board, changes)
        finally:
            board.close()


@pytest.mark.parametrize("active_high", [True, False])
async def test_no_lock_is_energised_from_start_to_end(active_high: bool) -> None:  # noqa: FBT001 - a wiring's choice
    async with locker(wiring(active_high=active_high)) as here:
        pass
    for label in (A01, A02, A03):
        levels = {change.level for change in here.cabinet.lock_trace(label)}
        assert levels == {not active_high}
        assert here.cabinet.cabinet.pulses_given(label) == 0


def test_the_recorder_would_have_seen_the_pulse_that_gpiozero_gives() -> None:
    class LoudPin(SimPin):
        """Claims the way gpiozero's own lgpio pin does."""

        def output_with_state(self, state: bool) -> None:  # noqa: FBT001 - gpiozero's own signature
            self.function = "output"
            self.state = state

    factory = SimFactory(PiModel.PI, SystemClock())
    factory.pin_class = LoudPin
    OutputDevice(17, active_high=False, pin_factory=factory)
    assert [change.level for change in factory.traces[17]] == [False, True]


@pytest.mark.parametrize("active_high", [True, False])
async def test_a_release_opens_exactly_one_door(active_high: bool) -> None:  # noqa: FBT001 - a wiring's choice
    async with locker(wiring(active_high=active_high)) as here:
        await here.sees(A02, DoorLevel.CLOSED)
        await here.board.locks.release(A02)
        await here.sees(A02, DoorLevel.OPEN)
        levels = here.board.doors.levels()
        assert (levels[A01], levels[A03]) == (DoorLevel.CLOSED, DoorLevel.CLOSED)
        shown = [change.level for change in here.cabinet.lock_trace(A02)]
        assert shown == [not active_high, not active_high, active_high, not active_high]
        assert not here.cabinet.cabinet.violations


async def test_a_parcels_way_through_a_door_is_told_in_order() -> None:
    async with locker() as here:
        await here.sees(A01, DoorLevel.CLOSED)
        await here.board.locks.release(A01)
        await here.sees(A01, DoorLevel.OPEN)
        here.cabinet.put_in(A01, "P17")
        assert here.cabinet.close(A01)
        await here.sees(A01, DoorLevel.CLOSED)
        told = [level for label, level in here.changes if label == A01]
        assert told == [DoorLevel.CLOSED, DoorLevel.OPEN, DoorLevel.CLOSED]
        assert here.cabinet.contents(A01) == "P17"


async def test_the_change_comes_by_itself_without_anybody_reading_levels() -> None:
    async with locker() as here:
        await here.sees(A01, DoorLevel.CLOSED)
        opened = asyncio.Event()
        here.board.doors.on_change(lambda _label, level: opened.set() if level is DoorLevel.OPEN else None)
        await here.board.locks.release(A01)
        await asyncio.wait_for(opened.wait(), LONG_ENOUGH_S)


async def test_a_jammed_hook_shows_as_a_door_that_stays_closed() -> None:
    async with locker() as here:
        here.cabinet.break_(A01, CompartmentFaults(jams=-1))
        await here.sees(A01, DoorLevel.CLOSED)
        result = await here.board.locks.release(A01)
        assert result.label == A01
        assert not here.cabinet.pull(A01)
        assert here.board.doors.levels()[A01] is DoorLevel.CLOSED


async def test_a_cut_cable_reads_open() -> None:
    async with locker() as here:
        await here.sees(A01, DoorLevel.CLOSED)
        here.cabinet.break_(A01, CompartmentFaults(sensor=SensorFault.CUT))
        await here.sees(A01, DoorLevel.OPEN)


async def test_a_chattering_contact_reads_unknown() -> None:
    async with locker() as here:
        await here.sees(A01, DoorLevel.CLOSED)
        here.cabinet.break_(A01, CompartmentFaults(sensor=SensorFault.CHATTERING))
        await here.sees(A01, DoorLevel.UNKNOWN)
        here.cabinet.break_(A01, CompartmentFaults())
        await here.sees(A01, DoorLevel.CLOSED)


async def test_a_pin_somebody_else_holds_is_one_fault_and_not_the_end() -> None:
    wired = wiring()
    with SimulatedCabinet.of(wired) as cabinet:
        intruder = OutputDevice(wired.compartment(A01).lock_pin, pin_factory=cabinet.factory)
        board = open_board(wired, SystemClock(), cabinet.factory)
        assert "could not be claimed" in board.faults[A01]
        with pytest.raises(BoardError):
            await board.locks.release(A01)
        assert (await board.locks.release(A02)).label == A02
        board.close()
        intruder.close()


async def test_a_contact_that_cannot_be_claimed_reads_unknown() -> None:
    wired = wiring()
    with SimulatedCabinet.of(wired) as cabinet:
        intruder = OutputDevice(wired.compartment(A01).door_pin, pin_factory=cabinet.factory)
        board = open_board(wired, SystemClock(), cabinet.factory)
        assert board.doors.levels()[A01] is DoorLevel.UNKNOWN
        assert list(board.doors.faults) == [A01]
        board.close()
        intruder.close()


async def test_a_closed_board_can_be_opened_again() -> None:
    wired = wiring()
    with SimulatedCabinet.of(wired) as cabinet:
        open_board(wired, SystemClock(), cabinet.factory).close()
        board = open_board(wired, SystemClock(), cabinet.factory)
        assert not board.faults
        board.close()


async def test_the_agent_dies_mid_pulse_and_the_next_one_finds_every_coil_off() -> None:
    wired = wiring(active_high=False)
    with SimulatedCabinet.of(wired) as cabinet:
        pins = cabinet.factory
        OutputDevice(wired.compartment(A01).lock_pin, active_high=False, initial_value=True, pin_factory=pins)
        cabinet.agent_died()
        assert list(cabinet.cabinet.energised) == [A01]
        board = open_board(wired, SystemClock(), pins)
        assert not cabinet.cabinet.energised
        board.close()


@pytest.mark.parametrize(
    ("named", "given"),
    [
        (PinFactoryName.MOCK, lambda: None),
        (PinFactoryName.LGPIO, lambda: MockFactory(pin_class=MockPin)),
    ],
)
async def test_only_the_pin_factory_of_the_wiring_will_do(
    named: PinFactoryName, given: Callable[[], Factory | None]
) -> None:
    plain = wiring()
    with pytest.raises(BoardSetupError, match="pin_factory"):
        open_board(replace(plain, board=replace(plain.board, pin_factory=named)), SystemClock(), given())


async def test_a_buzzer_sounds_and_the_mains_contact_reads() -> None:
    plain = wiring()
    wired = replace(plain, board=replace(plain.board, buzzer_pin=20, mains_pin=21))
    async with locker(wired) as here:
        assert here.board.buzzer is not None
        assert here.board.mains is not None
        here.board.buzzer.sound(on=True)
        here.board.buzzer.sound(on=False)
        assert [change.level for change in here.cabinet.factory.traces[20]] == [False, True, False]
        assert not here.board.mains.present()
        here.cabinet.factory.pin(21).hold(high=False)
        assert here.board.mains.present()
