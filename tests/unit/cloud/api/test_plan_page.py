"""The console's plan page: another day is one press away."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.cloud.api.office import Office, open_busy_office

PAGE = "/console/plan"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_busy_office(tmp_path) as opened:
        yield opened


async def test_the_days_beside_are_linked_and_any_other_is_typed(office: Office) -> None:
    await office.plan()
    async with office.client("support") as http:
        today, before = (await http.get(f"{PAGE}?lang=en")).text, (await http.get(f"{PAGE}?day=2026-11-22")).text
    assert 'type="date" name="day" required value="2026-11-23"' in today
    assert [f'href="{PAGE}?day={day}"' in today for day in ("2026-11-22", "2026-11-24")] == [True, True]
    assert (f'href="{PAGE}?day=2026-11-23"' in before, 'value="2026-11-22"' in before) == (True, True)
    assert ('id="routes"' in today, 'id="routes"' in before) == (True, False)


async def test_a_day_with_no_day_beside_it_is_refused_in_a_sentence(office: Office) -> None:
    async with office.client("planner") as http:
        answers = [await http.get(f"{PAGE}?day={day}&lang=en") for day in ("0001-01-01", "9999-12-31")]
    assert [(one.status_code, "choose a day" in one.text) for one in answers] == [(422, True)] * 2
