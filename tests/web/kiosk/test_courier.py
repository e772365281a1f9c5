import pytest
from playwright.async_api import expect

from contract.ids import CompartmentLabel
from contract.sizes import SizeClass
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    ConfirmTakenOut,
    CourierHome,
    DroppedOff,
    NoCompartment,
    PutParcel,
    TakeParcel,
    Why,
)
from tests.web.kiosk.conftest import Kiosk
from tests.web.kiosk.gallery import A07, C05, D01

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_courier_signs_in_with_a_pass_scans_a_parcel_and_confirms(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-view="courier"]')
    await expect(kiosk.page.get_by_role("heading")).to_have_text("Hold your courier pass under the scanner")
    await kiosk.scan("LM1:PASS")
    await kiosk.show(CourierHome(7, (), 170), "courier_home")
    await kiosk.scan("RR123456785PL")
    await kiosk.show(PutParcel(C05, SizeClass.L), "put_parcel")
    await kiosk.show(ConfirmDropOff(C05, 30), "confirm_drop_off")
    await kiosk.press("Yes, it is inside")
    await kiosk.show(DroppedOff(C05), "dropped_off")

    assert await kiosk.locker.heard(1) == [(Answer.DONE, C05)]
    assert await kiosk.locker.scanned(2) == ["LM1:PASS", "RR123456785PL"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Too big", Answer.TOO_BIG),
        ("Not empty", Answer.OCCUPIED),
        ("Dirty", Answer.DIRTY),
        ("Broken", Answer.BROKEN),
        ("Cancel, I keep the parcel", Answer.CANCEL),
    ],
)
async def test_whatever_does_not_fit_is_one_tap_at_the_open_door(kiosk: Kiosk, name: str, answer: Answer) -> None:
    await kiosk.show(PutParcel(C05, SizeClass.L), "put_parcel")
    await kiosk.press(name)
    await kiosk.show(CourierHome(1, (), 170), "courier_home")

    assert await kiosk.locker.heard(1) == [(answer, C05)]


async def test_a_parcel_that_is_not_inside_leads_to_the_question_why(kiosk: Kiosk) -> None:
    await kiosk.show(ConfirmDropOff(C05, 30), "confirm_drop_off")
    await kiosk.press("No")
    await kiosk.see("doubt")
    await kiosk.press("Too big")
    await kiosk.show(PutParcel(CompartmentLabel("A05"), SizeClass.XL), "put_parcel")

    assert await kiosk.locker.heard(1) == [(Answer.TOO_BIG, C05)]


async def test_a_cancelled_parcel_is_asked_for(kiosk: Kiosk) -> None:
    await kiosk.show(ConfirmTakenOut(C05, 30), "confirm_taken_out")
    await kiosk.press("No, open again")
    await kiosk.show(TakeParcel(C05, "drop_off"), "take_parcel")

    assert await kiosk.locker.heard(1) == [(Answer.OPEN_AGAIN, C05)]


async def test_collections_are_listed_and_opened_by_touch(kiosk: Kiosk) -> None:
    await kiosk.show(CourierHome(1, (A07, D01), 170), "courier_home")
    listed = kiosk.page.get_by_role("list", name="Compartments to empty")
    assert await listed.get_by_role("button").all_inner_texts() == ["A07", "D01"]
    await kiosk.press("D01")
    await kiosk.show(TakeParcel(D01, "collection"), "take_parcel")
    await expect(kiosk.page.get_by_role("heading")).to_have_text("Take the parcel with you")
    await kiosk.press("It is empty")
    await kiosk.show(CourierHome(1, (A07,), 170), "courier_home")

    assert await kiosk.locker.heard(2) == [(Answer.COLLECT, D01), (Answer.EMPTY, D01)]


async def test_counts_are_words_with_the_right_plural(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-language="pl"]')
    await kiosk.show(CourierHome(3, (), 170), "courier_home")

    await expect(kiosk.page.locator(".count").first).to_have_text("3paczki do włożenia")


async def test_a_courier_is_told_that_nothing_is_free(kiosk: Kiosk) -> None:
    await kiosk.show(NoCompartment(Why.NO_LARGER), "no_compartment")

    await expect(kiosk.page.get_by_role("heading")).to_have_text("No larger compartment is free")


async def test_a_courier_signs_out(kiosk: Kiosk) -> None:
    await kiosk.show(CourierHome(0, (), 170), "courier_home")
    await kiosk.press("Sign out")
    await kiosk.show(DroppedOff(C05), "dropped_off")

    assert await kiosk.locker.heard(1) == [(Answer.SIGN_OUT, None)]


async def test_a_session_that_ends_soon_is_announced_and_can_be_extended(kiosk: Kiosk) -> None:
    await kiosk.show(CourierHome(2, (), 19), "courier_home")
    dialog = kiosk.page.get_by_role("dialog", name="Are you still there?")
    await expect(dialog).to_contain_text("This screen closes in")
    await expect(dialog.get_by_role("button", name="More time")).to_be_focused()
    await kiosk.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await kiosk.locker.show(CourierHome(2, (), 180))

    assert await kiosk.locker.heard(1) == [(Answer.MORE_TIME, None)]


async def test_a_scan_works_while_the_warning_stands(kiosk: Kiosk) -> None:
    await kiosk.show(CourierHome(2, (), 19), "courier_home")
    await expect(kiosk.page.get_by_role("dialog")).to_be_visible()
    await kiosk.scan("RR123456785PL")
    await kiosk.show(PutParcel(C05, SizeClass.L), "put_parcel")

    await expect(kiosk.page.get_by_role("dialog")).to_be_hidden()
    assert (await kiosk.locker.scanned(1), kiosk.locker.answers) == (["RR123456785PL"], [])
