from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from cloud.background import JobFailedError, Progress
from cloud.domain.actors import SYSTEM
from cloud.planning import plan_day
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.errors import ServerSilentError
from cloud.routing.travel.spare import GreatCircleAside, WithSpare
from cloud.services.records import Plan
from cloud.services.records_ops import Alarm
from tests.unit.cloud.api.office import Office, open_office

DAY = date(2026, 11, 23)


class Silent:
    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        raise ServerSilentError(f"OSRM does not answer about {len(places)} places at {depart_at:%H}")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        await opened.parcels(2)
        await opened.shift()
        yield opened


async def test_a_day_planned_by_the_spares_times_is_planned_and_says_so(office: Office) -> None:
    rim = replace(office.rim, travel=WithSpare(Silent(), GreatCircleAside()))
    plan_id = await plan_day(rim, DAY, SYSTEM, Progress())
    assert await rim.look(lambda uow: uow.get(Plan, plan_id)) is not None
    alarms = await rim.look(lambda uow: uow.find(Alarm))
    assert [(one.kind, one.severity) for one in alarms] == [("travel_times_degraded", "warning")]
    assert alarms[0].detail.startswith("2026-11-23: OSRM does not answer")


async def test_without_any_travel_times_the_plan_in_force_stays(office: Office) -> None:
    rim = replace(office.rim, travel=Silent())
    with pytest.raises(JobFailedError, match="the one in force stays: OSRM does not answer"):
        await plan_day(rim, DAY, SYSTEM, Progress())
    assert [one.kind for one in await rim.look(lambda uow: uow.find(Alarm))] == ["planning_failed"]
