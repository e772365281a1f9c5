"""What the cloud says, on its way to a decision: verified first, acknowledged to the broker only after the commit.

A message that cannot be believed is acknowledged too (it would come again for ever) and journalled once, within an
hourly budget. The same bytes again are normal (the wire doubles) but also how a captured message is replayed, so those
have a budget as well; past it they are dropped unread and only counted.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from contract.codec import Downward
from contract.envelope import KeyRing
from contract.ids import LockerId
from contract.link import Incoming, Link
from contract.state import Acknowledgement
from edge.locker_controller.arrivals import NotBelieved, read_wire
from edge.store.errors import StoreError
from edge.uplink.budget import Budget, Seen

REFUSALS_PER_HOUR_MAX = 20  # enough to see that somebody tries; 480 entries a day do not hurt a journal
REPEATS_PER_HOUR_MAX = 120  # a reconnect brings at most 20 again, so this many reconnects an hour are honest
SEEN_MAX = 4096  # 32 bytes each; ten days of a busy locker's messages
STORE_RETRY_S = 2.0  # a full disk is emptied in minutes; meanwhile the message stays with the broker

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where believed and refused messages go. Both return once the decision is committed, however long that takes."""

    async def receive(self, message: Downward) -> None: ...

    async def refuse(self, refused: NotBelieved) -> None: ...


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count, and for whom a message must be meant."""

    keys: KeyRing
    locker: LockerId


class Inbox:
    """Reads one link, one message after the other."""

    def __init__(
        self,
        link: Link,
        trust: Trust,
        sink: Sink,
        on_acknowledgement: Callable[[Acknowledgement], Awaitable[None]],
        monotonic_ms: Callable[[], int],
    ) -> None:
        """Hand acknowledgements of events to the outbox's ``on_acknowledgement``, all else to ``sink``."""
        self._link, self._trust, self._sink = link, trust, sink
        self._on_acknowledgement, self._monotonic_ms = on_acknowledgement, monotonic_ms
        self._refusals, self._repeats = Budget(REFUSALS_PER_HOUR_MAX), Budget(REPEATS_PER_HOUR_MAX)
        self._seen = Seen(SEEN_MAX)
        self.received = 0
        self.refused = 0

    @property
    def dropped(self) -> int:
        """Messages that were acknowledged unread or unwritten, because there were too many of their sort."""
        return self._refusals.refused + self._repeats.refused

    @property
    def remembered(self) -> int:
        """How many digests are kept to tell a repetition."""
        return len(self._seen)

    async def run(self) -> None:
        """Take messages until cancelled."""
        async for incoming in self._link.messages():
            await self.take(incoming)
            self._link.acknowledge(incoming)

    async def take(self, incoming: Incoming) -> None:
        """See one message through to its commit."""
        self.received += 1
        repeated = self._seen.before(hashlib.sha256(incoming.payload).digest())
        if repeated and not self._repeats.spend(self._monotonic_ms()):
            return
        document = read_wire(incoming.payload, self._trust.keys, self._trust.locker)
        if isinstance(document, NotBelieved):
            await self._refuse(document)
        elif self._said_before(document) and not repeated and not self._repeats.spend(self._monotonic_ms()):
            return
        elif isinstance(document, Acknowledgement):
            await self._acknowledged(document)
        else:
            await self._sink.receive(document)

    def _said_before(self, document: Downward) -> bool:
        """Say whether this was heard lately, also in other bytes: one envelope can be packed in many ways."""
        return self._seen.before(hashlib.sha256(document.id).digest())

    async def _refuse(self, document: NotBelieved) -> None:
        self.refused += 1
        if self._refusals.spend(self._monotonic_ms()):
            _log.warning("message_refused", extra={"reason": str(document.reason)})
            await self._sink.refuse(document)

    async def _acknowledged(self, acknowledgement: Acknowledgement) -> None:
        while True:
            try:
                return await self._on_acknowledgement(acknowledgement)
            except StoreError:
                await asyncio.sleep(STORE_RETRY_S)  # the store has said so itself; the message stays unacknowledged
