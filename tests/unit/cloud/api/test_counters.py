"""A counter over HTTP: scanned in, handed over with the real code, given back; nobody else's and nothing twice."""

from functools import partial

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.locker import Compartment, Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.assign_locker import assign_locker
from cloud.services.expire_parcels import expire_parcels
from cloud.services.promise import about_code
from cloud.services.records import SealedCode
from contract.codes import PickUpCode, show_code
from tests.unit.cloud.api.office import COUNTER, COURIER, OTHER_COUNTER, Office, told

HERE = f"/v1/counters/{COUNTER}"
OPERATOR = actor(Role.OPERATOR, "olga")


async def promised(office: Office, count: int = 1) -> list[Parcel]:
    """Have the shop and parcels that a courier is bringing there."""
    await office.counters()
    parcels = await office.parcels(count)
    act, keys = office.rim.act(OPERATOR), office.rim.keys
    for one in parcels:
        await office.rim.do(partial(assign_locker, act=act, keys=keys, parcel_id=one.id, locker_id=COUNTER))
    return parcels


async def code_of(office: Office, parcel: Parcel) -> str:
    """Return what the recipient was told."""
    (sealed,) = await office.rim.look(lambda uow: uow.find(SealedCode, parcel_id=parcel.id))
    return office.rim.keys.box.unseal(sealed.code_sealed, about_code(sealed.group_id)).decode()


async def state_of(office: Office, parcel: Parcel) -> ParcelState:
    return (await office.rim.look(lambda uow: uow.need(Parcel, parcel.id))).state


async def test_a_parcel_s_life_at_a_counter(office: Office) -> None:
    (parcel,) = await promised(office)
    async with office.client("staff") as http:
        assert (await http.get(HERE)).json()["coming"] == 1
        taken = (await http.post(f"{HERE}/arrivals", json={"barcode": "ACME0000"})).json()
        assert taken == {"arrival": "taken_in", "parcel_id": parcel.id, "place": "XS1"}
        (lying,) = (await http.get(HERE)).json()["waiting"]
        assert (lying["barcode"], lying["place"], lying["may_go"]) == ("ACME0000", "XS1", False)

        typed = show_code(PickUpCode(await code_of(office, parcel)))
        found = (await http.post(f"{HERE}/codes", json={"code": typed})).json()
        assert (found["outcome"], found["recipient_name"], found["place"]) == ("found", "Ada Nowak", "XS1")
        done = await http.post(f"{HERE}/hand-overs", json={"proof": found["proof"]})
        again = await http.post(f"{HERE}/hand-overs", json={"proof": found["proof"]})

    assert done.json() == {"id": parcel.id, "state": "picked_up"}
    assert told(again)["status"] == 409


async def test_a_slip_costs_nothing_and_a_wrong_code_is_counted(office: Office) -> None:
    await promised(office)
    async with office.client("staff") as http:
        for slip in ("123", "123456789", "12345678x"):
            assert told(await http.post(f"{HERE}/codes", json={"code": slip}))["status"] == 422
        tries = [(await http.post(f"{HERE}/codes", json={"code": "00000001 3"})).json() for _ in range(2)]

    assert [(one["outcome"], one["free_tries"], one["pause_s"]) for one in tries] == [("wrong", 4, 0), ("wrong", 3, 0)]
    assert all(one["proof"] is None and one["recipient_name"] is None for one in tries)


async def test_after_too_many_misses_everybody_waits(office: Office) -> None:
    await promised(office)
    async with office.client("staff") as http:
        tries = [(await http.post(f"{HERE}/codes", json={"code": "000000013"})).json() for _ in range(7)]

    assert [one["outcome"] for one in tries] == ["wrong"] * 6 + ["paused"]
    assert [one["pause_s"] for one in tries[-2:]] == [30, 30]


async def test_a_parcel_nobody_fetched_goes_back_with_the_courier_s_pass(office: Office) -> None:
    (parcel,) = await promised(office)
    async with office.client("staff") as http:
        await http.post(f"{HERE}/arrivals", json={"barcode": "ACME0000"})
        office.clock.move_to(office.clock.now().replace(day=28, hour=9))
        act, keys = office.act(), office.rim.keys
        await office.rim.do(lambda uow: expire_parcels(uow, act, keys))
        async with office.client("script") as other:
            shown = (await other.get(f"/v1/couriers/{COURIER}/passes/{COUNTER}")).json()["qr_texts"]
        # Everybody's session has ended meanwhile.
        await office.sign_in_all()
    async with office.client("staff") as http:
        (line,) = (await http.get(HERE)).json()["returning"]
        assert (line["may_go"], line["courier"]) == (True, None)
        refused = await http.post(f"{HERE}/returns", json={"parcel_id": parcel.id})
        gone = await http.post(f"{HERE}/returns", json={"parcel_id": parcel.id, "courier_pass": shown[0]})

    assert told(refused)["status"] == 409
    assert gone.json() == {"id": parcel.id, "state": "collected"}


