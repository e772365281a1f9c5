"""Guessing must not pay, not even across a power cut."""

from itertools import pairwise

from msgspec.structs import replace

from contract.events import AlarmRaised, CodeRefused
from contract.grants import PickUpGrant
from edge.locker_controller.limits import LOCK_S_MAX, MISSES_PER_DAY_MAX
from edge.locker_controller.lockout import after_miss, after_start, locked_s
from edge.locker_controller.screens import CodeWrong, Idle, LockedOut
from edge.locker_controller.state import Lockout
from tests.unit.edge.locker_controller.builders import A02, DAY, HOUR, NOON_S, Scene, kinds, only, releases, stored


def guess(scene: Scene, times: int) -> None:
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
    lockout, now_s, pauses_s = Lockout(), NOON_S, []
    for _ in range(15):
        lockout = after_miss(lockout, now_s)
        pauses_s.append(locked_s(lockout, now_s))
    assert pauses_s == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert all(late >= early for early, late in pairwise(pauses_s))


def test_a_hundred_misses_close_the_day() -> None:
    lockout = Lockout(misses=3, day=NOON_S // DAY, day_misses=MISSES_PER_DAY_MAX - 1)
    assert locked_s(after_miss(lockout, NOON_S), NOON_S) == 12 * HOUR


def test_the_hundredth_miss_of_a_day_alarms_again() -> None:
    scene = Scene()
    lockout = Lockout(misses=20, day=NOON_S // DAY, day_misses=MISSES_PER_DAY_MAX - 1)
    scene.state = replace(scene.state, lockout=lockout)
    assert only(scene.types("wrong"), AlarmRaised) == AlarmRaised("guessing", "100 misses today")


def test_a_new_day_begins_with_free_misses() -> None:
    before = Lockout(misses=9, day=NOON_S // DAY, day_misses=50)
    assert after_miss(before, NOON_S + DAY) == Lockout(1, NOON_S // DAY + 1, 1, 0)


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


def test_a_clock_put_back_does_not_lock_for_years() -> None:
    ahead = Lockout(6, 1, 6, NOON_S + 400 * DAY)
    assert after_start(ahead, NOON_S).locked_until_s == NOON_S + LOCK_S_MAX
    assert after_start(Lockout(6, 1, 6, NOON_S + HOUR), NOON_S).locked_until_s == NOON_S + HOUR


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
