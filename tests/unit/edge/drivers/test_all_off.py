from pathlib import Path

import pytest
from gpiozero import OutputDevice

from edge.clock import SystemClock
from edge.drivers.all_off import main
from edge.drivers.wiring_records import PiModel
from firmware_sim.pins import SimFactory

WIRING = """
[board]
kind = "gpio"
pin_factory = "mock"
active_high = false

[[compartment]]
label = "A01"
size = "M"
lock_pin = 5
door_pin = 20
door_closed_level = 0

[[compartment]]
label = "A02"
size = "M"
lock_pin = 6
door_pin = 21
door_closed_level = 0
"""


@pytest.fixture
def wiring(tmp_path: Path) -> str:
    path = tmp_path / "wiring.toml"
    path.write_text(WIRING)
    return str(path)


@pytest.fixture
def pins() -> SimFactory:
    return SimFactory(PiModel.PI, SystemClock())


def test_a_coil_a_dead_agent_left_energised_is_dropped(wiring: str, pins: SimFactory) -> None:
    dead = OutputDevice(5, active_high=False, initial_value=True, pin_factory=pins)
    pins.forget_process()
    assert main([wiring], pins) == 0
    assert [change.level for change in pins.traces[5]] == [False, True]
    assert [change.level for change in pins.traces[6]] == [True]
    dead.close()


def test_a_coil_that_cannot_be_dropped_is_named_and_the_rest_are_dropped(
    wiring: str, pins: SimFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = OutputDevice(5, active_high=False, pin_factory=pins)
    assert main([wiring], pins) == 1
    assert "A01: GPIO 5 could not be claimed" in capsys.readouterr().err
    assert [change.level for change in pins.traces[6]] == [True]
    holder.close()


def test_a_wiring_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.toml")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main([]) == 2
