"""A shift's break and what its courier can do: typed, brought as a file, said over the API; parcels that need it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.domain.parcel import Parcel
from cloud.services.records import Shift
from cloud.services.records_ops import ImportProblem, ImportRun
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, CSV, OTHER_COURIER, Office, open_office, told
from tests.unit.cloud.api.test_shifts import ASKED, SHIFTS
from tests.unit.cloud.api.test_shifts_page import FORM, PAGE, TODAY, all_of

BREAK = {"break_from": "12:00", "break_to": "13:00", "break_min": "30", "skills": "Heavy  id_check"}
HEADER = "courier,shift_from,shift_to,start_longitude,start_latitude,break_from,break_to,break_min,skills\n"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path, pages=Pages()) as opened:
        await opened.lockers()
        yield opened


def break_of(shift: Shift) -> tuple[float, float, int]:
    """Return hours after its beginning the break begins from and to, and its minutes."""
    assert shift.break_from is not None
    assert shift.break_to is not None
    hours = [(at - shift.starts_at) / timedelta(hours=1) for at in (shift.break_from, shift.break_to)]
    return hours[0], hours[1], shift.break_s // 60


async def test_a_break_and_skills_are_typed_shown_and_typed_again(office: Office) -> None:
    async with office.client("planner") as http:
        await http.post(PAGE, data=FORM | BREAK)
        (shift,) = await all_of(office, Shift)
        table = (await http.get(f"{PAGE}?day={TODAY}&lang=en")).text
        form = (await http.get(f"{PAGE}/{shift.id}?day={TODAY}&lang=en")).text
        example = (await http.get(f"{PAGE}/example.csv?day={TODAY}")).text
        await http.post(f"{PAGE}/{shift.id}", data=FORM)
    assert (break_of(shift), shift.skills) == ((2.5, 3.5, 30), "heavy id_check")
    assert "12:00\N{EN DASH}13:00<br /><small>30 min</small>" in table
    assert "heavy id_check" in table
    assert ('name="break_min"' in form, 'value="30"' in form, 'value="heavy id_check"' in form) == (True, True, True)
    assert example.splitlines()[1].endswith(",12:00,13:00,30,heavy id_check")
    (after,) = await all_of(office, Shift)
    assert (after.break_from, after.break_to, after.break_s, after.skills) == (None, None, 0, "")


async def test_a_night_shifts_break_is_in_the_night(office: Office) -> None:
    night = {"from": "22:00", "to": "06:00", "break_from": "23:30", "break_to": "00:30", "break_min": "45"}
    late = {"courier": COURIER, "from": "22:00", "to": "06:00", "break_from": "01:00", "break_to": "02:00"}
    async with office.client("planner") as http:
        await http.post(PAGE, data=FORM | night)
        await http.post(PAGE, data=FORM | late | {"break_min": "20"})
    shifts = await all_of(office, Shift)
    assert {one.courier_id: break_of(one) for one in shifts} == {
        OTHER_COURIER: (1.5, 2.5, 45),
        COURIER: (3.0, 4.0, 20),
    }


WRONG = [
    ({"break_to": ""}, "write a time such as 17:30"),
    ({"break_min": ""}, "write a whole number from 1 to 240"),
    ({"break_from": "13:30"}, "the break would end after the shift"),  # its latest beginning is then the day after
    ({"break_to": "14:45"}, "the break would end after the shift"),
    ({"skills": "heavy;cold"}, "is no word of letters, digits"),
    ({"skills": " ".join("abcdefghijk")}, "has more than 10 words"),
]


async def test_a_break_that_cannot_be_is_said_and_kept_in_the_form(office: Office) -> None:
    async with office.client("planner") as http:
        answers = [(await http.post(f"{PAGE}?lang=en", data=FORM | BREAK | wrong), why) for wrong, why in WRONG]
    assert [why for answer, why in answers if answer.status_code != 422 or why not in answer.text] == []
    assert await all_of(office, Shift) == []


async def test_a_file_names_line_and_column_of_a_wrong_break(office: Office) -> None:
    lines = (
        "Courier 0,08:00,16:00,21.0,52.2,12:00,13:00,30,cold heavy\n"
        "Courier 1,08:00,16:00,21.0,52.2,12:00,,30,\n"
        "Courier 1,08:00,16:00,21.0,52.2,07:00,07:30,30,\n"
        "Courier 1,08:00,16:00,21.0,52.2,,,,a;b\n"
        "Courier 1,22:00,30:00,21.0,52.2,,,,\n"
        "Courier 1,22:00,05:00,21.0,52.2,02:00,03:00,20,\n"
    )
    async with office.client("planner") as http:
        await http.post(f"/v1/imports/shifts?day={TODAY}", content=HEADER + lines, headers={"Content-Type": "text/csv"})
        await office.work()
    problems = {(one.line, one.column) for one in await all_of(office, ImportProblem)}
    assert problems == {(3, "break_from"), (4, "break_to"), (5, "skills"), (6, "shift_to")}
    day, night = await all_of(office, Shift, order="starts_at")
    assert (break_of(day), day.skills, break_of(night)) == ((4.0, 5.0, 30), "cold heavy", (4.0, 5.0, 20))


async def test_over_the_api_a_break_is_whole_or_none(office: Office) -> None:
    noon = {"break_from": "2026-11-23T12:00:00+01:00", "break_to": "2026-11-23T13:00:00+01:00", "break_min": 30}
    async with office.client("planner") as http:
        half = told(await http.post(SHIFTS, json=ASKED | noon | {"break_min": 0}))
        early = told(await http.post(SHIFTS, json=ASKED | noon | {"break_from": "2026-11-23T09:00:00+01:00"}))
        made = (await http.post(SHIFTS, json=ASKED | noon | {"skills": ["Cold", "heavy", "cold"]})).json()
        bare = (await http.put(f"{SHIFTS}/{made['id']}", json=ASKED)).json()
    assert [half["errors"][0]["field"], early["errors"][0]["field"]] == ["break_min", "break_from"]
    assert (made["break_s"], made["skills"]) == (1_800, ["cold", "heavy"])
    assert (bare["break_from"], bare["break_s"], bare["skills"]) == (None, 0, [])


async def test_a_parcels_file_keeps_skills_and_the_price_of_being_late(office: Office) -> None:
    header = CSV.replace("\n", ",window_from,window_to,soft_to,late_cents_per_min,skills\n")
    row = "P-0001,Ada,a@example.com,Zlota 1,21.00,52.23,200,150,60,900,no,2026-11-23T12:00,2026-11-23T16:00"
    async with office.client("acme") as http:
        for text in (",2026-11-23T13:00,20,id_check\n", ",2026-11-23T13:00,20,id_check\n", ",2026-11-23T14:00,20,\n"):
            await http.post("/v1/imports/parcels", content=header + row + text)
            await office.work()
            (parcel,) = await all_of(office, Parcel)
            kept = (parcel.soft_to - parcel.window_from, parcel.late_cents_per_min, parcel.skills)
            hours, skills = (2, "") if "T14" in text else (1, "id_check")
            assert kept == (timedelta(hours=hours), 20, skills)
    runs = await all_of(office, ImportRun, kind="parcels", order="started_at")
    assert sorted((one.added, one.changed, one.unchanged) for one in runs) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
