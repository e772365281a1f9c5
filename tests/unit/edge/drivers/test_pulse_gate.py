import pytest

from contract.ids import CompartmentLabel
from edge.drivers.errors import PulseRefusal
from edge.drivers.ports import PULSE_MS_HARD_MAX
from edge.drivers.pulse_gate import RATE_WINDOW_MS, PulseGate, PulseLimits

A01, A02, Z99 = CompartmentLabel("A01"), CompartmentLabel("A02"), CompartmentLabel("Z99")


def gate(pulse_ms_max: int = 600, coil_off_ms_min: int = 2_000, pulses_per_minute_max: int = 60) -> PulseGate:
    return PulseGate([A01, A02], PulseLimits(pulse_ms_max, coil_off_ms_min, pulses_per_minute_max))


def reason(refused: object) -> PulseRefusal | None:
    found = getattr(refused, "reason", None)
    return found if isinstance(found, PulseRefusal) else None


@pytest.mark.parametrize(
    ("label", "pulse_ms", "expected"),
    [
        (A01, 400, None),
        (A01, 600, None),
        (A01, 601, PulseRefusal.TOO_LONG),
        (A01, 19, PulseRefusal.TOO_SHORT),
        (A01, -5, PulseRefusal.TOO_SHORT),
        (Z99, 400, PulseRefusal.UNKNOWN_LABEL),
    ],
)
def test_a_pulse_is_held_against_the_limits(
    label: CompartmentLabel, pulse_ms: int, expected: PulseRefusal | None
) -> None:
    assert reason(gate().admit(label, pulse_ms, 0)) == expected


def test_no_wiring_can_raise_the_hard_maximum() -> None:
    generous = gate(pulse_ms_max=10_000)
    assert reason(generous.admit(A01, PULSE_MS_HARD_MAX + 1, 0)) == PulseRefusal.TOO_LONG


def test_one_coil_at_a_time() -> None:
    one = gate()
    one.admit(A01, 400, 0)
    assert reason(one.admit(A02, 400, 100)) == PulseRefusal.BUSY
    one.ended(400)
    assert one.admit(A02, 400, 400) is None


def test_a_coil_rests_from_the_moment_it_was_dropped() -> None:
    one = gate()
    one.admit(A01, 400, 0)
    one.ended(450)
    refused = one.admit(A01, 400, 1_000)
    assert refused is not None
    assert (refused.reason, refused.wait_ms) == (PulseRefusal.TOO_SOON, 1_450)
    assert one.admit(A01, 400, 2_450) is None


def test_another_coil_need_not_wait_for_the_first_to_cool() -> None:
    one = gate()
    one.admit(A01, 400, 0)
    one.ended(400)
    assert one.admit(A02, 400, 401) is None


def test_the_supply_has_a_rate() -> None:
    one = gate(coil_off_ms_min=0, pulses_per_minute_max=3)
    for at_ms in (0, 1_000, 2_000):
        assert one.admit(A01, 400, at_ms) is None
        one.ended(at_ms + 400)
    refused = one.admit(A02, 400, 3_000)
    assert refused is not None
    assert (refused.reason, refused.wait_ms) == (PulseRefusal.TOO_SOON, RATE_WINDOW_MS - 3_000)
    assert one.admit(A02, 400, RATE_WINDOW_MS) is None


def test_a_refusal_counts_for_nothing() -> None:
    one = gate(coil_off_ms_min=0, pulses_per_minute_max=1)
    one.admit(A01, 5_000, 0)
    assert one.admit(A01, 400, 1) is None
