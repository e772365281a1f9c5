from datetime import UTC, datetime, timedelta

from cloud.domain import lockout as counter
from cloud.domain.lockout import DAY, FREE_MISSES, PAUSE_FIRST, PAUSE_MAX, Lockout, after_hit, after_miss, paused_for
from edge.locker_controller import limits

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def missed(times: int, *, since: Lockout | None = None) -> Lockout:
    lockout = since or Lockout(locker_id="WAW-SHOP")
    for _ in range(times):
        lockout = after_miss(lockout, NOW)
    return lockout


def test_the_policy_is_a_locker_s() -> None:
    assert counter.FREE_MISSES == limits.FREE_MISSES
    assert timedelta(seconds=limits.LOCK_FIRST_S) == PAUSE_FIRST
    assert timedelta(seconds=limits.LOCK_S_MAX) == PAUSE_MAX
    assert timedelta(seconds=limits.DAY_S) == DAY
    assert counter.MISSES_PER_DAY_MAX == limits.MISSES_PER_DAY_MAX


def test_five_misses_are_free_and_the_next_ones_cost_twice_as_much_each() -> None:
    assert paused_for(missed(FREE_MISSES), NOW) == timedelta(0)
    assert counter.free_tries(missed(2)) == 3
    assert counter.free_tries(missed(9)) == 0

    pauses = [paused_for(missed(FREE_MISSES + one), NOW) for one in (1, 2, 3, 8, 20)]

    assert pauses == [PAUSE_FIRST, 2 * PAUSE_FIRST, 4 * PAUSE_FIRST, PAUSE_MAX, PAUSE_MAX]


def test_a_pause_ends_by_itself() -> None:
    lockout = missed(FREE_MISSES + 1)

    assert paused_for(lockout, NOW + PAUSE_FIRST - SECOND) == SECOND
    assert paused_for(lockout, NOW + PAUSE_FIRST + SECOND) == timedelta(0)


def test_a_hit_forgives_the_misses_but_not_the_day() -> None:
    lockout = after_hit(missed(FREE_MISSES + 3))

    assert paused_for(lockout, NOW) == timedelta(0)
    assert (lockout.misses, lockout.day_misses) == (0, FREE_MISSES + 3)


def test_a_hundred_misses_within_a_day_end_it_whatever_was_right_between() -> None:
    lockout = Lockout(locker_id="WAW-SHOP")
    for _ in range(20):
        lockout = after_hit(missed(5, since=lockout))
    assert lockout.day_misses == counter.MISSES_PER_DAY_MAX

    assert paused_for(missed(1, since=lockout), NOW) == DAY


def test_a_day_after_the_first_miss_everything_begins_anew() -> None:
    lockout = after_miss(missed(99), NOW + DAY)

    assert (lockout.misses, lockout.day_misses) == (1, 1)
    assert lockout.day_ends == NOW + 2 * DAY
