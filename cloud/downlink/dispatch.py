"""Dispatch: committed outbox rows become messages on the wire. A publish is a hope; the locker's event is the fact.

Rows are claimed by conditional update, published with what is left of their life as message expiry, and marked sent.
A crash in between sends a message twice, which the locker's inbox knows how to ignore.
"""

import asyncio
import logging
from collections.abc import Sequence

from cloud.domain.errors import DomainError
from cloud.downlink.ingest import Desk
from cloud.services.dispatch import claim_messages, mark_sent
from cloud.services.ports import Act
from cloud.services.records_ops import OutboxMessage
from contract import topics
from contract.ids import LockerId
from contract.link import Link, LinkError, LinkStatus, Outgoing
from contract.topics import Branch

CLAIM_MAX = 200  # rows taken at once; ten times what is in flight to the broker, so the pipe never runs dry
IDLE_S = 5.0  # a row whose wake-up was lost waits no longer than this

_log = logging.getLogger(__name__)


class Dispatch:
    """Run ``run`` as one task; it wakes with every commit that touched the outbox."""

    def __init__(self, link: Link, desk: Desk) -> None:
        """Publish on ``link``."""
        self._link, self._desk = link, desk
        self._wake = asyncio.Event()
        self.sent = 0

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        self._desk.writer.on_commit(lambda kinds: self._woken(loop, kinds))
        self._link.on_status(lambda status: self._wake.set() if status is LinkStatus.CONNECTED else None)
        while True:
            self._wake.clear()
            while self._link.status is LinkStatus.CONNECTED and await self.send_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_some(self) -> bool:
        """Claim and publish what is due; false when nothing was, or the link went down on the way."""
        act = self._desk.act()
        try:
            due = await self._desk.writer.run(lambda uow: claim_messages(uow, act, CLAIM_MAX))
        except DomainError as error:
            _log.warning("dispatch.not_claimed", extra={"error": str(error)})
            return False
        sent = await self._publish(due)
        if sent:
            await self._mark_sent(act, sent)
        return bool(due) and len(sent) == len(due)

    async def _mark_sent(self, act: Act, sent: Sequence[str]) -> None:
        """Tick off what went out; where that fails the claim runs out and the locker hears the same twice.

        The time is that of the claim: a locker may have accepted a message before the broker's answer is here.
        """
        self.sent += len(sent)
        try:
            await self._desk.writer.run(lambda uow: mark_sent(uow, act, sent))
        except DomainError as error:
            _log.warning("dispatch.not_marked", extra={"messages": len(sent), "error": str(error)})

    async def _publish(self, due: Sequence[OutboxMessage]) -> list[str]:
        answers = await asyncio.gather(
            *(self._link.publish(self._outgoing(one)) for one in due), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, LinkError):
                raise answer
        return [one.id for one, answer in zip(due, answers, strict=True) if answer is None]

    def _outgoing(self, message: OutboxMessage) -> Outgoing:
        left_s = int((message.expires_at - self._desk.clock.now()).total_seconds())
        topic = topics.build(LockerId(message.locker_id), Branch(message.branch))
        return Outgoing(topic, message.payload, expiry_s=max(1, left_s))

    def _woken(self, loop: asyncio.AbstractEventLoop, kinds: frozenset[str]) -> None:
        if OutboxMessage.__name__ in kinds and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)
