"""Durable ingest: one cloud process against bare paho with a group commit, same broker, same messages, same run.

The product: MqttLink, Ed25519 verified, chain checked, duplicates dropped, events kept, compartments projected, SQLite
FULL, the locker answered after the commit. The limit: paho's own thread with manual acknowledgement, the payload
inserted into SQLite FULL in groups; nothing verified, nothing decoded, nothing answered.
"""

import asyncio
import queue
import random
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import msgspec
import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.enums import CallbackAPIVersion

from bench.places import Place, broker
from bench.traffic import DOORS, Fleet, make_fleet
from cloud.chance import SystemIds
from cloud.clock import SystemClock
from cloud.domain.actors import SYSTEM
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker, LockerStatus
from cloud.downlink.ingest import Desk, Ingest
from cloud.services.models import STANDARD, add_model
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import LockerKey
from cloud.store.database import create_schema, open_readers, open_writer
from cloud.store.reader import Reader
from cloud.store.writer import ThreadWriter
from contract import topics
from contract.envelope import Signer
from contract.ids import KeyId
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings
from contract.sizes import SizeClass

GROUP_MAX = 256
ROUNDS = ((12_000, 1), (1_600, 25))  # (messages, events in each): the busy hour's single events, and a catch-up
STALL_S = 20.0


async def compare() -> list[dict[str, object]]:
    """Return one row a round: events per second of both, and the ratio."""
    return [await _round(messages, entries) for messages, entries in ROUNDS]


async def _round(messages: int, entries: int) -> dict[str, object]:
    fleet = make_fleet(messages, entries, seed=entries)
    async with broker() as place:
        limit = await asyncio.to_thread(_limit, place, fleet)
    async with broker() as place:
        ours = await _ours(place, fleet)
    return {
        "events_per_message": entries,
        "events": fleet.events,
        "ours_per_s": round(ours),
        "limit_per_s": round(limit),
        "ratio": round(ours / limit, 2),
    }


def _traffic(place: Place, fleet: Fleet) -> "subprocess.Popen[bytes]":
    path = place.directory / "fleet"
    path.write_bytes(msgspec.msgpack.encode(fleet))
    return subprocess.Popen(
        [sys.executable, "-m", "bench.traffic", str(place.port), str(path)], stdout=subprocess.DEVNULL
    )


def _limit(place: Place, fleet: Fleet) -> float:
    wanted = sum(map(len, fleet.messages.values()))
    arrived: queue.SimpleQueue[paho.MQTTMessage] = queue.SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, "limit", protocol=paho.MQTTv5, manual_ack=True)
    client.on_message = lambda _client, _userdata, message: arrived.put(message)
    client.connect("127.0.0.1", place.port)
    client.subscribe("lm/v1/+/up/events", 1)
    client.loop_start()
    database = sqlite3.connect(place.directory / "limit.sqlite3")
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE raw (topic TEXT, body BLOB)")
    sender = _traffic(place, fleet)
    began, done = 0.0, 0
    while done < wanted:
        group = [arrived.get(timeout=STALL_S)]
        began = began or time.perf_counter()
        while len(group) < GROUP_MAX and not arrived.empty():
            group.append(arrived.get())
        database.executemany("INSERT INTO raw VALUES (?, ?)", [(one.topic, one.payload) for one in group])
        database.commit()
        for one in group:
            client.ack(one.mid, one.qos)
        done += len(group)
    took_s = time.perf_counter() - began
    client.loop_stop()
    sender.wait(STALL_S)
    return fleet.events / took_s


async def _ours(place: Place, fleet: Fleet) -> float:
    path = place.directory / "cloud.sqlite3"
    engine = open_writer(path)
    create_schema(engine)
    settings = MqttSettings(
        client_id="cloud",
        host="127.0.0.1",
        port=place.port,
        subscriptions=tuple((one, 1) for one in topics.cloud_filters()),
    )
    link = MqttLink(settings, random.Random(1))
    with ThreadWriter(engine) as writer:
        await writer.run(lambda uow: _enrol(uow, fleet))
        desk = Desk(
            Reader(open_readers(path)),
            writer,
            SystemClock(),
            SystemIds(),
            Signer(KeyId("cloud-1"), Ed25519PrivateKey.generate()),
        )
        ingest = Ingest(link, desk)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(ingest.run())]
        try:
            return await _measure(place, fleet, ingest)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(place: Place, fleet: Fleet, ingest: Ingest) -> float:
    await asyncio.sleep(0.5)  # subscribed before the first message
    sender = _traffic(place, fleet)
    began = 0.0
    deadline = time.perf_counter() + 6 * STALL_S
    while ingest.recorded < fleet.events:
        if ingest.recorded and not began:
            began, already = time.perf_counter(), ingest.recorded
        if time.perf_counter() > deadline:
            raise SystemExit(f"stalled at {ingest.recorded} of {fleet.events}; refused: {dict(ingest.refused)}")
        await asyncio.sleep(0.005)
    took_s = time.perf_counter() - began
    sender.wait(STALL_S)
    return (fleet.events - already) / took_s


def _enrol(uow: UnitOfWork, fleet: Fleet) -> None:
    now = datetime.now(UTC)
    act = Act(SYSTEM, now, SystemIds())
    layout = next(iter(STANDARD))
    add_model(uow, act, layout)
    for name, public in fleet.keys.items():
        uow.add(_locker(name, layout.model, now))
        uow.add(*(_compartment(name, f"A{door + 1:02d}", now) for door in range(DOORS)))
        uow.add(
            LockerKey(
                id=act.ids.new(),
                locker_id=name,
                key_sealed=b"",
                salt_sealed=b"",
                signing_public=public,
                certificate_serial=None,
                certificate_until=None,
                created_at=now,
                revoked_at=None,
            )
        )


def _compartment(locker: str, label: str, now: datetime) -> Compartment:
    return Compartment(
        locker_id=locker,
        label=label,
        size=SizeClass.M,
        low=False,
        door="closed",
        contents=Contents.EMPTY,
        parcel_id=None,
        status=CompartmentStatus.IN_SERVICE,
        fault=None,
        updated_at=now,
    )


def _locker(name: str, model: str, now: datetime) -> Locker:
    return Locker(
        id=name,
        name=name,
        model=model,
        status=LockerStatus.ACTIVE,
        lon=21.0,
        lat=52.2,
        address="",
        opening_hours="24/7",
        time_zone="Europe/Warsaw",
        online=True,
        seen_at=now,
        reported_at=now,
        unserved_since=None,
        boot_nonce=None,
        session=1,
        agent_version="bench",
        command_counter=0,
        intake_open=True,
        created_at=now,
        updated_at=now,
    )
