"""A contact chatters for milliseconds; a door level counts only once it has been the same for the whole debounce time.

Pure: time is an argument, so that the rule can be tested at every millisecond.
"""

import msgspec

from contract.state import DoorLevel

CHATTER_MS_MAX = 2_000  # a leaf that slams rings for a tenth of this; a contact still ringing now is broken


class Debounced(msgspec.Struct, frozen=True):
    """One contact: what counts (``level``), what it last said (``raw``), since when, and when it was last calm."""

    level: DoorLevel
    raw: DoorLevel
    raw_since_ms: int
    restless_since_ms: int | None

    @classmethod
    def unread(cls, now_ms: int) -> "Debounced":
        """Start before the first sample: nothing is known."""
        return cls(DoorLevel.UNKNOWN, DoorLevel.UNKNOWN, now_ms, None)


def sampled(contact: Debounced, raw: DoorLevel, now_ms: int, debounce_ms: int) -> Debounced:
    """Take one sample; the level changes once ``raw`` has been steady for ``debounce_ms``.

    A contact that never gets that far within ``CHATTER_MS_MAX`` becomes ``unknown`` until it does. Samples come from
    two threads, so one may be a little older than the last: it then counts as taken with the last.
    """
    now_ms = max(now_ms, contact.raw_since_ms)
    raw_since_ms = contact.raw_since_ms if raw == contact.raw else now_ms
    if now_ms - raw_since_ms >= debounce_ms:
        return Debounced(raw, raw, raw_since_ms, None)
    restless_since_ms = now_ms if contact.restless_since_ms is None else contact.restless_since_ms
    level = DoorLevel.UNKNOWN if now_ms - restless_since_ms >= CHATTER_MS_MAX else contact.level
    return Debounced(level, raw, raw_since_ms, restless_since_ms)


def settles_at_ms(contact: Debounced, debounce_ms: int) -> int | None:
    """Return when another sample is worth taking, or ``None`` while the contact is calm."""
    return None if contact.restless_since_ms is None else contact.raw_since_ms + debounce_ms
