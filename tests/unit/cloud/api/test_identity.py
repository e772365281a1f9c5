from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from cloud.api.sessions import SESSION_LIFE, Sessions
from cloud.api.sign_in import FREE_MISSES
from cloud.services.records_ops import Account, ApiKey
from cloud.store.secrets import AesGcmBox
from tests.unit.cloud.api.office import PASSWORD, URL, Office, told

LOGIN = {"login": "operator", "password": PASSWORD}
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
async def signed_up(office: Office) -> Office:
    """Give the operator a password."""
    hashed = CHEAP.hash(PASSWORD)
    await office.rim.do(lambda uow: uow.change(Account, {"login": "operator"}, password_hash=hashed))
    return office


async def test_a_session_is_a_cookie_no_script_and_no_foreign_page_can_use(signed_up: Office) -> None:
    async with signed_up.client("nobody") as http:
        answer = await http.post("/v1/sessions", json=LOGIN)
        assert answer.json()["roles"] == ["operator"]
        who = await http.get("/v1/sessions")
    assert who.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_signing_out_makes_the_browser_forget(signed_up: Office) -> None:
    async with signed_up.client("nobody") as http:
        await http.post("/v1/sessions", json=LOGIN)
        await http.delete("/v1/sessions")
        assert told(await http.get("/v1/sessions"))["status"] == 401


@pytest.mark.parametrize("asked", [{"password": "wrong"}, {"login": "nobody-here"}])
async def test_a_wrong_name_and_a_wrong_password_are_refused_alike(signed_up: Office, asked: dict[str, str]) -> None:
    async with signed_up.client("nobody") as http:
        refused = await http.post("/v1/sessions", json=LOGIN | asked)
    assert told(refused)["detail"] == "name or password is wrong"
    assert "set-cookie" not in refused.headers


async def test_guessing_is_slowed_down_even_for_the_right_password(signed_up: Office) -> None:
    async with signed_up.client("nobody") as http:
        for _ in range(FREE_MISSES):
            await http.post("/v1/sessions", json=LOGIN | {"password": "wrong"})
        waiting = await http.post("/v1/sessions", json=LOGIN)
        assert told(waiting)["status"] == 429
        assert int(waiting.headers["retry-after"]) > 0
        signed_up.clock.move_to(signed_up.clock.now().replace(hour=9))
        assert (await http.post("/v1/sessions", json=LOGIN)).status_code == 201


async def test_a_session_ends_after_a_shift(office: Office) -> None:
    async with office.client("support") as http:
        assert (await http.get("/v1/sessions")).status_code == 200
        office.clock.move_to(office.clock.now() + SESSION_LIFE)
        assert told(await http.get("/v1/sessions"))["status"] == 401


async def test_a_disabled_account_is_out_at_its_next_request(office: Office) -> None:
    now = office.clock.now()
    async with office.client("support") as http:
        await office.rim.do(lambda uow: uow.change(Account, {"login": "support"}, disabled_at=now))
        assert told(await http.get("/v1/sessions"))["status"] == 401


@pytest.mark.parametrize(
    "change", [lambda text: text[:-4], lambda text: "A" + text[1:], lambda _: "x" * 600, str.upper]
)
async def test_an_altered_cookie_is_nobody(office: Office, change: Callable[[str], str]) -> None:
    good = office.accounts["operator"]
    office.accounts["operator"] = change(good)
    async with office.client() as http:
        assert told(await http.get("/v1/sessions"))["status"] == 401


def test_a_cookie_of_another_cloud_is_nobodys(office: Office) -> None:
    foreign = Sessions(AesGcmBox(b"o" * 32)).seal("someone", office.clock.now())
    assert Sessions(office.rim.keys.box).account_of(foreign, office.clock.now()) is None


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": URL}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
async def test_a_cookie_changes_nothing_for_a_foreign_page(
    office: Office, headers: dict[str, str], *, allowed: bool
) -> None:
    async with office.client("planner", **headers) as http:
        answer = await http.post("/v1/couriers", json={"name": "Ewa"})
    assert (answer.status_code == 201) is allowed
    if not allowed:
        assert "Origin" in told(answer)["detail"]


async def test_a_key_needs_no_origin_because_no_browser_sends_it_by_itself(office: Office) -> None:
    async with office.client("script", Origin="https://evil.example") as http:
        assert (await http.post("/v1/couriers", json={"name": "Ewa"})).status_code == 201


@pytest.mark.parametrize("key", ["lm_", "lm_" + "0" * 64, "x", "Bearer"])
async def test_an_unknown_key_is_nobody(office: Office, key: str) -> None:
    async with office.client("nobody", Authorization=f"Bearer {key}") as http:
        refused = await http.get("/v1/parcels")
    assert told(refused)["status"] == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_revoked_key_is_nobody(office: Office) -> None:
    now = office.clock.now()
    async with office.client("acme") as http:
        assert (await http.get("/v1/parcels")).status_code == 200
        await office.rim.do(lambda uow: uow.change(ApiKey, {"carrier": "acme"}, revoked_at=now))
        assert told(await http.get("/v1/parcels"))["status"] == 401


async def test_an_account_made_over_the_api_can_sign_in(office: Office) -> None:
    asked = {"login": "anna", "name": "Anna", "password": PASSWORD, "roles": ["support"]}
    async with office.client() as http, office.client("nobody") as anna:
        made = await http.post("/v1/accounts", json=asked)
        assert made.status_code == 201, made.text
        signed_in = await anna.post("/v1/sessions", json={"login": "anna", "password": PASSWORD})
    assert signed_in.json()["roles"] == ["support"]
    [account] = await office.rim.look(lambda uow: uow.find(Account, login="anna"))
    assert PASSWORD not in str(account)


@pytest.mark.parametrize("role", ["system", "carrier", "recipient", "locker"])
async def test_nobody_can_be_made_what_no_person_is(office: Office, role: str) -> None:
    asked = {"login": "anna", "name": "Anna", "password": PASSWORD, "roles": [role]}
    async with office.client() as http:
        assert told(await http.post("/v1/accounts", json=asked))["status"] == 422
