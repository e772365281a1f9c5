"""A locker on the street with people around it, cut off from any cloud."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.ids import LockerId
from firmware_sim.kiosk_client import Kiosk
from firmware_sim.locker import LockerPlace, SimulatedLocker
from firmware_sim.paper_cloud import PaperCloud, small_layout
from firmware_sim.people import Pace, Spot
from firmware_sim.street import LocalDoors

LOCKER = LockerId("SIM-1")


@pytest.fixture
def cloud(tmp_path: Path) -> PaperCloud:
    return PaperCloud(tmp_path / "authority")


@pytest.fixture
async def locker(cloud: PaperCloud, tmp_path: Path) -> AsyncIterator[SimulatedLocker]:
    cloud.enrol(LOCKER, small_layout(), tmp_path / "bundle")
    place = LockerPlace(bundle=tmp_path / "bundle", data=tmp_path / "data", offline=True)
    async with SimulatedLocker(place) as standing:
        yield standing


@pytest.fixture
async def spot(locker: SimulatedLocker) -> AsyncIterator[Spot]:
    async with Kiosk(locker.kiosk_url) as kiosk:
        yield Spot(kiosk, LocalDoors(locker))


@pytest.fixture
def pace() -> Pace:
    """People in a hurry: a hesitation takes a hundredth of a second."""
    return Pace(random.Random(7), speed=150.0)
