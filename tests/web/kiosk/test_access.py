"""EN 301 549 and WCAG 2.2 AA, as far as a machine can look: every screen, both looks, and no pointer at all."""

import pytest
from playwright.async_api import expect

from contract.codes import make_code
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Idle, Opening, Screen, TakeParcel
from tests.web.axe import LOOK, violations
from tests.web.kiosk.conftest import Kiosk
from tests.web.kiosk.gallery import B03, SCREENS

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE = make_code(40_219_777)
SCENES = {"idle": "home", "code_wrong": "code"}
SAME_SHAPE = "refused_"  # one of them is looked at; the others differ in words only


def scene_of(screen: Screen) -> str:
    tag = str(screen.__struct_config__.tag)
    return SCENES.get(tag, tag)


async def walk(kiosk: Kiosk, name: str) -> None:
    """Show a screen as if it came to somebody who has read the last one."""
    await kiosk.show(Opening(B03, "remote"), "opening")
    await kiosk.show(SCREENS[name], scene_of(SCREENS[name]))


async def test_axe_finds_nothing_on_any_screen_in_either_look(kiosk: Kiosk) -> None:
    contrast = kiosk.page.locator('[data-switch="contrast"]')
    found = {}
    for name in [name for name in SCREENS if not name.startswith(SAME_SHAPE) or name == "refused_staff"]:
        await walk(kiosk, name)
        found[name] = await violations(kiosk.page)
        await contrast.click()
        await expect(contrast).to_have_attribute("aria-pressed", "true")
        found[f"{name} in high contrast"] = await violations(kiosk.page, LOOK)
        await contrast.click()

    assert {name: bad for name, bad in found.items() if bad} == {}
    assert len(found) > 60


async def test_axe_finds_nothing_on_what_the_page_asks_by_itself(kiosk: Kiosk) -> None:
    found = []
    for view in ("code", "courier"):
        await kiosk.page.click(f'[data-view="{view}"]')
        await kiosk.see(view)
        found += await violations(kiosk.page)
        await kiosk.press("Back")
    await kiosk.show(SCREENS["confirm_drop_off"], "confirm_drop_off")
    await kiosk.press("No")
    await kiosk.see("doubt")
    found += await violations(kiosk.page)

    assert found == []


@pytest.mark.parametrize("language", ["en", "pl", "de"])
async def test_every_screen_fits_without_scrolling(kiosk: Kiosk, language: str) -> None:
    await kiosk.page.click(f'[data-language="{language}"]')
    await expect(kiosk.page.locator("html")).to_have_attribute("lang", language)
    sizes: dict[tuple[str, str], list[int]] = {}
    for name in SCREENS:
        await walk(kiosk, name)
        sizes |= {(name, reach): size for reach, size in (await sizes_of(kiosk)).items()}

    assert {name: size for name, size in sizes.items() if size != [1024, 600]} == {}
    assert len(sizes) == 2 * len(SCREENS)


async def sizes_of(kiosk: Kiosk) -> dict[str, list[int]]:
    """Measure what stands there with the buttons where they were and with the lower ones, and put them back."""
    sizes: dict[str, list[int]] = await kiosk.page.evaluate(
        """() => {
          const root = document.documentElement, sizes = {};
          for (let turn = 0; turn < 2; turn += 1) {
            sizes[root.dataset.reach ?? "high"] = [root.scrollWidth, root.scrollHeight];
            document.querySelector('[data-switch="reach"]').click();
          }
          return sizes;
        }"""
    )
    assert set(sizes) == {"high", "low"}
    return sizes


async def test_the_keypad_fits_without_scrolling(kiosk: Kiosk) -> None:
    sizes: dict[tuple[str, str], list[int]] = {}
    for language in ("en", "pl", "de"):
        await kiosk.page.click(f'[data-language="{language}"]')
        await expect(kiosk.page.locator("html")).to_have_attribute("lang", language)
        await kiosk.page.click('[data-view="code"]')
        await kiosk.see("code")
        sizes |= {(language, reach): size for reach, size in (await sizes_of(kiosk)).items()}
        await kiosk.page.keyboard.press("Escape")
        await kiosk.see("home")

    assert {name: size for name, size in sizes.items() if size != [1024, 600]} == {}


async def test_what_is_touched_is_large_enough(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-view="code"]')
    await kiosk.see("code")
    keys = await kiosk.page.eval_on_selector_all(
        "main button",
        "all => all.map(one => one.getBoundingClientRect()).map(box => Math.min(box.width, box.height))",
    )
    bar = await kiosk.page.eval_on_selector_all(
        ".tools button",
        "all => all.map(one => one.getBoundingClientRect()).map(box => Math.min(box.width, box.height))",
    )

    assert min(keys) >= 72
    assert min(bar) >= 44
    assert len(keys) == 14