async def test_full_closed_and_another_shelf(office: Office) -> None:
    await office.counters()
    async with office.client("staff") as http:
        full = (await http.post(f"{HERE}/intake", json={"is_open": False})).json()
        closed = (await http.post(f"{HERE}/closings", json={"day": "2026-11-24"})).json()
        again = (await http.post(f"{HERE}/closings", json={"day": "2026-11-24", "closed": False})).json()
        assert (await http.post(f"{HERE}/shelf", json={"shelf": {"S": 4}})).status_code == 204
        assert told(await http.post(f"{HERE}/shelf", json={"shelf": {"XXL": 4}}))["status"] == 422

    assert full["intake_open"] is False
    assert closed["opening_hours"].endswith("; 2026 Nov 24 off")
    assert again["opening_hours"] == "Mo-Sa 08:00-20:00"
    assert await office.rim.look(lambda uow: uow.count(Compartment, locker_id=COUNTER)) == 4


async def test_a_mistake_is_said_about_one_s_own_parcels(office: Office) -> None:
    (parcel,) = await promised(office)
    words = {"words": "gave it to the wrong person", "parcel_id": parcel.id}
    async with office.client("staff") as http:
        assert (await http.post(f"{HERE}/mistakes", json=words)).status_code == 204
    async with office.client("staff2") as http:
        assert told(await http.post(f"/v1/counters/{OTHER_COUNTER}/mistakes", json=words))["status"] == 409


@pytest.mark.parametrize("verb", ["arrivals", "codes", "hand-overs", "returns", "intake", "closings", "shelf"])
async def test_staff_do_nothing_at_another_counter(office: Office, verb: str) -> None:
    (parcel,) = await promised(office)
    bodies = {
        "arrivals": {"barcode": "ACME0000"},
        "codes": {"code": await code_of(office, parcel)},
        "hand-overs": {"proof": "AAAA"},
        "returns": {"parcel_id": parcel.id},
        "intake": {"is_open": False},
        "closings": {"day": "2026-11-24"},
        "shelf": {"shelf": {"S": 9}},
    }
    async with office.client("staff2") as http:
        assert told(await http.post(f"{HERE}/{verb}", json=bodies[verb]))["status"] == 403
        assert told(await http.get(HERE))["status"] == 403
    assert await state_of(office, parcel) is ParcelState.ASSIGNED_TO_LOCKER


async def test_an_account_for_staff_needs_its_counter_and_nobody_else_s_may_have_one(office: Office) -> None:
    await office.counters()
    account = {"login": "ola", "name": "Ola", "password": "correct horse battery", "roles": ["staff"]}
    async with office.client("operator") as http:
        made = await http.post("/v1/accounts", json=account | {"counter_id": COUNTER})
        without = await http.post("/v1/accounts", json=account | {"login": "b"})
        wrong = await http.post(
            "/v1/accounts", json=account | {"login": "c", "roles": ["support"], "counter_id": COUNTER}
        )

    assert made.json()["counter_id"] == COUNTER
    assert [told(one)["errors"][0]["field"] for one in (without, wrong)] == ["counter_id", "counter_id"]


async def test_the_public_feed_says_which_points_are_counters(office: Office) -> None:
    await office.lockers()
    await office.counters()
    async with office.client("nobody") as http:
        found = {one["id"]: one["properties"] for one in (await http.get("/v1/points")).json()["features"]}

    assert found[COUNTER]["post_office"] == "post_partner"
    assert "amenity" not in found[COUNTER]
    assert found["WAW-CEN"]["amenity"] == "parcel_locker"


async def test_asking_twice_under_one_key_takes_in_once(office: Office) -> None:
    await promised(office)
    async with office.client("staff", **{"Idempotency-Key": "scan-1"}) as http:
        answers = [await http.post(f"{HERE}/arrivals", json={"barcode": "ACME0000"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert answers[1].json()["arrival"] == "taken_in"
    assert (await office.rim.look(lambda uow: uow.need(Locker, COUNTER))).online
