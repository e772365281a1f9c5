"""WCAG 2.2 AA as far as a machine can look, the keyboard alone, languages, and what pages may ask of strangers."""

from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Locator, expect

from cloud.domain.parcel import Parcel
from cloud.services.records import Attempt
from cloud.services.records_ops import ImportRun
from cloud.web.frame import Tiles
from contract import events
from contract.ids import CompartmentLabel
from tests.unit.cloud.api.office import PASSWORD
from tests.web.axe import LOOK, violations
from tests.web.cloud.conftest import PHONE, Window, window_of
from tests.web.cloud.world import CENTRUM, World, answered, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

A05 = CompartmentLabel("A05")
TABS_MAX = 60  # the fleet page has 45 places to stop at


async def busy_day(world: World) -> Parcel:
    """Have every kind of thing to show: alarms, doors of all kinds, a parcel in a compartment; return that one."""
    await world.start_routes()
    parcel = world.parcels[3]
    await world.promise(parcel)
    await world.drop_off(parcel)
    await world.say(CENTRUM, events.DoorForced(A05), events.DoorOpened(CompartmentLabel("A06")))
    await world.say(CENTRUM, events.CompartmentWithdrawn(CompartmentLabel("B01"), "dirty"))
    return parcel


async def looked_at(window: Window, paths: list[str]) -> dict[str, list[str]]:
    """Return what axe finds on each page, by daylight and in the dark."""
    found: dict[str, list[str]] = {}
    for path in paths:
        await window.go(path)
        await window.page.wait_for_selector("main")
        found |= await seen(window, path)
    return found


async def seen(window: Window, name: str) -> dict[str, list[str]]:
    """Return what axe finds on the page as it stands, by daylight and in the dark."""
    found = {name: await violations(window.page)}
    await window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found[f"{name} in the dark"] = await violations(window.page, LOOK)
    await window.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return {name: bad for name, bad in found.items() if bad}


async def test_axe_finds_nothing_on_any_page_of_the_phone(world: World, phone: Window) -> None:
    parcel = await busy_day(world)
    tracking = [world.tracking(one) for one in (parcel, world.parcels[1], world.parcels[2])]
    bad = await looked_at(phone, ["/", "/courier", *tracking])
    await phone.sign_in("courier", "/courier")
    await phone.page.locator("summary", has_text="Could not hand it over").click()
    bad |= await seen(phone, "failed")
    await phone.press("Nobody was at home")
    await phone.page.wait_for_url("**/attempts/*")
    attempt = await world.look(lambda uow: uow.first(Attempt))
    bad |= await looked_at(phone, ["/courier/day", f"/courier/attempts/{attempt.id}", f"/courier/lockers/{CENTRUM}"])

    assert bad == {}


async def test_axe_finds_nothing_on_any_page_of_the_console(world: World, desk: Window) -> None:
    parcel = await busy_day(world)
    run = await world.look(lambda uow: uow.first(ImportRun, kind="parcels"))
    bad = await looked_at(desk, ["/console/sign-in"])
    await desk.sign_in("operator", "/console/sign-in")
    names = (
        "parcels",
        "parcels?q=ACME",
        "plan",
        "shifts",
        "imports",
        "alarms",
        "audit?check=1",
        "costs",
        "scenarios",
        "accounts",
    )
    lists = [f"/console/{name}" for name in names]
    own = [f"/console/lockers/{CENTRUM}", f"/console/parcels/{parcel.id}", f"/console/imports/{run.id}"]
    own.append(f"/console/scenarios/{await answered(world)}")
    bad |= await looked_at(desk, ["/console", *lists, *own, f"/console/lockers/{CENTRUM}?door=A01"])
    await desk.press("Open remotely")
    bad |= await seen(desk, "dialog")

    assert bad == {}


async def tab_to(window: Window, wanted: Locator) -> None:
    """Go on by the Tab key, as somebody without a pointer does, and see at every step where one is."""
    for _ in range(TABS_MAX):
        await window.page.keyboard.press("Tab")
        here = window.page.locator(":focus")
        assert await here.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
        if await wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is out of reach")


