"""Staff at a counter work in a real browser: by hand scanner, by keyboard alone, in a light and a dark shop."""

import pytest
from playwright.async_api import expect

from cloud.domain.actors import Actor, Role
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.counter_desk import take_in
from cloud.services.expire_parcels import expire_parcels
from cloud.services.ports import UnitOfWork
from cloud.services.promise import about_code
from cloud.services.records import SealedCode
from cloud.services.records_ops import SupportCase
from tests.unit.cloud.api.office import COUNTER
from tests.web.cloud.conftest import Window
from tests.web.cloud.test_access import looked_at, seen
from tests.web.cloud.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

STAFF = Actor(f"{COUNTER}/{'5' * 32}", frozenset({Role.STAFF}))
PAGES = [f"/counter/{name}" for name in ("out", "in", "back", "shelf")]


async def shop(world: World, coming: int = 2) -> list[Parcel]:
    """Have a shop beside the centre, with parcels that are promised to it and in a van."""
    await world.office.counters()
    await world.sign_in_possible()
    near = sorted(world.parcels, key=lambda one: abs(one.lon - 21.005) + abs(one.lat - 52.231))[:coming]
    for parcel in near:
        await world.promise(parcel, COUNTER)
    return near


async def brought(world: World, parcel: Parcel) -> None:
    act = world.rim.act(STAFF)
    await world.do(lambda uow: take_in(uow, act, COUNTER, parcel.barcode))


async def code_of(world: World, parcel: Parcel) -> str:
    (sealed,) = await world.look(lambda uow: uow.find(SealedCode, parcel_id=parcel.id))
    plain: bytes = world.rim.keys.box.unseal(sealed.code_sealed, about_code(sealed.group_id))
    return plain.decode()


async def scan(window: Window, text: str) -> None:
    """Do what a hand scanner does: type wherever the page has put the cursor, and press Enter."""
    await expect(window.page.locator("[data-scan]")).to_be_focused()
    await window.page.keyboard.type(text)
    await window.page.keyboard.press("Enter")


async def test_a_parcel_is_scanned_in_and_handed_over_without_a_pointer(world: World, phone: Window) -> None:
    parcel, _ = await shop(world)
    await phone.sign_in("staff", "/counter")
    await phone.page.wait_for_url("**/counter/out")
    await phone.page.get_by_role("link", name="Take in").press("Enter")
    await phone.page.wait_for_url("**/counter/in")
    await scan(phone, parcel.barcode)
    await expect(phone.page.locator(".place-label")).to_contain_text("XS1")
    await scan(phone, parcel.barcode)
    await expect(phone.page.locator(".result h2")).to_have_text("You have it already. It lies here:")
    await scan(phone, "SOMEBODY-ELSES")
    await expect(phone.page.get_by_role("status")).to_contain_text("give it back to the courier")

    await phone.page.get_by_role("link", name="Hand over").press("Enter")
    await phone.page.wait_for_url("**/counter/out")
    await scan(phone, "000000013")
    await expect(phone.page.locator(".note.bad")).to_contain_text("4 more tries")
    await scan(phone, await code_of(world, parcel))
    await expect(phone.page.locator("#found-title")).to_have_text(parcel.recipient_name)
    await expect(phone.page.get_by_role("button", name="Handed over")).to_be_focused()
    assert (await world.again(parcel)).state is ParcelState.READY_FOR_PICKUP
    await phone.page.keyboard.press("Enter")

    await expect(phone.page.get_by_role("status")).to_contain_text(f"{parcel.barcode} was handed over")
    assert (await world.again(parcel)).state is ParcelState.PICKED_UP


async def test_full_closed_another_shelf_and_a_mistake_are_said_with_one_tap_each(world: World, phone: Window) -> None:
    parcel, _ = await shop(world)
    await brought(world, parcel)
    await phone.sign_in("staff", "/counter")
    await phone.page.wait_for_url("**/counter/out")
    await phone.go("/counter/shelf")
    await phone.press("We are full")
    await expect(phone.page.get_by_role("status")).to_contain_text("What is on its way still comes")
    await phone.press("Closed today")
    await expect(phone.page.get_by_role("button", name="Open today after all")).to_be_visible()
    await phone.page.get_by_label("What went wrong?").fill("The label is torn")
    await phone.page.locator("select[name=parcel]").select_option(parcel.id)
    await phone.press("Report it")
    await expect(phone.page.get_by_role("status")).to_contain_text("Somebody looks at it")

    counter = await world.look(lambda uow: uow.need(Locker, COUNTER))
    assert (counter.intake_open, counter.opening_hours) == (False, "Mo-Sa 08:00-20:00; 2026 Nov 23 off")
    case = await world.look(lambda uow: uow.first(SupportCase, locker_id=COUNTER))
    assert (case.parcel_id, case.detail) == (parcel.id, "The label is torn")


async def test_axe_finds_nothing_at_the_counter_and_nothing_runs_out_of_its_side(world: World, phone: Window) -> None:
    first, second = await shop(world)
    await brought(world, first)
    bad = await looked_at(phone, ["/counter"])
    await phone.sign_in("staff", "/counter")
    await phone.page.wait_for_url("**/counter/out")
    bad |= await looked_at(phone, PAGES)
    await phone.go("/counter/in")
    await scan(phone, second.barcode)
    await expect(phone.page.locator(".result")).to_be_visible()
    bad |= await seen(phone, "taken")
    await phone.go("/counter/out")
    await scan(phone, await code_of(world, second))
    await expect(phone.page.locator("#found-title")).to_be_visible()
    bad |= await seen(phone, "found")
    await gone_by(world)
    bad |= await looked_at(phone, ["/counter/back", "/counter/shelf"])
    await phone.page.set_viewport_size({"width": 320, "height": 700})
    for path in (f"{page}?lang={language}" for page in PAGES for language in ("en", "pl", "de")):
        await phone.go(path)
        wide = await phone.page.evaluate("document.documentElement.scrollWidth")
        bad |= {path: [f"{wide} px wide"]} if wide > 320 else {}

    assert bad == {}


async def gone_by(world: World) -> None:
    """Let the dwells end without anybody's session ending: only the deadlines are moved."""
    act = world.office.act()

    def unit(uow: UnitOfWork) -> None:
        uow.change(Parcel, {"locker_id": COUNTER, "state": ParcelState.READY_FOR_PICKUP}, deadline=act.now)
        expire_parcels(uow, act, world.rim.keys)

    await world.do(unit)
