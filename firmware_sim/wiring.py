"""Gives a cabinet's layout pins, so that nobody has to write a wiring file for a locker that does not exist."""

from pathlib import Path

from contract.layout import CompartmentPlan, Layout
from edge.drivers.wiring import DEBOUNCE_MS
from edge.drivers.wiring_records import (
    BoardKind,
    BoardWiring,
    CompartmentWiring,
    PiModel,
    PinFactoryName,
    Wiring,
)

SIM_PULSE_MS = 200  # the shortest pulse in the field: a simulated hook frees in 30 ms
SIM_COIL_OFF_MS = 500  # simulated coils stay cool; still long enough that a re-pulse has to wait
FIRST_PIN = 2  # 0 and 1 read a HAT's memory
COMPARTMENTS_MAX = (PiModel.COMPUTE_MODULE.gpio_max - FIRST_PIN + 1) // 2


def simulated_wiring(layout: Layout) -> Wiring:
    """Wire a layout to the mock pins of a compute module: active-high locks first, then contacts to ground.

    Raises ``ValueError`` when the layout has more doors than such a Pi has pairs of pins.
    """
    plans = layout.compartments
    if len(plans) > COMPARTMENTS_MAX:
        raise ValueError(f"{layout.model} has {len(plans)} doors, a compute module has pins for {COMPARTMENTS_MAX}")
    compartments = tuple(_compartment(plan, nth, len(plans)) for nth, plan in enumerate(plans))
    buzzer = FIRST_PIN + 2 * len(plans)
    return Wiring(simulated_board(buzzer if buzzer <= PiModel.COMPUTE_MODULE.gpio_max else None), compartments, None)


def simulated_board(buzzer_pin: int | None = None) -> BoardWiring:
    """Return what all doors of a simulated locker share; a wall that takes all pins leaves none for a buzzer."""
    return BoardWiring(
        kind=BoardKind.GPIO,
        pin_factory=PinFactoryName.MOCK,
        model=PiModel.COMPUTE_MODULE,
        gpio_chip=0,
        active_high=True,
        external_pulls=True,
        i2c=False,
        uart=False,
        pulse_ms_max=1_000,
        coil_off_ms_min=SIM_COIL_OFF_MS,
        buzzer_pin=buzzer_pin,
        mains_pin=None,
        work_dir=Path("/tmp"),  # noqa: S108 - only lgpio writes there, and the simulation has none
    )


def _compartment(plan: CompartmentPlan, nth: int, count: int) -> CompartmentWiring:
    return CompartmentWiring(
        label=plan.label,
        size=plan.size,
        lock_pin=FIRST_PIN + nth,
        door_pin=FIRST_PIN + count + nth,
        door_closed_level=0,
        low=plan.low,
        pulse_ms=SIM_PULSE_MS,
        debounce_ms=DEBOUNCE_MS,
    )
