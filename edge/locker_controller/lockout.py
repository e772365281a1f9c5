"""Guessing must not pay: five free misses, then pauses that double, and a hundred misses a day at the most.

The counts are part of the decision that answers a miss, so they are on disk before the answer is on the screen and a
power cycle resets nothing. Capabilities and operators are never locked out.
"""

from contract.events import AlarmRaised, CodeRefused
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import DAY_S, FREE_MISSES, LOCK_FIRST_S, LOCK_S_MAX, MISSES_PER_DAY_MAX
from edge.locker_controller.screens import CodeWrong, LockedOut
from edge.locker_controller.state import Lockout


def locked_s(lockout: Lockout, now_s: int) -> int:
    """Return for how many more seconds no code is looked at."""
    return max(0, lockout.locked_until_s - now_s)


def after_miss(lockout: Lockout, now_s: int) -> Lockout:
    """Return the counts after one more miss."""
    day = now_s // DAY_S
    known = lockout if lockout.day == day else Lockout(day=day)
    misses, day_misses = known.misses + 1, known.day_misses + 1
    if day_misses >= MISSES_PER_DAY_MAX:
        until_s = (day + 1) * DAY_S
    elif misses > FREE_MISSES:
        until_s = now_s + min(LOCK_FIRST_S << (misses - FREE_MISSES - 1), LOCK_S_MAX)
    else:
        until_s = 0
    return Lockout(misses, day, day_misses, until_s)


def after_hit(lockout: Lockout) -> Lockout:
    """Return the counts after a code that fits; the day's count stays."""
    return Lockout(0, lockout.day, lockout.day_misses, 0) if lockout.misses else lockout


def after_start(lockout: Lockout, now_s: int) -> Lockout:
    """Shorten a pause that no miss can have caused: the clock once stood in the future and has been put right."""
    longest = now_s + DAY_S
    if lockout.locked_until_s <= longest:
        return lockout
    return Lockout(lockout.misses, lockout.day, lockout.day_misses, now_s + LOCK_S_MAX)


def miss(draft: Draft) -> None:
    """Count a miss and say so."""
    lockout = after_miss(draft.state.lockout, draft.now_s)
    draft.put(lockout=lockout)
    pause_s = locked_s(lockout, draft.now_s)
    draft.journal(CodeRefused(lockout.misses, pause_s))
    if pause_s == 0:
        draft.show(CodeWrong(FREE_MISSES - lockout.misses))
        return
    if lockout.misses == FREE_MISSES + 1 or lockout.day_misses == MISSES_PER_DAY_MAX:
        draft.journal(AlarmRaised("guessing", f"{lockout.day_misses} misses today"))
    draft.show(LockedOut(pause_s))
