"""A browser fetches links nobody pressed, so only a press of the button makes a technician's code."""

from pathlib import Path

from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import AuditEntry
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import open_office

PAGE = "/console/lockers/WAW-CEN/technician?lang=en"


async def test_only_the_button_makes_a_code(tmp_path: Path) -> None:
    async with open_office(tmp_path, pages=Pages()) as office:
        await office.lockers()

        async def written() -> int:
            def unit(uow: UnitOfWork) -> int:
                return len(uow.find(AuditEntry, action="technician_pass"))

            return await office.rim.look(unit)

        async with office.client("operator") as http:
            shown = await http.get(PAGE)
            assert "Show the code" in shown.text
            assert '<img src="data:' not in shown.text
            assert await written() == 0

            made = await http.post(PAGE)
            assert '<img src="data:' in made.text
            assert made.headers["cache-control"] == "no-store"
            assert await written() == 1

            foreign = await http.post(PAGE, headers={"Origin": "https://evil.example"})
        async with office.client("courier") as http:
            other = await http.post(PAGE)
    assert (foreign.status_code, other.status_code) == (403, 403)
