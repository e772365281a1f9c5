"""What has happened so far, counted where it was seen: at the doors, by the people themselves."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

EVENTS_KEPT = 200  # the summary shows a dozen, plain output every one as it comes
PROBLEMS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """One line for the summary: when in the demo's day, and what."""

    at: datetime
    what: str


@dataclass(slots=True)
class Tally:
    """``counts`` by name; ``dropped``: barcode -> (locker, compartment) as the courier saw it.

    ``whole_way`` holds the barcodes that went from drop-off to an acknowledged pick-up with the uplink cut.
    """

    counts: "Counter[str]" = field(default_factory=Counter)
    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    dropped: dict[str, tuple[str, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    whole_way: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    problems: deque[str] = field(default_factory=lambda: deque(maxlen=PROBLEMS_KEPT))
    unfinished: set[str] = field(default_factory=set)
    """Lockers at which somebody was interrupted by the end of the demo."""
    observer: Callable[[Happening], None] | None = None

    def tell(self, at: datetime, what: str) -> None:
        """Note one line."""
        happening = Happening(at, what)
        self.happenings.append(happening)
        if self.observer is not None:
            self.observer(happening)

    def dropped_off(self, barcode: str, locker: str, label: str) -> None:
        self.counts["dropped_off"] += 1
        self.dropped[barcode] = (locker, label)

    def picked_up(self, barcode: str) -> None:
        self.counts["picked_up"] += 1
        self.taken.add(barcode)

    def collected(self, barcode: str) -> None:
        self.counts["collected"] += 1
        self.taken.add(barcode)
