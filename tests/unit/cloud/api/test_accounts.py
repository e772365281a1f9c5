"""An operator takes an account away, by the API and on the page; whoever had it is out at once."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.services.records_ops import Account
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import Office, open_office, told

PAGE = "/console/accounts"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, pages=Pages()) as office:
        yield office


async def account_of(office: Office, login: str) -> Account:
    (found,) = await office.rim.look(lambda uow: uow.find(Account, login=login))
    return found


async def test_an_account_that_is_taken_away_is_listed_no_more_and_its_session_is_over(office: Office) -> None:
    support = await account_of(office, "support")
    async with office.client() as http, office.client("support") as gone:
        assert (await gone.get("/v1/sessions")).status_code == 200
        assert (await http.delete(f"/v1/accounts/{support.id}")).status_code == 204
        assert told(await gone.get("/v1/sessions"))["status"] == 401
        listed = (await http.get("/v1/accounts")).json()["accounts"]
    assert "operator" in [one["login"] for one in listed]
    assert "support" not in [one["login"] for one in listed]


async def test_the_last_operator_is_told_why_the_account_stays(office: Office) -> None:
    mine = await account_of(office, "operator")
    async with office.client() as http:
        refused = told(await http.delete(f"/v1/accounts/{mine.id}"))
        page = await http.post(f"{PAGE}/{mine.id}/end", headers={"Accept-Language": "de"})
    assert (refused["status"], page.status_code) == (409, 409)
    assert "das letzte Konto des Leitstands" in page.text


async def test_the_page_lets_somebody_in_and_takes_the_account_away_again(office: Office) -> None:
    async with office.client() as http, office.client("nobody") as new:
        typed = {"login": "Nina", "name": "Nina Bąk", "role": "operator"}
        invited = await http.post(PAGE, data=typed)
        (password,) = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", invited.text)
        login = {"login": "nina", "password": password}
        assert (await new.post("/v1/sessions", json=login)).status_code == 201
        nina = await account_of(office, "nina")
        ended = await http.post(f"{PAGE}/{nina.id}/end")
        assert ended.headers["location"].startswith(PAGE)
        assert (await new.get(PAGE)).headers["location"] == "/console/sign-in"
        assert "Nina Bąk" not in (await http.get(PAGE)).text
        assert "Nina Bąk" in (await http.get("/console/audit")).text


async def test_a_role_nobody_can_have_here_is_refused_and_what_was_typed_stays(office: Office) -> None:
    async with office.client() as http:
        refused = await http.post(PAGE, data={"login": "carl", "name": "Carl", "role": "system"})
        nameless = await http.post(PAGE, data={"login": "has spaces", "name": "Carl", "role": "support"})
    assert (refused.status_code, nameless.status_code) == (422, 422)
    assert 'value="carl"' in refused.text


async def test_the_page_is_for_operators(office: Office) -> None:
    async with office.client("support") as http:
        assert (await http.get(PAGE)).status_code == 403
