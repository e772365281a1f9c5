"""A recipient, a courier and an operator do what they came for, in a real browser against the real application."""

import pytest
from playwright.async_api import expect

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.records import CommandState, Consent
from cloud.services.records_ops import Notification
from contract import events
from contract.codes import make_code
from contract.ids import CompartmentLabel, MessageId
from tests.unit.cloud.api.office import COURIER
from tests.web.cloud.conftest import Window
from tests.web.cloud.world import CENTRUM, World, answered

pytestmark = pytest.mark.asyncio(loop_scope="session")

A05 = CompartmentLabel("A05")


async def on_the_road(world: World) -> list[Parcel]:
    """Start all routes and return the first courier's parcels, whose day begins now."""
    await world.start_routes()
    found = await world.look(lambda uow: uow.find(Parcel, order="barcode", custodian=f"courier:{COURIER}"))
    assert len(found) > 4
    return list(found)


async def test_a_recipient_sees_the_whole_way_live(world: World, phone: Window) -> None:
    parcel = (await on_the_road(world))[0]
    await phone.go(world.tracking(parcel))
    headline = phone.page.locator("h1")
    await expect(headline).to_have_text("Your parcel is on its way")
    await expect(phone.page.locator(".band")).to_contain_text("between")

    await world.promise(parcel)
    await expect(headline).to_have_text("Your parcel is going to a locker")
    await world.drop_off(parcel)
    await expect(headline).to_have_text("Your parcel is waiting for you")
    await expect(phone.page.locator(".deadline")).to_contain_text("2 days")
    await world.pick_up(parcel)
    await expect(headline).to_have_text("You have your parcel")
    await expect(phone.page.locator(".steps [aria-current=step]")).to_contain_text("Picked up")


async def test_the_code_is_sent_again_and_never_shown(world: World, phone: Window) -> None:
    parcel = (await on_the_road(world))[0]
    await world.promise(parcel)
    await world.drop_off(parcel)
    await phone.go(world.tracking(parcel))
    await phone.press("Send me the code again")

    await expect(phone.page.get_by_role("status").filter(has_text="on its way to you once more")).to_be_visible()
    sent = await world.look(lambda uow: uow.find(Notification, parcel_id=parcel.id))
    assert [one.template for one in sent].count("ready_for_pickup") == 2
    text = await phone.page.content()
    assert not any(make_code(number) in text for number in range(3))


async def test_a_recipient_chooses_a_locker_beforehand_and_changes_their_mind(world: World, phone: Window) -> None:
    parcel = world.parcels[0]
    await phone.go(world.tracking(parcel))
    await phone.page.get_by_label("Straight to this locker").check()
    await phone.page.get_by_role("radio", name="Centrum").check()
    await phone.press("Yes, I agree")

    await expect(phone.page.locator("h1")).to_have_text("Your parcel is going to a locker")
    assert (await world.again(parcel)).locker_id == CENTRUM
    other = world.parcels[1]
    await phone.go(world.tracking(other))
    await phone.press("Yes, I agree")
    await phone.press("I changed my mind")
    await expect(phone.page.locator("#withdraw")).to_have_count(0)
    left = await world.look(lambda uow: uow.find(Consent, parcel_id=other.id, withdrawn_at=None))
    assert left == []


async def test_the_deadline_can_be_extended_as_often_as_the_policy_says(world: World, phone: Window) -> None:
    parcel = (await on_the_road(world))[0]
    await world.promise(parcel)
    await world.drop_off(parcel)
    await phone.go(world.tracking(parcel))
    for _ in range(2):
        await phone.page.locator("#extend").click()
        await expect(phone.page.get_by_role("status").filter(has_text="You have more time")).to_be_visible()

    await expect(phone.page.locator("#extend")).to_have_count(0)
    await expect(phone.page.locator(".deadline")).to_contain_text("4 days")


async def test_a_courier_drives_the_day(world: World, phone: Window) -> None:
    await phone.sign_in("courier", "/courier")
    await phone.press("The van is loaded, start")
    first = await phone.page.locator("#next-title").text_content()
    await phone.press("Delivered")
    await expect(phone.page.locator(".progress")).to_contain_text("1 of")
    await expect(phone.page.locator("#next-title")).not_to_have_text(str(first))

    done = await world.look(lambda uow: uow.find(Parcel, state=ParcelState.DELIVERED_HOME))
    assert len(done) == 1


