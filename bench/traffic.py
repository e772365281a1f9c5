"""Signed event batches of a small fleet, made ahead and published by a process of its own.

python -m bench.traffic PORT FILE     publishes what FILE holds, prints how many messages and how long it took
"""

import asyncio
import random
import sys
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import codec, topics
from contract.envelope import Signer
from contract.events import DoorClosed, DoorOpened, Entry, EventBatch, chain, genesis_hash
from contract.ids import BootId, CompartmentLabel, KeyId, LockerId, MessageId
from contract.link import LinkStatus, Outgoing
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings
from contract.topics import Branch

LOCKERS = 16  # connections enough that each one's window of 20 is never the limit
DOORS = 20
IN_FLIGHT = 20  # what one locker's link has under way; more makes paho slower
AT_MS = 1_800_000_000_000


class Fleet(msgspec.Struct):
    """What one benchmark publishes: by locker its key and its messages in order."""

    keys: dict[str, bytes]
    messages: dict[str, list[bytes]]
    events: int


def make_fleet(messages: int, entries: int, seed: int) -> Fleet:
    """Return ``messages`` batches of ``entries`` door events each, spread evenly over ``LOCKERS`` lockers."""
    chance = random.Random(seed)
    keys, made = {}, {}
    for number in range(LOCKERS):
        locker = LockerId(f"BENCH-{number:02d}")
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        keys[str(locker)] = key.public_key().public_bytes_raw()
        made[str(locker)] = _batches(Signer(KeyId(locker), key), locker, messages // LOCKERS, entries)
    return Fleet(keys, made, messages // LOCKERS * LOCKERS * entries)


def _batches(signer: Signer, locker: LockerId, count: int, entries: int) -> list[bytes]:
    head, sequence, made = genesis_hash(locker), 1, []
    for _ in range(count):
        raw = tuple(codec.encode(_entry(sequence + step)) for step in range(entries))
        made.append(signer.sign(codec.encode(EventBatch(locker, sequence, head, raw))))
        head, sequence = chain(head, raw), sequence + entries
    return made


def _entry(sequence: int) -> Entry:
    door = CompartmentLabel(f"A{sequence // 2 % DOORS + 1:02d}")
    event = DoorOpened(door, MessageId(bytes(16)), bytes(16)) if sequence % 2 else DoorClosed(door)
    return Entry(sequence, AT_MS + sequence, "synced", BootId(bytes(16)), event, bytes(16))


async def _publish(port: int, locker: str, messages: list[bytes]) -> None:
    link = MqttLink(MqttSettings(client_id=locker, host="127.0.0.1", port=port), random.Random(locker))
    connected = asyncio.Event()
    link.on_status(lambda status: connected.set() if status is LinkStatus.CONNECTED else None)
    running = asyncio.create_task(link.run())
    await connected.wait()
    topic, places = topics.build(LockerId(locker), Branch.EVENTS), asyncio.Semaphore(IN_FLIGHT)

    async def send(payload: bytes) -> None:
        async with places:
            await link.publish(Outgoing(topic, payload))

    await asyncio.gather(*(send(payload) for payload in messages))
    running.cancel()


async def _main(port: int, fleet: Fleet) -> None:
    await asyncio.gather(*(_publish(port, locker, messages) for locker, messages in fleet.messages.items()))


if __name__ == "__main__":
    loaded = msgspec.msgpack.decode(Path(sys.argv[2]).read_bytes(), type=Fleet)
    began = time.perf_counter()
    asyncio.run(_main(int(sys.argv[1]), loaded))
    print(f"{sum(map(len, loaded.messages.values()))} messages in {time.perf_counter() - began:.1f} s")
