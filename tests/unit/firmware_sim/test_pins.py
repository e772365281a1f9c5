"""The cabinet in real time, behind gpiozero's mock pins."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero import InputDevice, OutputDevice, PinFixedPull

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from edge.clock import SystemClock
from edge.drivers.gpio import GpioBuzzer
from edge.drivers.wiring_records import PiModel, Wiring
from firmware_sim.physics import CabinetError, CompartmentFaults, SensorFault
from firmware_sim.pins import SimFactory, SimulatedCabinet
from firmware_sim.wiring import COMPARTMENTS_MAX, simulated_wiring

A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
LONG_ENOUGH_S = 60  # only ever waited out by a failing test


def layout(doors: int) -> Layout:
    plans = (CompartmentPlan(CompartmentLabel(f"A{n:02}"), SizeClass.S) for n in range(1, doors + 1))
    return Layout("test", tuple(plans))


@pytest.fixture
def wiring() -> Wiring:
    return simulated_wiring(layout(2))


@pytest.fixture
def cabinet(wiring: Wiring) -> Iterator[SimulatedCabinet]:
    with SimulatedCabinet.of(wiring) as made:
        yield made


def lock(cabinet: SimulatedCabinet, wiring: Wiring, label: CompartmentLabel = A01) -> OutputDevice:
    return OutputDevice(wiring.compartment(label).lock_pin, pin_factory=cabinet.factory)


def test_current_on_a_lock_pin_opens_the_door(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    coil = lock(cabinet, wiring)
    coil.on()
    assert cabinet.wait_open(A01, LONG_ENOUGH_S)
    coil.off()
    assert not cabinet.is_open(A02)


def test_a_person_may_wait_before_a_door_whose_contact_lies(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    cabinet.break_(A01, CompartmentFaults(sensor=SensorFault.STUCK_CLOSED))
    coil = lock(cabinet, wiring)
    coil.on()
    assert cabinet.wait_open(A01, LONG_ENOUGH_S)


def test_nobody_waits_for_ever_before_a_jammed_door(cabinet: SimulatedCabinet) -> None:
    assert not cabinet.wait_open(A01, 0)


def test_a_contact_calls_back_on_a_foreign_thread(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    called, thread = threading.Event(), list[str]()

    def changed(_ticks: object, _state: object) -> None:
        thread.append(threading.current_thread().name)
        called.set()

    contact = InputDevice(wiring.compartment(A01).door_pin, pull_up=True, pin_factory=cabinet.factory)
    contact.pin.when_changed = changed
    lock(cabinet, wiring).on()
    assert called.wait(LONG_ENOUGH_S)
    assert thread[0] == "cabinet"


def test_a_contact_is_stronger_than_the_pull_of_the_pin(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    contact = InputDevice(wiring.compartment(A01).door_pin, pull_up=True, pin_factory=cabinet.factory)
    assert contact.pin.state == 0


def test_a_parcel_lies_where_it_was_put(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    with pytest.raises(CabinetError):
        cabinet.put_in(A01, "P1")
    coil = lock(cabinet, wiring)
    coil.on()
    assert cabinet.wait_open(A01, LONG_ENOUGH_S)
    coil.off()
    cabinet.put_in(A01, "P1")
    assert cabinet.pull(A01)
    assert cabinet.close(A01)
    assert cabinet.contents(A01) == "P1"
    assert cabinet.contents(A02) is None


def test_what_was_put_in_can_be_taken_out(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    cabinet.cabinet.leave_behind(A01, "P1")
    lock(cabinet, wiring).on()
    assert cabinet.wait_open(A01, LONG_ENOUGH_S)
    assert cabinet.take_out(A01) == "P1"


def test_every_level_of_a_lock_is_on_record(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    coil = lock(cabinet, wiring)
    coil.on()
    coil.off()
    trace = cabinet.lock_trace(A01)
    assert [change.level for change in trace] == [False, True, False]
    assert [change.at_ms for change in trace] == sorted(change.at_ms for change in trace)
    assert cabinet.lock_trace(A02) == ()


def test_an_output_without_a_level_is_claimed_low_as_lgpio_does() -> None:
    factory = SimFactory(PiModel.PI, SystemClock())
    OutputDevice(17, initial_value=None, pin_factory=factory)
    assert [change.level for change in factory.traces[17]] == [False]


def test_after_a_power_cut_the_old_agent_reaches_nothing(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    old = lock(cabinet, wiring)
    old.on()
    cabinet.cut_power()
    assert not cabinet.cabinet.energised
    cabinet.restore_power()
    old.off()
    old.on()
    assert not cabinet.cabinet.energised
    new = lock(cabinet, wiring)
    new.on()
    assert list(cabinet.cabinet.energised) == [A01]


def test_a_fixed_pull_stays_fixed_behind_a_contact() -> None:
    factory = SimFactory(PiModel.PI, SystemClock())
    factory.pin(2).hold(high=True)
    with pytest.raises(PinFixedPull):
        InputDevice(2, pull_up=False, pin_factory=factory)


def test_a_compute_module_has_pins_for_its_doors() -> None:
    wired = simulated_wiring(layout(COMPARTMENTS_MAX))
    pins = [pin for one in wired.compartments for pin in (one.lock_pin, one.door_pin)]
    assert len(set(pins)) == 2 * COMPARTMENTS_MAX
    with SimulatedCabinet.of(wired) as made:
        assert len(made.factory.pins) == 2 * COMPARTMENTS_MAX


def test_a_wall_of_doors_does_not_fit_behind_one_pi() -> None:
    with pytest.raises(ValueError, match="23 doors"):
        simulated_wiring(layout(COMPARTMENTS_MAX + 1))


def test_the_buzzer_is_heard_between_its_beats_too(cabinet: SimulatedCabinet, wiring: Wiring) -> None:
    assert wiring.board.buzzer_pin is not None
    buzzer = GpioBuzzer(wiring.board.buzzer_pin, cabinet.factory)
    buzzer.sound(on=False)
    assert not cabinet.buzzing
    buzzer.sound(on=True)
    buzzer.sound(on=False)
    assert cabinet.buzzing


def test_a_wall_that_takes_all_pins_has_no_buzzer() -> None:
    assert simulated_wiring(layout(COMPARTMENTS_MAX)).board.buzzer_pin is None
