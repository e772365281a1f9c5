import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.background import WAITING_MAX, Background, JobFailedError, Progress
from cloud.domain.errors import ConflictError, OverloadedError
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan as RoutedPlan
from cloud.routing.planner import PlannerTimeoutError, ProgressCallback, silent
from cloud.routing.problem import Problem
from cloud.services.records import Plan
from cloud.services.records_ops import Alarm, JobRun
from tests.unit.cloud.api.office import Office, OneDriver, open_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, Moody()) as opened:
        yield opened


class Moody(OneDriver):
    """A planner that may be told to fail."""

    fails = False

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> RoutedPlan:
        if self.fails:
            raise PlannerTimeoutError(deadline_s)
        return await super().plan(problem, travel, deadline_s, progress)


async def begin(background: Background, office: Office, work: object) -> str:
    run = background.begun("test", office.rim.ids.new())
    await office.rim.do(lambda uow: uow.add(run))
    background.enqueue(run, work)  # type: ignore[arg-type] # a coroutine function of the test
    return run.id


async def job(office: Office, job_id: str) -> JobRun:
    return await office.rim.look(lambda uow: uow.need(JobRun, job_id))


async def test_a_job_leaves_a_record_of_how_it_went(office: Office) -> None:
    async def work(progress: Progress) -> str:
        progress.done = progress.total = 3
        return "three done"

    job_id = await begin(office.rim.background, office, work)
    await office.work()
    found = await job(office, job_id)
    assert (found.ok, found.detail, found.finished_at) == (True, "three done", office.clock.now())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConflictError("the world is in the way"), "the world is in the way"),
        (JobFailedError("no plan"), "no plan"),
        (KeyError("secret"), "something is broken here (KeyError); it has been written down"),
    ],
)
async def test_a_job_that_fails_says_why_and_the_next_one_runs(office: Office, error: Exception, says: str) -> None:
    async def broken(_: Progress) -> str:
        raise error

    async def fine(_: Progress) -> str:
        return "fine"

    first, second = [await begin(office.rim.background, office, work) for work in (broken, fine)]
    await office.work()
    await office.work()
    assert ((await job(office, first)).ok, (await job(office, first)).detail) == (False, says)
    assert (await job(office, second)).ok


async def test_too_many_waiting_jobs_are_refused(office: Office) -> None:
    async def work(_: Progress) -> str:
        return ""

    for _ in range(WAITING_MAX):
        office.rim.background.enqueue(office.rim.background.begun("test", office.rim.ids.new()), work)
    with pytest.raises(OverloadedError):
        office.rim.background.begun("test", office.rim.ids.new())


async def test_what_an_earlier_process_left_undone_is_said_to_be_interrupted(office: Office) -> None:
    left = office.rim.background.begun("test", "a" * 32)
    await office.rim.do(lambda uow: uow.add(left))
    with office.rim.hub.watching() as watcher:
        running = asyncio.create_task(Background(office.rim.writer, office.clock).run())
        async for kinds in watcher.changes(60):
            if "JobRun" in kinds and (await job(office, left.id)).finished_at is not None:
                break
        running.cancel()
    found = await job(office, left.id)
    assert (found.ok, found.detail) == (False, "interrupted")


async def test_a_planner_that_fails_leaves_the_plan_in_force_and_raises_an_alarm(office: Office) -> None:
    await office.parcels(2)
    planned = await office.plan()
    planner = office.rim.planner
    assert isinstance(planner, Moody)
    planner.fails = True
    async with office.client() as http:
        asked = await http.post("/v1/plans", json={"day": "2026-11-23"})
        await office.work()
        failed = (await http.get(f"/v1/jobs/{asked.json()['id']}")).json()
        assert (await http.get("/v1/plans/2026-11-23")).json()["id"] == planned["id"]
    assert failed["state"] == "failed"
    assert "the one in force stays" in failed["detail"]
    assert [one.kind for one in await office.rim.look(lambda uow: uow.find(Alarm))] == ["planning_failed"]
    assert len(await office.rim.look(lambda uow: uow.find(Plan))) == 1
