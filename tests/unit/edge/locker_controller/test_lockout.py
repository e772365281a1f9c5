"""Guessing must not pay, not even across a power cut."""

from itertools import pairwise

from msgspec.structs import replace

from contract.events import AlarmRaised, CodeRefused
from contract.grants import PickUpGrant
from edge.locker_controller.compartment import is_new
from edge.locker_controller.limits import MISSES_PER_DAY_MAX
from edge.locker_controller.lockout import after_miss, after_start, locked_s
from edge.locker_controller.screens import CodeWrong, Idle, LockedOut
from edge.locker_controller.state import Lockout
from tests.unit.edge.locker_controller.builders import A02, DAY, HOUR, Scene, kinds, only, releases, stored

HOUR_MS = HOUR * 1000


def guess(scene: Scene, times: int) -> None:
    if is_new(scene.state):
        scene.knows_somebody()
    for _ in range(times):
        scene.types("wrong")


def test_five_misses_are_free() -> None:
    scene = Scene()
    guess(scene, 5)
    assert scene.screen() == CodeWrong(0)
    assert scene.journal[-1] == CodeRefused(5, 0)


def test_the_sixth_miss_pauses_and_alarms() -> None:
    scene = Scene()
    guess(scene, 5)
    decision = scene.types("wrong")
    assert decision.events == (CodeRefused(6, 30), AlarmRaised("guessing", "6 misses today"))
    assert scene.screen() == LockedOut(30)


def test_during_a_pause_no_code_is_looked_at_not_even_a_good_one() -> None:
    scene = Scene()
    scene.puts_in("P")
    guess(scene, 6)
    scene.ms += 29_000
    assert scene.types("P").events == ()
    assert scene.screen() == LockedOut(1)
    scene.ms += 1_000
    assert releases(scene.types("P")) == [A02]


def test_the_pause_counts_down_on_the_screen_and_the_locker_comes_back() -> None:
    scene = Scene()
    guess(scene, 6)
    scene.ms += 5_000
    assert scene.screen() == LockedOut(25)
    scene.ms += 25_000
    assert isinstance(scene.screen(), Idle)


def test_a_capability_is_never_locked_out() -> None:
    scene = Scene()
    scene.puts_in("P")
    guess(scene, 6)
    assert releases(scene.shows("P")) == [A02]


def test_pauses_double_up_to_an_hour() -> None:
    lockout, pauses_s = Lockout(), []
    for _ in range(15):
        lockout = after_miss(lockout, 1_000)
        pauses_s.append(locked_s(lockout, 1_000))
    assert pauses_s == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert all(late >= early for early, late in pairwise(pauses_s))


def test_a_hundred_misses_close_the_day() -> None:
    lockout = Lockout(misses=3, day_misses=MISSES_PER_DAY_MAX - 1, day_ms=12 * HOUR_MS)
    assert locked_s(after_miss(lockout, 0), 0) == 12 * HOUR


def test_the_hundredth_miss_of_a_day_alarms_again() -> None:
    scene = Scene()
    scene.knows_somebody()
    lockout = Lockout(misses=20, day_misses=MISSES_PER_DAY_MAX - 1, day_ms=12 * HOUR_MS)
    scene.state = replace(scene.state, lockout=lockout)
    assert only(scene.types("wrong"), AlarmRaised) == AlarmRaised("guessing", "100 misses today")


def test_a_day_after_the_first_miss_all_are_forgiven() -> None:
    first = after_miss(Lockout(), 0)
    assert after_miss(first, 24 * HOUR_MS - 1) == Lockout(2, 2, 1, 0, 24 * HOUR_MS - 1)
    assert after_miss(first, 24 * HOUR_MS) == Lockout(1, 1, 24 * HOUR_MS, 0, 24 * HOUR_MS)


def test_a_pause_outlasts_the_day_it_began_in() -> None:
    late = Lockout(misses=12, day_misses=12, day_ms=1, at_ms=0)
    assert locked_s(after_miss(late, 0), HOUR_MS // 2) == HOUR // 2


def test_a_good_code_forgives_the_row_but_not_the_day() -> None:
    scene = Scene()
    scene.puts_in("P")
    guess(scene, 4)
    scene.types("P")
    assert (scene.state.lockout.misses, scene.state.lockout.day_misses) == (0, 4)


def test_a_spent_code_forgives_nothing() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.swings(A02)
    guess(scene, 5)
    scene.types("P")
    assert only(scene.types("wrong"), CodeRefused).misses == 6


def test_a_code_that_only_staff_may_honour_forgives_nothing() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.restarts(after_s=181)
    guess(scene, 3)
    scene.types("P")
    assert scene.state.lockout.misses == 3


def test_a_power_cut_resets_nothing() -> None:
    scene = Scene()
    guess(scene, 7)
    assert stored(scene.state).lockout == scene.state.lockout
    scene.restarts()
    assert scene.types("wrong").events == ()
    assert isinstance(scene.screen(), LockedOut)


def test_a_clock_that_leaps_ends_no_pause_and_lengthens_none() -> None:
    scene = Scene()
    guess(scene, 6)
    for leap_s in (DAY, 3650 * DAY, -DAY, -3650 * DAY):
        scene.wall_leap_s = leap_s
        assert scene.types("wrong").events == ()
        assert scene.screen() == LockedOut(30)


def test_a_restart_gives_nothing_for_the_time_without_power() -> None:
    scene = Scene()
    guess(scene, 6)
    scene.restarts(after_s=3650 * DAY)
    assert scene.types("wrong").events == ()
    scene.ms += 30_000
    assert only(scene.types("wrong"), CodeRefused) == CodeRefused(7, 60)


def test_an_old_pause_is_carried_on_every_hour_so_that_a_restart_does_not_begin_it_anew() -> None:
    scene = Scene()
    scene.ticks(after_s=1)
    lockout = Lockout(
        misses=20, day_misses=MISSES_PER_DAY_MAX, day_ms=12 * HOUR_MS, pause_ms=12 * HOUR_MS, at_ms=scene.ms
    )
    scene.state = replace(scene.state, lockout=lockout)
    scene.ticks(after_s=11 * HOUR)
    scene.restarts()
    assert locked_s(scene.state.lockout, scene.ms) == HOUR


def test_a_start_without_misses_writes_nothing_about_them() -> None:
    fresh = Lockout()
    assert after_start(fresh, 5_000) is fresh


def test_nobody_is_counted_who_could_not_be_heard() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    assert kinds(scene.types("wrong")) == []
    assert scene.state.lockout.misses == 0


def test_a_miss_is_compared_with_every_pick_up_kept() -> None:
    scene = Scene()
    scene.puts_in("P")
    assert any(isinstance(grant, PickUpGrant) for grant in scene.state.grants.values())
    assert kinds(scene.types("wrong")) == [CodeRefused]


def test_only_the_first_pause_of_a_row_alarms() -> None:
    scene = Scene()
    guess(scene, 6)
    scene.ms += 30_000
    assert scene.types("wrong").events == (CodeRefused(7, 60),)
