"""A cloud's downlink and one locker's link on a broker in memory, with batches signed as a device signs them."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.clock import FixedClock
from cloud.downlink.dispatch import Dispatch
from cloud.downlink.ingest import Desk, Ingest
from cloud.services.records import LockerKey
from cloud.store.reader import Reader
from cloud.store.writer import InlineWriter, Writer
from contract import codec, topics
from contract.envelope import Signer, verify
from contract.ids import KeyId, LockerId
from contract.link import Incoming, Link, LinkStatus, Outgoing
from contract.link_settings import LinkSettings, Reconnect
from contract.memory_link import MemoryBroker, MemoryLink
from contract.state import Acknowledgement
from contract.topics import Branch
from tests.unit.cloud.small_cloud import Journal, SmallCloud

NAME = "WAW-01"
DEVICE = Ed25519PrivateKey.from_private_bytes(b"d" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
AT_ONCE = Reconnect(min_s=0.0, first_s=0.01, max_s=0.01)


class Street:
    """``heard`` collects what the broker hands to the locker, in order."""

    def __init__(self, wrap: Callable[[Writer], Writer] = lambda writer: writer) -> None:
        """Have the downlink write through ``wrap(writer)``."""
        self.cloud = SmallCloud()
        self.journal: Journal = self.cloud.locker(NAME)
        self.cloud.do(
            lambda uow: uow.change(
                LockerKey, {"locker_id": NAME}, signing_public=DEVICE.public_key().public_bytes_raw()
            )
        )
        self.broker = MemoryBroker()
        wishes = tuple((topic, 1) for topic in topics.cloud_filters())
        self.link = self.attached("cloud", wishes)
        self.device = self.attached(NAME, tuple((topic, 1) for topic in topics.device_filters(LockerId(NAME))))
        self.writer = wrap(self.cloud.writer)
        clock = FixedClock(self.cloud.now)
        assert isinstance(self.cloud.writer, InlineWriter)  # on SQL, as the ingest path's own statements are
        reader = Reader(self.cloud.writer._engine)
        self.desk = Desk(reader, self.writer, clock, self.cloud.ids, self.cloud.keys.signer)
        self.telemetry: list[Any] = []
        self.ingest = Ingest(self.link, self.desk, self.telemetry.append)
        self.dispatch = Dispatch(self.link, self.desk)
        self.heard: list[Incoming] = []

    def attached(self, name: str, subscriptions: tuple[tuple[str, int], ...]) -> MemoryLink:
        settings = LinkSettings(client_id=name, subscriptions=subscriptions, reconnect=AT_ONCE)
        return MemoryLink(self.broker, settings, random.Random(1))

    @contextlib.asynccontextmanager
    async def open(self, *, ingesting: bool = False, dispatching: bool = False) -> AsyncIterator[None]:
        """Connect both ends; optionally run the downlink's tasks."""
        tasks = [asyncio.create_task(work) for work in (self.link.run(), self.device.run(), self._listen())]
        tasks += [asyncio.create_task(self.ingest.run())] if ingesting else []
        tasks += [asyncio.create_task(self.dispatch.run())] if dispatching else []
        try:
            await until(lambda: is_up(self.link) and is_up(self.device))
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, record: Any, *, key: Ed25519PrivateKey = DEVICE, branch: Branch = Branch.EVENTS) -> None:
        """Publish ``record`` as the locker, signed with ``key``."""
        await self.send_raw(signed(record, key), branch)

    async def send_raw(self, payload: bytes, branch: Branch = Branch.EVENTS, name: str = NAME) -> None:
        await self.device.publish(Outgoing(topics.build(LockerId(name), branch), payload))

    async def arrived(self, count: int) -> list[Incoming]:
        """Take ``count`` messages off the cloud's link without recording them."""
        messages = self.link.messages()
        return [await anext(messages) for _ in range(count)]

    def answers(self) -> list[Acknowledgement]:
        """Return the acknowledgements the locker has heard, verified."""
        ring = {self.cloud.keys.signer.key_id: self.cloud.keys.signer.private_key.public_key()}
        heard = [one for one in self.heard if topics.parse(one.topic).branch is Branch.ACK]
        found = [codec.decode_downward(verify(one.payload, ring).body) for one in heard]
        return [one for one in found if isinstance(one, Acknowledgement)]

    async def _listen(self) -> None:
        async for message in self.device.messages():
            self.heard.append(message)
            self.device.acknowledge(message)


def signed(record: Any, key: Ed25519PrivateKey = DEVICE, name: str = NAME) -> bytes:
    return Signer(KeyId(name), key).sign(codec.encode(record))


def is_up(link: Link) -> bool:
    return link.status is LinkStatus.CONNECTED


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until ``holds``; the test's own time limit ends a wait in vain.

    Ask only what is in memory: the database is one connection, and a reading thread may be using it.
    """
    while not holds():  # noqa: ASYNC110 - tests wait for a state, whatever brings it about
        await asyncio.sleep(0.001)


class Wrapped:
    """A writer that does something before it writes."""

    inner: Writer

    def around(self, writer: Writer) -> Writer:
        self.inner = writer
        return self

    async def run(self, unit: Any) -> Any:
        await self.before()
        return await self.inner.run(unit)

    async def before(self) -> None:
        """Let everything through."""

    def submit(self, unit: Any) -> "Future[Any]":
        return self.inner.submit(unit)

    def on_commit(self, observer: Any) -> None:
        self.inner.on_commit(observer)
