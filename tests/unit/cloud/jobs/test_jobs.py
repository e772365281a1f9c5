import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.jobs.jobs import all_jobs, plan_today, prepare_codes, run_verb
from cloud.jobs.schedule import Daily, Every, Job, Timetable
from cloud.services.ports import Act, UnitOfWork
from cloud.services.prepare_codes import POOL_MAX
from cloud.services.records import Plan, PreparedCode
from cloud.services.records_ops import Alarm, IdempotencyKey, JobRun, Notification
from tests.unit.cloud.api.office import NOW, Office, open_office

WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        yield opened


async def run(office: Office, name: str) -> object:
    """Run one job of the timetable now."""
    return await next(job for job in all_jobs(office.rim) if job.name == name).run()


async def waiting_parcel(office: Office) -> Parcel:
    """Have a parcel lie in a locker until tomorrow."""
    await office.lockers()
    [parcel] = await office.parcels(1)
    lying = {
        "state": ParcelState.READY_FOR_PICKUP,
        "locker_id": "WAW-CEN",
        "compartment": "A01",
        "dropped_off_at": NOW,
        "deadline": NOW + timedelta(hours=24),
    }
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, **lying))
    return parcel


async def state_of(office: Office, parcel: Parcel) -> str:
    return str((await office.rim.look(lambda uow: uow.need(Parcel, parcel.id))).state)


async def test_a_parcel_expires_when_its_time_is_over_and_not_before(office: Office) -> None:
    parcel = await waiting_parcel(office)
    await run(office, "expire_parcels")
    assert await state_of(office, parcel) == "ready_for_pickup"
    office.clock.move_to(NOW + timedelta(hours=24))
    assert await run(office, "expire_parcels") == 1
    assert await state_of(office, parcel) == "expired"
    assert await run(office, "expire_parcels") == 0


async def test_a_recipient_is_reminded_before(office: Office) -> None:
    parcel = await waiting_parcel(office)
    office.clock.move_to(NOW + timedelta(hours=13))
    for _ in range(2):
        await run(office, "remind")
    found = await office.rim.look(lambda uow: uow.find(Notification, parcel_id=parcel.id, template="reminder"))
    assert len(found) == 1


async def test_a_reservation_nobody_used_ends(office: Office) -> None:
    await office.lockers()
    [parcel] = await office.parcels(1)
    async with office.client() as http:
        await http.post(f"/v1/parcels/{parcel.id}/assign", json={"locker_id": "WAW-CEN"})
    office.clock.move_to(NOW + timedelta(days=2))
    assert await run(office, "expire_reservations") == 1
    [reservation] = await office.rim.look(lambda uow: uow.find(Reservation))
    assert reservation.state is ReservationState.EXPIRED


async def test_a_locker_that_fell_silent_raises_one_alarm(office: Office) -> None:
    await office.lockers()
    await office.rim.do(lambda uow: uow.change(Locker, {"id": "WAW-CEN"}, online=False))
    office.clock.move_to(NOW + timedelta(minutes=6))
    for _ in range(2):
        await run(office, "mark_silent")
    alarms = await office.rim.look(lambda uow: uow.find(Alarm))
    assert [one.locker_id for one in alarms] == ["WAW-CEN"]


async def test_a_command_nothing_was_heard_of_is_said_to_have_expired(office: Office) -> None:
    await office.lockers()
    async with office.client() as http:
        asked = {"compartment": "A01", "reason": "it jams"}
        command = (await http.post("/v1/lockers/WAW-CEN/remote-opens", json=asked)).json()
        office.clock.move_to(NOW + timedelta(minutes=2))
        await run(office, "expire_commands")
        after = await http.get(f"/v1/lockers/WAW-CEN/commands/{command['id']}")
    assert after.json()["state"] == "expired"


async def test_answers_nobody_asks_for_any_more_are_forgotten(office: Office) -> None:
    async with office.client() as http:
        await http.post("/v1/couriers", json={"name": "Ewa"}, headers={"Idempotency-Key": "k"})
    office.clock.move_to(NOW + timedelta(days=2))
    assert await run(office, "forget_answers") == 1
    assert await office.rim.look(lambda uow: uow.count(IdempotencyKey)) == 0


