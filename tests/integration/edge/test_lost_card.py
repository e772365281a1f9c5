"""A database damaged beyond use: the page says so, the file is kept, the cloud is told and loses nothing it had."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from contract.codec import decode_entry
from contract.codes import show_code
from contract.events import AlarmRaised, Entry
from contract.memory_link import MemoryBroker
from edge.agent import Agent
from edge.app import DAMAGED_KEPT, set_aside
from edge.clock import SystemClock
from edge.drivers.board import open_board
from edge.locker_controller.screens import Idle, OutOfOrder, Refused
from tests.integration.edge.builders import CODE, CommittingCloud, Site
from tests.integration.edge.test_agent import _drop_off
from tests.integration.edge.test_stop import _until
from tests.unit.edge.uplink.builders import running


@pytest.mark.long
async def test_a_database_damaged_beyond_use_is_kept_aside_and_owned_up_to(tmp_path: Path) -> None:
    broker = MemoryBroker()
    site, cloud = Site(tmp_path, broker), CommittingCloud(broker)
    async with running(cloud.run):
        async with site.running() as agent:
            await _drop_off(site)
            await _until(lambda: agent.store is not None and agent.store.head == agent.store.acknowledged)
            await agent.stop()
        before = list(cloud.entries)
        (tmp_path / "locker.db").write_bytes(b"this was a database" * 1_000)

        board = open_board(site.wiring, SystemClock(), site.cabinet.factory)
        fittings = replace(site._fittings(board, None), set_aside=partial(set_aside, tmp_path / "locker.db"))
        agent = site.agent = Agent(fittings, {})
        life = asyncio.create_task(agent.run())
        await site.shows(OutOfOrder)
        await _until(lambda: agent.front.screen() == OutOfOrder("corrupt"))
        await _until(lambda: "journal_lost" in _alarms(cloud))

        assert (tmp_path / "locker.db.damaged-1").read_bytes().startswith(b"this was")
        assert cloud.entries[: len(before)] == before
        assert agent.controller is not None
        assert {one.withdrawn for one in agent.controller.state.compartments.values()} == {"unclear"}
        await site.shows(Idle)
        await agent.front.enter_code(show_code(CODE))
        await site.shows(Refused)
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        board.close()
    site.cabinet.stop()


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    database = tmp_path / "locker.db"
    for number in range(DAMAGED_KEPT + 2):
        database.write_text(str(number))
        (tmp_path / "locker.db-wal").write_text(f"wal {number}")
        assert set_aside(database) == "locker.db.damaged-1"
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        **{f"locker.db.damaged-{place}": str(DAMAGED_KEPT + 2 - place) for place in range(1, DAMAGED_KEPT + 1)},
        **{f"locker.db.damaged-{place}-wal": f"wal {DAMAGED_KEPT + 2 - place}" for place in range(1, DAMAGED_KEPT + 1)},
    }


def _alarms(cloud: CommittingCloud) -> set[str]:
    entries = [decode_entry(raw) for raw in cloud.entries]
    return {one.event.alarm for one in entries if isinstance(one, Entry) and isinstance(one.event, AlarmRaised)}
