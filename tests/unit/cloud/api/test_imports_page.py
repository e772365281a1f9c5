"""An operator brings a file of parcels on the console; what is no such file is refused in a sentence."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cloud.api.imports import BODY_BYTES_MAX, SHIFTS_BYTES_MAX
from cloud.domain.parcel import Parcel
from cloud.services.records_ops import ImportRun
from tests.unit.cloud.api.office import CSV, Office, open_busy_office

PAGE = "/console/imports"
GOOD = "PX00000900,Ola Nowak,ola@example.com,Prosta 1,21.0,52.23,300,200,100,900,yes\n"
WRONG = "PX00000901,Jan Kot,jan@example.com,Prosta 2,21.0,north,300,200,100,900,yes\n"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_busy_office(tmp_path) as opened:
        yield opened


async def all_of(office: Office, record: type[Any], /, **conditions: Any) -> list[Any]:
    found: list[Any] = await office.rim.look(lambda uow: uow.find(record, **conditions))
    return found


async def bring(office: Office, text: str, carrier: str = "acme") -> str:
    """Send a file from the page and return its report, or the page that refuses it."""
    async with office.client() as http:
        form = {"carrier": carrier}
        sent = await http.post(f"{PAGE}/file?lang=en", data=form, files={"file": ("monday.csv", text)})
        if sent.status_code != 303:
            assert sent.status_code == 422
            return sent.text
        await office.work()
        return (await http.get(f"{sent.headers['location']}?lang=en")).text


async def test_good_rows_land_and_the_report_says_where_the_rest_is_wrong(office: Office) -> None:
    report = await bring(office, CSV + GOOD + WRONG)
    [run] = await all_of(office, ImportRun, file_name="monday.csv")
    assert (run.kind, run.rows, run.added, run.rejected) == ("parcels", 2, 1, 1)
    assert ("monday.csv" in report, "latitude" in report) == (True, True)
    [parcel] = await all_of(office, Parcel, barcode="PX00000900")
    assert parcel.carrier == "acme"


async def test_the_same_file_again_changes_nothing(office: Office) -> None:
    for _ in range(2):
        await bring(office, CSV + GOOD)
    runs = await all_of(office, ImportRun, file_name="monday.csv")
    assert sorted((one.added, one.unchanged) for one in runs) == [(0, 1), (1, 0)]


async def test_what_is_no_file_of_parcels_is_refused_and_the_carrier_stays_typed(office: Office) -> None:
    refused = await bring(office, "name,when\nOla,8\n", "Brisk & Co")
    assert ("Nothing of this file could be read" in refused, 'value="Brisk &amp; Co"' in refused) == (True, True)
    assert "choose a file first" in await bring(office, "")
    assert "say whose parcels these are" in await bring(office, CSV + GOOD, " ")
    assert await all_of(office, ImportRun, file_name="monday.csv") == []


async def test_a_file_that_is_too_large_is_refused_on_a_page_before_it_is_read(office: Office) -> None:
    said = {}
    for path, most in ((PAGE, BODY_BYTES_MAX), ("/console/shifts", SHIFTS_BYTES_MAX)):
        head = {"Content-Length": str(most + 1), "Content-Type": "multipart/form-data; boundary=x"}
        async with office.client() as http:
            answer = await http.post(f"{path}/file?lang=en", content=b"--x", headers=head)
        said[path] = (answer.status_code, answer.headers["content-type"][:9], "larger than" in answer.text)
    assert set(said.values()) == {(422, "text/html", True)}


async def test_carriers_are_proposed_and_only_operators_bring_files(office: Office) -> None:
    pages, sent = {}, {}
    for who in ("operator", "planner", "support"):
        async with office.client(who) as http:
            pages[who] = (await http.get(PAGE)).text
            sent[who] = await http.post(f"{PAGE}/file", data={"carrier": "acme"}, files={"file": ("x.csv", CSV)})
    assert '<option value="acme">' in pages["operator"]
    assert [f'action="{PAGE}/file"' in pages[who] for who in pages] == [True, False, False]
    assert [one.status_code for one in sent.values()] == [303, 403, 403]
