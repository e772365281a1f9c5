"""Who may do what: every endpoint of the API against every role, so that a new endpoint cannot forget to ask."""

import re

import pytest

from cloud.api.application import create_app
from cloud.api.calls import Call
from cloud.api.live import heard, message, visible_to
from cloud.domain.actors import Role, actor
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, told

CALLERS = {
    "O": "operator",
    "S": "support",
    "I": "installer",
    "P": "planner",
    "C": "courier",
    "A": "acme",
    "K": "script",
    "F": "swift",
    "T": "staff",
}
EVERYBODY = "OSIPCAKTF"
# Per endpoint the callers who may: Operator, Support, Installer, Planner, Courier, cArrier's key, operator's Key,
# a counter's sTaff.
# "*" asks nobody: the link, the claim or the password in the request is the right, or it is public.
MAY = {
    "POST /v1/sessions": "*",
    "DELETE /v1/sessions": "*",
    "GET /v1/sessions": EVERYBODY,
    "POST /v1/accounts": "OK",
    "GET /v1/accounts": "OK",
    "DELETE /v1/accounts/{account_id}": "OK",
    "POST /v1/api-keys": "OK",
    "POST /v1/imports/lockers": "OIK",
    "POST /v1/imports/parcels": "OAK",
    "POST /v1/imports/shifts": "OPK",
    "GET /v1/imports/{import_id}": "OSIPAK",
    "GET /v1/parcels": "OSAK",
    "GET /v1/parcels/{parcel_id}": "OSAK",
    "GET /v1/parcels/{parcel_id}/tracking-link": "OSAK",
    "POST /v1/parcels/{parcel_id}/opt-in": "OSK",
    "POST /v1/parcels/{parcel_id}/assign": "OSPK",
    "POST /v1/parcels/{parcel_id}/release": "OSPK",
    "POST /v1/parcels/{parcel_id}/cancel": "OSAK",
    "POST /v1/parcels/{parcel_id}/extend": "OSK",
    "POST /v1/parcels/{parcel_id}/resend-code": "OSK",
    "POST /v1/parcels/{parcel_id}/reissue-code": "OSK",
    "POST /v1/parcels/{parcel_id}/deliver-home": "OCK",
    "POST /v1/parcels/{parcel_id}/bring-back": "OCK",
    "POST /v1/couriers/{courier_id}/stops/{stop_id}/aboard": "OCK",
    "GET /v1/tracking/{token}": "*",
    "POST /v1/tracking/{token}/opt-in": "*",
    "GET /v1/tracking/{token}/windows": "*",
    "POST /v1/tracking/{token}/window": "*",
    "POST /v1/tracking/{token}/extend": "*",
    "POST /v1/tracking/{token}/resend-code": "*",
    "POST /v1/tracking/{token}/reissue-code": "*",
    "GET /v1/lockers": "OSIPK",
    "GET /v1/lockers/{locker_id}": "OSIPK",
    "GET /v1/lockers/{locker_id}/timeline": "OSIPK",
    "POST /v1/lockers/{locker_id}/claims": "OIK",
    "GET /v1/models": "OSIPK",
    "PUT /v1/models/{model}": "OIK",
    "POST /v1/lockers/{locker_id}/revoke": "OK",
    "POST /v1/lockers/{locker_id}/remote-opens": "OK",
    "GET /v1/lockers/{locker_id}/commands/{command_id}": "OSIPK",
    "POST /v1/lockers/{locker_id}/service": "OSK",
    "POST /v1/lockers/{locker_id}/configuration": "OIK",
    "POST /v1/lockers/{locker_id}/bulk-openings": "OK",
    "GET /v1/lockers/{locker_id}/bulk-openings/{opening_id}": "OK",
    "POST /v1/lockers/{locker_id}/bulk-openings/{opening_id}/signatures": "OK",
    "POST /v1/lockers/{locker_id}/bulk-openings/{opening_id}/withdrawal": "OK",
    "GET /v1/operator-keys": "OK",
    "POST /v1/operator-keys": "OK",
    "GET /v1/operator-keys/list": "OK",
    "POST /v1/operator-keys/{key_id}/confirmation": "O",
    "POST /v1/operator-keys/{key_id}/revocation": "O",
    "POST /v1/operator-lists": "OK",
    "POST /v1/enrolments": "*",
    "POST /v1/renewals": "*",
    "POST /v1/couriers": "OPK",
    "GET /v1/couriers": "OSPK",
    "POST /v1/couriers/{courier_id}/shifts": "OPK",
    "PUT /v1/couriers/{courier_id}/shifts/{shift_id}": "OPK",
    "DELETE /v1/couriers/{courier_id}/shifts/{shift_id}": "OPK",
    "GET /v1/shifts/{day}": "OPK",
    "GET /v1/couriers/{courier_id}/days/{day}": "OSCK",
    "GET /v1/couriers/{courier_id}/passes/{locker_id}": "OCK",
    "POST /v1/routes/{route_id}/start": "OPCK",
    "POST /v1/attempts": "OCK",
    "POST /v1/couriers/{courier_id}/late": "OCK",
    "PUT /v1/couriers/{courier_id}/position": "C",
    "GET /v1/couriers/{courier_id}/position": "OSPCK",
    "DELETE /v1/couriers/{courier_id}/position": "OCK",
    "POST /v1/couriers/{courier_id}/hand-over": "OPK",
    "POST /v1/couriers/{courier_id}/hand-over/proposals": "OPK",
    "POST /v1/couriers/{courier_id}/hand-over/proposals/{proposal_id}/confirm": "OPK",
    "POST /v1/couriers/{courier_id}/lockers/{locker_id}/trouble": "OCK",
    "POST /v1/jams": "OPCK",
    "POST /v1/plans": "OPK",
    "GET /v1/plans/{day}": "OSPK",
    "GET /v1/jobs/{job_id}": "OSPK",
    "GET /v1/kpis": "OSPK",
    "GET /v1/settings": "OSPK",
    "GET /v1/changes": "OPCFK",
    "POST /v1/changes/{change_id}/answer": "OPCFK",
    "POST /v1/tracking/{token}/window-wish": "*",
    "POST /v1/scenarios": "OPK",
    "GET /v1/scenarios/saved.csv": "OSPK",
    "GET /v1/scenarios/{scenario_id}": "OSPK",
    "GET /v1/kpis/{view}.csv": "OSPK",
    "GET /v1/counters/{counter_id}": "OSTK",
    "POST /v1/counters/{counter_id}/arrivals": "T",
    "POST /v1/counters/{counter_id}/codes": "T",
    "POST /v1/counters/{counter_id}/hand-overs": "T",
    "POST /v1/counters/{counter_id}/returns": "T",
    "POST /v1/counters/{counter_id}/intake": "OTK",
    "POST /v1/counters/{counter_id}/closings": "OTK",
    "POST /v1/counters/{counter_id}/hours": "OTK",
    "POST /v1/counters/{counter_id}/shelf": "OTK",
    "POST /v1/counters/{counter_id}/mistakes": "T",
    "GET /v1/points": "*",
    "POST /v1/couriers/{courier_id}/forget-places": "OCK",
    "POST /v1/trips": "OCK",
    "POST /v1/trips/{trip_id}/withdraw": "OPCK",
    "GET /v1/couriers/{courier_id}/offers/{day}": "OSPCK",
    "GET /v1/partners/{partner_id}/offers/{day}": "OSPKF",
    "GET /v1/offers/{offer_id}": "OSPCKF",
    "POST /v1/offers/{offer_id}/accept": "OPCKF",
    "POST /v1/offers/{offer_id}/decline": "OPCKF",
    "POST /v1/offers/{offer_id}/give-up": "OPCKF",
    "POST /v1/offers/{offer_id}/quote": "OKF",
    "POST /v1/offers/{offer_id}/hand-over": "OPKF",
    "POST /v1/offers/{offer_id}/status": "OKF",
    "GET /v1/errands/{day}": "OSPK",
    "POST /v1/errands/{errand_id}/withdraw": "OPK",
    "POST /v1/partners": "OK",
    "GET /v1/partners": "OSPK",
    "PUT /v1/partners/{partner_id}/tariffs/{tariff_id}": "OKF",
    "GET /v1/partners/{partner_id}/tariffs/{day}": "OSPKF",
    "POST /v1/partners/{partner_id}/webhook": "*",
    "PUT /v1/webhook": "OAKF",
    "DELETE /v1/webhook": "OAKF",
    "GET /v1/webhook/messages": "OAKF",
    "POST /v1/webhook-messages/{message_id}/replay": "OAKF",
    "GET /v1/live": EVERYBODY.replace("T", ""),  # a counter's pages change when its staff do something
}
VALUES = {
    "locker_id": "WAW-CEN",
    "model": "E8",
    "counter_id": "WAW-KIOSK",
    "courier_id": COURIER,
    "day": "2026-11-23",
    "token": "x" * 43,
    "partner_id": "swift",
    "key_id": "op-0123456789abcdef",
}
ENDLESS = {"GET /v1/live"}  # whoever may is answered for as long as they stay


