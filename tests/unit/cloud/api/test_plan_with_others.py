"""A day on which a crowd courier and a partner fleet may help is planned by the service as it runs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from cloud.domain.outside import CrowdTrip, OfferState, PartnerTariff
from cloud.domain.parcel import Parcel
from cloud.jobs.jobs import all_jobs
from cloud.services.offer_steps import decline
from cloud.services.offers import offered_parcels
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, CourierKind, StopTask, TaskState
from cloud.services.records_ops import JobRun
from cloud.services.records_outside import Offer, Partner
from tests.unit.cloud.api.office import COURIER, Office, open_office

DAY = "2026-11-23"
ANNA = "a1" * 16


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as made:
        await made.parcels(5)
        await made.shift(COURIER)
        await helped(made)
        yield made


async def helped(office: Office) -> None:
    """Have Anna drive to the east for 150 cents a parcel, three at most, and a fleet that asks 220."""
    act = office.act()
    leaves = act.now + timedelta(hours=2)

    def unit(uow: UnitOfWork) -> None:
        anna = Courier(
            id=ANNA,
            name="Anna",
            email=None,
            phone=None,
            language="en",
            active=True,
            created_at=act.now,
            kind=CourierKind.CROWD,
        )
        trip = CrowdTrip(
            id=act.ids.new(),
            courier_id=ANNA,
            leaves_at=leaves,
            arrives_by=leaves + timedelta(hours=2),
            start_lon=21.0,
            start_lat=52.2,
            end_lon=21.1,
            end_lat=52.23,
            detour_m_max=5_000,
            parcels_max=3,
            weight_g_max=20_000,
            volume_l_max=100,
            per_parcel_cents=150,
            day=DAY,
        )
        tariff = PartnerTariff(
            id=act.ids.new(),
            partner_id="swift",
            day=DAY,
            centre_lon=21.0,
            centre_lat=52.23,
            radius_m=5_000,
            base_cents=220,
            per_km_cents=0,
            promise_from=leaves,
            promise_to=leaves + timedelta(hours=4),
            parcels_max=1,
            weight_g_max=20_000,
        )
        uow.add(anna, trip, Partner(id="swift", name="Swift Bikes", active=True, created_at=act.now), tariff)

    await office.rim.do(unit)


async def test_what_others_do_cheaper_is_offered_and_the_rest_is_ours(office: Office) -> None:
    plan = await office.plan(DAY)
    offered = await office.rim.look(offered_parcels)
    asked = await office.rim.look(lambda uow: uow.find(Offer, state=OfferState.OFFERED))
    pending = await office.rim.look(lambda uow: uow.find(StopTask, state=TaskState.PENDING))

    assert sorted(one.asked for one in asked) == [ANNA, ANNA, ANNA, "swift"]
    assert len(offered) == 4
    assert len(pending) == 1
    assert not offered & {one.parcel_id for one in pending}
    assert plan["others"] == [
        {"kind": "crowd", "parcels": 3, "cents": 450, "asked": 3},
        {"kind": "partner", "parcels": 1, "cents": 220, "asked": 1},
    ]
    assert plan["unplanned"] == []
    assert plan["cost_cents"] > 0


async def test_planning_again_leaves_what_is_offered_alone(office: Office) -> None:
    first = await office.plan(DAY)
    again = await office.plan(DAY)
    parcels = await office.rim.look(lambda uow: uow.find(Parcel))

    assert again["id"] != first["id"]
    assert again["others"] == first["others"]
    assert len(parcels) == 5
    assert sum(len(route["stops"]) for route in again["routes"]) == 1


def everybody_refuses(uow: UnitOfWork, act: Act) -> None:
    while asked := uow.first(Offer, state=OfferState.OFFERED):
        decline(uow, act, asked.id, "no")


async def test_what_everybody_refuses_is_planned_again_with_our_own_couriers(office: Office) -> None:
    await office.plan(DAY)
    theirs = await office.rim.look(offered_parcels)
    job = next(one for one in all_jobs(office.rim) if one.name == "plan_again")
    await job.run()
    assert await office.rim.look(lambda uow: uow.count(JobRun, job="plan")) == 1, "nothing came back yet"
    office.clock.move_to(office.clock.now() + timedelta(minutes=1))
    await office.rim.do(lambda uow: everybody_refuses(uow, office.act()))
    await job.run()
    await office.work()
    pending = await office.rim.look(lambda uow: uow.find(StopTask, state=TaskState.PENDING))

    assert not await office.rim.look(offered_parcels) & theirs
    assert {one.parcel_id for one in pending} & theirs
