"""The page before the real agent: a browser, the controller, the store and doors that really have to be pulled."""

import asyncio
import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Page, expect

from contract.codes import make_code
from firmware_sim.in_a_thread import LockerInAThread
from tests.web.conftest import NOT_BEFORE_READY
from tests.web.kiosk.conftest import SIZE

pytestmark = pytest.mark.asyncio(loop_scope="session")


TRIES_MAX = 2000  # "opening" shows before the hook lets go, and no hook catches while its lock is being pulsed


async def type_code(page: Page, code: str) -> None:
    for digit in code:
        await page.locator(f'[data-key="{digit}"]').click()
    await page.get_by_role("button", name="Open", exact=True).click()


def until_it_moves(locker: LockerInAThread, push_or_pull: Callable[[str], bool], label: str) -> bool:
    """Try again after each look at the screen, which takes the agent's loop a turn."""
    for _ in range(TRIES_MAX):
        if push_or_pull(label):
            return True
        locker.screen()
    return False


async def test_a_person_at_the_page_opens_a_real_compartment(
    browser: Browser, latchmile_locker: LockerInAThread
) -> None:
    locker = latchmile_locker
    code = await asyncio.to_thread(locker.drop_off, "LM1")
    label = locker.where("LM1")
    page = await browser.new_page(viewport=SIZE)
    page.set_default_timeout(60_000)
    await page.add_init_script(NOT_BEFORE_READY)
    await page.goto(locker.kiosk_url)
    await page.wait_for_selector("[data-language]")  # what was drawn before the words were there is drawn anew
    await page.locator('[data-view="code"]').click()

    await type_code(page, make_code(1))
    await expect(page.locator(".note")).to_contain_text("4 tries are left")
    await type_code(page, code)
    await expect(page.locator("h1")).to_have_text(re.compile(f"{label} is opening|Take your parcel"))  # it may be quick
    assert await asyncio.to_thread(until_it_moves, locker, locker.pull, label)
    await expect(page.locator("h1")).to_have_text("Take your parcel")
    assert await asyncio.to_thread(until_it_moves, locker, locker.close, label)
    await expect(page.locator("h1")).to_have_text("All done")
    await page.get_by_role("button", name="Finish").click()

    await expect(page.locator("h1")).to_have_text("Hello. What brings you here?")
    await page.close()
