import pytest
from playwright.async_api import expect

from contract.codes import make_code
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CodeWrong,
    Idle,
    LockedOut,
    NotOpened,
    Opening,
    PickedUp,
    ProblemThanks,
    Refused,
    TakeParcel,
    Why,
)
from tests.web.kiosk.conftest import Kiosk
from tests.web.kiosk.gallery import B03

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE = make_code(40_219_777)
SLIP = CODE[:-1] + str((int(CODE[-1]) + 1) % 10)
IDLE = Idle(online=True, full=False)


async def begin(kiosk: Kiosk) -> None:
    await kiosk.page.click('[data-view="code"]')
    await kiosk.see("code")


async def test_a_recipient_types_the_code_takes_the_parcel_and_finishes(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.type_code(CODE)
    await kiosk.press("Open")
    await kiosk.show(Opening(B03, "pick_up"), "opening")
    await kiosk.show(TakeParcel(B03, "pick_up"), "take_parcel")
    await expect(kiosk.page.get_by_role("img", name="B03. Column 2 of 4, door 3 of 8 from the top")).to_be_visible()
    await kiosk.show(PickedUp(B03, more=0, again_s=60), "picked_up")
    await kiosk.press("Finish")

    assert await kiosk.locker.heard(1) == [(Answer.DONE, B03)]
    assert kiosk.locker.codes == [CODE]


async def test_the_code_is_shown_in_three_groups_of_three_and_read_out(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.type_code("1234")

    assert await kiosk.page.locator(".slots").all_inner_texts() == ["1\n2\n3", "4", ""]
    await expect(kiosk.page.get_by_role("img", name="1 2 3 4")).to_be_visible()


async def test_digits_can_be_erased_and_nothing_opens_before_the_ninth(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.type_code(CODE[:-1] + "0")
    await kiosk.press("Erase the last digit")
    await kiosk.page.get_by_role("button", name="Open", exact=True).click(force=True)
    assert kiosk.locker.codes == []

    await kiosk.type_code(CODE[-1])
    await kiosk.press("Open")
    await expect(kiosk.page.get_by_role("img", name="No digits yet")).to_be_visible()
    assert kiosk.locker.codes == [CODE]


async def test_a_slip_says_check_the_digits_keeps_them_and_costs_nothing(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.type_code(SLIP)
    await kiosk.press("Open")

    await expect(kiosk.page.locator(".note")).to_contain_text("check the digits")
    await expect(kiosk.page.locator(".note")).to_contain_text("does not count as a try")
    await expect(kiosk.page.get_by_role("img", name=" ".join(SLIP))).to_be_visible()
    assert kiosk.locker.codes == []


async def test_a_wrong_code_says_how_many_tries_are_left_and_the_person_goes_on_typing(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.show(CodeWrong(1), "code")
    await expect(kiosk.page.locator(".note")).to_contain_text("1 try is left")
    await kiosk.type_code("12")
    await kiosk.locker.show(IDLE)
    await kiosk.type_code("3")

    await expect(kiosk.page.get_by_role("img", name="1 2 3")).to_be_visible()
    await expect(kiosk.page.locator(".note")).to_contain_text("1 try is left")


async def test_a_lockout_counts_down_and_says_that_a_qr_code_still_works(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.show(LockedOut(90), "locked_out")
    await expect(kiosk.page.get_by_role("timer")).to_contain_text("1:")
    await expect(kiosk.page.locator("main")).to_contain_text("A QR code works right now")
    await kiosk.locker.show(LockedOut(30))

    await expect(kiosk.page.get_by_role("timer")).to_contain_text("0:")


async def test_a_code_that_nobody_looked_at_is_not_thrown_away(kiosk: Kiosk) -> None:
    kiosk.locker.locked = True
    await begin(kiosk)
    await kiosk.type_code(CODE)
    await kiosk.press("Open")

    await expect(kiosk.page.locator(".note")).to_contain_text("Please wait a little")
    await expect(kiosk.page.get_by_role("img", name=" ".join(CODE))).to_be_visible()


async def test_a_qr_code_typed_by_the_scanner_is_a_scan_on_every_screen(kiosk: Kiosk) -> None:
    qr = "LM1:7WE $%*+-./ 0123456789"
    await kiosk.scan(qr)
    await begin(kiosk)
    await kiosk.type_code("55")
    await kiosk.scan(qr)

    await expect(kiosk.page.get_by_role("img", name="5 5", exact=True)).to_be_visible()
    await kiosk.locker.show(Opening(B03, "pick_up"))
    await kiosk.see("opening")
    assert await kiosk.locker.scanned(2) == [qr, qr]
    assert kiosk.locker.answers == []


async def test_a_problem_is_one_tap(kiosk: Kiosk) -> None:
    await kiosk.show(TakeParcel(B03, "pick_up"), "take_parcel")
    await kiosk.press("Something is wrong")
    await kiosk.show(ProblemThanks(B03), "problem_thanks")

    assert await kiosk.locker.heard(1) == [(Answer.PROBLEM, B03)]


async def test_a_door_that_did_not_open_can_be_tried_again(kiosk: Kiosk) -> None:
    await kiosk.show(NotOpened(B03, "pick_up", again=True, seconds=60), "not_opened")
    await kiosk.press("Try again")
    await kiosk.show(NotOpened(B03, "pick_up", again=False, seconds=60), "not_opened")
    await expect(kiosk.page.get_by_role("heading", name="The door stays shut")).to_be_visible()

    assert await kiosk.page.get_by_role("button", name="Try again").count() == 0
    assert await kiosk.locker.heard(1) == [(Answer.OPEN_AGAIN, B03)]


async def test_a_refusal_stays_to_be_read_after_the_locker_is_ready_again(kiosk: Kiosk) -> None:
    await kiosk.show(Refused(Why.STAFF), "refused")
    await kiosk.locker.show(IDLE)
    await expect(kiosk.page.get_by_role("heading", name="Our staff must open this one")).to_be_visible()
    await expect(kiosk.page.locator("main")).to_contain_text("+48 22 555 01 23")
    await kiosk.press("All right")
    await kiosk.see("home")

    assert kiosk.locker.answers == []


async def test_the_code_is_forgotten_when_somebody_leaves(kiosk: Kiosk) -> None:
    await begin(kiosk)
    await kiosk.type_code("777")
    await kiosk.press("Back")
    await kiosk.see("home")
    await begin(kiosk)

    await expect(kiosk.page.get_by_role("img", name="No digits yet")).to_be_visible()


async def test_no_code_ever_stands_in_an_address(kiosk: Kiosk) -> None:
    addresses: list[str] = []
    kiosk.page.on("request", lambda request: addresses.append(request.url))
    await begin(kiosk)
    await kiosk.type_code(CODE)
    await kiosk.press("Open")
    await expect(kiosk.page.get_by_role("img", name="No digits yet")).to_be_visible()

    assert any(address.endswith("/code") for address in addresses)
    assert not any(CODE in address for address in [*addresses, kiosk.page.url])