async def test_a_parcel_can_be_picked_up_without_touching_the_screen(kiosk: Kiosk) -> None:
    keyboard = kiosk.page.keyboard
    await expect(kiosk.page.locator("h1")).to_be_focused()
    await keyboard.press("Tab")
    await expect(kiosk.page.locator('[data-view="code"]')).to_be_focused()
    await keyboard.press("Enter")
    await kiosk.see("code")
    await keyboard.type(CODE, delay=60)  # slower than any scanner
    await expect(kiosk.page.get_by_role("button", name="Open", exact=True)).to_be_focused()
    await keyboard.press("Space")
    await expect(kiosk.page.get_by_role("img", name="No digits yet")).to_be_visible()
    await kiosk.show(TakeParcel(B03, "pick_up"), "take_parcel")
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await kiosk.show(Idle(online=True, full=False), "home")

    assert await kiosk.locker.heard(1) == [(Answer.EMPTY, B03)]
    assert kiosk.locker.codes == [CODE]
    assert kiosk.locker.scans == []


async def test_focus_is_visible(kiosk: Kiosk) -> None:
    await kiosk.page.keyboard.press("Tab")
    outline = await kiosk.page.evaluate("getComputedStyle(document.activeElement).outline")

    assert "solid 4px" in outline


async def test_escape_goes_back_to_the_beginning(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-view="courier"]')
    await kiosk.see("courier")
    await kiosk.page.keyboard.press("Escape")

    await kiosk.see("home")


async def test_each_screen_is_announced_and_named(kiosk: Kiosk) -> None:
    await kiosk.show(TakeParcel(B03, "pick_up"), "take_parcel")

    await expect(kiosk.page.locator("#polite")).to_have_text("Take your parcel Then please close the door.")
    await expect(kiosk.page).to_have_title("Take your parcel - Latchmile")
    await expect(kiosk.page.locator("h1")).to_be_focused()


async def test_what_went_wrong_is_announced_at_once(kiosk: Kiosk) -> None:
    await walk(kiosk, "code_wrong")

    await expect(kiosk.page.locator("#urgent")).to_contain_text("3 tries are left")


async def test_the_language_is_the_document_s_and_its_buttons_say_which_is_chosen(kiosk: Kiosk) -> None:
    await kiosk.page.get_by_role("button", name="Polski").click()

    await expect(kiosk.page.locator("html")).to_have_attribute("lang", "pl")
    await expect(kiosk.page.get_by_role("button", name="Polski")).to_be_focused()
    await expect(kiosk.page.get_by_role("button", name="Polski")).to_have_attribute("aria-pressed", "true")
    await expect(kiosk.page.locator("h1")).to_have_text("Dzień dobry. Co chcesz zrobić?")


async def test_changing_the_language_keeps_what_was_typed(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-view="code"]')
    await kiosk.see("code")
    await kiosk.type_code("123")
    await kiosk.page.click('[data-language="de"]')

    await expect(kiosk.page.get_by_role("img", name="1 2 3")).to_be_visible()
    await expect(kiosk.page.locator("h1")).to_have_text("Abholcode eingeben")


async def test_low_reach_brings_the_bar_and_the_choices_to_the_lower_edge(kiosk: Kiosk) -> None:
    await kiosk.page.get_by_role("button", name="Lower buttons").click()
    bar = await kiosk.page.locator(".bar").bounding_box()

    assert bar is not None
    assert bar["y"] + bar["height"] == 600


async def test_the_page_says_when_the_locker_is_silent_and_comes_back_by_itself(kiosk: Kiosk) -> None:
    await kiosk.page.route("**/events", lambda route: route.abort())
    await kiosk.page.reload()
    await kiosk.see("lost")
    kiosk.complaints.clear()  # chromium itself reports the aborted request
    await kiosk.page.unroute("**/events")
    await kiosk.see("home")
    kiosk.complaints.clear()

    await expect(kiosk.page.locator("#foot")).to_contain_text("Metro Centrum")


async def test_at_twice_the_size_nothing_has_to_be_scrolled_sideways(kiosk: Kiosk) -> None:
    await kiosk.page.set_viewport_size({"width": 512, "height": 300})
    widths = {}
    for name in [name for name in SCREENS if not name.startswith(SAME_SHAPE)]:
        await walk(kiosk, name)
        widths[name] = await kiosk.page.evaluate("document.documentElement.scrollWidth")

    assert {name: width for name, width in widths.items() if width > 512} == {}
