from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.locker import Compartment, Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.intake.findings import Finding
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.parcels_csv import ParcelRow
from cloud.services.import_lockers import import_lockers
from cloud.services.import_parcels import import_parcels
from cloud.services.imports import ImportReport, ImportSource
from cloud.services.records import Consent, HistoryEntry
from cloud.services.records_ops import ImportProblem, ImportRun
from contract.ids import LockerId
from tests.unit.cloud.small_cloud import LINE, MORNING, SmallCloud

FILE = ImportSource("parcels", "monday.csv", "ab" * 32, carrier="acme")
LOCKERS = ImportSource("lockers", "warsaw.geojson", "cd" * 32)
ROW = ParcelRow(
    line=2,
    barcode="P1",
    recipient_name="Ada Nowak",
    recipient_email="ada@example.test",
    recipient_phone=None,
    language="pl",
    address="Zlota 44, Warszawa",
    lon=21.0,
    lat=52.23,
    length_mm=200,
    width_mm=150,
    height_mm=60,
    weight_g=900,
    window_from=None,
    window_to=None,
    locker_allowed=True,
    preferred_locker=None,
    low_door=False,
    perishable=False,
    temperature_controlled=False,
)


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


def _parcels(cloud: SmallCloud, *rows: ParcelRow, source: ImportSource = FILE, who: Any = None) -> ImportReport:
    act = cloud.act(who) if who else cloud.act()
    return cloud.do(lambda uow: import_parcels(uow, act, source, rows))


def _lockers(cloud: SmallCloud, *rows: LockerRow) -> ImportReport:
    return cloud.do(lambda uow: import_lockers(uow, cloud.act(), LOCKERS, rows))


def _counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.rejected


def test_a_parcel_file_lands_with_its_carrier_as_custodian_and_consent_as_a_record(cloud: SmallCloud) -> None:
    report = _parcels(cloud, ROW, replace(ROW, line=3, barcode="P2", locker_allowed=False))

    assert (_counts(report), report.rows) == ((2, 0, 0, 0), 2)
    assert {one.custodian for one in cloud.of(Parcel)} == {"carrier:acme"}
    assert cloud.the(Consent).given_by == "carrier:acme"
    assert {one.happened for one in cloud.of(HistoryEntry)} == {"announced"}


def test_the_same_file_twice_changes_nothing(cloud: SmallCloud) -> None:
    _parcels(cloud, ROW)
    before = cloud.the(Parcel)
    cloud.later(hours=1)

    assert _counts(_parcels(cloud, ROW)) == (0, 0, 1, 0)
    assert cloud.the(Parcel) == before


def test_a_corrected_row_changes_the_parcel_until_somebody_acted_on_it(cloud: SmallCloud) -> None:
    _parcels(cloud, ROW)
    assert _counts(_parcels(cloud, replace(ROW, address="Prosta 1", locker_allowed=False))) == (0, 1, 0, 0)
    assert cloud.the(Consent).withdrawn_at == cloud.now
    assert _counts(_parcels(cloud, ROW)) == (0, 1, 0, 0)
    assert len(cloud.of(Consent, withdrawn_at=None)) == 1
    cloud.do(lambda uow: uow.change(Parcel, {"barcode": "P1"}, state=ParcelState.OUT_FOR_DELIVERY))
    report = _parcels(cloud, replace(ROW, address="Prosta 2"))

    assert (_counts(report), report.problems[0].line, report.problems[0].column) == ((0, 0, 0, 1), 2, "address")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"weight_g": 99_000}, "weight_g"),
        ({"preferred_locker": "WAW-99"}, "preferred_locker"),
        ({"window_from": MORNING}, "window"),
        ({"window_from": MORNING, "window_to": MORNING + timedelta(minutes=1)}, "window"),
    ],
)
def test_a_bad_row_is_reported_and_the_good_ones_land(cloud: SmallCloud, change: dict[str, Any], column: str) -> None:
    bad = replace(ROW, line=3, barcode="P2", **change)
    found = Finding(9, "weight_g", "not a number", "heavy")
    report = cloud.do(lambda uow: import_parcels(uow, cloud.act(), FILE, [ROW, bad], [found]))

    assert _counts(report) == (1, 0, 0, 2)
    assert [(one.line, one.column) for one in cloud.of(ImportProblem, order="line")] == [(3, column), (9, "weight_g")]
    assert cloud.the(ImportRun).rejected == 2


def test_one_barcode_of_two_carriers_is_two_parcels(cloud: SmallCloud) -> None:
    _parcels(cloud, ROW)
    _parcels(cloud, ROW, source=replace(FILE, carrier="other"))

    assert len(cloud.of(Parcel)) == 2


def test_one_barcode_twice_in_a_file_is_one_parcel(cloud: SmallCloud) -> None:
    assert _counts(_parcels(cloud, ROW, replace(ROW, line=3))) == (1, 0, 1, 0)


def test_a_large_file_comes_in_several_calls_of_one_run(cloud: SmallCloud) -> None:
    first = _parcels(cloud, *(replace(ROW, line=n, barcode=f"P{n}") for n in range(2, 700)))
    again = replace(FILE, run_id=first.import_id)
    last = _parcels(cloud, *(replace(ROW, line=n, barcode=f"P{n}") for n in range(699, 702)), source=again)

    assert (last.rows, _counts(last)) == (701, (700, 0, 1, 0))
    assert cloud.the(ImportRun).added == 700


def test_a_carrier_announces_only_its_own_parcels(cloud: SmallCloud) -> None:
    assert _counts(_parcels(cloud, ROW, who=actor(Role.CARRIER, "acme"))) == (1, 0, 0, 0)
    with pytest.raises(ForbiddenError):
        _parcels(cloud, ROW, who=actor(Role.CARRIER, "other"))
    with pytest.raises(InvalidError):
        _parcels(cloud, ROW, source=replace(FILE, carrier=""))


def test_a_locker_file_becomes_lockers_with_their_doors(cloud: SmallCloud) -> None:
    report = _lockers(cloud, LINE, replace(LINE, line=3, id=LockerId("WAW-02"), model=""))

    assert _counts(report) == (2, 0, 0, 0)
    assert {one.model: one.status for one in cloud.of(Locker)} == {
        "S12": LockerStatus.ANNOUNCED,
        "M24": LockerStatus.ANNOUNCED,
    }
    assert len(cloud.of(Compartment)) == 36


def test_the_same_locker_file_twice_changes_nothing_and_a_corrected_one_only_what_it_says(cloud: SmallCloud) -> None:
    _lockers(cloud, LINE)
    assert _counts(_lockers(cloud, LINE)) == (0, 0, 1, 0)
    moved = replace(LINE, name="Metro Politechnika", opening_hours="PN-PT 10-19")
    assert _counts(_lockers(cloud, moved)) == (0, 1, 0, 0)
    assert (cloud.the(Locker).name, cloud.the(Locker).opening_hours) == ("Metro Politechnika", "Mo-Fr 10:00-19:00")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"opening_hours": "whenever"}, "opening_hours"),
        ({"model": "X99"}, "model"),
        ({"id": LockerId("WAW-01"), "model": "M24"}, "model"),
    ],
)
def test_a_bad_locker_row_is_reported(cloud: SmallCloud, change: dict[str, Any], column: str) -> None:
    bad = replace(replace(LINE, id=LockerId("WAW-09"), line=7), **change)
    report = _lockers(cloud, LINE, bad)

    assert _counts(report) == (1, 0, 0, 1)
    assert [(one.line, one.column) for one in report.problems] == [(7, column)]
