"""A real chromium before the real kiosk server, with a fake locker behind it; all in one event loop."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from edge.kiosk.fake import FakeLocker
from edge.kiosk.server import serving
from edge.locker_controller.screens import Screen
from tests.web.kiosk.gallery import ABOUT

REPOSITORY = Path(__file__).parents[3]
AXE = Path(os.environ.get("LATCHMILE_AXE", REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZE = ViewportSize(width=1024, height=600)  # the touch screen of the reference locker
LAUNCH_MS_MAX = 120_000
expect.set_options(timeout=60_000)  # a limit for a broken page, not a measurement; Playwright's own is five seconds


@dataclass
class Kiosk:
    """What a test has in hand: the page, the locker behind it, and what the page complained about."""

    page: Page
    locker: FakeLocker
    address: str
    complaints: list[str]

    async def see(self, kind: str) -> None:
        """Wait until the stage shows this scene."""
        await self.page.wait_for_selector(f'body[data-scene="{kind}"]')

    async def show(self, screen: Screen, kind: str) -> None:
        """Let the locker show a screen, and wait until people can see it."""
        await self.locker.show(screen)
        await self.see(kind)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def type_code(self, code: str) -> None:
        for digit in code:
            await self.press(digit)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=LAUNCH_MS_MAX)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk(browser: Browser) -> AsyncIterator[Kiosk]:
    locker = FakeLocker()
    async with serving(locker, lambda: ABOUT, 0) as port:
        address = f"http://127.0.0.1:{port}"
        context = await browser.new_context(viewport=SIZE, reduced_motion="reduce", bypass_csp=False)
        context.set_default_timeout(60_000)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        kiosk = Kiosk(page, locker, address, complaints)
        await kiosk.see("home")
        await page.wait_for_selector("[data-language]")  # the bar is built last; then nothing moves the focus any more
        yield kiosk
        await context.close()
    assert complaints == []
