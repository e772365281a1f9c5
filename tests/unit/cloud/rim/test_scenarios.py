"""What a day would have cost otherwise: asked, worked out in the background, kept, and never in the plan's way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cloud.background import JobFailedError, Progress
from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError, NotFoundError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.jobs.jobs import compare_today
from cloud.planning import plan_day
from cloud.routing import planner as port
from cloud.scenarios import answer_scenario
from cloud.services import scenarios
from cloud.services.records import Consent
from cloud.services.records_ops import JobRun, Scenario
from cloud.services.scenarios import AS_IT_IS, CHANGED, DOORS, NEAREST, Asked, Question
from tests.unit.cloud.api.office import Office, open_office
from tests.unit.cloud.rim.test_engines import DAY, Nearest, agree

OPERATOR, SUPPORT = actor(Role.OPERATOR, "operator"), actor(Role.SUPPORT, "support")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        await opened.lockers()
        await opened.shift()
        yield opened


async def near_a_locker(office: Office, count: int) -> list[Parcel]:
    """Return so many parcels for people who live at the first locker."""
    parcels = await office.parcels(count)
    (locker,) = await office.rim.look(lambda uow: uow.find(Locker, order="id", limit=1))
    await office.rim.do(lambda uow: uow.change(Parcel, {}, lon=locker.lon, lat=locker.lat))
    return parcels


async def ask(office: Office, question: Question, engine: Nearest | None = None) -> Asked:
    """Ask as the page does and return what is kept afterwards."""
    rim = replace(office.rim, joint=engine or Nearest())
    made = await rim.do(lambda uow: scenarios.ask(uow, rim.act(OPERATOR), rim.ids.new(), question))
    progress = Progress()
    assert await answer_scenario(rim, made.id, question, OPERATOR, progress) == made.id
    assert progress.done == progress.total > 0
    return await rim.look(lambda uow: scenarios.asked(uow, rim.act(SUPPORT), made.id))


async def test_without_a_change_it_says_what_the_lockers_saved(office: Office) -> None:
    await near_a_locker(office, 5)
    found = await ask(office, Question(DAY))
    assert found.answer is not None
    assert [one.name for one in found.answer.ways] == [AS_IT_IS, NEAREST, DOORS]
    lockers = {one.name: one.to_lockers for one in found.answer.ways}
    assert lockers == {AS_IT_IS: 5, NEAREST: 5, DOORS: 0}
    assert found.answer.ways[0].parcels == 5
    first = DAY - timedelta(days=91)
    (saved,) = await office.rim.look(lambda uow: scenarios.saved_by_lockers(uow, office.rim.act(SUPPORT), first, DAY))
    as_it_is, _, doors = found.answer.ways
    assert (saved.id, saved.day, saved.saved) == (found.id, DAY.isoformat(), doors.cents - as_it_is.cents)
    with pytest.raises(InvalidError, match="1 to 92 days"):
        await office.rim.look(
            lambda uow: scenarios.saved_by_lockers(uow, office.rim.act(SUPPORT), first - timedelta(days=1), DAY)
        )


async def test_who_agreed_to_nothing_is_brought_to_the_door_until_the_share_says_otherwise(office: Office) -> None:
    await near_a_locker(office, 5)
    await office.rim.do(lambda uow: uow.remove(Consent))
    found = await ask(office, Question(DAY, opt_in=0.4))
    assert found.answer is not None
    lockers = {one.name: one.to_lockers for one in found.answer.ways}
    assert lockers == {CHANGED: 2, AS_IT_IS: 0, NEAREST: 0, DOORS: 0}
    assert found.question.opt_in == 0.4


async def test_new_lockers_stand_where_no_other_one_reaches(office: Office) -> None:
    parcels = await office.parcels(3)
    far = {"lon": 20.5, "lat": 52.5}
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcels[0].id}, **far))
    await agree(office, parcels)
    found = await ask(office, Question(DAY, new_lockers=2))
    assert found.answer is not None
    (new,) = found.answer.new_lockers
    assert (new.lon, new.lat, new.parcels) == (20.5, 52.5, 1)
    changed = found.answer.way(CHANGED)
    assert changed is not None
    assert changed.parcels == 3


async def test_a_day_that_was_planned_is_compared_by_what_its_plan_holds(office: Office) -> None:
    await office.parcels(3)
    await plan_day(office.rim, DAY, OPERATOR, Progress())
    engine = Nearest()
    await ask(office, Question(DAY), engine)
    for day, _ in engine.heard:
        assert len(day.choices) + sum(len(stop.parcels) for stop in day.stops) == 3


async def test_an_engine_in_trouble_is_a_failed_job_with_its_reason(office: Office) -> None:
    await office.parcels(1)
    with pytest.raises(JobFailedError, match=r"as_it_is.*exit status 3"):
        await ask(office, Question(DAY), Nearest(port.WorkerDiedError(3, "")))
    with pytest.raises(JobFailedError, match="not ready"):
        await ask(office, Question(DAY), Nearest(is_warm=False))


async def test_what_cannot_be_asked_is_refused(office: Office) -> None:
    rim = office.rim

    async def refuse(error: type[Exception], question: Question) -> None:
        with pytest.raises(error):
            await rim.do(lambda uow: scenarios.ask(uow, rim.act(OPERATOR), "s", question))

    await refuse(InvalidError, Question(DAY, opt_in=1.01))
    await refuse(InvalidError, Question(DAY, new_lockers=21))
    await refuse(NotFoundError, Question(DAY, model="X99"))
    with pytest.raises(ForbiddenError):
        await rim.do(lambda uow: scenarios.ask(uow, rim.act(SUPPORT), "s", Question(DAY)))
    with pytest.raises(InvalidError, match="has no parcels"):
        await ask(office, Question(date(2026, 12, 24)))


async def test_the_day_that_ends_is_compared_every_evening_if_it_had_a_plan(office: Office) -> None:
    await office.parcels(2)
    office.clock.move_to(datetime(2026, 11, 23, 21, 30, tzinfo=UTC))
    rim = replace(office.rim, joint=Nearest())
    await compare_today(rim)
    assert await rim.look(lambda uow: uow.find(Scenario)) == []
    await plan_day(office.rim, DAY, OPERATOR, Progress())
    await compare_today(rim)
    await rim.background.do_next()
    (kept,) = await rim.look(lambda uow: uow.find(Scenario))
    assert kept.answer
    (run,) = await rim.look(lambda uow: uow.find(JobRun, job="scenario"))
    assert run.ok is True
