"""Guessing at a partner's counter must not pay: the same policy as at a locker, five free misses and then pauses.

After five misses codes rest for 30 s, doubling to an hour; after a hundred misses in a day, until that day has passed.
A counter's clock is the cloud's, so pauses are moments here and not running time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FREE_MISSES = 5
PAUSE_FIRST = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=1)
DAY = timedelta(days=1)
MISSES_PER_DAY_MAX = 100  # of 10^8 codes, with a hundred parcels waiting: one guess in 10,000 days opens one
# The numbers are a locker's (edge/locker_controller/limits.py); a test holds the two together.


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """What is remembered of misses at one counter; ``day_ends`` is a day after the first of ``day_misses``."""

    locker_id: str
    misses: int = 0
    day_misses: int = 0
    day_ends: datetime | None = None
    paused_until: datetime | None = None


def paused_for(lockout: Lockout, now: datetime) -> timedelta:
    """Return for how much longer no code is looked at."""
    return max(timedelta(0), lockout.paused_until - now) if lockout.paused_until else timedelta(0)


def after_miss(lockout: Lockout, now: datetime) -> Lockout:
    """Return the counts after one more code that fits nothing; they are forgotten a day after the first miss."""
    over = lockout.day_ends is None or now >= lockout.day_ends
    known = Lockout(locker_id=lockout.locker_id, day_ends=now + DAY) if over else lockout
    misses, day_misses = known.misses + 1, known.day_misses + 1
    until = None
    if day_misses >= MISSES_PER_DAY_MAX:
        until = known.day_ends
    elif misses > FREE_MISSES:
        doublings = min(misses - FREE_MISSES - 1, 16)  # 2^16 times 30 s is far beyond the longest pause
        until = now + min(PAUSE_FIRST * (1 << doublings), PAUSE_MAX)
    return replace(known, misses=misses, day_misses=day_misses, paused_until=until)


def after_hit(lockout: Lockout) -> Lockout:
    """Return the counts after a code that fits; the day's count stays."""
    return replace(lockout, misses=0, paused_until=None)


def free_tries(lockout: Lockout) -> int:
    """Return how many more misses cost nothing."""
    return max(0, FREE_MISSES - lockout.misses)
