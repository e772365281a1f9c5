"""One chromium for all tests of pages: they share a worker, and a browser that nobody needs any more is ended.

An idle browser costs a quarter as much as one that works, so it must not outlive its tests by ten minutes.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

HERE = Path(__file__).parent
AXE = Path(os.environ.get("LATCHMILE_AXE", HERE.parents[1] / "node_modules" / "axe-core" / "axe.min.js"))
# The shell alone draws the same pages without a browser's own windows around them, for a third less work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAUNCH_MS_MAX = 120_000
# A person taps what is drawn and ready. Playwright may be quicker than a page's own scripts, and that tap would be
# lost: until they have run nothing takes a pointer, and Playwright waits for what does.
NOT_BEFORE_READY = """
const still = new CSSStyleSheet();
still.replaceSync("* { pointer-events: none !important }");
document.adoptedStyleSheets = [still];
document.addEventListener("DOMContentLoaded", () => { document.adoptedStyleSheets = []; });
"""
expect.set_options(timeout=60_000)  # a limit for a broken page, not a measurement; Playwright's own is five seconds


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.is_relative_to(HERE):
        item.add_marker(pytest.mark.xdist_group("web"))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=LAUNCH_MS_MAX)
        yield browser
        await browser.close()
