"""A simulated locker on a real broker over mutual TLS, and what a cut cable does to it."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import LockerId
from contract.link import LinkStatus
from contract.link_settings import Reconnect
from edge.locker_controller.screens import Idle
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.locker import LockerPlace, SimulatedLocker
from firmware_sim.paper_cloud import DOMAIN, PaperCloud, small_layout
from provisioning.broker import Broker, running
from provisioning.setup import SetupWish, set_up
from tests.contract.link_worlds import free_port

LOCKER = LockerId("SIM-1")
AT_ONCE = Reconnect(min_s=0.05, first_s=0.1, max_s=0.2)
LONG_ENOUGH_S = 60


@pytest.fixture
async def locker(tmp_path: Path) -> AsyncIterator[SimulatedLocker]:
    setup = set_up(SetupWish(directory=tmp_path / "broker", port=free_port(), domain=DOMAIN), datetime.now(UTC))
    async with running(Broker(setup.place, random.Random(1))):
        cloud = PaperCloud(tmp_path / "broker" / "authority", broker=(setup.place.host, setup.place.port))
        cloud.enrol(LOCKER, small_layout(), tmp_path / "bundle")
        place = LockerPlace(bundle=tmp_path / "bundle", data=tmp_path / "data", reconnect=AT_ONCE)
        async with SimulatedLocker(place) as standing:
            yield standing


async def until(locker: SimulatedLocker, status: LinkStatus) -> None:
    """Wait until the agent's own link says so."""
    uplink = locker.agent.uplink
    assert uplink is not None
    reached = asyncio.Event()
    uplink.link.on_status(lambda now: reached.set() if now is status else None)
    if uplink.link.status is status:
        reached.set()
    async with asyncio.timeout(LONG_ENOUGH_S):
        await reached.wait()


async def test_the_agent_is_online_through_its_cable(locker: SimulatedLocker) -> None:
    await until(locker, LinkStatus.CONNECTED)
    async with Kiosk(locker.kiosk_url) as kiosk:
        await kiosk.wait_for(Idle, within_s=LONG_ENOUGH_S)


async def test_a_cut_uplink_is_lost_and_found_again(locker: SimulatedLocker) -> None:
    await until(locker, LinkStatus.CONNECTED)
    locker.cut_uplink()
    await until(locker, LinkStatus.LOST)
    locker.restore_uplink()
    await until(locker, LinkStatus.CONNECTED)
