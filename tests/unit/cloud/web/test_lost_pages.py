"""An address that leads nowhere is a page for people and a problem for programs."""

from pathlib import Path

from fastapi import Response
from httpx import ASGITransport, AsyncClient

from cloud.api.application import described
from cloud.api.problems import PageRouter
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


async def test_what_no_page_answers_is_a_page_for_browsers_and_a_problem_for_programs(tmp_path: Path) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    async with open_office(tmp_path, pages=Pages()) as office, office.client("operator") as http:
        lost = await http.get("/nowhere?lang=de", headers=browser)
        wrong_verb = await http.put("/", headers=browser)
        program = await http.get("/nowhere")
        api = await http.get("/v1/nowhere", headers=browser)

    assert (lost.status_code, wrong_verb.status_code, program.status_code, api.status_code) == (404, 405, 404, 404)
    assert '<html lang="de"' in lost.text
    assert 'href="/"' in lost.text
    assert wrong_verb.headers["allow"] == "GET"
    assert {one.headers["content-type"] for one in (program, api)} == {"application/problem+json"}


async def test_a_crash_is_said_on_a_page_without_a_word_of_what_broke() -> None:
    router = PageRouter()
    router.refusal_page = lambda _request, status: Response(f"page of {status}", status)

    @router.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret")

    app = described()
    app.include_router(router)
    app.state.refusal_page = router.refusal_page
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://cloud.test") as http:
        seen = await http.get("/broken", headers={"Accept": "text/html"})
        told = await http.get("/broken")

    assert (seen.status_code, seen.text) == (500, "page of 500")
    assert "secret" not in told.text
