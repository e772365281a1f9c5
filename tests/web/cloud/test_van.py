"""A courier shows where the van is, and the next recipients see it; nothing of it stays when the switch is off."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel
from cloud.domain.positions import CourierPosition
from cloud.services import positions, queries
from cloud.services.ports import UnitOfWork
from tests.unit.cloud.api.office import COURIER, NOW
from tests.web.axe import LOOK, violations
from tests.web.cloud.conftest import PHONE, Window, window_of
from tests.web.cloud.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A phone that measures at once, by the clock of the page: the browser's own would say the machine's time.
SATELLITES = """
const measured = () => ({ coords: { longitude: 21.0163, latitude: 52.2247, accuracy: 9 }, timestamp: Date.now() });
const geolocation = {
  watchPosition: (told) => setTimeout(() => told(measured())),
  getCurrentPosition: (told) => told(measured()),
  clearWatch: (watch) => clearTimeout(watch),
};
Object.defineProperty(navigator, "geolocation", { value: geolocation });
"""
SEEN = "The van was here at 08:00, 2 stops before you."


async def third(world: World) -> Parcel:
    """Return what the courier brings third."""

    def unit(uow: UnitOfWork) -> Parcel:
        plan = queries.plan_page(uow, NOW.date().isoformat())
        assert plan is not None
        [stops] = [stops for route, stops in plan.routes if route.courier_id == COURIER]
        return stops[2].tasks[0][1]

    found: Parcel = await world.look(unit)
    return found


async def drive_far(world: World) -> None:
    """Have the van be beyond the edge of every map, a minute later."""
    act = world.rim.act(actor(Role.COURIER, COURIER))
    far = CourierPosition(courier_id=COURIER, lon=21.3, lat=52.0, accuracy_m=9, at=NOW + timedelta(minutes=1))
    await world.do(lambda uow: positions.keep(uow, act, far))


async def courier_on(window: Window) -> None:
    await window.page.add_init_script(SATELLITES)
    await window.page.clock.set_fixed_time(NOW)
    await window.sign_in("courier", "/courier")


async def test_a_recipient_sees_the_van_for_as_long_as_its_courier_shows_it(
    browser: Browser, world: World, phone: Window
) -> None:
    await world.start_routes()
    await phone.go(world.tracking(await third(world)))
    van = phone.page.get_by_role("img", name=SEEN)
    await expect(phone.page.locator("#hero")).to_contain_text("2 stops before you")
    await expect(van).to_have_count(0)
    courier, context = await window_of(browser, world, PHONE)
    await courier_on(courier)
    switch = courier.page.get_by_role("switch", name="Show recipients where I am")
    await expect(switch).not_to_be_checked()
    await switch.check()
    await expect(courier.page.locator("#share")).to_contain_text("Last sent:")

    await expect(van).to_be_visible()
    await expect(phone.page.get_by_text(SEEN)).to_be_visible()
    assert [await violations(phone.page), await violations(courier.page)] == [[], []]
    await phone.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert await violations(phone.page, LOOK) == []
    await drive_far(world)
    await expect(phone.page.locator("#van-seen")).to_contain_text("08:01")
    await expect(phone.page.locator(".marker.van")).to_be_in_viewport()
    await courier.go("/courier/day")
    await expect(switch).to_be_checked()
    await switch.uncheck()
    await expect(phone.page.locator(".marker.van")).to_have_count(0)
    assert await world.look(lambda uow: uow.count(CourierPosition)) == 0
    await context.close()
    assert courier.complaints == []
