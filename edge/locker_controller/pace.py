"""How fast recipients may be: as fast as hands are, and no faster.

A code or a QR opens without the cloud, so whoever holds the cloud's key can print one for every parcel that is inside.
Doors then still open one at a time, each after the last is shut, for somebody who stands there; this limit adds that
nobody goes through a locker in a minute. Like those on remote openings it runs on time nobody can turn.
"""

from contract.events import AlarmRaised
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import PICK_UPS_PER_MINUTE_MAX

_MINUTE_MS = 60_000


def is_too_fast(draft: Draft) -> bool:
    """Count one more pick-up about to begin, or say that it must wait; the first that must raises the alarm."""
    recent = _of_this_minute(draft.state.pace_ms, draft.ms)
    if len(recent) < PICK_UPS_PER_MINUTE_MAX:
        draft.put(pace_ms=(*recent, draft.ms))
        return False
    if len(draft.state.pace_ms) == PICK_UPS_PER_MINUTE_MAX:
        draft.put(pace_ms=(*recent, recent[-1]))  # remembers that this was told
        draft.journal(AlarmRaised("too_many_pick_ups", f"{PICK_UPS_PER_MINUTE_MAX} within a minute"))
    return True


def after_start(pace_ms: tuple[int, ...], ms: int) -> tuple[int, ...]:
    """Count the last boot's pick-ups as begun just now: nobody can say how long the power was away."""
    return (ms,) * len(pace_ms)


def forget(draft: Draft) -> None:
    """Forget a minute after the last, so that a restart makes nobody wait for people who have long gone."""
    if draft.state.pace_ms and not _of_this_minute(draft.state.pace_ms, draft.ms):
        draft.put(pace_ms=())


def _of_this_minute(pace_ms: tuple[int, ...], ms: int) -> tuple[int, ...]:
    return tuple(at_ms for at_ms in pace_ms if ms - at_ms < _MINUTE_MS)
