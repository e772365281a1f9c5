"""What happened, as a hash, as a story and as counts: two runs of one seed must agree on every byte of it."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # a Monday morning
START_MS = int(START.timestamp()) * 1000
VIOLATIONS_KEPT = 50  # the first ones tell; a broken world would tell the same for ever


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant of architecture.md that did not hold, by its number, ``at_s`` seconds into the world."""

    invariant: int
    at_s: float
    what: str


@dataclass(slots=True)
class Chronicle:
    """``step`` is called at every commit, pulse, message and deed; ``tell`` adds a sentence for people."""

    now_ms: Callable[[], int]
    say: Callable[[str], None] | None = None
    steps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    halt: Callable[[], object] | None = None
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def step(self, kind: str, where: str, detail: bytes = b"") -> None:
        """Add one step to the trace."""
        self.steps += 1
        self._hash.update(f"{self.now_ms()}|{kind}|{where}|".encode() + detail + b"\n")

    def tell(self, sentence: str) -> None:
        """Add one line to the story, which is part of the trace."""
        self.step("told", sentence)
        if self.say is not None:
            self.say(f"{clock(self.now_ms())} {sentence}")

    def fault(self, kind: str, sentence: str) -> None:
        """Count a fault and tell it."""
        self.faults[kind] += 1
        self.tell(f"{sentence}  [{kind}]")

    def violated(self, invariant: int, what: str) -> None:
        """Note that an invariant does not hold."""
        self.tell(f"VIOLATION of invariant {invariant}: {what}")
        if len(self.violations) < VIOLATIONS_KEPT:
            self.violations.append(Violation(invariant, self.now_ms() / 1000, what))
        if self.halt is not None:
            self.halt()

    @property
    def trace(self) -> str:
        """Return the hash of everything so far."""
        return self._hash.hexdigest()


def clock(at_ms: int) -> str:
    """Return the time of day as people in the story read it, with the day from the second on."""
    moment = START + timedelta(milliseconds=at_ms)
    day = (moment.date() - START.date()).days
    return f"{f'day {day + 1} ' if day else ''}{moment:%H:%M:%S}"