async def test_the_keyboard_alone_leads_from_the_sign_in_to_an_open_door(desk: Window) -> None:
    keys = desk.page.keyboard
    await desk.go("/console/sign-in")
    await tab_to(desk, desk.page.get_by_label("Sign-in name"))
    await keys.type("operator")
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await expect(desk.page.get_by_role("heading", name="The fleet now")).to_be_visible()
    await tab_to(desk, desk.page.locator("#table").get_by_role("link", name="Centrum"))
    await keys.press("Enter")
    await expect(desk.page.locator("#wall")).to_be_visible()
    await tab_to(desk, desk.page.locator("#door-A05"))
    await keys.press("Enter")
    await expect(desk.page.locator("#door-title", has_text="A05")).to_be_focused()
    await keys.press("Tab")
    await expect(desk.page.locator("#ask-open-button")).to_be_focused()  # not the whole page again
    await keys.press("Enter")
    await expect(desk.page.get_by_role("dialog")).to_be_visible()
    await keys.press("Escape")
    await expect(desk.page.locator("#ask-open-button")).to_be_focused()
    await keys.press("Enter")
    await keys.type("The recipient stands there")
    await keys.press("Tab")
    await keys.press("Enter")

    await expect(desk.page.locator(".command")).to_contain_text("The recipient stands there")


async def test_a_failed_attempt_is_said_without_a_pointer(phone: Window) -> None:
    await phone.sign_in("courier", "/courier")
    await phone.press("The van is loaded, start")
    summary = phone.page.locator("summary", has_text="Could not hand it over")
    await expect(summary).to_be_visible()
    await tab_to(phone, summary)
    await phone.page.keyboard.press("Enter")
    await tab_to(phone, phone.page.get_by_role("button", name="Nobody was at home"))
    await phone.page.keyboard.press("Enter")

    await phone.page.wait_for_url("**/attempts/*")


async def test_a_window_and_a_locker_are_chosen_without_a_pointer(world: World, phone: Window) -> None:
    await phone.go(world.tracking(world.parcels[0]))
    keys, windows = phone.page.keyboard, phone.page.locator("input[name=window]")
    await tab_to(phone, windows.first)
    await keys.press("ArrowDown")
    await expect(windows.nth(1)).to_be_checked()
    await keys.press("Tab")
    await expect(phone.page.locator("#keep-window")).to_be_focused()
    await keys.press("Enter")
    told = phone.page.locator("#told", has=phone.page.locator(".note"))
    await expect(told).to_be_focused()  # the address leads there, and before it has the focus could still be taken

    await phone.page.locator("input[name=scope]").first.focus()
    await keys.press("ArrowDown")
    await keys.press("Tab")
    await keys.press("ArrowDown")
    await keys.press("Tab")
    await expect(phone.page.locator("#agree")).to_be_focused()
    await keys.press("Enter")

    await expect(phone.page.locator("h1")).to_have_text("Your parcel is going to a locker")


async def test_the_first_tab_skips_to_the_content(phone: Window) -> None:
    await phone.go("/")
    await phone.page.keyboard.press("Tab")
    await expect(phone.page.locator(".skip")).to_be_focused()
    await phone.page.keyboard.press("Enter")

    await expect(phone.page.locator("main")).to_be_focused()


async def test_the_language_is_chosen_and_stays(world: World, phone: Window) -> None:
    await phone.go(world.tracking(world.parcels[0]))
    await phone.page.get_by_role("link", name="Polski").click()
    await expect(phone.page.locator("html")).to_have_attribute("lang", "pl")
    await phone.go("/")

    await expect(phone.page.locator("html")).to_have_attribute("lang", "pl")
    await expect(phone.page.locator("h1")).to_have_text("Paczki, które na Ciebie czekają")


