"""How often something may still be taken seriously: whoever floods a locker with garbage must not fill its journal."""

from collections import OrderedDict, deque

HOUR_MS = 3_600_000


class Budget:
    """At most ``per_hour`` in any hour; what is refused is counted."""

    def __init__(self, per_hour: int) -> None:
        """Start unspent."""
        self._spent_ms: deque[int] = deque(maxlen=per_hour)
        self.refused = 0

    def spend(self, now_ms: int) -> bool:
        """Take one, at monotonic ``now_ms``; false when the hour's share is used up."""
        full = len(self._spent_ms) == self._spent_ms.maxlen
        if full and now_ms - self._spent_ms[0] < HOUR_MS:
            self.refused += 1
            return False
        self._spent_ms.append(now_ms)
        return True


class Seen:
    """The newest ``digests_max`` digests, to tell a repetition from news."""

    def __init__(self, digests_max: int) -> None:
        """Start having seen nothing."""
        self._max = digests_max
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._digests)

    def before(self, digest: bytes) -> bool:
        """Whether this was seen lately; from now on it was."""
        known = digest in self._digests
        self._digests[digest] = None
        self._digests.move_to_end(digest)
        if len(self._digests) > self._max:
            self._digests.popitem(last=False)
        return known
