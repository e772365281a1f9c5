import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CompartmentLabel
from firmware_sim.cabinet import CHATTER_MS, Cabinet
from firmware_sim.physics import (
    CabinetError,
    CompartmentFaults,
    CompartmentPhysics,
    SensorFault,
    ViolationKind,
    plain_layout,
)

A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
OPENS_AT_MS = 150  # hook 30 ms and swing 120 ms after the current


def cabinet(faults: CompartmentFaults | None = None, chance: random.Random | None = None) -> Cabinet:
    return Cabinet(plain_layout(["A01", "A02"]), {A01: faults} if faults else None, chance)


def pulse(of: Cabinet, label: CompartmentLabel = A01, on_ms: int = 0, pulse_ms: int = 200) -> None:
    of.energise(label, True, on_ms)  # noqa: FBT003 - a level, as on a wire
    of.energise(label, False, on_ms + pulse_ms)  # noqa: FBT003 - a level, as on a wire


def test_a_pulse_frees_the_hook_and_the_spring_opens_the_door() -> None:
    box = cabinet()
    pulse(box)
    assert box.levels(OPENS_AT_MS + 50) == {A01: False, A02: True}
    assert box.is_open(A01, 300)
    assert [(one.label, one.on_ms, one.off_ms) for one in box.pulses] == [(A01, 0, 200)]


def test_a_door_pushed_under_current_is_not_caught_while_its_spring_still_moves_it() -> None:
    box = cabinet()
    box.energise(A01, True, 0)  # noqa: FBT003 - a level, as on a wire
    assert not box.close_door(A01, OPENS_AT_MS + 10)
    box.energise(A01, False, 200)  # noqa: FBT003 - a level, as on a wire
    assert not box.close_door(A01, 210)
    assert box.is_open(A01, 400)
    assert box.close_door(A01, 400)
    assert not box.is_open(A01, 1_000)


def test_the_contact_bounces_and_ends_where_the_leaf_is() -> None:
    box = cabinet()
    pulse(box)
    edges = box.advance(1_000)
    assert [(edge.at_ms, edge.closed) for edge in edges] == [(150, False), (153, True), (156, False)]
    assert box.advance(2_000) == []


def test_a_pulse_shorter_than_the_hook_needs_opens_nothing() -> None:
    box = cabinet()
    pulse(box, pulse_ms=29)
    assert not box.is_open(A01, 1_000)


def test_a_late_hook_of_an_old_pulse_does_not_count_for_the_next() -> None:
    box = cabinet()
    pulse(box, pulse_ms=20)
    pulse(box, on_ms=25, pulse_ms=10)
    assert not box.is_open(A01, 1_000)


def test_a_locked_door_cannot_be_pulled_open() -> None:
    box = cabinet()
    assert not box.pull_door(A01, 10)
    assert box.levels(20)[A01]


def test_a_closed_door_is_locked_again() -> None:
    box = cabinet()
    pulse(box)
    assert box.close_door(A01, 1_000)
    assert not box.pull_door(A01, 1_100)
    assert box.levels(1_200)[A01]


def test_a_parcel_goes_in_and_out_through_an_open_door_only() -> None:
    box = cabinet()
    with pytest.raises(CabinetError, match="A01 is closed"):
        box.put_in(A01, "P1", 0)
    pulse(box)
    box.put_in(A01, "P1", 500)
    with pytest.raises(CabinetError, match="P1 lies in it"):
        box.put_in(A01, "P2", 501)
    box.close_door(A01, 600)
    assert box.contents(A01) == "P1"
    with pytest.raises(CabinetError):
        box.take_out(A01, 700)
    pulse(box, on_ms=1_000)
    assert box.take_out(A01, 1_500) == "P1"
    assert box.take_out(A01, 1_501) is None


def test_a_box_that_is_free_on_paper_may_hold_an_umbrella() -> None:
    box = cabinet()
    box.leave_behind(A01, "umbrella")
    pulse(box)
    with pytest.raises(CabinetError, match="umbrella"):
        box.put_in(A01, "P1", 500)


