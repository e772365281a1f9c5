"""What people and programs send by mistake: each is refused with a problem that names the field and says why."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.cloud.api.office import COURIER, CSV, Office, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

ID = "00" * 16
SHIFTS = f"/v1/couriers/{COURIER}/shifts"
PLACE = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
SHIFT = {"starts_at": "2026-11-23T08:00:00+01:00", "ends_at": "2026-11-23T16:00:00+01:00", **PLACE}
NAN = json.dumps(SHIFT).replace('"start_lat": 52.2', '"start_lat": NaN')
SERVICE = {"compartment": "A01", "reason": "because"}
ACCOUNT = {"login": "anna", "name": "Anna", "password": "long enough", "roles": ["support"]}

OPENS, SETTINGS = "/v1/lockers/WAW-CEN/remote-opens", "/v1/lockers/WAW-CEN/configuration"
OPT_IN = f"/v1/parcels/{ID}/opt-in"
Row = tuple[str, str, object, str, str]

BODIES: list[Row] = [
    ("empty", "/v1/couriers", None, "", "a JSON object is required as the body"),
    ("no_object", "/v1/couriers", [1, 2], "", "Content-Type: application/json"),
    ("null", "/v1/couriers", "null", "", "object"),
    ("field_missing", "/v1/couriers", {}, "name", "required"),
    ("unknown_field", "/v1/couriers", {"name": "Ewa", "nmae": "x"}, "nmae", "not permitted"),
    ("blank_name", "/v1/couriers", {"name": "   "}, "name", "empty"),
    ("name_of_control_characters", "/v1/couriers", {"name": "a\u0000b"}, "name", "control characters"),
    ("name_too_long", "/v1/couriers", {"name": "x" * 201}, "name", "200 characters"),
    ("name_is_a_number", "/v1/couriers", {"name": 7}, "name", "string"),
    ("lone_surrogate", "/v1/couriers", '{"name": "\\ud800"}', "name", "unicode"),
    ("id_of_another_shape", "/v1/couriers", {"name": "Ewa", "id": "EWA"}, "id", "pattern"),
    ("e_mail_without_at", "/v1/couriers", {"name": "Ewa", "email": "ewa"}, "email", "pattern"),
    ("language_nobody_speaks", "/v1/couriers", {"name": "Ewa", "language": "tlh"}, "language", "pattern"),
    ("time_without_offset", SHIFTS, SHIFT | {"starts_at": "2026-11-23T08:00:00"}, "starts_at", "timezone"),
    ("time_that_is_none", SHIFTS, SHIFT | {"starts_at": "tomorrow"}, "starts_at", "datetime"),
    ("shift_that_ends_before_it_begins", SHIFTS, SHIFT | {"ends_at": SHIFT["starts_at"]}, "ends_at", "16:00:00"),
    ("latitude_beyond_the_pole", SHIFTS, SHIFT | {"start_lat": 91}, "start_lat", "90"),
    ("not_a_number", SHIFTS, NAN, "start_lat", "finite"),
    ("van_for_nothing", SHIFTS, SHIFT | {"parcels_max": 0}, "parcels_max", "1"),
    ("weight_that_overflows", SHIFTS, SHIFT | {"weight_g_max": 10**30}, "weight_g_max", "100000000"),
    ("day_that_is_none", "/v1/plans", {"day": "2026-02-30"}, "day", "date"),
    ("day_with_a_time", "/v1/plans", {"day": "2026-02-03T10:00:00"}, "day", "date"),
    ("first_day_of_all", "/v1/plans", {"day": "0001-01-01"}, "day", "calendar"),
    ("attempt_without_reason", "/v1/attempts", {"parcel_id": ID}, "reason", "required"),
    ("attempt_by_nobody", "/v1/attempts", {"parcel_id": ID, "reason": "nobody"}, "courier_id", "which courier"),
    ("scope_unknown", OPT_IN, {"scope": "anything"}, "scope", "this_locker"),
    (
        "walk_to_the_moon",
        OPT_IN,
        {"scope": "any_nearby", "walk_m_max": 10**6},
        "walk_m_max",
        "20000",
    ),
    ("locker_in_lower_case", f"/v1/parcels/{ID}/assign", {"locker_id": "waw-cen"}, "locker_id", "A-Z"),
    ("locker_with_a_slash", f"/v1/parcels/{ID}/assign", {"locker_id": "A/B"}, "locker_id", "A-Z"),
    ("extension_of_a_year", f"/v1/parcels/{ID}/extend", {"hours": 24 * 365}, "hours", "336"),
    ("cancel_without_reason", f"/v1/parcels/{ID}/cancel", {}, "reason", "required"),
    ("parcel_id_of_another_shape", "/v1/parcels/7/cancel", {"reason": "because"}, "parcel_id", "pattern"),
    (
        "door_that_is_none",
        OPENS,
        {"compartment": "7", "reason": "jam"},
        "compartment",
        "A07",
    ),
    ("open_without_reason", OPENS, {"compartment": "A01"}, "reason", "required"),
    ("service_yes_as_text", "/v1/lockers/WAW-CEN/service", SERVICE | {"in_service": "maybe"}, "in_service", "boolean"),
    (
        "door_open_for_a_week",
        SETTINGS,
        {"door_left_open_s": 604_800},
        "door_left_open_s",
        "3600",
    ),
    ("password_too_short", "/v1/accounts", ACCOUNT | {"password": "short"}, "password", "at least 10 characters"),
    ("role_that_is_none", "/v1/accounts", ACCOUNT | {"roles": ["god"]}, "roles.0", "should be 'operator', 'support'"),
    ("login_with_spaces", "/v1/accounts", ACCOUNT | {"login": "Anna K"}, "login", "pattern"),
    ("no_roles", "/v1/accounts", ACCOUNT | {"roles": []}, "roles", "1 item"),
    ("courier_without_one", "/v1/accounts", ACCOUNT | {"roles": ["courier"]}, "courier_id", "needed"),
    ("scope_of_a_key", "/v1/api-keys", {"carrier": "acme", "scopes": ["everything"]}, "scopes.0", "pattern"),
    ("claim_is_none", "/v1/enrolments", {"claim": "x"}, "body", "csr_pem"),
]


@pytest.mark.parametrize(("path", "body", "field", "says"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
async def test_a_bad_body_is_named(office: Office, path: str, body: object, field: str, says: str) -> None:
    await office.lockers()
    async with office.client() as http:
        answer = await http.post(path, **raw(body))
    problem = told(answer)
    assert answer.status_code == 422
    found = {one["field"]: one["reason"] for one in problem["errors"]}
    assert field in found, found
    assert says in found[field], found
    assert field.split(".", maxsplit=1)[0] in problem["detail"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{", "application/json", 422),
        ("{'name': 'Ewa'}", "application/json", 422),
        ("name: Ewa", "application/yaml", 422),
        ('{"name": "Ewa"}', "text/plain", 422),
        ("[" * 20_000, "application/json", 400),
        ('{"name": "' + "x" * 70_000 + '"}', "application/json", 413),
        (b"\xff\xfe{}", "application/json", 422),
    ],
)
async def test_what_is_no_json_is_said_to_be_none(office: Office, content: str | bytes, kind: str, status: int) -> None:
    async with office.client() as http:
        answer = await http.post("/v1/couriers", content=content, headers={"Content-Type": kind})
    assert told(answer)["status"] == status


@pytest.mark.parametrize(
    ("path", "content", "line", "says"),
    [
        ("parcels", "", 1, "empty"),
        ("parcels", "hello", 1, "no column barcode"),
        ("parcels", b"\x89PNG\r\n\x1a\n\x00", 1, "UTF-8"),
        ("parcels", CSV.replace("barcode", "barcode,barcode"), 1, "stands twice"),
        ("lockers", "", 1, "no JSON"),
        ("lockers", "{}", 1, "FeatureCollection"),
        ("lockers", '{"type": "FeatureCollection", "features": []}', 1, "empty"),
        ("lockers", '{"type": "FeatureCollection",\n "features": [,]}', 2, "no JSON"),
        ("lockers", "[" * 100_000, 1, "nested"),
    ],
)
async def test_a_file_nothing_of_which_can_be_used_is_refused_at_once(
    office: Office, path: str, content: str | bytes, line: int, says: str
) -> None:
    async with office.client("script") as http:
        answer = await http.post(f"/v1/imports/{path}", params={"carrier": "acme"}, content=content)
    problem = told(answer)
    assert (problem["status"], problem["line"]) == (422, line)
    assert says in problem["detail"]


async def test_a_body_that_does_not_say_how_long_it_is_is_ended_all_the_same(office: Office) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_024

    async with office.client() as http:
        answer = await http.post("/v1/couriers", content=endless(), headers={"Content-Type": "application/json"})
    assert told(answer)["status"] == 413


async def test_a_form_without_the_file_says_which_field_it_is_in(office: Office) -> None:
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels", files={"upload": ("x.csv", CSV)})
    assert told(answer)["errors"] == [{"field": "file", "reason": "the form has no file in a field of this name"}]


async def test_a_form_that_breaks_off_is_no_crash(office: Office) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with office.client("acme") as http:
        answer = await http.post("/v1/imports/parcels", content=b"--x\r\nContent-Dispo", headers=headers)
    assert told(answer)["status"] in (400, 422)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/parcels/" + ID, "/v1/lockers/NOWHERE", "/v1/jobs/" + ID])
async def test_what_does_not_exist_is_a_problem_too(office: Office, path: str) -> None:
    async with office.client() as http:
        assert told(await http.get(path))["status"] == 404


async def test_a_method_that_makes_no_sense_is_a_problem_too(office: Office) -> None:
    async with office.client() as http:
        refused = await http.delete("/v1/parcels")
    assert told(refused)["status"] == 405
    assert refused.headers["allow"] == "GET"


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x", "cursor=x", "state=lost", "barcode=" + "x" * 49])
async def test_a_bad_query_is_named(office: Office, query: str) -> None:
    async with office.client() as http:
        answer = await http.get(f"/v1/parcels?{query}")
    assert told(answer)["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def raw(body: object) -> dict[str, Any]:
    """Return how to send a body: text as it stands, everything else as JSON."""
    if body is None:
        return {}
    if isinstance(body, str):
        return {"content": body, "headers": {"Content-Type": "application/json"}}
    return {"json": body}
