"""A real chromium before the real kiosk server, with a fake locker behind it; all in one event loop."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page, ViewportSize

from edge.kiosk.fake import FakeLocker
from edge.kiosk.server import serving
from edge.locker_controller.screens import Screen
from tests.web.conftest import NOT_BEFORE_READY
from tests.web.kiosk.gallery import ABOUT

SIZE = ViewportSize(width=1024, height=600)  # the touch screen of the reference locker
KEY_EVERY_S = 0.005  # of a USB scanner


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

    async def scan(self, text: str) -> None:
        """Type as a USB scanner does: each key carries its own time, however long it then waits to be heard."""
        scanner = await self.page.context.new_cdp_session(self.page)
        now = await self.page.evaluate("Date.now() / 1000")
        for nth, key in enumerate(text):
            struck = {"key": key, "timestamp": now + nth * KEY_EVERY_S}
            struck |= {"windowsVirtualKeyCode": ord(key.upper())} if key.isalnum() or key == " " else {}
            await scanner.send("Input.dispatchKeyEvent", {**struck, "type": "keyDown", "text": key})
            await scanner.send("Input.dispatchKeyEvent", {**struck, "type": "keyUp"})
        await scanner.detach()
        await self.page.keyboard.press("Enter")


@dataclass
class Ear:
    """Hears what a page complains about while a test looks at it."""

    complaints: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def on_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def screen_of_glass(browser: Browser) -> AsyncIterator[Page]:
    """One page for all tests, as a kiosk has one: another page costs as much as what most tests do with it."""
    context = await browser.new_context(viewport=SIZE, reduced_motion="reduce", bypass_csp=False)
    await context.add_init_script(NOT_BEFORE_READY)
    context.set_default_timeout(60_000)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk(screen_of_glass: Page) -> AsyncIterator[Kiosk]:
    """Put up a locker for one test; its address is another origin, so no page knows what one before it kept."""
    locker, page, ear = FakeLocker(), screen_of_glass, Ear()
    async with serving(locker, lambda: ABOUT, 0) as port:
        await page.set_viewport_size(SIZE)
        page.on("console", ear.on_console)
        page.on("pageerror", ear.on_error)
        kiosk = Kiosk(page, locker, f"http://127.0.0.1:{port}", ear.complaints)
        await page.goto(kiosk.address)
        await kiosk.see("home")
        await page.wait_for_selector("[data-language]")  # the bar is built last; then nothing moves the focus any more
        yield kiosk
        await page.unroute_all()
        await page.goto("about:blank")
        page.remove_listener("console", ear.on_console)
        page.remove_listener("pageerror", ear.on_error)
    assert ear.complaints == []
