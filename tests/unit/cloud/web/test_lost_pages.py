"""An address that leads nowhere is a page for people and a problem for programs."""

from pathlib import Path

from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import open_office


async def test_an_address_that_leads_nowhere_is_said_on_a_page_with_a_way_back(tmp_path: Path) -> None:
    async with open_office(tmp_path, pages=Pages()) as office, office.client("operator") as http:
        lost = await http.get("/console/nowhere?lang=en")
        reloaded = await http.get(f"/t/{'x' * 20}/locker")
        program = await http.get("/v1/nowhere")

    assert (lost.status_code, reloaded.status_code, program.status_code) == (404, 404, 404)
    assert 'href="/console"' in lost.text
    assert "<h1>" in reloaded.text
    assert program.headers["content-type"] == "application/problem+json"
