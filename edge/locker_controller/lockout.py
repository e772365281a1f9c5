"""Guessing must not pay: five free misses, then pauses that double, and a hundred misses a day at the most.

The counts are part of the decision that answers a miss, so they are on disk before the answer is on the screen and a
power cycle resets nothing. Pauses and the day are measured in time this locker has been running: whoever pulls the plug
or turns the clock ends neither any sooner. Capabilities and operators are never locked out.
"""

from msgspec.structs import replace

from contract.events import AlarmRaised, CodeRefused
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import DAY_S, FREE_MISSES, HOUR_S, LOCK_FIRST_S, LOCK_S_MAX, MISSES_PER_DAY_MAX
from edge.locker_controller.screens import CodeWrong, LockedOut
from edge.locker_controller.state import Lockout

_DAY_MS = DAY_S * 1000
_NOTE_MS = HOUR_S * 1000  # of progress a power cut may cost a recipient, for 24 small writes a day while it matters


def locked_s(lockout: Lockout, ms: int) -> int:
    """Return for how many more seconds no code is looked at, at monotonic ``ms``."""
    return -(-carried_on(lockout, ms).pause_ms // 1000)


def carried_on(lockout: Lockout, ms: int) -> Lockout:
    """Return the counts as they stand at monotonic ``ms``; they are forgotten a day after the first miss."""
    gone_ms = max(0, ms - lockout.at_ms)
    day_ms = max(0, lockout.day_ms - gone_ms)
    if day_ms == 0:
        return Lockout(pause_ms=max(0, lockout.pause_ms - gone_ms), at_ms=ms)
    return replace(lockout, day_ms=day_ms, pause_ms=max(0, lockout.pause_ms - gone_ms), at_ms=ms)


def after_miss(lockout: Lockout, ms: int) -> Lockout:
    """Return the counts after one more miss."""
    known = carried_on(lockout, ms)
    day_ms = known.day_ms or _DAY_MS
    misses, day_misses = known.misses + 1, known.day_misses + 1
    if day_misses >= MISSES_PER_DAY_MAX:
        pause_ms = day_ms
    elif misses > FREE_MISSES:
        pause_ms = min(LOCK_FIRST_S << (misses - FREE_MISSES - 1), LOCK_S_MAX) * 1000
    else:
        pause_ms = 0
    return Lockout(misses, day_misses, day_ms, pause_ms, ms)


def after_hit(lockout: Lockout) -> Lockout:
    """Return the counts after a code that fits; the day's count stays."""
    return replace(lockout, misses=0, pause_ms=0) if lockout.misses else lockout


def after_start(lockout: Lockout, ms: int) -> Lockout:
    """Go on where the last boot was: nobody can say how long the power was away, so that time does not count."""
    return replace(lockout, at_ms=ms) if lockout.day_ms or lockout.pause_ms else lockout


def carry_on(draft: Draft) -> None:
    """Note that a pause is over, and every hour how far the day has come, so that a restart begins neither anew."""
    before = draft.state.lockout
    if not before.pause_ms and not before.day_ms:
        return
    now = carried_on(before, draft.ms)
    if (before.pause_ms and not now.pause_ms) or (before.day_ms and draft.ms - before.at_ms >= _NOTE_MS):
        draft.put(lockout=now)


def miss(draft: Draft) -> None:
    """Count a miss and say so."""
    lockout = after_miss(draft.state.lockout, draft.ms)
    draft.put(lockout=lockout)
    pause_s = locked_s(lockout, draft.ms)
    draft.journal(CodeRefused(lockout.misses, pause_s))
    if pause_s == 0:
        draft.show(CodeWrong(FREE_MISSES - lockout.misses))
        return
    if lockout.misses == FREE_MISSES + 1 or lockout.day_misses == MISSES_PER_DAY_MAX:
        draft.journal(AlarmRaised("guessing", f"{lockout.day_misses} misses today"))
    draft.show(LockedOut(pause_s))
