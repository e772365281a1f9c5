"""A cabinet outlives the process that simulated it."""

from pathlib import Path

import pytest

from contract.ids import CompartmentLabel
from firmware_sim.cabinet import HELD_MS, Cabinet
from firmware_sim.physics import CompartmentFaults, SensorFault, ViolationKind, plain_layout
from firmware_sim.truth import CabinetTruth
from firmware_sim.witness import FILE, Witness, read_truth

A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
LAYOUT = plain_layout(["A01", "A02"])
ON, OFF = True, False


def killed(box: Cabinet) -> Cabinet:
    """Let the process die and another one find the cabinet."""
    return Cabinet.resumed(LAYOUT, box.truth())


def test_open_doors_and_what_lies_behind_them_are_found_again() -> None:
    box = Cabinet(LAYOUT)
    box.leave_behind(A02, "an umbrella")
    box.energise(A01, ON, 0)
    box.energise(A01, OFF, 200)
    box.advance(1_000)
    found = killed(box)
    assert found.levels(found.now_ms) == {A01: False, A02: True}
    assert found.contents(A02) == "an umbrella"
    assert found.pulses_given(A01) == 1
    assert found.advance(found.now_ms + 1_000) == []


@pytest.mark.parametrize("died_ms", [0, 29, 30, 149, 150])
def test_a_pulse_that_was_on_when_the_agent_died_has_freed_the_hook(died_ms: int) -> None:
    box = Cabinet(LAYOUT)
    box.energise(A01, ON, 0)
    box.advance(died_ms)
    found = killed(box)
    assert found.is_open(A01, found.now_ms)
    assert found.energised == ()
    assert found.pulses_given(A01) == 1


def test_a_door_that_swings_slowly_has_swung_by_then() -> None:
    box = Cabinet(LAYOUT, {A01: CompartmentFaults(slow_ms=5_000)})
    box.energise(A01, ON, 0)
    box.energise(A01, OFF, 200)
    box.advance(300)
    found = killed(box)
    assert found.is_open(A01, found.now_ms)
    assert found.now_ms >= HELD_MS + 5_000


@pytest.mark.parametrize("died_ms", [10, 100])
def test_a_jam_is_tried_once_whenever_the_agent_died(died_ms: int) -> None:
    box = Cabinet(LAYOUT, {A01: CompartmentFaults(jams=1)})
    box.energise(A01, ON, 0)
    box.advance(died_ms)
    found = killed(box)
    assert not found.is_open(A01, found.now_ms)
    assert found.truth().of("A01").faults == CompartmentFaults(jams=0)


def test_a_stuck_relay_stays_on() -> None:
    box = Cabinet(LAYOUT, {A01: CompartmentFaults(stuck_relay=True)})
    box.energise(A01, ON, 0)
    assert killed(box).energised == (A01,)


def test_broken_contacts_lie_on_and_broken_laws_stay_broken() -> None:
    box = Cabinet(LAYOUT, {A01: CompartmentFaults(sensor=SensorFault.CUT)})
    box.break_(A02, CompartmentFaults(sensor=SensorFault.CHATTERING), 0)
    box.energise(A01, ON, 0)
    box.energise(A02, ON, 0)
    found = killed(box)
    assert not found.levels(found.now_ms)[A01]
    assert len({edge.closed for edge in found.advance(found.now_ms + 100) if edge.label == A02}) == 2
    assert [one.kind for one in found.violations] == [ViolationKind.TWO_COILS]


def test_a_compartment_that_the_wall_no_longer_has_is_passed_over() -> None:
    found = Cabinet.resumed(plain_layout(["A02"]), Cabinet(LAYOUT).truth())
    assert found.labels == (A02,)


def test_the_truth_is_in_the_file_as_soon_as_it_is_true(tmp_path: Path) -> None:
    box, witness = Cabinet(LAYOUT), Witness(tmp_path)
    assert read_truth(tmp_path) == CabinetTruth()
    witness(box.truth())
    box.energise(A01, ON, 0)
    witness(box.truth())
    assert read_truth(tmp_path) == box.truth()
    assert read_truth(tmp_path).of("A01").coil_on


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    box, witness = Cabinet(LAYOUT), Witness(tmp_path)
    witness(box.truth())
    (tmp_path / FILE).unlink()
    witness(box.truth())
    assert not (tmp_path / FILE).exists()


def test_nobody_knows_a_compartment_that_is_not_there() -> None:
    with pytest.raises(LookupError):
        CabinetTruth().of("A01")
