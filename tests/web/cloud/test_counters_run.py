"""An operator opens a counter on the map, invites somebody, and a mistyped hour is said on the same page."""

import pytest
from playwright.async_api import expect

from tests.web.axe import violations
from tests.web.cloud.conftest import Window
from tests.web.cloud.test_counter import shop
from tests.web.cloud.world import World

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]


async def test_a_counter_is_opened_on_the_map_and_somebody_is_invited(world: World, desk: Window) -> None:
    await shop(world)
    page = desk.page
    await desk.sign_in("operator", "/console")
    await page.get_by_role("link", name="Counters in shops").click()
    await page.get_by_text("Open a counter").click()
    await page.locator("[data-map]").click(position={"x": 200, "y": 150})
    await expect(page.get_by_label("Longitude")).not_to_have_value("")
    await page.get_by_label("Name of the shop").fill("Księgarnia Atlas")
    await page.get_by_label("Its code").fill("waw-atlas")
    await page.get_by_label("Address", exact=True).fill("Hoża 12, Warszawa")
    assert await violations(page) == []
    await desk.press("Open it")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Księgarnia Atlas WAW-ATLAS")
    await expect(page.locator("#told")).to_contain_text("Nobody works here yet")

    await page.get_by_label("Name", exact=True).fill("Ola Nowak")
    await page.get_by_label("Sign-in name").fill("ola.atlas")
    await desk.press("Invite")
    await expect(page.locator("#told")).to_contain_text("shown this once")
    await expect(page.locator("#figures")).to_contain_text("takes parcels")
    assert await violations(page) == []

    await page.get_by_label("Usual hours").fill("when I like")
    await desk.press("Change the hours")
    await expect(page.get_by_role("alert")).to_contain_text("is not of the form")
    await expect(page.get_by_label("Usual hours")).to_have_value("when I like")
    await page.get_by_label("Usual hours").fill("Mo-Fr 08:00-16:00")
    await desk.press("Change the hours")
    await expect(page.locator("#told")).to_contain_text("The hours are changed")
    await desk.press("Works here no more: Ola Nowak")
    await expect(page.locator("#told")).to_contain_text("They can sign in no more")
    desk.complaints.clear()  # the browser notes the 422 it was answered
