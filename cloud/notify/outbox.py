"""The one loop that empties an outbox: what was committed is claimed, sent and ticked off, each at least once."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from cloud.clock import Clock
from cloud.domain.actors import SYSTEM
from cloud.services.ports import Act, Ids, UnitOfWork
from cloud.store.writer import Writer

CLAIM_MAX = 50  # claimed together; eight at once and some ten seconds each, they are done within their claim's life
TOGETHER_MAX = 8  # connections at once: mail relays commonly allow ten for one client, and one slow end blocks one
IDLE_S = 5.0  # also finds what is due later: reminders, repeated tries

Due = TypeVar("Due")

_log = logging.getLogger(__name__)


class SendError(Exception):
    """A message that did not leave, in words for whoever looks why; after the last try an operator sees it."""


class Outbox(ABC, Generic[Due]):
    """Run ``run`` as one task. ``record`` is the table a commit must have touched to wake it."""

    record: type

    def __init__(self, writer: Writer, clock: Clock, ids: Ids) -> None:
        """Claim and tick off by ``writer``."""
        self._writer, self._clock, self._ids = writer, clock, ids
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(TOGETHER_MAX)
        self.sent = 0

    @abstractmethod
    def claim(self, uow: UnitOfWork, act: Act, limit: int) -> Sequence[Due]:
        """Return what is ours to send now, oldest first."""

    @abstractmethod
    async def deliver(self, due: Due) -> None:
        """Send one; raises ``SendError``."""

    @abstractmethod
    def tick_off(self, uow: UnitOfWork, act: Act, due: Due) -> None:
        """Note that it was taken."""

    @abstractmethod
    def put_off(self, uow: UnitOfWork, act: Act, due: Due, reason: str) -> None:
        """Note why it was not, and when to try again, if at all."""

    async def run(self) -> None:
        """Send until cancelled; woken by every commit that touched a message."""
        loop = asyncio.get_running_loop()
        self._writer.on_commit(lambda kinds: self._woken(loop, kinds))
        while True:
            self._wake.clear()
            while await self.send_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_some(self) -> bool:
        """Claim and send what is due; false when nothing was."""
        act = self._act()
        due = await self._writer.run(lambda uow: self.claim(uow, act, CLAIM_MAX))
        await asyncio.gather(*(self._send(one) for one in due))
        return bool(due)

    async def _send(self, due: Due) -> None:
        async with self._places:
            try:
                await self.deliver(due)
            except SendError as error:
                reason, act = str(error), self._act()
                await self._writer.run(lambda uow: self.put_off(uow, act, due, reason))
                _log.warning("outbox.not_sent", extra={"record": self.record.__name__, "error": reason})
                return
        act = self._act()
        await self._writer.run(lambda uow: self.tick_off(uow, act, due))
        self.sent += 1

    def _act(self) -> Act:
        return Act(SYSTEM, self._clock.now(), self._ids)

    def _woken(self, loop: asyncio.AbstractEventLoop, kinds: frozenset[str]) -> None:
        if self.record.__name__ in kinds and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)
