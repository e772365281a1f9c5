from hypothesis import given
from hypothesis import strategies as st

from contract.state import TimeQuality
from edge.locker_controller.timekeeping import (
    HOLDOVER_MS_MAX,
    LEAP_MS,
    SIGNED_MS_MAX,
    TimeFloor,
    noted,
    reading,
    restored,
    signed,
)

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000
BUILD_MS = NOW_MS - 30 * DAY_MS
EPOCH_MS = 0


def synced_floor() -> TimeFloor:
    return noted(restored(0, 0, BUILD_MS, 0), NOW_MS, 0, synced=True)


def test_a_pi_without_a_battery_knows_at_least_when_it_was_built() -> None:
    told = reading(EPOCH_MS, 5_000, restored(0, 0, BUILD_MS, 0), synced=False)
    assert told.now_ms == BUILD_MS + 5_000
    assert told.now_s == told.now_ms // 1000
    assert told.quality is TimeQuality.UNTRUSTED


def test_the_last_wall_clock_before_a_power_cut_is_not_undercut() -> None:
    told = reading(EPOCH_MS, 0, restored(0, NOW_MS, BUILD_MS, 0), synced=False)
    assert told.now_ms == told.floor_ms == NOW_MS


def test_a_signed_document_raises_the_floor() -> None:
    floor = signed(restored(0, 0, BUILD_MS, 0), NOW_MS // 1000, 1_000)
    assert reading(EPOCH_MS, 3_000, floor, synced=False).now_ms == NOW_MS + 2_000


def test_an_old_signed_document_changes_nothing_about_now() -> None:
    floor = signed(synced_floor(), BUILD_MS // 1000, 50)
    assert reading(EPOCH_MS, 1_000, floor, synced=False).now_ms == NOW_MS + 1_000


def test_no_signature_moves_the_floor_past_the_century() -> None:
    assert signed(restored(0, 0, BUILD_MS, 0), 1 << 40, 0).floor_ms == SIGNED_MS_MAX


def test_a_followed_clock_is_believed() -> None:
    told = reading(NOW_MS + 7, 0, restored(0, 0, BUILD_MS, 0), synced=True)
    assert (told.now_ms, told.quality) == (NOW_MS + 7, TimeQuality.SYNCED)


def test_not_even_a_followed_clock_undercuts_a_signature() -> None:
    floor = signed(restored(0, 0, BUILD_MS, 0), NOW_MS // 1000, 0)
    assert reading(NOW_MS - DAY_MS, 0, floor, synced=True).now_ms == NOW_MS


def test_a_week_without_a_time_source_is_held_over_and_then_no_more() -> None:
    floor = synced_floor()
    assert reading(NOW_MS, HOLDOVER_MS_MAX, floor, synced=False).quality is TimeQuality.HOLDOVER
    assert reading(NOW_MS, HOLDOVER_MS_MAX + 1, floor, synced=False).quality is TimeQuality.UNTRUSTED


def test_holdover_does_not_survive_a_reboot() -> None:
    floor = synced_floor()
    after_reboot = restored(floor.signed_ms, floor.wall_ms, BUILD_MS, 0)
    assert reading(NOW_MS, 0, after_reboot, synced=False).quality is TimeQuality.UNTRUSTED


def test_in_holdover_a_leap_either_way_is_not_followed() -> None:
    for leap_ms in (DAY_MS, 3_650 * DAY_MS, -DAY_MS, -3_650 * DAY_MS):
        told = reading(NOW_MS + 60_000 + leap_ms, 60_000, synced_floor(), synced=False)
        assert told.now_ms == NOW_MS + 60_000


def test_in_holdover_a_clock_that_walks_is_followed() -> None:
    assert reading(NOW_MS + 60_900, 60_000, synced_floor(), synced=False).now_ms == NOW_MS + 60_900


def test_an_unsynchronised_leap_forward_never_enters_the_floor() -> None:
    floor = noted(restored(0, NOW_MS, BUILD_MS, 0), NOW_MS + 3_650 * DAY_MS, 1_000, synced=False)
    assert floor.floor_ms == NOW_MS + 1_000


def test_a_followed_clock_corrects_a_floor_that_ran_ahead() -> None:
    ahead = restored(0, NOW_MS + DAY_MS, BUILD_MS, 0)
    floor = noted(ahead, NOW_MS, 0, synced=True)
    assert floor.floor_ms == NOW_MS
    assert reading(NOW_MS, 10, floor, synced=False).now_ms == NOW_MS + 10


def test_the_sure_part_of_a_doubtful_reading_is_the_floor() -> None:
    told = reading(NOW_MS + 3_650 * DAY_MS, 1_000, restored(0, NOW_MS, BUILD_MS, 0), synced=False)
    assert told.now_ms == NOW_MS + 3_650 * DAY_MS
    assert told.floor_ms == NOW_MS + 1_000


def test_the_signers_clock_is_carried_on_whatever_this_machine_s_clock_does() -> None:
    floor = signed(synced_floor(), NOW_MS // 1000, 1_000)
    put_back = noted(floor, NOW_MS - 3_650 * DAY_MS, 2_000, synced=True)
    assert reading(NOW_MS - 3_650 * DAY_MS, 91_000, put_back, synced=True).signers_ms == NOW_MS + 90_000


def test_a_document_held_back_does_not_put_the_signers_clock_back() -> None:
    floor = signed(synced_floor(), NOW_MS // 1000, 0)
    late = signed(floor, NOW_MS // 1000 + 10, 600_000)
    assert reading(NOW_MS, 600_000, late, synced=True).signers_ms == NOW_MS + 600_000


def test_nobody_knows_the_signers_clock_before_they_were_heard() -> None:
    assert reading(NOW_MS, 5_000, synced_floor(), synced=True).signers_ms == 0


looks = st.lists(
    st.tuples(st.integers(0, DAY_MS), st.integers(0, 2 * NOW_MS), st.none() | st.integers(0, 2 * NOW_MS // 1000)),
    max_size=20,
)


@given(looks)
def test_without_a_source_the_floor_never_falls_and_now_never_undercuts_it(
    moments: list[tuple[int, int, int | None]],
) -> None:
    floor, monotonic_ms, lowest_ms = restored(0, 0, BUILD_MS, 0), 0, 0
    for wait_ms, wall_ms, issued_at_s in moments:
        monotonic_ms += wait_ms
        told = reading(wall_ms, monotonic_ms, floor, synced=False)
        assert told.now_ms >= told.floor_ms >= lowest_ms
        lowest_ms = told.floor_ms
        floor = noted(floor, wall_ms, monotonic_ms, synced=False)
        if issued_at_s is not None:
            floor = signed(floor, issued_at_s, monotonic_ms)
        assert floor.floor_ms >= lowest_ms


@given(st.integers(0, LEAP_MS), st.integers(0, 100))
def test_looking_often_or_seldom_carries_the_floor_equally_far(step_ms: int, steps: int) -> None:
    often = restored(0, NOW_MS, BUILD_MS, 0)
    for nth in range(1, steps + 1):
        often = noted(often, EPOCH_MS, nth * step_ms, synced=False)
    seldom = noted(restored(0, NOW_MS, BUILD_MS, 0), EPOCH_MS, steps * step_ms, synced=False)
    assert often.floor_ms == seldom.floor_ms
