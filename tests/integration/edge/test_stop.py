"""SIGTERM or a lost mains: coils first, then the commit, then the goodbye; nothing is left to be guessed."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.codes import show_code
from contract.memory_link import MemoryBroker
from edge.agent import Agent
from edge.app import _until_stopped
from edge.clock import SystemClock
from edge.drivers.board import open_board
from edge.locker_controller.screens import Idle, TakeParcel
from tests.integration.edge.builders import A01, CODE, CommittingCloud, Site
from tests.integration.edge.test_agent import _drop_off
from tests.unit.edge.uplink.builders import running


async def test_an_orderly_stop_drops_the_coils_commits_says_goodbye_and_leaves_no_log(tmp_path: Path) -> None:
    broker = MemoryBroker()
    site, cloud = Site(tmp_path, broker), CommittingCloud(broker)
    async with running(cloud.run):
        async with site.running() as agent:
            await _drop_off(site)
            cabinet = site.cabinet.cabinet
            before = cabinet.pulses_given(A01)
            typed = asyncio.create_task(agent.front.enter_code(show_code(CODE)))
            await _until(lambda: cabinet.pulses_given(A01) > before)  # the current itself is over in 200 ms
            await agent.stop("mains_lost")
            assert not any(site.cabinet.cabinet.energised)
            await _until(lambda: "AlarmRaised" in cloud.kinds())
            typed.cancel()
        await _until(lambda: not cloud.states()[-1].online)
    assert not (tmp_path / "locker.db-wal").exists()
    assert cloud.kinds().count("ReleaseIntended") == cloud.kinds().count("LockReleased") + cloud.kinds().count(
        "ReleaseFailed"
    )
    assert not site.cabinet.cabinet.violations
    site.cabinet.stop()


async def test_no_lock_moves_after_the_stop(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with site.running() as agent:
        await _drop_off(site)
        await agent.stop()
        await agent.front.enter_code(show_code(CODE))
        await asyncio.sleep(0.3)
        assert not any(site.cabinet.cabinet.energised)
        assert not isinstance(agent.front.screen(), TakeParcel)
    async with site.running():
        await site.shows(Idle)
    site.cabinet.stop()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_stops_in_order_when_told_to(tmp_path: Path, end: signal.Signals) -> None:
    broker = MemoryBroker()
    site, cloud = Site(tmp_path, broker), CommittingCloud(broker)
    async with running(cloud.run):
        board = open_board(site.wiring, SystemClock(), site.cabinet.factory)
        agent = Agent(site._fittings(board, None), {})
        life = asyncio.create_task(_until_stopped(agent, tmp_path / "kiosk.port", None))
        await agent.ready.wait()
        await _until(lambda: bool(cloud.states()) and cloud.states()[-1].online)
        os.kill(os.getpid(), end)
        await asyncio.wait_for(life, 60)
        gc.unfreeze()
        await _until(lambda: not cloud.states()[-1].online)
    assert not (tmp_path / "locker.db-wal").exists()
    board.close()
    site.cabinet.stop()


async def test_a_lost_mains_ends_the_process_and_the_cloud_hears_why(tmp_path: Path) -> None:
    broker = MemoryBroker()
    site, cloud = Site(tmp_path, broker), CommittingCloud(broker)
    contact = MainsContact()
    async with running(cloud.run):
        board = open_board(site.wiring, SystemClock(), site.cabinet.factory)
        agent = Agent(site._fittings(board, None), {})
        life = asyncio.create_task(_until_stopped(agent, tmp_path / "kiosk.port", contact, 0.01))
        await agent.ready.wait()
        await _until(lambda: bool(cloud.states()) and cloud.states()[-1].online)
        contact.there = False
        await asyncio.wait_for(life, 60)
        gc.unfreeze()
        await _until(lambda: not cloud.states()[-1].online)
    board.close()  # the process is gone, and its pins with it
    async with site.running(), running(cloud.run):
        await _until(lambda: "AlarmRaised" in cloud.kinds())
    site.cabinet.stop()


class MainsContact:
    """A UPS contact under the test's thumb."""

    there = True

    def present(self) -> bool:
        return self.there


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - a simulated cabinet has no event to wait for
            await asyncio.sleep(0.005)
