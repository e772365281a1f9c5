"""A language that was asked for once stays on the way over the sign-in and back."""

from pathlib import Path

from argon2 import PasswordHasher

from cloud.services.records_ops import Account
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import PASSWORD, URL, open_office

GERMAN = {"Accept-Language": "de", "Origin": URL}
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def test_a_link_in_polish_leads_over_the_sign_in_to_a_polish_page(tmp_path: Path) -> None:
    async with open_office(tmp_path, pages=Pages()) as office, office.client("nobody") as http:
        await office.rim.do(lambda uow: uow.change(Account, {"login": "operator"}, password_hash=HASHED))
        asked = await http.get("/console/alarms?lang=pl", headers=GERMAN)
        form = await http.get(asked.headers["location"], headers=GERMAN)
        login = {"login": "operator", "password": PASSWORD}
        signed_in = await http.post(asked.headers["location"], data=login, headers=GERMAN)
        home = await http.get(signed_in.headers["location"], headers=GERMAN)
        again = await http.get("/console/sign-in?lang=en")
        english = await http.get(again.headers["location"])

    assert asked.status_code == signed_in.status_code == again.status_code == 303
    assert [one.headers["content-language"] for one in (form, home, english)] == ["pl", "pl", "en"]


async def test_a_language_nobody_speaks_here_is_not_kept(tmp_path: Path) -> None:
    async with open_office(tmp_path, pages=Pages()) as office, office.client("nobody") as http:
        asked = await http.get("/console?lang=xx")

    assert "set-cookie" not in asked.headers