def test_a_jam_for_one_pulse_gives_way_to_the_second() -> None:
    box = cabinet(CompartmentFaults(jams=1))
    pulse(box)
    assert not box.is_open(A01, 1_000)
    pulse(box, on_ms=3_000)
    assert box.is_open(A01, 4_000)


def test_a_jam_for_good_never_gives_way() -> None:
    box = cabinet(CompartmentFaults(jams=-1))
    for on_ms in (0, 1_000, 2_000):
        pulse(box, on_ms=on_ms)
    assert not box.is_open(A01, 9_000)
    assert box.pulses_given(A01) == 3


def test_a_slow_door_opens_after_the_pulse() -> None:
    box = cabinet(CompartmentFaults(slow_ms=2_000))
    pulse(box)
    assert not box.is_open(A01, 2_149)
    assert box.is_open(A01, 2_150)


def test_a_slow_door_may_be_helped_and_shut_for_good() -> None:
    box = cabinet(CompartmentFaults(slow_ms=2_000))
    pulse(box)
    assert box.pull_door(A01, 300)
    assert box.close_door(A01, 400)
    assert not box.is_open(A01, 5_000)


def test_without_its_spring_a_door_opens_only_while_somebody_pulls() -> None:
    box = cabinet(CompartmentFaults(spring_broken=True))
    box.energise(A01, True, 0)  # noqa: FBT003 - a level, as on a wire
    assert not box.is_open(A01, 100)
    assert box.pull_door(A01, 100)
    again = cabinet(CompartmentFaults(spring_broken=True))
    pulse(again)
    assert not again.pull_door(A01, 300)


@pytest.mark.parametrize(
    ("fault", "before", "after"),
    [
        (SensorFault.CUT, False, False),
        (SensorFault.STUCK_OPEN, False, False),
        (SensorFault.STUCK_CLOSED, True, True),
    ],
)
def test_a_contact_may_lie_for_ever(fault: SensorFault, before: bool, after: bool) -> None:  # noqa: FBT001 - levels
    box = cabinet(CompartmentFaults(sensor=fault))
    assert box.levels(10)[A01] is before
    pulse(box, on_ms=20)
    assert box.levels(1_000)[A01] is after
    assert box.is_open(A01, 1_000)


def test_a_mended_contact_tells_the_truth_at_once() -> None:
    box = cabinet(CompartmentFaults(sensor=SensorFault.STUCK_CLOSED))
    pulse(box)
    box.break_(A01, CompartmentFaults(), 1_000)
    assert [(edge.at_ms, edge.closed) for edge in box.advance(1_000)] == [(1_000, False)]


def test_a_chattering_contact_never_rests_until_it_is_mended() -> None:
    box = cabinet(CompartmentFaults(sensor=SensorFault.CHATTERING))
    assert len(box.advance(100 * CHATTER_MS)) == 100
    box.break_(A01, CompartmentFaults(), 100 * CHATTER_MS)
    box.advance(200 * CHATTER_MS)
    assert box.levels(300 * CHATTER_MS)[A01]
    assert box.next_at_ms() is None


def test_a_stuck_relay_holds_its_coil_and_the_door_will_not_catch() -> None:
    box = cabinet(CompartmentFaults(stuck_relay=True))
    pulse(box)
    assert box.energised == (A01,)
    assert not box.close_door(A01, 1_000)
    assert box.is_open(A01, 1_000 + OPENS_AT_MS)
    box.break_(A01, CompartmentFaults(), 2_000)
    assert not box.energised
    assert box.close_door(A01, 2_100)


def test_a_stuck_relay_is_not_the_drivers_fault() -> None:
    box = cabinet(CompartmentFaults(stuck_relay=True))
    pulse(box)
    pulse(box, A02, on_ms=500)
    box.advance(5_000)
    assert [(one.kind, one.commanded) for one in box.violations] == [
        (ViolationKind.TWO_COILS, False),
        (ViolationKind.TOO_LONG, False),
    ]


