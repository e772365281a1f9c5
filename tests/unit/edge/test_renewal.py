"""When a locker asks for its next certificate, and what it makes of the answer."""

import asyncio
from dataclasses import dataclass, field

import msgspec
import pytest

from contract.ids import LockerId
from contract.state import LockerState, TimeQuality
from edge.renewal import AGAIN_S, ALARM, DAY_S, RETRY, SPREAD, Means, Renewal, due_in_s, share_of
from provisioning.papers import Lifetime
from provisioning.renewing import Outcome, Verdict
from tests.unit.edge.uplink.builders import running, state

DAYS = 24 * 3600
ISSUED_S = 1_800_000_000
LIFE = Lifetime(ISSUED_S, ISSUED_S + 30 * DAYS)
HALF_S = 15 * DAYS
LOCKER = LockerId("WAW-01")


def told(after_s: int, quality: TimeQuality = TimeQuality.SYNCED) -> LockerState:
    return msgspec.structs.replace(state(), at_ms=(ISSUED_S + after_s) * 1000, quality=quality)


@dataclass
class Bench:
    """A locker whose clock says so, and a cloud that answers so."""

    now: LockerState
    answers: list[Outcome]
    life: Lifetime | None = LIFE
    alarms: list[tuple[str, str]] = field(default_factory=list)
    asked: int = 0
    reconnected: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def presence(self) -> LockerState:
        return self.now

    async def raise_alarm(self, name: str, detail: str) -> None:
        self.alarms.append((name, detail))

    def reconnect(self) -> None:
        self.reconnected += 1
        self.done.set()

    def ask(self) -> Outcome:
        self.asked += 1
        return self.answers.pop(0)

    def renewal(self) -> Renewal:
        return Renewal(LOCKER, Means(lambda: self.life, self.ask, lambda: 0.5))

    async def rests(self, times: int) -> list[float]:
        """Return how long it rests after each of so many answers."""
        renewal = self.renewal()
        return [await renewal._ask(self.raise_alarm, self.reconnect) for _ in range(times)]


def test_it_is_due_at_half_its_life_and_a_share_of_a_day() -> None:
    assert due_in_s(LIFE, told(0), 0.0) == HALF_S
    assert due_in_s(LIFE, told(HALF_S), 0.5) == 30 * DAYS / SPREAD / 2
    assert due_in_s(LIFE, told(HALF_S + DAYS), 0.99) == pytest.approx(-0.01 * DAYS)


def test_lockers_fitted_together_do_not_renew_together() -> None:
    shares = [share_of(LockerId(f"WAW-{number:03}")) for number in range(200)]

    assert len({int(share * 24) for share in shares}) == 24
    assert all(0 <= share < 1 for share in shares)


@pytest.mark.parametrize("years", [-10, 0, 10])
def test_a_clock_nobody_vouches_for_says_nothing_about_a_certificate(years: int) -> None:
    assert due_in_s(LIFE, told(years * 365 * DAYS, TimeQuality.UNTRUSTED), 0.5) is None


def test_without_knowing_its_life_nobody_can_say() -> None:
    assert due_in_s(None, told(0), 0.5) is None


async def test_one_that_is_due_is_renewed_and_the_link_comes_back_with_it() -> None:
    bench = Bench(told(HALF_S + DAYS), [Outcome(Verdict.RENEWED)])
    async with running(lambda: bench.renewal().run(bench, bench.reconnect)), asyncio.timeout(60):
        await bench.done.wait()

    assert (bench.asked, bench.reconnected, bench.alarms) == (1, 1, [])


async def test_a_card_that_cannot_be_read_ends_nothing_and_keeps_what_was_known() -> None:
    looks: list[Lifetime | OSError] = [LIFE, OSError(30, "Read-only file system"), OSError(28, "No space left")]
    bench = Bench(told(HALF_S + DAYS), [Outcome(Verdict.RENEWED)])

    def look() -> Lifetime:
        found = looks.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    renewal = Renewal(LOCKER, Means(look, bench.ask, lambda: 0.5))
    async with running(lambda: renewal.run(bench, bench.reconnect)), asyncio.timeout(60):
        await bench.done.wait()

    assert renewal.life == LIFE
    assert (bench.asked, len(looks)) == (1, 1)


async def test_after_a_renewal_it_looks_again_soon() -> None:
    assert await Bench(told(0), [Outcome(Verdict.RENEWED)]).rests(1) == [AGAIN_S]


async def test_with_a_clock_wrong_by_years_it_asks_once_a_day_and_alarms_nobody() -> None:
    bench = Bench(told(3650 * DAYS), [Outcome(Verdict.REFUSED, "too_early", "x")] * 3)

    assert await bench.rests(3) == [DAY_S] * 3
    assert (bench.alarms, bench.reconnected) == ([], 0)


async def test_a_refusal_is_told_once_and_asked_again_tomorrow() -> None:
    bench = Bench(told(0), [Outcome(Verdict.REFUSED, "revoked", "it was revoked")] * 2)

    assert await bench.rests(2) == [DAY_S] * 2
    assert bench.alarms == [(ALARM, "it was revoked")]


async def test_a_cloud_that_does_not_answer_is_asked_more_and_more_seldom() -> None:
    rests = await Bench(told(0), [Outcome(Verdict.FAILED)] * 9).rests(9)

    assert rests == sorted(rests)
    assert RETRY.min_s < rests[0] < rests[-1] <= RETRY.max_s


async def test_days_that_are_left_are_told() -> None:
    renewal = Bench(told(0), []).renewal()
    assert renewal.days_left(0) is None
    renewal.life = LIFE

    assert renewal.days_left((ISSUED_S + 10 * DAYS) * 1000) == 20
