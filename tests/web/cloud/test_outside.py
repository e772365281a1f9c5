"""Somebody on their way takes a parcel along, in a real browser; an operator watches and takes an errand back."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from cloud.domain.actors import Role, actor
from cloud.domain.outside import CrowdTrip, OfferKind, PartnerTariff
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.answer_change import Answer, answer_change
from cloud.services.offers import Candidate, OutsideTask, offer_tasks
from cloud.services.partner_status import hand_to_partner
from cloud.services.partners import accept_offer, create_partner, set_tariff
from cloud.services.people import create_account, create_courier
from cloud.services.ports import UnitOfWork
from cloud.services.records import Courier, CourierKind
from cloud.services.records_ops import Account
from cloud.services.records_outside import Offer, ParcelChange, Partner
from tests.web.axe import violations
from tests.web.cloud.conftest import Window
from tests.web.cloud.world import OPERATOR, World

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

CROWD = "c7" * 16
TARIFF = "7a" * 16


async def crowd_courier(world: World) -> None:
    """Have somebody with a phone and an account who is no courier of ours."""
    act = world.rim.act(OPERATOR)

    def unit(uow: UnitOfWork) -> None:
        courier = Courier(
            id=CROWD,
            name="Kasia Wilk",
            email=None,
            phone=None,
            language="en",
            active=True,
            created_at=act.now,
            kind=CourierKind.CROWD,
        )
        create_courier(uow, act, courier)
        account = Account(
            id=act.ids.new(),
            login="kasia",
            name="Kasia",
            password_hash="",
            roles=Role.COURIER,
            courier_id=CROWD,
            created_at=act.now,
            disabled_at=None,
        )
        create_account(uow, act, account)

    await world.do(unit)
    await world.sign_in_possible()


async def partner(world: World) -> PartnerTariff:
    act = world.rim.act(OPERATOR)
    tariff = PartnerTariff(
        id=TARIFF,
        partner_id="swift",
        day=world.rim.today(),
        centre_lon=21.0,
        centre_lat=52.23,
        radius_m=9_000,
        base_cents=520,
        per_km_cents=0,
        promise_from=act.now + timedelta(hours=2),
        promise_to=act.now + timedelta(hours=5),
        parcels_max=5,
        weight_g_max=20_000,
    )

    def unit(uow: UnitOfWork) -> PartnerTariff:
        create_partner(uow, act, Partner(id="swift", name="Swift Bikes", active=True, created_at=act.now))
        return set_tariff(uow, act, tariff)

    made: PartnerTariff = await world.do(unit)
    return made


async def offered(world: World, *who: CrowdTrip | PartnerTariff, number: int = 0) -> Parcel:
    """Offer a parcel that the plan left out."""
    act = world.rim.act(OPERATOR)
    free = await world.look(lambda uow: uow.find(Parcel, order="barcode", state=ParcelState.ANNOUNCED))
    parcel: Parcel = free[number]
    promise = (act.now + timedelta(hours=2), act.now + timedelta(hours=5))
    candidates = tuple(
        Candidate(OfferKind.CROWD if isinstance(one, CrowdTrip) else OfferKind.PARTNER, one.id, price, *promise)
        for one, price in zip(who, (300, 520), strict=False)
    )
    task = OutsideTask(world.rim.today(), (parcel.id,), candidates, 850)
    made = await world.do(lambda uow: offer_tasks(uow, act, [task]))
    assert len(made) == 1
    return parcel


async def trip_of(world: World) -> CrowdTrip:
    (trip,) = await world.look(lambda uow: uow.find(CrowdTrip, withdrawn_at=None))
    found: CrowdTrip = trip
    return found


async def test_a_trip_is_announced_and_an_offer_taken_along_with_two_taps(world: World, phone: Window) -> None:
    await crowd_courier(world)
    await phone.sign_in("kasia", "/courier")
    await phone.page.get_by_role("link", name="My trips and offers").click()
    await phone.page.get_by_label("You leave the depot at").fill("10:00")
    await phone.page.get_by_label("You want to be there by").fill("14:00")
    await phone.page.get_by_label("Kilometres farther, at most").fill("30")
    await phone.page.get_by_label("Your price for each parcel").fill("3,00")
    await phone.press("Announce it")
    await expect(phone.page.locator("#mine-title")).to_be_visible()

    parcel = await offered(world, await trip_of(world))
    await expect(phone.page.get_by_role("heading", name="1 offer for you")).to_be_visible()
    assert parcel.address not in await phone.page.content()
    assert await violations(phone.page) == []

    await phone.press("Yes, I take it along")
    await expect(phone.page.locator("#accepted-title")).to_be_visible()
    assert parcel.address in await phone.page.content()
    assert await violations(phone.page) == []

    await phone.page.get_by_role("link", name="To the route").click()
    await phone.press("The van is loaded, start")
    await expect(phone.page.locator("#next-title")).to_have_text(parcel.address)
    await phone.go(world.tracking(parcel))
    await expect(phone.page.locator("#hero")).to_contain_text("Kasia brings it, on a way of their own.")


async def test_a_trip_leads_to_a_place_that_was_tapped_and_no_address_is_kept(world: World, phone: Window) -> None:
    await crowd_courier(world)
    await phone.sign_in("kasia", "/courier")
    await phone.go("/courier/trips")
    await phone.page.get_by_label("Where from").select_option(label="Around Centrum")
    await phone.page.get_by_text("Or go to a place on the map").click()
    await phone.page.locator("details[open] details .map").last.click(position={"x": 150, "y": 120})
    await expect(phone.page.locator("input[name=to_lon]")).to_have_value(re.compile(r"^2\d\.\d{5}$"))
    assert await violations(phone.page) == []
    await phone.page.get_by_label("You leave the depot at").fill("10:00")
    await phone.page.get_by_label("You want to be there by").fill("14:00")
    await phone.page.get_by_label("Kilometres farther, at most").fill("30")
    await phone.press("Announce it")
    await expect(phone.page.locator("#mine-title")).to_be_visible()

    trip = await trip_of(world)
    assert trip.end_lon is not None
    assert trip.end_address == ""
    assert trip.detour_m_max < 30_000


async def test_a_mistyped_price_is_said_and_nothing_typed_is_lost(world: World, phone: Window) -> None:
    await crowd_courier(world)
    await phone.sign_in("kasia", "/courier")
    await phone.go("/courier/trips")
    await phone.page.get_by_label("You leave the depot at").fill("11:30")
    await phone.page.get_by_label("Your price for each parcel").fill("three")
    await phone.press("Announce it")

    await expect(phone.page.get_by_role("alert")).to_contain_text("write a price such as 3.50")
    await expect(phone.page.get_by_label("You leave the depot at")).to_have_value("11:30")
    phone.complaints.clear()  # the browser notes the 422 it was answered


async def test_a_recipient_asks_a_partner_for_another_time_and_reads_the_answer(world: World, phone: Window) -> None:
    parcel = await offered(world, await partner(world))
    swift = world.rim.act(actor(Role.PARTNER, "swift"))
    (offer,) = await world.look(lambda uow: uow.find(Offer, state="offered"))
    await world.do(lambda uow: accept_offer(uow, swift, offer.id))
    await world.do(lambda uow: hand_to_partner(uow, world.rim.act(OPERATOR), offer.id))
    await phone.go(world.tracking(parcel))
    await expect(phone.page.locator("#when")).to_contain_text("Swift Bikes has your parcel. We ask")
    await phone.page.locator("#when label").first.click()
    await phone.press("Ask for this time")
    await expect(phone.page.locator("#told")).to_contain_text("We have asked.")
    await expect(phone.page.locator("#cards")).to_contain_text("we have asked them")
    assert await violations(phone.page) == []

    (change,) = await world.look(lambda uow: uow.find(ParcelChange))
    answer = Answer(change.id, accepts=False, said="all bikes are out then")
    await world.do(lambda uow: answer_change(uow, swift, world.rim.keys, answer))
    await expect(phone.page.locator("#cards")).to_contain_text("all bikes are out then")


async def test_an_operator_sees_who_is_asked_and_takes_the_errand_back(world: World, desk: Window) -> None:
    await world.sign_in_possible()
    parcel = await offered(world, await partner(world))
    await desk.sign_in("operator", "/console")
    await desk.go("/console/plan")
    await desk.page.get_by_role("link", name="Deliveries by others").click()
    row = desk.page.get_by_role("row", name=parcel.barcode)
    await expect(row).to_contain_text("Swift Bikes")
    assert await violations(desk.page) == []

    await desk.press(f"Withdraw: {parcel.address}")
    await expect(row).to_contain_text("Withdrawn")
    (after,) = await world.look(lambda uow: uow.find(Parcel, id=parcel.id))
    assert after.state is ParcelState.ANNOUNCED
