"""Events on their way to the cloud: the journal past what the *cloud* has acknowledged, one signed batch at a time.

A PUBACK proves nothing. A batch is sent again when no acknowledgement came in time or the link came back, and the cloud
takes each sequence once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from contract.codec import encode
from contract.envelope import Signer
from contract.events import ENTRIES_PER_BATCH_MAX, EventBatch
from contract.ids import BootId
from contract.link import PAYLOAD_BYTES_MAX, Link, LinkError, LinkStatus, Outgoing
from contract.state import Acknowledgement
from contract.topics import Branch, build
from edge.store.chain import Mark
from edge.store.errors import StoreError
from edge.store.store import Acknowledged, OutboxBatch, Store

RESEND_FIRST_S = 10.0  # the cloud answers in milliseconds; ten seconds without a word means that something was lost
RESEND_MAX_S = 300.0  # while the cloud is down every copy piles up in the broker's queue
BATCH_BYTES_MAX = PAYLOAD_BYTES_MAX // 2  # leaves room for envelope and packing whatever the entries are

_log = logging.getLogger(__name__)


class Outbox:
    """Sends from the last acknowledged sequence, with one batch in flight."""

    def __init__(self, store: Store, link: Link, signer: Signer, boot: BootId) -> None:
        """Sign batches with the device's ``signer``; ``boot`` tells which entries are this run's own."""
        self._store, self._link, self._signer, self._boot = store, link, signer, boot
        self._work = asyncio.Event()
        self._answer = asyncio.Event()
        self._topic = build(store.locker, Branch.EVENTS)
        self._alarm: Callable[[str, str], Awaitable[None]] | None = None
        self.batches_sent = 0
        link.on_status(self._on_status)

    def on_alarm(self, alarm: Callable[[str, str], Awaitable[None]]) -> None:
        """Tell ``alarm`` (name, detail) when cloud and journal do not agree."""
        self._alarm = alarm

    @property
    def waiting(self) -> int:
        """Entries the cloud has not acknowledged."""
        return self._store.head.sequence - self._store.acknowledged.sequence

    def poke(self) -> None:
        """Say that the journal has grown."""
        self._work.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self._drain()

    async def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Take the cloud's word for what it has committed; raises ``StoreError`` when that could not be noted."""
        mark = Mark(acknowledgement.through_sequence, acknowledgement.head)
        outcome = await self._store.acknowledge(mark)
        if outcome is Acknowledged.STALE:
            return
        if outcome is not Acknowledged.ADVANCED:
            before, alarm = self._store.head.sequence, f"journal_{outcome}"
            await self._store.rebase(mark, self._boot, alarm)
            _log.error("journal_rebased", extra={"outcome": str(outcome), "was": before, "cloud": mark.sequence})
            if self._alarm:
                await self._alarm(alarm, f"journal ended at {before}, cloud at {mark.sequence}")
        self._answer.set()

    def _on_status(self, status: LinkStatus) -> None:
        self._answer.set()  # whatever was in flight must be sent again over the new connection
        if status is LinkStatus.CONNECTED:
            self._work.set()

    async def _drain(self) -> None:
        resend_s = RESEND_FIRST_S
        while self._link.status is LinkStatus.CONNECTED:
            before = self._store.acknowledged
            self._answer.clear()
            if not await self._send_next():
                return
            try:
                async with asyncio.timeout(resend_s):
                    await self._answer.wait()
            except TimeoutError:
                _log.warning("events_unanswered", extra={"after_s": resend_s, "waiting": self.waiting})
            moved = self._store.acknowledged != before
            resend_s = RESEND_FIRST_S if moved else min(resend_s * 2, RESEND_MAX_S)

    async def _send_next(self) -> bool:
        """Publish the oldest entries; false when there are none or nobody takes them."""
        try:
            batch = await self._store.outbox(ENTRIES_PER_BATCH_MAX, BATCH_BYTES_MAX)
            if batch is None:
                return False
            await self._link.publish(Outgoing(self._topic, self._signed(batch)))
        except StoreError as error:
            _log.error("outbox_unreadable", extra={"fact": str(error.fact)})
            return False
        except LinkError:
            return False  # the link's status wakes us when it is back
        self.batches_sent += 1
        return True

    def _signed(self, batch: OutboxBatch) -> bytes:
        return self._signer.sign(
            encode(EventBatch(self._store.locker, batch.first_sequence, batch.previous_hash, batch.entries))
        )
