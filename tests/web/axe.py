"""WCAG 2.2 AA as far as axe can look at a page."""

import os
from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(
    os.environ.get("LATCHMILE_AXE", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js")
).read_text(encoding="utf-8")
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What another look of the same page can break: it changes colours and borders, no words, roles or names.
LOOK = {
    "type": "rule",
    "values": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
}
_RUN = """only => axe
  .run(document, {runOnly: only, resultTypes: ["violations"]})
  .then(found => found.violations.flatMap(rule => rule.nodes.map(node => [rule.id, node.html])))"""


async def violations(page: Page, only: dict[str, Any] = EVERYTHING) -> list[str]:
    """Return what axe finds on the page as it stands, as ``rule: element``."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: list[tuple[str, str]] = await page.evaluate(_RUN, only)
    return [f"{rule}: {html[:160]}" for rule, html in found if not (rule == "target-size" and is_marker(html))]


def is_marker(html: str) -> bool:
    """Markers may lie close: the list beside every map has the same links (WCAG 2.2, 2.5.8, exception "equivalent")."""
    return "leaflet-marker-icon" in html