async def test_the_table_speaks_of_every_endpoint(office: Office) -> None:
    document = create_app(office.rim).openapi()
    paths = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert paths == set(MAY)


async def test_every_endpoint_that_asks_who_says_so_in_its_description(office: Office) -> None:
    document = office.app.openapi()
    for name, may in MAY.items():
        method, path = name.split()
        asks = "security" in document["paths"][path][method.lower()]
        assert asks is (may != "*"), name


async def test_each_role_may_do_what_the_table_says_and_nothing_else(office: Office) -> None:
    wrong = []
    await office.counters()
    for letter, who in CALLERS.items():
        async with office.client(who) as http:
            for name, may in MAY.items():
                allowed = may == "*" or letter in may
                if allowed and name in ENDLESS:
                    continue
                status = (await http.request(*asked(name))).status_code
                if (status == 403) is allowed or (status in (401, 500) and may != "*"):
                    wrong.append(f"{who} {name}: {status}")
    assert wrong == []


async def test_nobody_may_do_only_what_needs_nobody(office: Office) -> None:
    async with office.client("nobody") as http:
        for name, may in MAY.items():
            answer = await http.request(*asked(name))
            if may == "*":
                assert answer.status_code != 403, name
            else:
                assert told(answer)["status"] == 401, name


@pytest.mark.parametrize("path", ["days/2026-11-23", "passes/WAW-CEN"])
async def test_a_courier_sees_nobody_elses_day_and_pass(office: Office, path: str) -> None:
    await office.lockers()
    async with office.client("courier") as http:
        assert (await http.get(f"/v1/couriers/{COURIER}/{path}")).status_code == 200
        assert told(await http.get(f"/v1/couriers/{OTHER_COURIER}/{path}"))["status"] == 403