async def test_typing_is_not_taken_away_by_a_live_update(world: World, phone: Window) -> None:
    await world.start_routes()
    await phone.sign_in("courier", "/courier")
    proof = phone.page.get_by_label("Who took it?")
    await proof.fill("The neighbour")
    async with phone.page.expect_response(lambda answer: answer.url.endswith("/courier/day")):
        await world.promise(world.parcels[5])

    await expect(proof).to_have_value("The neighbour")


async def test_nothing_runs_out_of_a_phone_s_side(world: World, phone: Window) -> None:
    parcel = await busy_day(world)
    await phone.sign_in("courier", "/courier")
    wide: dict[tuple[str, str, int], int] = {}
    for path in ("/", "/courier/day", f"/courier/lockers/{CENTRUM}", world.tracking(parcel)):
        for language in ("en", "pl", "de"):
            await phone.page.set_viewport_size({"width": 320, "height": 700})
            await phone.go(f"{path}?lang={language}")
            for width in (320, 390):
                await phone.page.set_viewport_size({"width": width, "height": 700})
                found = await phone.page.evaluate("document.documentElement.scrollWidth")
                wide |= {(path, language, width): found} if found > width else {}

    assert wide == {}


async def test_without_the_map_library_the_page_says_so_and_works(browser: Browser, tmp_path: Path) -> None:
    async with open_world(tmp_path, leaflet=tmp_path / "missing") as world:
        window, context = await window_of(browser, world, PHONE)
        await window.go(world.tracking(world.parcels[0]))
        await expect(window.page.get_by_text("The map cannot be shown here.")).to_be_visible()
        await window.press("Yes, I agree")
        await expect(window.page.get_by_text("It is noted")).to_be_visible()
        await context.close()
        assert window.complaints == []


async def test_tiles_are_asked_for_only_where_the_operator_set_them(browser: Browser, tmp_path: Path) -> None:
    async with open_world(tmp_path, Tiles("http://127.0.0.1:9/{z}/{x}/{y}.png")) as world:
        window, context = await window_of(browser, world, PHONE)
        async with window.page.expect_request("http://127.0.0.1:9/**"):
            await window.go(world.tracking(world.parcels[0]))
        await context.close()
        asked = {one for one in window.complaints if one.startswith("asked")}
        assert all(one.startswith("asked http://127.0.0.1:9/") for one in asked)


async def test_pages_forbid_what_is_not_theirs(world: World) -> None:
    async with httpx.AsyncClient(base_url=world.address) as http:
        answer = await http.get("/")
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in answer.text
    assert 'style="' not in answer.text


async def test_a_foreign_page_changes_nothing(world: World) -> None:
    link = world.tracking(world.parcels[0])
    async with httpx.AsyncClient(headers={"Origin": "https://evil.example"}) as http:
        answer = await http.post(f"{link}/locker", data={"scope": "this_locker", "locker": CENTRUM})

    assert answer.status_code == 403
    assert "text/html" in answer.headers["content-type"]
    assert (await world.again(world.parcels[0])).locker_id is None


@pytest.mark.parametrize(
    "path", ["/t/nonsense", "/console/lockers/no such locker", "/static/../pages.py", "/static/x.css"]
)
async def test_what_is_not_there_is_said_on_a_page(world: World, path: str) -> None:
    async with httpx.AsyncClient(base_url=world.address, follow_redirects=True) as http:
        answer = await http.get(path)

    assert answer.status_code == 404 or "/console/sign-in" in str(answer.url)
    assert "<h1>" in answer.text or answer.headers["content-type"] == "application/problem+json"


async def test_pages_of_others_are_closed(world: World) -> None:
    session = world.office.accounts["courier2"]
    async with httpx.AsyncClient(base_url=world.address, cookies={"latchmile_session": session}) as http:
        assert (await http.get("/console")).status_code == 403
        assert (await http.get("/courier/day")).status_code == 200
    async with httpx.AsyncClient(base_url=world.address) as http:
        answers = {path: await http.get(path) for path in ("/courier/day", "/console", "/console/audit")}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 303)
