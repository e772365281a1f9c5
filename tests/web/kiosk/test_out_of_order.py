"""What a person reads before a locker whose card is full, read-only, failing or lost: one sentence, in their language.

Which of these it is helps nobody on the street; the operator gets it in an alarm. The number to call stays on screen.
"""

import pytest
from playwright.async_api import expect

from edge.locker_controller.screens import Idle, OutOfOrder
from edge.store.errors import StoreFact
from tests.web.kiosk.conftest import Kiosk
from tests.web.kiosk.gallery import ABOUT

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAID = {
    "en": ("This locker is out of order", "Your parcel is safe. We are working on it."),
    "pl": ("Automat jest nieczynny", "Paczka jest bezpieczna. Pracujemy nad tym."),
    "de": ("Dieser Automat ist außer Betrieb", "Ihr Paket ist sicher. Wir arbeiten daran."),
}
REASONS = (*StoreFact, "record_damaged")


@pytest.mark.parametrize("language", SAID)
async def test_a_sick_or_lost_card_is_one_sentence_in_every_language(kiosk: Kiosk, language: str) -> None:
    await kiosk.page.click(f'[data-language="{language}"]')
    title, text = SAID[language]
    for reason in REASONS:
        await kiosk.show(Idle(online=True, full=False), "home")
        await kiosk.show(OutOfOrder(str(reason)), "out_of_order")

        await expect(kiosk.page.locator("h1")).to_have_text(title)
        await expect(kiosk.page.locator("main")).to_contain_text(text)
        await expect(kiosk.page.locator("body")).to_contain_text(ABOUT.support_phone)
        await expect(kiosk.page.locator("[data-key]")).to_have_count(0)


async def test_when_the_card_is_well_again_people_are_served(kiosk: Kiosk) -> None:
    await kiosk.show(OutOfOrder(StoreFact.DISK_FULL), "out_of_order")
    await kiosk.show(Idle(online=True, full=False), "home")

    await expect(kiosk.page.locator("h1")).to_have_text("Hello. What brings you here?")
