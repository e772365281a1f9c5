"""A planner types a day's shifts, changes one, takes one back, or brings a file of them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.records import Courier, Plan, Route, Shift, Unplanned
from cloud.services.records_ops import AuditEntry, ImportProblem, ImportRun
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, Office, open_busy_office

PAGE = "/console/shifts"
TODAY = "2026-11-23"
FORM = {
    "day": TODAY,
    "courier": OTHER_COURIER,
    "from": "09:30",
    "to": "15:00",
    "start_lon": "21,01",
    "start_lat": "52.2",
    "parcels_max": "90",
    "weight_kg_max": "600",
    "volume_l_max": "5000",
    "loads_max": "2",
    "reload_min": "20",
}
HEADER = "courier,day,shift_from,shift_to,start_longitude,start_latitude,loads_max\n"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_busy_office(tmp_path) as opened:
        yield opened


async def all_of(office: Office, record: type[Any], /, **conditions: Any) -> list[Any]:
    found: list[Any] = await office.rim.look(lambda uow: uow.find(record, **conditions))
    return found


async def page(office: Office, path: str = f"{PAGE}?day={TODAY}") -> str:
    async with office.client("planner") as http:
        answer = await http.get(f"{path}{'&' if '?' in path else '?'}lang=en")
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_shift_is_typed_and_stands_in_the_table(office: Office) -> None:
    async with office.client("planner") as http:
        done = await http.post(PAGE, data=FORM)
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?day={TODAY}&told=added#told")
    (shift,) = await all_of(office, Shift, courier_id=OTHER_COURIER)
    assert shift.ends_at - shift.starts_at == timedelta(hours=5, minutes=30)
    assert (shift.start_lon, shift.end_lon, shift.weight_g_max, shift.reload_s) == (21.01, 21.01, 600_000, 1_200)
    shown = await page(office, f"{PAGE}?day={TODAY}&told=added")
    for text in ("The shift is added", "Courier 1", "09:30\N{EN DASH}15:00", "20 min each", "waiting"):
        assert text in shown
    assert f"{PAGE}?day={TODAY}" in await page(office, "/console/plan")


async def test_a_night_shift_ends_the_day_after_and_belongs_to_the_day_it_begins(office: Office) -> None:
    async with office.client("planner") as http:
        await http.post(PAGE, data=FORM | {"from": "22:00", "to": "06:00", "end_lon": "21.1", "end_lat": "52.3"})
    (shift,) = await all_of(office, Shift, courier_id=OTHER_COURIER)
    assert (shift.ends_at - shift.starts_at, shift.end_lon) == (timedelta(hours=8), 21.1)
    assert "22:00\N{EN DASH}06:00" in await page(office)
    assert "22:00\N{EN DASH}06:00" not in await page(office, f"{PAGE}?day=2026-11-24")


WRONG: list[tuple[dict[str, str], str]] = [
    ({"from": "soon"}, "write a time such as 17:30"),
    ({"start_lon": "east"}, "tap where it is on the map"),
    ({"loads_max": "11"}, "a van is loaded 1 to 10 times"),
    ({"parcels_max": "0"}, "write a whole number from 1 to 100000"),
    ({"from": "15:30"}, "a shift lasts up to"),
    ({"from": "05:00", "to": "06:00"}, "this time is over already"),
    ({"courier": COURIER}, "this courier drives from 09:00 to 17:00 already"),
]


async def test_what_cannot_be_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    async with office.client("planner") as http:
        answers = [(await http.post(f"{PAGE}?lang=en", data=FORM | wrong), why) for wrong, why in WRONG]
        assert [why for answer, why in answers if answer.status_code != 422 or why not in answer.text] == []
        assert all('value="5000"' in answer.text for answer, _ in answers)
        assert len(await all_of(office, Shift)) == 1
        await office.rim.do(lambda uow: uow.change(Courier, {"id": OTHER_COURIER}, kind="crowd"))
        crowd = await http.post(f"{PAGE}?lang=en", data=FORM)
    assert "choose a courier of ours who works" in crowd.text
    assert "Courier 1" not in await page(office)


async def test_a_shift_that_waits_is_changed_and_its_plan_stays(office: Office) -> None:
    [planned] = (await office.plan())["routes"]
    (shift,) = await all_of(office, Shift)
    form = await page(office, f"{PAGE}/{shift.id}?day={TODAY}")
    assert ("3 parcels are planned for this shift" in form, 'value="17:00"' in form) == (True, True)
    async with office.client("planner") as http:
        done = await http.post(f"{PAGE}/{shift.id}", data=FORM | {"courier": COURIER, "to": "18:15"})
        other = await http.post(f"{PAGE}/{shift.id}?lang=en", data=FORM)
    (after,) = await all_of(office, Shift)
    assert (done.status_code, other.status_code, after.parcels_max) == (303, 422, 90)
    assert after.ends_at - after.starts_at == timedelta(hours=8, minutes=45)
    assert len(await all_of(office, Route, id=planned["id"])) == 1
    said = [one.action for one in await all_of(office, AuditEntry, order="sequence")]
    assert said[-1:] == ["change_shift"]


async def test_a_shift_is_taken_back_and_its_parcels_wait_for_the_next_plan(office: Office) -> None:
    await office.plan()
    await office.plan()  # what stood in the older one is counted once
    (shift,) = await all_of(office, Shift)
    async with office.client("planner") as http:
        done = await http.post(f"{PAGE}/{shift.id}/take-back", data={"day": TODAY})
    assert done.headers["location"].endswith("told=taken_back&left=3#told")
    assert (await all_of(office, Shift), await all_of(office, Route)) == ([], [])
    assert {one.state for one in await all_of(office, Parcel)} == {ParcelState.ANNOUNCED}
    (current,) = await all_of(office, Plan, current=True)
    assert [one.plan_id for one in await all_of(office, Unplanned)] == [current.id] * 3
    assert "3 parcels wait: plan the day again" in await page(office, f"{PAGE}?told=taken_back&left=3")
    await office.shift(OTHER_COURIER)
    assert sum(len(one["stops"]) for one in (await office.plan())["routes"]) == 3


async def test_who_is_on_the_road_is_changed_no_more_and_home_when_all_is_done(office: Office) -> None:
    [route] = (await office.plan())["routes"]
    (shift,) = await all_of(office, Shift)
    async with office.client("courier") as http:
        await http.post(f"/v1/routes/{route['id']}/start")
    shown = await page(office)
    assert ("on the road" in shown, "3 parcels to go" in shown, f"{PAGE}/{shift.id}" in shown) == (True, True, False)
    async with office.client("planner") as http:
        change = await http.post(f"{PAGE}/{shift.id}?lang=en", data=FORM | {"courier": COURIER})
        back = await http.post(f"{PAGE}/{shift.id}/take-back?lang=en", data={"day": TODAY})
    assert (change.status_code, back.status_code) == (409, 409)
    assert "this shift has begun" in back.text
    for parcel in await all_of(office, Parcel):
        async with office.client("courier") as http:
            await http.post(f"/v1/parcels/{parcel.id}/deliver-home", json={"proof": "took it"})
    assert ">home<" in await page(office)


async def test_nobody_set_off_is_said_of_a_shift_that_is_over(office: Office) -> None:
    (shift,) = await all_of(office, Shift)
    office.clock.move_to(office.clock.now() + timedelta(hours=10))
    assert "never set off" in await page(office)
    async with office.client("planner") as http:
        over = await http.post(f"{PAGE}/{shift.id}/take-back?lang=en", data={"day": TODAY})
    assert (over.status_code, "this shift is over" in over.text) == (409, True)


async def bring(office: Office, text: str, day: str = TODAY) -> str:
    """Send a file from the page and return its report."""
    async with office.client("planner") as http:
        sent = await http.post(f"{PAGE}/file?lang=en", data={"day": day}, files={"file": ("shifts.csv", text)})
        if sent.status_code != 303:
            return sent.text
        under_way = (await http.get(f"{sent.headers['location']}?lang=en")).text
        await office.work()
        report = (await http.get(f"{sent.headers['location']}?lang=en")).text
    assert ("being read" in under_way, "being read" in report) == (True, False)
    return report


async def test_a_file_keeps_what_is_good_and_says_where_the_rest_is_wrong(office: Office) -> None:
    lines = (
        "Courier 1,,08:30,14:00,21.0,52.2,\n"
        f"{OTHER_COURIER},2026-11-24,22:00,06:00,21.0,52.2,3\n"
        "Nobody,,08:00,16:00,21.0,52.2,\n"
        "Courier 1,,08:00,9 o'clock,21.0,north,\n"
        "Courier 1,tomorrow,08:00,16:00,21.0,52.2,12\n"
        "Courier 1,,13:00,18:00,21.0,52.2,\n"
        "Courier 0,,17:00,16:00,21.0,52.2,\n"
    )
    report = await bring(office, HEADER + lines)
    found = {(one.line, one.column) for one in await all_of(office, ImportProblem)}
    wrong = {(4, "courier"), (5, "shift_to"), (5, "start_latitude"), (6, "day"), (6, "loads_max"), (7, "shift_from")}
    assert found == {*wrong, (8, "shift_to")}
    assert "no courier of ours has this name" in report
    [run] = await all_of(office, ImportRun, kind="shifts")
    assert (run.rows, run.added, run.rejected) == (7, 2, 5)
    theirs = await all_of(office, Shift, courier_id=OTHER_COURIER, order="starts_at")
    assert [one.loads_max for one in theirs] == [1, 3]


async def test_a_corrected_file_changes_the_shifts_it_is_about_and_the_same_again_nothing(office: Office) -> None:
    first, second = ("Courier 1,,08:30,14:00,21.0,52.2,\n", "Courier 1,,09:00,15:00,21.0,52.2,2\n")
    for text in (first, second, second):
        await bring(office, HEADER + text)
    runs = await all_of(office, ImportRun, kind="shifts")
    assert sorted((one.added, one.changed, one.unchanged) for one in runs) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    (shift,) = await all_of(office, Shift, courier_id=OTHER_COURIER)
    assert (shift.ends_at - shift.starts_at, shift.loads_max) == (timedelta(hours=6), 2)


async def test_two_of_one_name_and_one_on_the_road_are_refused_by_line(office: Office) -> None:
    [route] = (await office.plan())["routes"]
    async with office.client("courier") as http:
        await http.post(f"/v1/routes/{route['id']}/start")
    await office.rim.do(lambda uow: uow.change(Courier, {"id": OTHER_COURIER}, name="Courier 0"))
    await bring(office, HEADER + f"Courier 0,,20:00,22:00,21.0,52.2,\n{COURIER},,10:00,18:00,21.0,52.2,\n")
    problems = await all_of(office, ImportProblem, order="line")
    assert [(one.line, one.reason.partition(":")[0]) for one in problems] == [
        (2, "several couriers have this name; write the id"),
        (3, "this shift has begun"),
    ]


async def test_a_file_that_is_none_is_refused_on_the_page(office: Office) -> None:
    assert "the header has no column" in await bring(office, "name,when\nOla,8\n")
    assert "choose a file first" in await bring(office, "")
    assert await all_of(office, ImportRun, kind="shifts") == []


async def test_the_example_is_a_file_that_can_be_brought_as_it_is(office: Office) -> None:
    async with office.client("planner") as http:
        tomorrow = (await http.get(f"{PAGE}/example.csv?day=2026-11-24")).text
        today = (await http.get(f"{PAGE}/example.csv?day={TODAY}")).text
    assert tomorrow.splitlines()[1] == "Courier 0,2026-11-24,09:00,17:00,21.0,52.2,,,150,800,8000,1,15,,,,"
    assert (len(tomorrow.splitlines()), len(today.splitlines())) == (3, 2)
    await bring(office, tomorrow, "2026-11-24")
    await bring(office, today)
    assert [(one.added, one.unchanged) for one in await all_of(office, ImportRun, kind="shifts", order="rows")] == [
        (0, 1),
        (2, 0),
    ]


async def test_over_the_api_a_file_needs_a_day_in_the_row_or_beside_it(office: Office) -> None:
    line = HEADER + "Courier 1,,08:30,14:00,21.0,52.2,\n"
    async with office.client("planner") as http:
        for query in ("", "?day=2026-11-25"):
            sent = await http.post(f"/v1/imports/shifts{query}", content=line, headers={"Content-Type": "text/csv"})
            assert sent.status_code == 202, sent.text
            await office.work()
            report = (await http.get(f"/v1/imports/{sent.json()['id']}")).json()
            assert (report["added"], len(report["problems"])) == ((1, 0) if query else (0, 1))


async def test_only_planners_and_operators_see_and_change_shifts(office: Office) -> None:
    (shift,) = await all_of(office, Shift)
    async with office.client("support") as http:
        answers = [
            await http.get(PAGE),
            await http.get(f"{PAGE}/example.csv"),
            await http.get(f"{PAGE}/{shift.id}"),
            await http.post(PAGE, data=FORM),
            await http.post(f"{PAGE}/{shift.id}", data=FORM),
            await http.post(f"{PAGE}/{shift.id}/take-back", data={"day": TODAY}),
            await http.post(f"{PAGE}/file", data={"day": TODAY}, files={"file": ("x.csv", HEADER)}),
        ]
        assert PAGE not in (await http.get("/console/plan")).text
    assert {one.status_code for one in answers} == {403}