async def test_codes_are_made_ahead_for_the_locker_that_runs_low(office: Office) -> None:
    await office.lockers()
    await office.rim.do(lambda uow: uow.remove(PreparedCode, locker_id="WAW-CEN"))
    others = [f"{one.id}" for one in await office.rim.look(lambda uow: uow.find(Locker)) if one.id != "WAW-CEN"]
    keep = [code for one in others for code in await filler(office, one)]
    await office.rim.do(lambda uow: uow.add(*keep))
    assert await prepare_codes(office.rim) == POOL_MAX
    assert await office.rim.look(lambda uow: uow.count(PreparedCode, locker_id="WAW-CEN")) == POOL_MAX
    assert await prepare_codes(office.rim) == 0


async def filler(office: Office, locker: str) -> list[PreparedCode]:
    """Return enough codes that nobody makes more for this locker."""
    [one, *_] = await office.rim.look(lambda uow: uow.find(PreparedCode, locker_id=locker))
    return [replace(one, id=office.rim.ids.new()) for _ in range(POOL_MAX)]


async def test_the_morning_plans_the_day_that_begins(office: Office) -> None:
    await office.parcels(2)
    await plan_today(office.rim)
    await office.work()
    [plan] = await office.rim.look(lambda uow: uow.find(Plan))
    [job] = await office.rim.look(lambda uow: uow.find(JobRun))
    assert (plan.day, plan.current, job.ok, job.detail) == ("2026-11-23", True, True, plan.id)


async def test_a_verb_is_repeated_until_nothing_is_left_to_do(office: Office) -> None:
    left = [500, 500, 3]

    def verb(_uow: UnitOfWork, _act: Act) -> int:
        return left.pop(0) if left else 0

    assert await run_verb(office.rim, "test", verb) == 1_003
    assert left == []


async def test_the_timetable_knows_every_job_by_name(office: Office) -> None:
    with Timetable(all_jobs(office.rim), WARSAW) as timetable:
        assert sorted(timetable.names()) == [
            "coarsen_places",
            "compare_day",
            "expire_commands",
            "expire_messages",
            "expire_parcels",
            "expire_reservations",
            "feed_carriers",
            "follow_offers",
            "forget_answers",
            "forget_positions",
            "forget_webhooks",
            "learn_travel",
            "mark_silent",
            "pin_operators",
            "plan_again",
            "plan_day",
            "prepare_codes",
            "promise_held",
            "remind",
            "resend_unconfirmed",
            "shut_out",
            "time_out_offers",
            "warn_of_ends",
        ]


async def test_the_scheduler_awaits_what_a_job_does() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    job = Job("work", Every(timedelta(milliseconds=10)), lambda: work())  # noqa: PLW0108 - no coroutine function, as ours
    with Timetable([job, Job("rest", Daily(3), work)], WARSAW):
        await done.wait()
    assert done.is_set()


async def test_a_job_that_breaks_is_said_aloud_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    tries = 0
    again = asyncio.Event()

    async def broken() -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            again.set()
        raise ValueError("broken")

    with Timetable([Job("broken", Every(timedelta(milliseconds=10)), broken)], WARSAW):
        await again.wait()
    assert "job.failed" in {record.message for record in caplog.records}


async def test_a_job_that_the_end_interrupts_has_not_failed(caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with Timetable([Job("slow", Every(timedelta(milliseconds=10)), slow)], WARSAW):
        await begun.wait()
    await ended.wait()
    await asyncio.sleep(0)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_hurried_day_runs_every_job_more_often(office: Office) -> None:
    locality = replace(office.rim.locality, pace=60)
    hurried = {job.name: job.when for job in all_jobs(replace(office.rim, locality=locality))}
    assert hurried["expire_parcels"] == Every(timedelta(seconds=5))
    assert hurried["expire_commands"] == Every(timedelta(seconds=1))


@pytest.mark.parametrize("name", ["time_out_offers", "follow_offers", "feed_carriers"])
async def test_the_jobs_of_deliveries_by_others_find_nothing_where_nothing_is_due(office: Office, name: str) -> None:
    assert await run(office, name) == 0
