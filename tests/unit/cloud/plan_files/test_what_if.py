"""More people take a locker, more lockers stand there: the same files, changed as asked and in no other way."""

from dataclasses import replace
from typing import Any

from cloud.intake.parcels_csv import ParcelRow
from cloud.plan_files.day import Files
from cloud.plan_files.what_if import suggest, with_lockers, with_opt_in
from tests.unit.cloud.plan_files.builders import COURIER, NEAR, PARCEL


def rows(count: int, **changes: Any) -> list[ParcelRow]:
    return [replace(PARCEL, barcode=f"LM{number}", **changes) for number in range(count)]


def files(*parcels: ParcelRow) -> Files:
    return Files(parcels, (NEAR,), (COURIER,))


def allowed(day: Files) -> set[str]:
    return {row.barcode for row in day.parcels if row.locker_allowed}


def test_a_larger_share_contains_the_smaller_one() -> None:
    day = files(*rows(100, locker_allowed=False))
    some, more = with_opt_in(day, 0.2), with_opt_in(day, 0.3)

    assert (len(allowed(some)), len(allowed(more))) == (20, 30)
    assert allowed(some) < allowed(more)


def test_nobody_who_allowed_a_locker_is_asked_back() -> None:
    assert len(allowed(with_opt_in(files(*rows(10)), 0.1))) == 10


def test_new_lockers_join_those_of_the_file() -> None:
    day = with_lockers(files(PARCEL), [(21.1, 52.3)], "S12")

    assert [row.id for row in day.lockers] == ["WAW-NEAR", "NEW-01"]


def test_a_place_is_suggested_where_most_parcels_have_no_locker_near() -> None:
    near, crowd, few = rows(9), rows(5, lon=21.2), rows(2, lon=21.4)
    found = suggest(files(*near, *crowd, *few), 3, 800, 20)

    assert [(one.lon, one.parcels) for one in found] == [(21.2, 5), (21.4, 2)]


def test_a_full_locker_leaves_the_rest_to_the_next_one() -> None:
    found = suggest(files(*rows(5, lon=21.2)), 2, 800, 3)

    assert [one.parcels for one in found] == [3, 2]


def test_where_nobody_wants_a_locker_none_is_suggested() -> None:
    assert suggest(files(*rows(3, locker_allowed=False, lon=21.2)), 2, 800, 20) == []
