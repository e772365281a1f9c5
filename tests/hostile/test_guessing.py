"""Guessing codes: what it yields under the policy, with the plug pulled in between, and what its timing tells.

The bound (trust.md, "Pick-up codes"): with ``L`` live codes among ``C`` and at most ``G`` guesses a day, a locker is
opened on at most ``G * L / C`` of its days. Ten tries an hour at eight digits give 240 * 60 / 10^8 = 0.014 %; the
policy's hundred misses a day give 0.006 %.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import pytest

from contract.codes import CODES, StretchedCode, find_match, verifier
from contract.events import CodeRefused
from contract.ids import ParcelRef
from edge.locker_controller.limits import MISSES_PER_DAY_MAX
from edge.locker_controller.lockout import after_hit, after_miss, after_start, locked_s
from edge.locker_controller.state import Lockout
from tests.survives import survived
from tests.unit.edge.locker_controller.builders import Scene, only

ROW = "Guessing codes, with the plug pulled in between"
SHOWN_BY = "tests/hostile/test_guessing.py"
LIVE = 60
STATED = 0.000_14  # a locker and day, trust.md
DAY_MS = 86_400_000
SCALED_CODES = 20_000  # few enough that hits happen: five thousand times likelier than the real ones
DAYS = 3_000
KEY = b"k" * 32


def bound(codes: int, guesses_a_day: int = MISSES_PER_DAY_MAX) -> float:
    """Return the expected number of hits of one locker and day."""
    return guesses_a_day * LIVE / codes


def test_the_policy_s_bound_is_below_the_stated_one() -> None:
    assert bound(CODES, 240) == pytest.approx(STATED, rel=0.03)
    assert bound(CODES) < STATED / 2


@dataclass(slots=True)
class Thief:
    """Guesses at every moment at which somebody listens; ``pulls`` is how often the plug goes instead of waiting."""

    chance: random.Random
    pulls: float
    lockout: Lockout = field(default_factory=Lockout)
    ms: int = 0
    true_ms: int = 0
    guesses: int = 0
    hits: int = 0
    spent_ms: list[int] = field(default_factory=list)

    def spends_a_day(self) -> None:
        until_ms = self.true_ms + DAY_MS
        while self.true_ms < until_ms:
            pause_ms = locked_s(self.lockout, self.ms) * 1000
            if pause_ms and self.chance.random() < self.pulls:
                self._pulls_the_plug()
            elif pause_ms:
                self._waits(pause_ms)
            else:
                self._guesses()

    def _guesses(self) -> None:
        self._waits(4_000)  # nine digits on a touch screen
        self.guesses += 1
        self.spent_ms.append(self.true_ms)
        if self.chance.randrange(SCALED_CODES) < LIVE:
            self.hits += 1
            self.lockout = after_hit(self.lockout)
        else:
            self.lockout = after_miss(self.lockout, self.ms)

    def _pulls_the_plug(self) -> None:
        """Take power away; monotonic time begins anew, and what the clock on the wall says is of no use."""
        self.true_ms += 20_000
        self.ms = self.chance.randrange(30_000)
        self.lockout = after_start(self.lockout, self.ms)

    def _waits(self, for_ms: int) -> None:
        self.ms += for_ms
        self.true_ms += for_ms


@pytest.mark.parametrize("pulls", [0.0, 0.2, 0.9])
def test_the_measured_hit_rate_stays_below_the_bound_however_often_the_plug_is_pulled(pulls: float) -> None:
    thief = Thief(random.Random(int(pulls * 10)), pulls)
    for _ in range(DAYS):
        thief.spends_a_day()
    assert thief.hits > 0, "too few codes tried to measure anything"
    assert thief.guesses / DAYS <= MISSES_PER_DAY_MAX
    assert thief.hits / DAYS < bound(SCALED_CODES)
    survived(ROW, f"pulls {pulls}", tried=thief.guesses, broken=0, shown_by=SHOWN_BY)


def test_pulling_the_plug_never_pays() -> None:
    honest, puller = (Thief(random.Random(1), pulls) for pulls in (0.0, 0.9))
    for _ in range(DAYS // 10):
        honest.spends_a_day()
        puller.spends_a_day()
    assert puller.guesses <= honest.guesses


def test_no_day_of_a_real_locker_answers_more_than_a_hundred_guesses_whatever_the_clock_says() -> None:
    """The whole decision this time, its records cut to what is stored, and a wall clock in the attacker's hands."""
    scene, chance = Scene(), random.Random(3)
    scene.puts_in("P")
    answered_ms: list[int] = []
    while scene.ms < 12 * DAY_MS:
        scene.wall_leap_s = chance.choice((0, 86_400, 3_650 * 86_400, -86_400, -3_650 * 86_400))
        decision = scene.types("wrong")
        if any(isinstance(event, CodeRefused) for event in decision.events):
            answered_ms.append(scene.ms)
            pause_s = only(decision, CodeRefused).locked_s
        else:
            pause_s = chance.choice((60, 600))
        if chance.random() < 0.02:
            scene.restarts(after_s=chance.choice((1, 60, 86_400)))
        scene.ticks(after_s=chance.choice((pause_s, pause_s + 1, 1)))
    most = max(sum(at_ms <= one < at_ms + DAY_MS for one in answered_ms) for at_ms in answered_ms)
    assert 10 < most <= MISSES_PER_DAY_MAX
    survived(ROW, "decisions", tried=len(answered_ms), broken=0, shown_by=SHOWN_BY)


# ---------------------------------------------------------------------- timing


def work(call: Callable[[], object]) -> Counter[str]:
    """Count what ``call`` does, function by function, Python's and C's: no clock is involved."""
    done: Counter[str] = Counter()

    def note(frame: FrameType, event: str, function: object) -> None:
        if event == "c_call":
            done[getattr(function, "__qualname__", str(function))] += 1
        elif event == "call":
            done[frame.f_code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return done


def live_codes() -> dict[str, tuple[ParcelRef, bytes]]:
    stretched = [StretchedCode(number.to_bytes(32)) for number in range(LIVE)]
    parcels = [ParcelRef(number.to_bytes(16)) for number in range(LIVE)]
    return {f"{n}": (parcels[n], verifier(stretched[n], parcels[n], KEY)) for n in range(LIVE)}


def test_a_hit_costs_the_same_work_wherever_it_stands_and_a_miss_costs_no_less() -> None:
    live = live_codes()
    tried = {place: StretchedCode(place.to_bytes(32)) for place in (0, 1, LIVE // 2, LIVE - 1, LIVE + 7)}
    found = {place: tuple(find_match(code, live, KEY)) for place, code in tried.items()}
    assert found == {0: ("0",), 1: ("1",), LIVE // 2: (f"{LIVE // 2}",), LIVE - 1: (f"{LIVE - 1}",), LIVE + 7: ()}
    done = [work(partial(find_match, code, live, KEY)) for code in tried.values()]
    *hits, miss = done
    assert all(one == hits[0] for one in hits)
    assert all(one["compare_digest"] == one["verifier"] == LIVE for one in done)
    assert set(miss) == set(hits[0])
    survived(ROW, "timing", tried=len(tried), broken=0, shown_by=SHOWN_BY)


def test_the_whole_decision_does_the_same_comparisons_for_a_first_and_a_last_parcel() -> None:
    counts = set()
    for what in ("P", "Q", "R"):
        scene = Scene()
        for one in "PQR":
            scene.puts_in(one)
        counts.add(work(partial(scene.types, what))["compare_digest"])
    assert counts == {3}
