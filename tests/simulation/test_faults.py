"""Faults of a world that are more than a number: a commit torn in its write-ahead log, messages that overtake."""

import asyncio
import random

import pytest

from contract.link import Outgoing
from contract.link_settings import LinkSettings
from contract.memory_link import MemoryLink
from edge.store.ports import Statement
from edge.store.sqlite_sync import SyncDatabase
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.tearing import torn
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.wire import Weather, WorldBroker

BEFORE = [("first", 1)]
COMMIT = (
    Statement("INSERT INTO kept VALUES (?, ?)", ("second", 2)),
    Statement("UPDATE kept SET number = 3 WHERE name = ?", ("first",)),
)
AFTER = [("first", 3), ("second", 2)]


async def card() -> SyncDatabase:
    database = SyncDatabase.open(":memory:")
    await database.transact([Statement("CREATE TABLE kept (name TEXT, number INTEGER)")])
    await database.transact([Statement("INSERT INTO kept VALUES (?, ?)", BEFORE[0])])
    return database


@pytest.mark.parametrize(
    ("share", "found"), [(0.0, BEFORE), (0.3, BEFORE), (0.7, BEFORE), (0.999, BEFORE), (1.0, AFTER)]
)
async def test_a_torn_commit_is_there_whole_or_not_at_all(share: float, found: list[tuple[str, int]]) -> None:
    database = await torn(await card(), COMMIT, share)

    assert await database.fetch("SELECT name, number FROM kept ORDER BY name") == found


async def test_a_card_goes_on_after_a_torn_commit() -> None:
    database = await torn(await card(), COMMIT, 0.5)
    await database.transact(COMMIT)

    assert await database.fetch("SELECT name, number FROM kept ORDER BY name") == AFTER


def overtaking(reordering: float) -> list[bytes]:
    """Return in which order three messages for one locker arrive, with a minute's patience."""
    loop = VirtualLoop()

    async def life() -> list[bytes]:
        broker = WorldBroker(random.Random(1), Chronicle(lambda: loop.now_ms))
        link = MemoryLink(broker, LinkSettings(client_id="L1", subscriptions=(("lm/v1/L1/#", 1),)), random.Random(1))
        life = asyncio.create_task(link.run())
        await asyncio.sleep(1)
        broker.weather = Weather(reordering=reordering)
        for text in (b"1", b"2", b"3"):
            broker.route(Outgoing("lm/v1/L1/down/command", text))
        await asyncio.sleep(60)
        heard = []
        while not link._inbox.empty():
            heard.append(link._inbox.get_nowait().payload)
        life.cancel()
        return heard

    try:
        return loop.run_until_complete(life())
    finally:
        loop.close()


def test_a_message_is_overtaken_by_the_next_and_none_is_lost() -> None:
    assert overtaking(1.0) == [b"2", b"1", b"3"]
    assert overtaking(0.0) == [b"1", b"2", b"3"]