def test_two_coils_at_once_are_recorded() -> None:
    box = cabinet()
    box.energise(A01, True, 0)  # noqa: FBT003 - a level, as on a wire
    box.energise(A02, True, 10)  # noqa: FBT003 - a level, as on a wire
    [violation] = box.violations
    assert (violation.at_ms, violation.kind, violation.labels) == (10, ViolationKind.TWO_COILS, (A01, A02))
    assert violation.commanded


def test_one_coil_after_the_other_is_no_violation() -> None:
    box = cabinet()
    pulse(box, A01, 0)
    pulse(box, A02, 200)
    assert not box.violations


@pytest.mark.parametrize(("pulse_ms", "count"), [(1_000, 0), (1_001, 1), (30_000, 1)])
def test_a_coil_energised_too_long_is_recorded_once(pulse_ms: int, count: int) -> None:
    box = cabinet()
    pulse(box, pulse_ms=pulse_ms)
    assert [one.kind for one in box.violations] == [ViolationKind.TOO_LONG] * count


def test_a_power_cut_drops_the_coil_and_leaves_the_door_where_it_is() -> None:
    box = cabinet()
    box.energise(A01, True, 0)  # noqa: FBT003 - a level, as on a wire
    box.power(False, 20)  # noqa: FBT003 - a level, as on a wire
    assert not box.energised
    box.energise(A01, True, 100)  # noqa: FBT003 - a level, as on a wire
    box.power(True, 200)  # noqa: FBT003 - a level, as on a wire
    assert not box.is_open(A01, 2_000)
    pulse(box, on_ms=3_000)
    assert box.is_open(A01, 4_000)


def test_time_does_not_go_back() -> None:
    box = cabinet()
    box.advance(100)
    with pytest.raises(CabinetError, match="time went back"):
        box.levels(99)


def test_a_cabinet_at_rest_has_nothing_planned() -> None:
    box = cabinet()
    assert box.next_at_ms() is None
    box.energise(A01, True, 5)  # noqa: FBT003 - a level, as on a wire
    assert box.next_at_ms() == 35


def test_a_contact_that_does_not_bounce_gives_one_edge() -> None:
    box = Cabinet([CompartmentPhysics(A01, bounce_ms=1)])
    pulse(box)
    assert [edge.closed for edge in box.advance(1_000)] == [False]


moves = st.lists(
    st.tuples(st.sampled_from(["on", "off", "pull", "close", "power_off", "power_on"]), st.integers(0, 400)),
    max_size=40,
)


def story(box: Cabinet, steps: list[tuple[str, int]]) -> list[object]:
    now_ms, told = 0, list[object]()
    for what, wait_ms in steps:
        now_ms += wait_ms
        match what:
            case "on" | "off":
                box.energise(A01, what == "on", now_ms)
            case "pull":
                told.append(box.pull_door(A01, now_ms))
            case "close":
                told.append(box.close_door(A01, now_ms))
            case _:
                box.power(what == "power_on", now_ms)
        told += box.advance(now_ms)
    return [*told, *box.advance(now_ms + 60_000)]


@given(moves, st.integers())
def test_the_same_seed_tells_the_same_story(steps: list[tuple[str, int]], seed: int) -> None:
    first, second = (story(cabinet(chance=random.Random(seed)), steps) for _ in range(2))
    assert first == second


@given(moves, st.integers())
def test_at_rest_a_sound_contact_tells_the_truth(steps: list[tuple[str, int]], seed: int) -> None:
    box = cabinet(chance=random.Random(seed))
    story(box, steps)
    at_rest_ms = 400 * 40 + 60_000
    assert box.levels(at_rest_ms)[A01] is not box.is_open(A01, at_rest_ms)


@given(moves)
def test_edges_alternate(steps: list[tuple[str, int]]) -> None:
    box, closed, now_ms = cabinet(), True, 0
    for what, wait_ms in steps:
        now_ms += wait_ms
        if what in {"on", "off"}:
            box.energise(A01, what == "on", now_ms)
        if what == "close":
            box.close_door(A01, now_ms)
        for edge in box.advance(now_ms):
            assert edge.closed is not closed
            closed = edge.closed
