"""A page that changes by itself takes nothing from under a finger, and never goes back to what it said before."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Response, Route, expect

from cloud.domain.parcel import Parcel
from tests.web.cloud.conftest import Window
from tests.web.cloud.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEAR = """source => new Promise((open) => {
  const stream = new EventSource(source);
  window.hasHeard = new Promise((told) => stream.addEventListener("changed", told));
  stream.addEventListener("open", open);
})"""
GATHERED = "() => window.hasHeard.then(() => new Promise((over) => setTimeout(over, 500)))"  # twice live.js's GATHER_MS
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))"


def is_renewal(answer: Response) -> bool:
    return answer.request.resource_type == "fetch" and "/t/" in answer.url


async def later_deadline(world: World, parcel: Parcel) -> None:
    deadline = (await world.again(parcel)).deadline
    assert deadline is not None
    await world.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, deadline=deadline + timedelta(hours=5)))


async def test_a_button_that_is_being_pressed_is_not_exchanged(world: World, phone: Window) -> None:
    parcel = world.parcels[3]
    await world.start_routes()
    await world.promise(parcel)
    await world.drop_off(parcel)
    async with phone.page.expect_response(is_renewal):  # the one with which every page begins
        await phone.go(world.tracking(parcel))
    await phone.page.locator("#send-again").hover()
    await phone.page.mouse.down()
    async with phone.page.expect_response(is_renewal) as renewed:
        await later_deadline(world, parcel)
    await (await renewed.value).finished()
    await phone.page.evaluate(DRAWN)
    await phone.page.mouse.up()

    await expect(phone.page.get_by_role("status").filter(has_text="on its way to you once more")).to_be_visible()


async def test_what_was_chosen_and_not_sent_outlasts_a_change(world: World, phone: Window) -> None:
    parcel = world.parcels[0]
    async with phone.page.expect_response(is_renewal):
        await phone.go(world.tracking(parcel))
    chosen = phone.page.get_by_label("Straight to this locker")
    await chosen.check()
    await phone.page.locator("#agree").focus()
    async with phone.page.expect_response(is_renewal) as renewed:
        await world.promise(parcel)
    await (await renewed.value).finished()
    await expect(phone.page.locator("h1")).to_have_text("Your parcel is going to a locker")

    await expect(chosen).to_be_checked()


async def test_an_answer_that_was_long_on_its_way_does_not_undo_a_newer_one(world: World, phone: Window) -> None:
    parcel, is_held = world.parcels[0], asyncio.Event()
    await world.start_routes()
    address = world.tracking(parcel)

    async def hold(route: Route) -> None:
        if is_held.is_set() or route.request.resource_type != "fetch":
            await route.continue_()
            return
        is_held.set()
        before = await route.fetch()
        await phone.page.evaluate(HEAR, f"{address}/live")
        await world.promise(parcel)
        await phone.page.evaluate(GATHERED)
        await route.fulfill(response=before)

    await phone.page.route(address, hold)
    async with phone.page.expect_response(is_renewal) as held:
        await phone.go(address)
        await is_held.wait()
    await (await held.value).finished()
    await phone.page.evaluate(DRAWN)

    await expect(phone.page.locator("h1")).to_have_text("Your parcel is going to a locker")


async def test_what_is_kept_for_a_dead_network_is_shown_and_never_passes_for_news(world: World, phone: Window) -> None:
    await world.start_routes()
    await phone.sign_in("courier", "/courier")
    await phone.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    await phone.go("/courier/day")
    await phone.page.context.set_offline(True)
    await phone.page.reload()

    await expect(phone.page.locator("#next-title")).to_be_visible()
    assert await phone.page.evaluate("() => fetch(location.href).then(() => 'an answer', () => 'nothing')") == "nothing"
    await phone.page.goto("about:blank")
    phone.complaints.clear()  # the browser noted what did not reach the server
