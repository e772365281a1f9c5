"""Crowd couriers and partner fleets over HTTP: trip or tariff, offer, yes or quote, taking over, what became of it."""

import json
from datetime import timedelta

import httpx
import pytest

from cloud.domain.outside import OfferKind
from cloud.domain.parcel import Parcel
from cloud.services.offers import Candidate, OutsideTask, offer_tasks
from cloud.services.ports import UnitOfWork
from cloud.services.records import Courier, CourierKind
from cloud.services.standard_webhooks import headers, secret_of
from tests.unit.cloud.api.office import COURIER, NOW, Office, told

DAY = "2026-11-23"
TARIFF = "7a" * 16
LEAVES = NOW + timedelta(hours=1)


@pytest.fixture
async def street(office: Office) -> Office:
    """Return the office with a crowd courier, and the partner its key names."""

    def unit(uow: UnitOfWork) -> None:
        uow.change(Courier, {"id": COURIER}, kind=CourierKind.CROWD)

    await office.rim.do(unit)
    async with office.client() as http:
        answer = await http.post("/v1/partners", json={"id": "swift", "name": "Swift Bikes"})
        assert answer.status_code == 201, answer.text
    return office


async def trip(office: Office) -> str:
    asked = {
        "leaves_at": LEAVES.isoformat(),
        "arrives_by": (LEAVES + timedelta(hours=2)).isoformat(),
        "start_lon": 21.0,
        "start_lat": 52.2,
        "end_lon": 21.0,
        "end_lat": 52.26,
    }
    async with office.client("courier") as http:
        answer = await http.post("/v1/trips", json=asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def tariff(office: Office) -> str:
    asked = {
        "day": DAY,
        "centre_lon": 21.0,
        "centre_lat": 52.23,
        "radius_m": 9_000,
        "base_cents": 500,
        "promise_from": LEAVES.isoformat(),
        "promise_to": (LEAVES + timedelta(hours=4)).isoformat(),
        "parcels_max": 5,
    }
    async with office.client("swift") as http:
        answer = await http.put(f"/v1/partners/swift/tariffs/{TARIFF}", json=asked)
        assert answer.status_code == 200, answer.text
        left = (await http.get(f"/v1/partners/swift/tariffs/{DAY}")).json()["tariffs"]
    assert [one["base_cents"] for one in left] == [500]
    return TARIFF


async def offered(office: Office, kind: OfferKind, source: str, parcels: list[Parcel]) -> str:
    """Offer parcels as the planner does and return the offer's id as the asked sees it."""
    one = Candidate(kind, source, 500, LEAVES, LEAVES + timedelta(hours=2))
    task = OutsideTask(DAY, tuple(parcel.id for parcel in parcels), (one,), 900)
    await office.rim.do(lambda uow: offer_tasks(uow, office.act(), [task]))
    who, path = ("courier", f"couriers/{COURIER}") if kind is OfferKind.CROWD else ("swift", "partners/swift")
    async with office.client(who) as http:
        [offer] = (await http.get(f"/v1/{path}/offers/{DAY}")).json()["offers"]
    return str(offer["id"])


async def post(http: httpx.AsyncClient, path: str, **body: object) -> dict[str, object]:
    answer = await http.post(path, json=body) if body else await http.post(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_crowd_courier_sees_an_address_only_after_saying_yes(street: Office) -> None:
    [parcel] = await street.parcels(1)
    offer_id = await offered(street, OfferKind.CROWD, await trip(street), [parcel])
    async with street.client("courier") as http:
        before = (await http.get(f"/v1/offers/{offer_id}")).json()
        assert (before["address"], before["parcels"], before["number"]) == ("", [], 1)
        assert (before["lon"], before["lat"]) == (round(parcel.lon, 2), round(parcel.lat, 2))

        after = await post(http, f"/v1/offers/{offer_id}/accept")
        day = (await http.get(f"/v1/couriers/{COURIER}/days/{DAY}")).json()

    assert (after["state"], after["address"]) == ("accepted", parcel.address)
    assert [stop["address"] for stop in day["stops"]] == [parcel.address]


async def test_the_same_yes_under_one_key_is_one_yes(street: Office) -> None:
    offer_id = await offered(street, OfferKind.CROWD, await trip(street), await street.parcels(1))
    async with street.client("courier", **{"Idempotency-Key": "k1"}) as http:
        first = await http.post(f"/v1/offers/{offer_id}/decline", json={"reason": "no room"})
        again = await http.post(f"/v1/offers/{offer_id}/decline", json={"reason": "no room"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_withdrawn_trip_and_a_given_up_offer_leave_an_errand_that_says_why(street: Office) -> None:
    trip_id = await trip(street)
    offer_id = await offered(street, OfferKind.CROWD, trip_id, await street.parcels(1))
    async with street.client("courier") as http:
        await post(http, f"/v1/offers/{offer_id}/accept")
        await post(http, f"/v1/offers/{offer_id}/give-up", reason="ill")
        assert (await post(http, f"/v1/trips/{trip_id}/withdraw", reason="ill"))["withdrawn_at"]
    async with street.client("planner") as http:
        [errand] = (await http.get(f"/v1/errands/{DAY}")).json()["errands"]
        refused = await http.post(f"/v1/errands/{errand['id']}/withdraw", json={"reason": "too late"})

    assert (errand["outcome"], errand["said"]) == ("nobody", "of 1 asked 1 gave it up")
    assert told(refused)["status"] == 409


async def test_a_partner_quotes_takes_over_and_delivers(street: Office) -> None:
    first, second = await street.parcels(2)
    offer_id = await offered(street, OfferKind.PARTNER, await tariff(street), [first, second])
    times = {"promise_from": LEAVES.isoformat(), "promise_to": (LEAVES + timedelta(hours=1)).isoformat()}
    async with street.client("swift") as http:
        quoted = await post(http, f"/v1/offers/{offer_id}/quote", price_cents=850, **times)
        taken = await post(http, f"/v1/offers/{offer_id}/hand-over")
        done = [
            await post(http, f"/v1/offers/{offer_id}/status", parcel_id=one.id, status="delivered", said="signed")
            for one in (first, second)
        ]
        last = (await http.get(f"/v1/offers/{offer_id}")).json()

    assert (quoted["state"], quoted["price_cents"], taken["state"]) == ("accepted", 850, "handed_over")
    assert [one["state"] for one in done] == ["delivered_home"] * 2
    assert (last["state"], last["earned_cents"]) == ("delivered", 850)


async def test_a_dear_quote_is_declined_with_the_reason(street: Office) -> None:
    offer_id = await offered(street, OfferKind.PARTNER, await tariff(street), await street.parcels(1))
    times = {"promise_from": LEAVES.isoformat(), "promise_to": (LEAVES + timedelta(hours=1)).isoformat()}
    async with street.client("swift") as http:
        answer = await post(http, f"/v1/offers/{offer_id}/quote", price_cents=901, **times)

    assert (answer["state"], answer["reason"]) == ("declined", "the price is above what it is worth to us")


async def test_a_signed_status_needs_no_key_and_counts_once(street: Office) -> None:
    [parcel] = await street.parcels(1)
    offer_id = await offered(street, OfferKind.PARTNER, await tariff(street), [parcel])
    async with street.client("swift") as http:
        made = (await http.put("/v1/webhook", json={"url": "https://hooks.example.test/x"})).json()
        await post(http, f"/v1/offers/{offer_id}/accept")
        await post(http, f"/v1/offers/{offer_id}/hand-over")
    data = {"offer_id": offer_id, "parcel_id": parcel.id, "said": "left with the porter"}
    body = json.dumps({"type": "parcel.delivered", "data": data}).encode()
    signed = headers([secret_of(made["secret"])], "msg-1", street.clock.now(), body)
    async with street.client("nobody") as http:
        path = "/v1/partners/swift/webhook"
        good = await http.post(path, content=body, headers=signed)
        again = await http.post(path, content=body, headers=signed)
        altered = await http.post(path, content=body.replace(b"porter", b"dog..."), headers=signed)
        unknown = await http.post("/v1/partners/slow/webhook", content=body, headers=signed)
        nonsense = b'{"type": "parcel.eaten"}'
        odd = await http.post(
            path,
            content=nonsense,
            headers=headers([secret_of(made["secret"])], "msg-2", street.clock.now(), nonsense),
        )

    assert (good.status_code, good.json()["state"]) == (200, "delivered_home")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [told(one)["status"] for one in (altered, unknown, odd)] == [401, 401, 422]


async def test_a_webhook_is_its_owners_and_shows_what_was_told(street: Office) -> None:
    async with street.client("acme") as http:
        made = (await http.put("/v1/webhook", json={"url": "https://shop.example.test/x"})).json()
        assert (made["owner"], made["secret"][:6]) == ("carrier:acme", "whsec_")
        assert (await http.get("/v1/webhook/messages")).json() == {"messages": []}
        theirs = await http.put("/v1/webhook?owner=partner:swift", json={"url": "https://shop.example.test/x"})
        assert (await http.delete("/v1/webhook")).status_code == 204
    async with street.client("operator") as http:
        whose = await http.put("/v1/webhook", json={"url": "https://shop.example.test/x"})

    assert (told(theirs)["status"], told(whose)["status"]) == (403, 422)


async def test_a_trip_says_whose_it_is_and_only_crowd_couriers_announce(street: Office) -> None:
    asked = {
        "leaves_at": LEAVES.isoformat(),
        "arrives_by": (LEAVES + timedelta(hours=2)).isoformat(),
        "start_lon": 21.0,
        "start_lat": 52.2,
    }
    async with street.client("operator") as http:
        assert told(await http.post("/v1/trips", json=asked))["status"] == 422
    async with street.client("courier2") as http:
        assert told(await http.post("/v1/trips", json=asked))["status"] == 409