async def test_a_failed_attempt_is_one_tap_and_names_the_locker(world: World, phone: Window) -> None:
    await on_the_road(world)
    await phone.sign_in("courier", "/courier")
    await phone.page.locator("summary", has_text="Could not hand it over").click()
    await phone.press("Nobody was at home")

    await expect(phone.page.locator("h1")).to_contain_text("Bring it to")
    await expect(phone.page.locator(".reasons-why")).to_contain_text("Costs your route least")
    (parcel,) = await world.look(lambda uow: uow.find(Parcel, state=ParcelState.ASSIGNED_TO_LOCKER))
    await phone.go(f"/courier/lockers/{parcel.locker_id}")
    await expect(phone.page.get_by_role("img", name="Courier pass 1 of 1")).to_be_visible()
    await expect(phone.page.locator(".counts")).to_have_text("1 to drop off")


async def test_a_long_pass_is_shown_code_by_code_and_kept_for_a_dead_network(world: World, phone: Window) -> None:
    parcels = (await on_the_road(world))[:7]
    for parcel in parcels:
        await world.promise(parcel)
    await phone.sign_in("courier", "/courier")
    await phone.go(f"/courier/lockers/{CENTRUM}")
    first, second = (phone.page.get_by_role("img", name=f"Courier pass {number} of 2") for number in (1, 2))
    await expect(first).to_be_visible()
    await expect(second).to_be_hidden()
    await phone.press("Next code")
    await expect(second).to_be_visible()
    await expect(first).to_be_hidden()
    await phone.page.keyboard.press("ArrowLeft")
    await expect(first).to_be_visible()


async def test_a_couriers_word_stands_in_for_a_locker_that_is_cut_off(world: World, phone: Window) -> None:
    parcel = (await on_the_road(world))[0]
    await world.promise(parcel)
    await world.do(lambda uow: uow.change(Locker, {"id": CENTRUM}, online=False))
    await phone.sign_in("courier", "/courier")
    await phone.go(f"/courier/lockers/{CENTRUM}")
    await phone.press(f"It is inside: {parcel.barcode}")

    await expect(phone.page.get_by_text("recipient told")).to_be_visible()
    assert phone.page.url.endswith(f"/courier/lockers/{CENTRUM}")
    sent = await world.look(lambda uow: uow.find(Notification, parcel_id=parcel.id))
    assert [one.template for one in sent].count("said_inside") == 1


async def test_what_a_courier_typed_is_kept_when_it_is_refused(world: World, phone: Window) -> None:
    await on_the_road(world)
    await phone.sign_in("courier", "/courier")
    await phone.page.get_by_label("Who took it?").fill("  ")
    await phone.press("Delivered")

    await expect(phone.page.get_by_role("alert")).to_contain_text("say what shows that it was handed over")
    phone.complaints.clear()  # chromium reports the 422 it was right to get


async def test_an_operator_opens_a_door_and_sees_what_became_of_it(world: World, desk: Window) -> None:
    await desk.sign_in("operator", "/console/sign-in")
    await desk.page.locator("#table").get_by_role("link", name="Centrum").click()
    await desk.page.locator("#door-A05").click()
    await desk.press("Open remotely")
    await desk.page.get_by_label("Reason").first.fill("The recipient stands there")
    await desk.press("Open now")
    track = desk.page.locator(".command .track .done")
    await expect(track).to_have_count(1)  # queued: nobody has claimed anything yet

    command = await world.command()
    asked = MessageId(bytes.fromhex(command.id))
    await world.say(CENTRUM, events.CommandAccepted(asked))
    await expect(track).to_have_count(3)
    await world.say(CENTRUM, events.DoorOpened(A05, None, asked))
    await expect(desk.page.locator(".command .badge")).to_have_text("Opened")
    await expect(desk.page.locator("#door-A05")).to_contain_text("open")
    await expect(desk.page.locator("#timeline")).to_contain_text("Door opened")
    assert (await world.command()).state is CommandState.OPENED


async def test_a_refused_open_says_why(world: World, desk: Window) -> None:
    await desk.sign_in("operator", "/console/sign-in")
    await desk.go(f"/console/lockers/{CENTRUM}?door=A05")
    await desk.press("Open remotely")
    await desk.page.get_by_label("Reason").first.fill("The recipient stands there")
    await desk.press("Open now")
    await desk.page.wait_for_selector(".command")
    asked = MessageId(bytes.fromhex((await world.command()).id))
    await world.say(CENTRUM, events.CommandRefused(asked, "door_open"))

    await expect(desk.page.locator(".command .badge")).to_have_text("Refused")
    await expect(desk.page.locator(".command")).to_contain_text("Another door is open.")


