"""What support has to look after stands on one page, until somebody says that it is done."""

import pytest
from playwright.async_api import expect

from cloud.domain.locker import Compartment, CompartmentStatus, Contents
from contract.events import DoorForced, ProblemReported
from contract.ids import CompartmentLabel
from tests.web.cloud.conftest import Window
from tests.web.cloud.world import CENTRUM, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

A05 = CompartmentLabel("A05")


async def test_support_settles_a_case_and_an_alarm(world: World, desk: Window) -> None:
    await world.say(CENTRUM, ProblemReported("empty", A05), DoorForced(A05))
    await desk.sign_in("support", "/console/sign-in")
    await desk.go("/console/alarms")
    case = desk.page.get_by_role("row", name="Somebody reported a problem")
    alarm = desk.page.get_by_role("row", name="Door forced")
    await expect(case).to_contain_text(f"{CENTRUM} A05")

    await case.get_by_role("button", name="Done").click()
    await expect(case).to_have_count(0)
    await alarm.get_by_role("button", name="I take it").click()
    await alarm.get_by_role("button", name="Done").click()

    await expect(desk.page.get_by_text("No case is open.")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Done")).to_have_count(0)


async def test_nobody_says_what_lies_behind_a_door_without_having_chosen_it(world: World, desk: Window) -> None:
    parcel = world.parcels[3]
    await world.promise(parcel)
    await world.drop_off(parcel)
    place = {"locker_id": CENTRUM, "label": "A01"}
    lost = {"contents": Contents.EMPTY, "parcel_id": None, "status": CompartmentStatus.QUARANTINED}
    await world.do(lambda uow: uow.change(Compartment, place, **lost))
    await desk.sign_in("support", "/console/sign-in")
    await desk.go(f"/console/lockers/{CENTRUM}?door=A01")
    await desk.press("Put back into service")
    dialog = desk.page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("I looked")
    await dialog.get_by_role("button", name="Put back into service").click()
    await expect(dialog.locator("select:invalid")).to_be_visible()
    await dialog.get_by_label("What lies inside?").select_option("nothing")
    await dialog.get_by_role("button", name="Put back into service").click()

    await expect(desk.page.locator(".command")).to_contain_text("I looked")
