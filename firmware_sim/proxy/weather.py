"""Bad weather on a wire, drawn from a seed: what becomes of each packet that passes.

TCP loses nothing by itself, so an honest loss is one that the connection does not outlive (``LOST``). ``SWALLOWED`` and
``DOUBLED`` are worse than any honest network: only somebody in the middle can do that to single packets.
"""

import random
from collections import Counter
from dataclasses import dataclass, fields
from enum import StrEnum

from firmware_sim.proxy.framing import Kind, Packet


class Fate(StrEnum):
    """What becomes of one packet, and of the connection it came over."""

    PASSED = "passed"
    DELAYED = "delayed"
    """It waits, and what is behind it in the same direction waits too."""
    STALLED = "stalled"
    """The same for much longer, while the other direction goes on."""
    DOUBLED = "doubled"
    LOST = "lost"
    """It and all behind it are gone, and soon the connection too."""
    SWALLOWED = "swallowed"
    """It alone is gone and nobody is told."""
    HALF_CLOSED = "half_closed"
    """This direction ends here; the other stays open."""
    RESET = "reset"
    BLACK_HOLE = "black_hole"
    """Nothing passes either way any more, and nobody is told until much later."""


HARMLESS_TO_TLS = frozenset({Fate.DELAYED, Fate.STALLED, Fate.HALF_CLOSED, Fate.RESET, Fate.BLACK_HOLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """How often each fate befalls a packet, and how long it takes at most."""

    delayed: float = 0.0
    stalled: float = 0.0
    doubled: float = 0.0
    lost: float = 0.0
    swallowed: float = 0.0
    half_closed: float = 0.0
    reset: float = 0.0
    black_hole: float = 0.0
    delay_s_max: float = 0.3
    stall_s_max: float = 3.0
    end_s_max: float = 1.0  # how long a connection outlives a loss
    hole_s_max: float = 8.0  # below PUBACK_S_MAX: a run meets many holes, and each is to be over in it


CALM = Climate()
STORM = Climate(
    delayed=0.10,
    stalled=0.01,
    doubled=0.10,
    lost=0.01,
    swallowed=0.01,
    half_closed=0.005,
    reset=0.005,
    black_hole=0.003,
)
_LONGEST = {
    Fate.DELAYED: "delay_s_max",
    Fate.STALLED: "stall_s_max",
    Fate.LOST: "end_s_max",
    Fate.BLACK_HOLE: "hole_s_max",
}


class Weather:
    """Draws fates. ``counts`` tells how often each came."""

    def __init__(self, chance: random.Random, climate: Climate = CALM) -> None:
        """Draw from ``chance``; ``climate`` may be replaced at any time."""
        self.climate = climate
        self.counts: Counter[Fate] = Counter()
        self._chance = chance

    def fate(self, packet: Packet, *, blind: bool = False) -> Fate:
        """Decide about ``packet``; ``blind`` when it is a piece of something encrypted."""
        drawn = self._drawn()
        if blind and drawn not in HARMLESS_TO_TLS:
            drawn = Fate.PASSED
        if drawn is Fate.DOUBLED and (blind or packet.kind != Kind.PUBLISH):
            drawn = Fate.PASSED  # a second CONNECT only ends the connection, and RESET does that already
        self.counts[drawn] += 1
        return drawn

    def seconds(self, fate: Fate) -> float:
        """Draw how long this one takes."""
        longest: float = getattr(self.climate, _LONGEST[fate])
        return self._chance.uniform(0, longest)

    def _drawn(self) -> Fate:
        left = self._chance.random()
        for field in fields(self.climate):
            if field.name.endswith("_max"):
                break
            left -= getattr(self.climate, field.name)
            if left < 0:
                return Fate(field.name)
        return Fate.PASSED
