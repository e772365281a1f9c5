"""What time a locker believes, on a Pi without a battery behind its clock.

The wall clock may be wrong by years after a power cut, may jump either way while running, and nobody may be there to
ask for a week. So there is a floor that is never undercut, made of two parts:

- ``signed_ms``: the newest time somebody signed (a document's ``issued_at``) or built (the agent). It only rises.
- ``wall_ms``: the last wall clock, carried on by monotonic time. It rises while the clock walks steadily; a leap that
  nobody vouches for never gets in, and a synchronised clock may correct it downwards.

Pure: every time is an argument.
"""

import msgspec
from msgspec.structs import replace

from contract.state import TimeQuality

HOLDOVER_MS_MAX = 7 * 24 * 3_600_000  # a Pi's crystal is good for about 100 ppm: a minute in a week
SIGNED_MS_MAX = 4_102_444_800_000  # 2100: whoever signs a later time is mad, and a floor never comes down again
LEAP_MS = 60_000  # more than a week's drift between two looks at the clock is no drift


class TimeFloor(msgspec.Struct, frozen=True):
    """What is known about time. ``anchor_ms`` is the monotonic time at which ``wall_ms`` was noted.

    ``heard_ms`` is the newest time anybody signed in this boot, carried on to ``heard_at_ms``: the signers' own clock,
    which no wrong clock here can put back.

    Persist ``signed_ms`` and ``wall_ms`` only: monotonic times mean nothing after a reboot (see ``restored``).
    """

    signed_ms: int
    wall_ms: int
    anchor_ms: int
    synced_at_ms: int | None = None
    heard_ms: int = 0
    heard_at_ms: int = 0

    @property
    def floor_ms(self) -> int:
        """The newest of both parts, as of ``anchor_ms``."""
        return max(self.signed_ms, self.wall_ms)


class TimeReading(msgspec.Struct, frozen=True):
    """One look at the clocks. ``now_s`` and ``now_ms`` are Unix time; ``floor_ms`` is what it surely is by now.

    ``signers_ms`` is what the clock of those who sign surely shows, 0 while nothing of theirs was heard in this boot.
    """

    now_s: int
    now_ms: int
    monotonic_ms: int
    quality: TimeQuality
    floor_ms: int
    signers_ms: int = 0


def restored(signed_ms: int, wall_ms: int, build_ms: int, monotonic_ms: int) -> TimeFloor:
    """Build the floor at start from what was persisted (0 where nothing was) and the agent's build date."""
    return TimeFloor(max(signed_ms, build_ms), wall_ms, monotonic_ms)


def reading(wall_ms: int, monotonic_ms: int, floor: TimeFloor, *, synced: bool) -> TimeReading:
    """Tell the time: ``max(wall, floor + monotonic time since the floor was noted)``.

    ``synced`` says whether the wall clock follows a time source right now. In holdover a wall clock that leapt is not
    followed: the floor, carried on, is the better clock.
    """
    carried_ms = _carried_ms(floor, monotonic_ms)
    quality = _quality(floor, monotonic_ms, synced=synced)
    if quality is TimeQuality.SYNCED:
        now_ms = max(wall_ms, floor.signed_ms)
    elif quality is TimeQuality.HOLDOVER and leapt(floor, wall_ms, monotonic_ms):
        now_ms = carried_ms
    else:
        now_ms = max(wall_ms, carried_ms)
    floor_ms = min(now_ms, carried_ms)
    return TimeReading(now_ms // 1000, now_ms, monotonic_ms, quality, floor_ms, _signers_ms(floor, monotonic_ms))


def leapt(floor: TimeFloor, wall_ms: int, monotonic_ms: int) -> bool:
    """Say whether the wall clock is further from where the floor has come by now than a clock can drift."""
    return abs(wall_ms - _carried_ms(floor, monotonic_ms)) > LEAP_MS


def noted(floor: TimeFloor, wall_ms: int, monotonic_ms: int, *, synced: bool) -> TimeFloor:
    """Carry the floor on to this moment; do it on every tick and persist the result now and then."""
    if synced:
        return TimeFloor(floor.signed_ms, wall_ms, monotonic_ms, monotonic_ms, floor.heard_ms, floor.heard_at_ms)
    carried_ms = _carried_ms(floor, monotonic_ms)
    steady = carried_ms <= wall_ms <= carried_ms + LEAP_MS
    return replace(floor, wall_ms=wall_ms if steady else carried_ms, anchor_ms=monotonic_ms)


def signed(floor: TimeFloor, issued_at_s: int, monotonic_ms: int) -> TimeFloor:
    """Raise the floor to a verified signature's time: whoever signed it had seen that moment."""
    issued_ms = min(issued_at_s * 1000, SIGNED_MS_MAX)
    carried_ms = _carried_ms(floor, monotonic_ms)
    return replace(
        floor,
        signed_ms=max(floor.signed_ms, issued_ms),
        wall_ms=max(carried_ms, issued_ms),
        anchor_ms=monotonic_ms,
        heard_ms=max(_signers_ms(floor, monotonic_ms), issued_ms),
        heard_at_ms=monotonic_ms,
    )


def _signers_ms(floor: TimeFloor, monotonic_ms: int) -> int:
    return floor.heard_ms + max(0, monotonic_ms - floor.heard_at_ms) if floor.heard_ms else 0


def _carried_ms(floor: TimeFloor, monotonic_ms: int) -> int:
    return max(floor.signed_ms, floor.wall_ms) + max(0, monotonic_ms - floor.anchor_ms)


def _quality(floor: TimeFloor, monotonic_ms: int, *, synced: bool) -> TimeQuality:
    if synced:
        return TimeQuality.SYNCED
    if floor.synced_at_ms is not None and monotonic_ms - floor.synced_at_ms <= HOLDOVER_MS_MAX:
        return TimeQuality.HOLDOVER
    return TimeQuality.UNTRUSTED
