"""The carrier's and the operator's side of a parcel's life, over HTTP only."""

from cloud.domain.parcel import Parcel
from cloud.services.records_ops import OutboxMessage
from tests.unit.cloud.api.office import COURIER, CSV, WARSAW_LOCKERS, Office, told

GOOD = "P-0001,Ada Nowak,ada@example.com,Zlota 44,21.0,52.23,200,150,60,900,yes\n"
BAD = "P-0002,Jan Kowalski,nobody,Zlota 45,21.0,52.23,200,150,60,nine,yes\n"


async def test_a_locker_file_becomes_lockers_and_twice_is_nothing(office: Office) -> None:
    async with office.client() as http:
        for added, unchanged in ((12, 0), (0, 12)):
            answer = await http.post("/v1/imports/lockers", content=WARSAW_LOCKERS)
            assert answer.status_code == 202
            await office.work()
            report = (await http.get(f"/v1/imports/{answer.json()['id']}")).json()
            assert (report["added"], report["unchanged"], report["job"]["state"]) == (added, unchanged, "done")
        fleet = (await http.get("/v1/lockers")).json()["lockers"]
    assert [one["status"] for one in fleet] == ["announced"] * 12


async def test_good_rows_land_and_bad_ones_come_back_with_line_column_and_reason(office: Office) -> None:
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels?file_name=day.csv", content=CSV + GOOD + BAD)
        await office.work()
        report = (await http.get(f"/v1/imports/{answer.json()['id']}")).json()
    assert (report["file_name"], report["rows"], report["added"], report["rejected"]) == ("day.csv", 2, 1, 1)
    assert {(one["line"], one["column"]) for one in report["problems"]} == {(3, "recipient_email"), (3, "weight_g")}


async def test_a_form_upload_works_like_a_raw_body(office: Office) -> None:
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels", files={"file": ("form.csv", CSV + GOOD)})
        await office.work()
        report = (await http.get(f"/v1/imports/{answer.json()['id']}")).json()
    assert (report["file_name"], report["added"]) == ("form.csv", 1)


async def test_a_large_file_lands_in_batches_with_every_row(office: Office) -> None:
    rows = "".join(GOOD.replace("P-0001", f"P-{number:05}") for number in range(1_200))
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels", content=CSV + rows + BAD)
        await office.work()
        report = (await http.get(f"/v1/imports/{answer.json()['id']}")).json()
    assert (report["rows"], report["added"], report["rejected"]) == (1_201, 1_200, 1)
    assert report["problems"][0]["line"] == 1_202


async def test_a_noted_finding_is_shown_and_costs_no_row(office: Office) -> None:
    text = CSV.replace("locker_allowed", "locker_allowed,colour") + GOOD.replace("yes\n", "yes,red\n")
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels", content=text)
        await office.work()
        report = (await http.get(f"/v1/imports/{answer.json()['id']}")).json()
    assert (report["added"], report["rejected"]) == (1, 0)
    assert [one["column"] for one in report["problems"]] == ["colour"]


async def test_one_carriers_import_does_not_exist_for_another(office: Office) -> None:
    async with office.client("acme") as http, office.client("other") as stranger:
        answer = await http.post("/v1/imports/parcels", content=CSV + GOOD)
        await office.work()
        assert (await stranger.get(f"/v1/imports/{answer.json()['id']}")).status_code == 404


