"""What support has to look after stands on one page, until somebody says that it is done."""

import pytest
from playwright.async_api import expect

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