async def test_a_courier_starts_nobody_elses_route_and_reports_nobody_elses_parcel(office: Office) -> None:
    await office.parcels(3)
    await office.shift()
    route = (await office.plan())["routes"][0]
    parcel = route["stops"][0]["tasks"][0]["parcel"]["id"]
    async with office.client("courier2") as http:
        refused = [
            await http.post(f"/v1/routes/{route['id']}/start"),
            await http.post("/v1/attempts", json={"parcel_id": parcel, "reason": "nobody at home"}),
            await http.post(
                "/v1/attempts", json={"parcel_id": parcel, "reason": "nobody at home", "courier_id": COURIER}
            ),
            await http.post(f"/v1/parcels/{parcel}/deliver-home", json={"proof": "took it"}),
            await http.post(f"/v1/parcels/{parcel}/bring-back"),
        ]
    assert [one.status_code for one in refused] == [403] * 5


async def test_a_carrier_sees_its_own_parcels_only(office: Office) -> None:
    [theirs] = await office.parcels(1, "other")
    async with office.client("acme") as http:
        assert (await http.get("/v1/parcels")).json()["parcels"] == []
        for path in ("", "/tracking-link"):
            assert told(await http.get(f"/v1/parcels/{theirs.id}{path}"))["status"] == 404


async def test_a_carrier_announces_for_itself_whatever_it_asks(office: Office) -> None:
    text = (
        "barcode,recipient_name,recipient_email,address,longitude,latitude,length_mm,width_mm,height_mm,weight_g\n"
        "P-77,Ada,ada@example.com,Zlota,21.0,52.2,200,150,60,900\n"
    )
    async with office.client("acme") as http:
        await http.post("/v1/imports/parcels?carrier=other", content=text)
        await office.work()
        assert [one["carrier"] for one in (await http.get("/v1/parcels")).json()["parcels"]] == ["acme"]


@pytest.mark.parametrize("token", ["x", "x" * 43, "A" * 43, "é" * 20, "x" * 64])
async def test_a_made_up_link_shows_nothing(office: Office, token: str) -> None:
    await office.parcels(1)
    async with office.client("nobody") as http:
        assert told(await http.get(f"/v1/tracking/{token}"))["status"] == 404
        assert (await http.post(f"/v1/tracking/{token}/resend-code")).status_code == 404


@pytest.mark.parametrize(
    ("role", "hears"),
    [(Role.OPERATOR, {"Parcel", "Alarm"}), (Role.COURIER, {"Parcel"}), (Role.CARRIER, {"Parcel"})],
)
async def test_live_updates_tell_a_role_only_what_it_may_know(office: Office, role: Role, hears: set[str]) -> None:
    visible = visible_to(Call(office.rim, actor(role, "x")))
    changed = frozenset({"Parcel", "Alarm"})
    assert (changed if visible is None else changed & visible) == hears


@pytest.mark.parametrize(
    ("role", "vans", "hears"),
    [(Role.OPERATOR, "shown", {"CourierPosition"}), (Role.OPERATOR, "", set()), (Role.COURIER, "shown", set())],
)
async def test_only_a_page_with_vans_on_it_hears_that_one_has_moved(
    office: Office, role: Role, vans: str, hears: set[str]
) -> None:
    visible = visible_to(Call(office.rim, actor(role, "x")))
    assert heard(frozenset({"CourierPosition"}), visible, vans=bool(vans)) == hears


def test_a_live_update_is_one_event_with_the_kinds_that_changed() -> None:
    assert message(frozenset({"Parcel", "Alarm"})) == b'event: changed\ndata: {"kinds":["Alarm","Parcel"]}\n\n'


def asked(name: str) -> tuple[str, str]:
    """Return method and path, with something that could be there in place of each name."""
    method, pattern = name.split()
    return method, re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "00" * 16), pattern)
