"""The product's day with the real joint engine in its real worker: decided, promised, stored, killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.background import Progress
from cloud.domain.actors import SYSTEM
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.parcel import Parcel, ParcelState
from cloud.planning import plan_day
from cloud.rim import Locality, Rim
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from cloud.services.records import Consent, Plan, StopTask, TaskState
from cloud.services.records_ops import Alarm
from tests.unit.cloud.api.office import Office, open_office

DAY = date(2026, 11, 23)
OPTIONS = JointOptions(seed=7, threads=1, rounds=300)
DEADLINE = timedelta(seconds=50)

pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]


@pytest.fixture(scope="module", autouse=True)
def _machine_code() -> None:
    asyncio.run(JointPlanner().warm_up())


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        await opened.lockers()
        await opened.parcels(10)
        await opened.shift()
        values = {"scope": "any_nearby", "walk_m_max": 4_000}
        await opened.rim.do(lambda uow: uow.change(Consent, {}, **values))
        yield opened


def with_engines(office: Office, vroom: VroomPlanner, joint: JointPlanner) -> Rim:
    locality = Locality(zone=office.rim.locality.zone, plan_deadline=DEADLINE)
    return replace(office.rim, planner=vroom, joint=joint, locality=locality)


async def all_of(rim: Rim, kind: type[Any], **conditions: Any) -> list[Any]:
    return await rim.look(lambda uow: uow.find(kind, **conditions))


async def test_a_day_with_choices_is_decided_promised_and_stored(office: Office) -> None:
    async with VroomPlanner(VroomOptions(exploration=0)) as vroom, JointPlanner(OPTIONS) as joint:
        await joint.warm_up()
        rim = with_engines(office, vroom, joint)
        progress = Progress()
        plan_id = await plan_day(rim, DAY, SYSTEM, progress)
        again = await plan_day(rim, DAY, SYSTEM, Progress())
    plans = {one.id: one for one in await all_of(rim, Plan)}
    assert plans[plan_id].planner == "joint"
    assert plans[again].current
    assert await all_of(rim, Alarm) == []
    chosen = await all_of(rim, Parcel, state=ParcelState.ASSIGNED_TO_LOCKER)
    assert chosen  # ten doors in a row cost more than a locker beside them
    kept = await all_of(rim, Reservation, state=ReservationState.ACTIVE)
    assert {one.parcel_id for one in kept} == {one.id for one in chosen}
    assert len(await all_of(rim, StopTask, state=TaskState.PENDING)) == 10


async def test_a_worker_killed_in_the_middle_costs_the_choices_and_never_the_day(office: Office) -> None:
    long = replace(OPTIONS, rounds=None)
    async with VroomPlanner(VroomOptions(exploration=0)) as vroom, JointPlanner(long) as joint:
        await joint.warm_up()
        rim = with_engines(office, vroom, joint)
        plan_id = await plan_day(rim, DAY, SYSTEM, Deadly())
    assert (await all_of(rim, Plan, id=plan_id))[0].planner == "vroom"
    (alarm,) = await all_of(rim, Alarm)
    assert "killed by signal 9" in alarm.detail
    assert {one.state for one in await all_of(rim, Parcel)} == {ParcelState.PLANNED}


class Deadly(Progress):
    """Kills the worker as soon as it has a first plan."""

    def __setattr__(self, name: str, value: Any) -> None:
        first = name == "note" and str(value).startswith("improving") and not self.note.startswith("improving")
        super().__setattr__(name, value)
        if first:
            _kill_child(b"cloud.routing.joint.worker")


def _kill_child(name: bytes) -> None:
    """Kill our own child of that name, by its number."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    for child in children:
        if name in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