async def test_pages_of_parcels_show_each_once(office: Office) -> None:
    await office.parcels(7)
    await office.parcels(3, "other")
    seen: list[str] = []
    cursor = None
    async with office.client("acme") as http:
        while True:
            page = (await http.get("/v1/parcels", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [one["barcode"] for one in page["parcels"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert sorted(seen) == [f"ACME{number:04}" for number in range(7)]


async def test_a_day_is_planned_driven_and_a_failed_attempt_finds_a_locker(office: Office) -> None:
    await office.lockers()
    await office.parcels(5)
    await office.shift()
    plan = await office.plan()
    [route] = plan["routes"]
    assert len(plan["unplanned"]) == 2
    async with office.client("courier") as http:
        started = await http.post(f"/v1/routes/{route['id']}/start")
        assert started.json()["parcels_loaded"] == 3
        day = (await http.get(f"/v1/couriers/{COURIER}/days/2026-11-23")).json()
        parcel = day["stops"][0]["tasks"][0]["parcel"]
        attempt = await http.post("/v1/attempts", json={"parcel_id": parcel["id"], "reason": "nobody at home"})
        assert attempt.status_code == 201, attempt.text
        locker_id = attempt.json()["assigned"]["locker_id"]
        qr = (await http.get(f"/v1/couriers/{COURIER}/passes/{locker_id}")).json()["qr_texts"]
        after = (await http.get(f"/v1/couriers/{COURIER}/days/2026-11-23")).json()
    assert qr[0].startswith("LM1:")
    assert [task["task"] for stop in after["stops"] if stop["locker_id"] == locker_id for task in stop["tasks"]] == [
        "drop_off"
    ]
    [message] = await office.rim.look(lambda uow: uow.find(OutboxMessage, locker_id=locker_id))
    assert message.kind == "grants"


async def test_a_recipient_opts_in_by_the_link_and_sees_the_locker(office: Office) -> None:
    await office.lockers()
    [parcel] = await office.parcels(1)
    async with office.client("acme") as carrier, office.client("nobody") as recipient:
        token = (await carrier.get(f"/v1/parcels/{parcel.id}/tracking-link")).json()["token"]
        wish = {"scope": "this_locker", "locker_id": "WAW-CEN"}
        consent = await recipient.post(f"/v1/tracking/{token}/opt-in", json=wish)
        assert consent.status_code == 201, consent.text
        page = (await recipient.get(f"/v1/tracking/{token}")).json()
    assert (page["state"], page["locker"]["id"], page["has_code"]) == ("assigned_to_locker", "WAW-CEN", False)
    assert "Ada" not in str(page)


async def test_a_remote_open_shows_what_became_of_it_and_no_more(office: Office) -> None:
    await office.lockers()
    async with office.client() as http:
        asked = {"compartment": "A01", "reason": "the recipient says it jams"}
        answer = await http.post("/v1/lockers/WAW-CEN/remote-opens", json=asked)
        assert answer.status_code == 202, answer.text
        command = (await http.get(f"/v1/lockers/WAW-CEN/commands/{answer.json()['id']}")).json()
        elsewhere = await http.get(f"/v1/lockers/WAW-DAS/commands/{answer.json()['id']}")
    assert (command["state"], command["sent_at"], command["opened_at"]) == ("queued", None, None)
    assert elsewhere.status_code == 404


async def test_a_parcel_is_cancelled_by_its_own_carrier_only(office: Office) -> None:
    [parcel] = await office.parcels(1)
    async with office.client("other") as stranger, office.client("acme") as http:
        refused = await stranger.post(f"/v1/parcels/{parcel.id}/cancel", json={"reason": "not mine"})
        assert told(refused)["status"] == 404
        done = await http.post(f"/v1/parcels/{parcel.id}/cancel", json={"reason": "sent by mistake"})
    assert done.json()["state"] == "cancelled"


async def test_the_points_feed_says_what_is_free_and_304_while_nothing_changes(office: Office) -> None:
    await office.lockers()
    [parcel] = await office.parcels(1)
    async with office.client("nobody") as http, office.client() as operator:
        first = await http.get("/v1/points")
        again = await http.get("/v1/points", headers={"If-None-Match": first.headers["etag"]})
        await operator.post(f"/v1/parcels/{parcel.id}/assign", json={"locker_id": "WAW-CEN"})
        changed = await http.get("/v1/points", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, changed.status_code) == (304, b"", 200)
    assert first.headers["content-type"] == "application/geo+json"
    central = next(one for one in first.json()["features"] if one["id"] == "WAW-CEN")
    assert central["properties"]["amenity"] == "parcel_locker"
    assert sum(central["properties"]["free"].values()) > 0


async def test_what_a_planner_cannot_do_leaves_the_plan_in_force(office: Office) -> None:
    await office.parcels(2)
    async with office.client() as http:
        assert told(await http.get("/v1/plans/2026-11-23"))["status"] == 404
    plan = await office.plan()
    assert {one["barcode"] for one in plan["unplanned"]} == {"ACME0000", "ACME0001"}
    found = await office.rim.look(lambda uow: uow.find(Parcel))
    assert {one.state for one in found} == {"announced"}
