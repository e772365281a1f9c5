"""A real chromium before the real application; all in one event loop."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.unit.cloud.api.office import PASSWORD
from tests.web.cloud.world import World, open_world
from tests.web.conftest import NOT_BEFORE_READY

PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)


@dataclass
class Window:
    """One person's browser window, and everything it complained about or asked of strangers."""

    page: Page
    world: World
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        await self.page.goto(path if path.startswith("http") else self.world.address + path)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def sign_in(self, login: str, area: str) -> None:
        await self.go(area)
        await self.page.get_by_label("Sign-in name").fill(login)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.press("Sign in")
        await expect(self.page.get_by_label("Password")).to_have_count(0)  # before that the session is on its way


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


async def window_of(browser: Browser, world: World, size: ViewportSize) -> tuple[Window, BrowserContext]:
    context = await browser.new_context(viewport=size, reduced_motion="reduce", locale="en-GB")
    await context.add_init_script(NOT_BEFORE_READY)
    context.set_default_timeout(60_000)
    page = await context.new_page()
    window = Window(page, world)
    page.on("console", lambda said: window.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: window.complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((world.address, "data:", "blob:"))
            else window.complaints.append(f"asked {asked.url}")
        ),
    )
    return window, context


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, world: World) -> AsyncIterator[Window]:
    window, context = await window_of(browser, world, PHONE)
    yield window
    await context.close()
    assert window.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, world: World) -> AsyncIterator[Window]:
    window, context = await window_of(browser, world, DESKTOP)
    yield window
    await context.close()
    assert window.complaints == []
