"""Builders for the uplink's tests: a cloud that signs, a broker in memory, a store in memory."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import Unknown, Upward, decode_upward, encode
from contract.commands import Revoke
from contract.envelope import KeyRing, Signer, verify
from contract.events import chain
from contract.ids import BootId, GroupId, KeyId, LockerId, MessageId
from contract.link import Outgoing
from contract.link_settings import LinkSettings, Reconnect
from contract.memory_link import MemoryBroker, MemoryLink
from contract.state import Acknowledgement, LockerState
from contract.topics import Branch, build, cloud_filters, device_filters
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Store

LOCKER = LockerId("WAW-01")
BOOT = BootId(b"b" * 16)
CLOUD = Signer(KeyId("cloud-1"), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
DEVICE = Signer(KeyId("WAW-01"), Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
STRANGER = Signer(KeyId("cloud-1"), Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
CLOUD_KEYS: KeyRing = {CLOUD.key_id: CLOUD.private_key.public_key()}
DEVICE_KEYS: KeyRing = {DEVICE.key_id: DEVICE.private_key.public_key()}
AT_ONCE = Reconnect(min_s=0.0, first_s=0.0, max_s=0.0)


def revoke(number: int = 1, aud: LockerId = LOCKER) -> Revoke:
    return Revoke(aud, MessageId(number.to_bytes(16)), 1_700_000_000, 1_800_000_000, GroupId(b"g" * 16))


def state(at_ms: int = 0) -> LockerState:
    return LockerState(LOCKER, online=True, boot=BOOT, session=0, agent_version="0.1", at_ms=at_ms, quality="synced")


async def memory_store() -> Store:
    return await Store.open(SyncDatabase.open(":memory:"), LOCKER)


def device_link(broker: MemoryBroker) -> MemoryLink:
    filters = tuple((topic, 1) for topic in device_filters(LOCKER))
    return MemoryLink(
        broker, LinkSettings(client_id=LOCKER, subscriptions=filters, reconnect=AT_ONCE), random.Random(1)
    )


def read_upward(payload: bytes) -> Upward:
    """Read what a locker published; fails for what the device did not sign."""
    document = decode_upward(verify(payload, DEVICE_KEYS).body)
    assert not isinstance(document, Unknown)
    return document


class FakeCloud:
    """The other end: reads what lockers publish, and answers when told to."""

    def __init__(self, broker: MemoryBroker) -> None:
        filters = tuple((topic, 1) for topic in cloud_filters())
        settings = LinkSettings(client_id="cloud", subscriptions=filters, reconnect=AT_ONCE)
        self.link = MemoryLink(broker, settings, random.Random(2))
        self.heard: list[Upward] = []

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._listen())

    async def _listen(self) -> None:
        async for incoming in self.link.messages():
            self.heard.append(read_upward(incoming.payload))
            self.link.acknowledge(incoming)

    async def send(self, document: Acknowledgement | Revoke, signer: Signer = CLOUD) -> None:
        branch = Branch.ACK if isinstance(document, Acknowledgement) else Branch.COMMAND
        await self.link.publish(Outgoing(build(LOCKER, branch), signer.sign(encode(document))))


def acknowledgement(through: int, head: bytes) -> Acknowledgement:
    return Acknowledgement(LOCKER, MessageId(through.to_bytes(16)), 1_700_000_000, through, head)


def head_after(previous: bytes, entries: tuple[bytes, ...]) -> bytes:
    return chain(previous, entries)


@asynccontextmanager
async def running(*runs: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run coroutines beside the block and end them after it."""
    tasks = [asyncio.create_task(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until ``condition`` holds; fails after many turns, whatever the machine's speed."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    message = "what was waited for did not happen"
    raise AssertionError(message)


async def turns(count: int) -> None:
    """Let the loop turn ``count`` times."""
    for _ in range(count):
        await asyncio.sleep(0)
