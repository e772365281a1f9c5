"""When the locker asks for its next certificate. The cloud decides; nothing here can keep a person from a parcel.

The certificate is renewed at half its life, later by a share that follows from the locker's name, so that a fleet that
was fitted in one week does not come back in one hour. A locker whose clock nobody vouches for cannot say when that is:
it asks once a day and is told that it is too early. Its own certificate no locker ever calls dead; the broker and the
cloud judge it, and the cloud still renews one that ended less than ninety days ago.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from contract.ids import LockerId
from contract.link_settings import Reconnect
from contract.state import LockerState, TimeQuality
from provisioning.papers import Lifetime

DAY_S = 24 * 3600.0
LOOK_S = 3600.0  # the clock may be put right in the meantime
SPREAD = 30  # the jitter is up to a thirtieth of the life: a day of a month
AGAIN_S = 5.0  # after a renewal; the cloud gives at most three certificates a day
RETRY = Reconnect(min_s=60.0, first_s=1800.0, max_s=6 * 3600.0)  # two weeks are left: some sixty tries and more
ALARM = "certificate_refused"
EARLY = "too_early"

_log = logging.getLogger(__name__)


class Asking(Protocol):
    """How asking went; ``provisioning.renewing.Outcome`` is one, which is loaded only when it is needed."""

    @property
    def verdict(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def detail(self) -> str: ...


class Locker(Protocol):
    """The loop as renewal meets it."""

    def presence(self) -> LockerState: ...

    async def raise_alarm(self, name: str, detail: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """``look`` tells the newest certificate's life, ``ask`` asks the cloud once; both run beside the loop.

    ``chance`` draws from [0, 1).
    """

    look: Callable[[], Lifetime | None]
    ask: Callable[[], Asking]
    chance: Callable[[], float]


class Renewal:
    """Runs for as long as the agent."""

    def __init__(self, locker: LockerId, means: Means) -> None:
        """Ask nobody yet."""
        self._share, self._means = share_of(locker), means
        self._told: set[str] = set()
        self._failures = 0
        self.life: Lifetime | None = None

    async def run(self, locker: Locker, reconnect: Callable[[], None]) -> None:
        """Renew when it is time, and have the link ``reconnect`` with the new certificate."""
        await self._look()
        if due_in_s(self.life, locker.presence(), self._share) is None:
            await asyncio.sleep(self._share * LOOK_S)  # the network may bring the time; and a fleet boots at one moment
        while True:
            await self._look()
            wait_s = due_in_s(self.life, locker.presence(), self._share) or 0.0
            rest_s = min(wait_s, LOOK_S) if wait_s > 0 else await self._ask(locker.raise_alarm, reconnect)
            await asyncio.sleep(rest_s)

    def days_left(self, now_ms: int) -> float | None:
        """Return how long the newest certificate still holds, None where nobody knows."""
        return None if self.life is None else (self.life.ends_s - now_ms / 1000) / DAY_S

    async def _look(self) -> None:
        """Learn the newest certificate's life; a card that cannot be read or written now leaves what was known."""
        try:
            self.life = await asyncio.to_thread(self._means.look)
        except OSError as error:
            _log.warning("certificate_unreadable", extra={"error": str(error)})

    async def _ask(self, raise_alarm: Callable[[str, str], Awaitable[None]], reconnect: Callable[[], None]) -> float:
        """Ask once and return how long to rest."""
        outcome = await asyncio.to_thread(self._means.ask)
        facts = {"verdict": str(outcome.verdict), "reason": outcome.reason, "detail": outcome.detail}
        _log.info("certificate_asked_for", extra=facts)
        match str(outcome.verdict):
            case "renewed":
                self._failures = 0
                self._told.clear()
                reconnect()
                return AGAIN_S
            case "refused":
                self._failures = 0
                if outcome.reason != EARLY and outcome.reason not in self._told:
                    self._told.add(outcome.reason)
                    await raise_alarm(ALARM, outcome.detail)
                return DAY_S
            case _:
                self._failures += 1
                return RETRY.delay_s(self._failures, self._means.chance)


def share_of(locker: LockerId) -> float:
    """Return a number from [0, 1) that follows from the locker's name."""
    return int.from_bytes(hashlib.sha256(locker.encode()).digest()[:4], "big") / (1 << 32)


def due_in_s(life: Lifetime | None, told: LockerState, share: float) -> float | None:
    """Return when to ask, None where the certificate's life or the time of day is not known."""
    if life is None or told.quality == TimeQuality.UNTRUSTED:
        return None
    length_s = life.ends_s - life.issued_s
    return life.issued_s + length_s / 2 + share * length_s / SPREAD - told.at_ms / 1000