async def test_a_second_open_at_once_is_refused_and_the_reason_kept(desk: Window) -> None:
    await desk.sign_in("operator", "/console/sign-in")
    for number in range(2):
        await desk.go(f"/console/lockers/{CENTRUM}?door=A05")
        await desk.press("Open remotely")
        await desk.page.get_by_label("Reason").first.fill(f"Reason number {number}")
        await desk.press("Open now")
        await expect(desk.page.locator(".command").first).to_be_visible()  # the first one was heard

    await expect(desk.page.get_by_role("dialog")).to_contain_text("one door at a time")
    await expect(desk.page.get_by_role("dialog").get_by_label("Reason")).to_have_value("Reason number 1")
    desk.complaints.clear()  # chromium reports the 429 it was right to get


async def test_a_compartment_is_taken_out_of_service(world: World, desk: Window) -> None:
    await desk.sign_in("support", "/console/sign-in")
    await desk.go(f"/console/lockers/{CENTRUM}?door=A05")
    await expect(desk.page.get_by_role("button", name="Open remotely")).to_have_count(0)
    await desk.press("Take out of service")
    await desk.page.get_by_label("Reason").fill("It is dirty")
    await desk.page.get_by_role("dialog").get_by_role("button", name="Take out of service").click()

    await expect(desk.page.locator("#door-A05")).to_contain_text("out")
    await expect(desk.page.locator("#door")).to_contain_text("It is dirty")
    assert world.address in desk.page.url


async def test_support_finds_a_parcel_and_gives_its_recipient_more_time(world: World, desk: Window) -> None:
    parcel = world.parcels[3]
    await world.promise(parcel)
    await world.drop_off(parcel)
    await desk.sign_in("support", "/console/sign-in")
    await desk.go("/console/parcels")
    await desk.page.get_by_label("Barcode or name").fill(parcel.barcode)
    await desk.press("Find")
    await desk.page.get_by_role("link", name=parcel.barcode).click()
    before = (await world.again(parcel)).deadline
    await desk.page.get_by_label("Hours more").fill("5")
    await desk.press("Extend the deadline")

    await expect(desk.page.get_by_role("status").filter(has_text="extended")).to_be_visible()
    after = (await world.again(parcel)).deadline
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() == 5 * 3600


async def test_an_operator_sees_what_the_day_cost_and_takes_it_along(world: World, desk: Window) -> None:
    parcels = await on_the_road(world)
    await world.promise(parcels[0])
    await world.drop_off(parcels[0])
    await desk.sign_in("operator", "/console/sign-in")
    await desk.go("/console/costs")

    await expect(desk.page.locator("h1")).to_have_text("What it cost")
    await expect(desk.page.locator(".plot rect").first).to_be_visible()
    await expect(desk.page.locator("#by-locker").locator("..").get_by_role("row")).to_have_count(2)
    file = await desk.page.get_by_role("link", name="By locker").get_attribute("href")
    answer = await desk.page.request.get(f"{world.address}{file}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert CENTRUM in await answer.text()


async def test_days_nobody_drove_say_so(desk: Window) -> None:
    await desk.sign_in("operator", "/console/sign-in")
    await desk.go("/console/costs?from=2020-01-01&to=2020-01-03")

    await expect(desk.page.locator(".empty")).to_contain_text("Nobody drove")


async def test_an_operator_asks_what_if_and_reads_the_answer(world: World, desk: Window) -> None:
    await desk.sign_in("operator", "/console/sign-in")
    await desk.go("/console/costs")
    await desk.page.get_by_role("link", name="Ask what if").click()
    await desk.page.get_by_label("percent").fill("30")
    await desk.page.get_by_label("New lockers").fill("2")
    await desk.press("Work it out")
    await expect(desk.page.locator("progress")).to_be_visible()
    await world.office.rim.background.do_next()
    await expect(desk.page.locator(".warn")).to_contain_text("not ready")

    await desk.go(f"/console/scenarios/{await answered(world)}")
    await expect(desk.page.locator(".plot rect")).to_have_count(8)
    await expect(desk.page.get_by_role("row")).to_have_count(5)
    await expect(desk.page.get_by_text("23 parcels within a walk")).to_be_visible()
