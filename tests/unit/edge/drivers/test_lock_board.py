import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from contract.ids import CompartmentLabel
from edge.clock import SystemClock
from edge.drivers.errors import BoardClosedError, BoardError, CoilStuckError, PulseRefusal, PulseRefusedError
from edge.drivers.lock_board import CoilBoard
from edge.drivers.pulse_gate import PulseLimits

A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
LONG_ENOUGH_S = 60  # only ever waited out by a failing test


class RecordedCoil:
    """A coil that remembers what it was told and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.went_on, self.went_off = threading.Event(), threading.Event()

    def on(self) -> None:
        self.told.append("on")
        self.went_on.set()

    def off(self) -> None:
        self.told.append("off")
        if self.went_on.is_set():
            self.went_off.set()


class DeadCoil(RecordedCoil):
    """A coil whose wire is gone; ``dies_on`` names the order it refuses."""

    def __init__(self, dies_on: str) -> None:
        super().__init__()
        self.dies_on = dies_on

    def on(self) -> None:
        super().on()
        if self.dies_on == "on":
            raise OSError("no such line")

    def off(self) -> None:
        super().off()
        if self.dies_on == "off":
            raise OSError("no such line")


@dataclass
class Locks:
    board: CoilBoard
    first: RecordedCoil
    second: RecordedCoil = field(default_factory=RecordedCoil)


@asynccontextmanager
async def locks(make_first: Callable[[], RecordedCoil] = RecordedCoil) -> AsyncIterator[Locks]:
    first, second = make_first(), RecordedCoil()
    limits = PulseLimits(pulse_ms_max=1_000, coil_off_ms_min=60_000)
    board = CoilBoard({A01: first, A02: second}, {A01: 20, A02: 20}, limits, SystemClock())
    try:
        yield Locks(board, first, second)
    finally:
        board.close()


async def test_a_release_is_one_pulse_and_ends_before_the_answer() -> None:
    async with locks() as here:
        result = await here.board.release(A01)
        assert here.first.told == ["on", "off"]
        assert (result.label, result.pulse_ms) == (A01, 20)
        assert result.energised_ms >= 20
        assert here.second.told == []


async def test_the_coil_drops_while_the_loop_hangs() -> None:
    async with locks() as here:
        asked = asyncio.ensure_future(here.board.release(A01))
        await asyncio.sleep(0)
        assert here.first.went_off.wait(LONG_ENOUGH_S)  # the loop stands still here and the coil drops all the same
        await asked


async def test_a_cancelled_caller_does_not_cut_the_pulse_short() -> None:
    async with locks() as here:
        asked = asyncio.ensure_future(here.board.release(A01, 100))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert here.first.went_off.wait(LONG_ENOUGH_S)
        assert here.first.told == ["on", "off"]


async def test_two_doors_never_open_together() -> None:
    async with locks() as here:
        asked = asyncio.ensure_future(here.board.release(A01, 1_000))
        await asyncio.sleep(0)
        assert here.first.went_on.wait(LONG_ENOUGH_S)
        with pytest.raises(PulseRefusedError) as refused:
            await here.board.release(A02)
        assert refused.value.reason is PulseRefusal.BUSY
        assert here.second.told == []
        here.board.all_off()
        await asked


async def test_a_coil_gets_its_rest() -> None:
    async with locks() as here:
        await here.board.release(A01)
        with pytest.raises(PulseRefusedError) as refused:
            await here.board.release(A01)
        assert refused.value.reason is PulseRefusal.TOO_SOON
        assert refused.value.wait_ms is not None
        assert here.first.told == ["on", "off"]


@pytest.mark.parametrize(
    ("label", "pulse_ms", "reason"),
    [
        (CompartmentLabel("Q1"), None, PulseRefusal.UNKNOWN_LABEL),
        (A01, 1_001, PulseRefusal.TOO_LONG),
        (A01, 0, PulseRefusal.TOO_SHORT),
    ],
)
async def test_what_the_limits_forbid_energises_nothing(
    label: CompartmentLabel, pulse_ms: int | None, reason: PulseRefusal
) -> None:
    async with locks() as here:
        with pytest.raises(PulseRefusedError) as refused:
            await here.board.release(label, pulse_ms)
        assert refused.value.reason is reason
        assert here.first.told == here.second.told == []


async def test_a_pulse_that_was_dropped_before_it_began_is_no_pulse() -> None:
    async with locks() as here:
        asked = asyncio.ensure_future(here.board.release(A01, 1_000))
        await asyncio.sleep(0)
        here.board.all_off()
        with contextlib.suppress(BoardError):  # whether it had begun is the threads' race; the coil is off either way
            await asked
        assert here.first.told[-1] == "off"
        assert here.board.faults == {}


async def test_all_off_ends_a_pulse_under_way() -> None:
    async with locks() as here:
        asked = asyncio.ensure_future(here.board.release(A01, 1_000))
        await asyncio.sleep(0)
        assert here.first.went_on.wait(LONG_ENOUGH_S)
        here.board.all_off()
        result = await asked
        assert result.pulse_ms == 1_000
        assert here.first.told[0] == "on"
        assert set(here.first.told[1:]) == {"off"}


async def test_a_coil_that_cannot_be_energised_is_dropped_and_reported() -> None:
    async with locks(lambda: DeadCoil("on")) as here:
        with pytest.raises(BoardError, match="could not be energised") as failed:
            await here.board.release(A01)
        assert failed.value.label == A01
        assert here.first.told == ["on", "off"]
        assert await here.board.release(A02)


async def test_a_coil_that_will_not_drop_is_a_fault_and_is_not_pulsed_again() -> None:
    async with locks(lambda: DeadCoil("off")) as here:
        with pytest.raises(CoilStuckError):
            await here.board.release(A01)
        assert "may be energised" in here.board.faults[A01]
        assert here.first.told.count("off") == 3
        with pytest.raises(BoardError):
            await here.board.release(A01)
        assert here.first.told.count("on") == 1


async def test_one_dead_coil_does_not_stop_all_off() -> None:
    async with locks(lambda: DeadCoil("off")) as here:
        here.board.all_off()
        assert here.second.told == ["off"]
        assert list(here.board.faults) == [A01]


async def test_a_coil_that_was_never_claimed_says_why() -> None:
    limits = PulseLimits(1_000, 0)
    board = CoilBoard({}, {A01: 20}, limits, SystemClock(), {A01: "GPIO 17 could not be claimed"})
    with pytest.raises(BoardError, match="GPIO 17"):
        await board.release(A01)
    assert board.labels == (A01,)
    board.close()


async def test_a_closed_board_moves_nothing() -> None:
    async with locks() as here:
        here.board.close()
        assert here.first.told == ["off", "off"]
        with pytest.raises(BoardClosedError):
            await here.board.release(A01)


def test_a_pulse_outlives_the_loop_that_asked_for_it() -> None:
    coil = RecordedCoil()
    board = CoilBoard({A01: coil}, {A01: 100}, PulseLimits(1_000, 0), SystemClock())

    async def ask_and_leave() -> None:
        asked = asyncio.ensure_future(board.release(A01))
        await asyncio.sleep(0)
        asked.cancel()

    asyncio.run(ask_and_leave())
    assert coil.went_off.wait(LONG_ENOUGH_S)
    board.close()
    assert coil.told[:2] == ["on", "off"]
