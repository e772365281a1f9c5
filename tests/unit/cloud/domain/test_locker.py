from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import (
    SILENT_AFTER,
    Compartment,
    CompartmentStatus,
    Contents,
    Locker,
    LockerStatus,
    PointKind,
    change_status,
    differences,
    free_by_size,
    is_caught_up,
    is_counter,
    is_silent,
    require_machine,
    takes_parcels,
)
from cloud.domain.opening_hours import is_open, normal, open_spans
from cloud.domain.windows import Window
from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import MORNING, SmallCloud

HOUR = timedelta(hours=1)
ZONE = "Europe/Warsaw"
LAYOUT = Layout(
    "T2", (CompartmentPlan(CompartmentLabel("A01"), SizeClass.S), CompartmentPlan(CompartmentLabel("A02"), SizeClass.M))
)


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    return cloud


def test_only_an_active_locker_that_takes_in_gets_parcels(cloud: SmallCloud) -> None:
    locker = cloud.the(Locker)
    assert takes_parcels(locker)
    assert not takes_parcels(replace(locker, intake_open=False))
    assert not takes_parcels(replace(locker, status=LockerStatus.ENROLLING))


def test_a_counter_is_no_machine(cloud: SmallCloud) -> None:
    locker = cloud.the(Locker)
    require_machine(locker)
    assert not is_counter(locker)

    with pytest.raises(ConflictError, match="people work there"):
        require_machine(replace(locker, kind=PointKind.COUNTER))


def test_what_a_locker_did_is_known_once_it_is_there_and_a_picture_agreed(cloud: SmallCloud) -> None:
    locker = replace(cloud.the(Locker), online=True, reported_at=MORNING)

    assert is_caught_up(locker)
    assert not is_caught_up(replace(locker, online=False))
    assert not is_caught_up(replace(locker, reported_at=None))


def test_a_locker_is_silent_some_time_after_it_went(cloud: SmallCloud) -> None:
    locker = cloud.the(Locker)
    gone = replace(locker, online=False, seen_at=MORNING)

    assert not is_silent(locker, MORNING + 9 * HOUR)
    assert not is_silent(gone, MORNING + SILENT_AFTER / 2)
    assert is_silent(gone, MORNING + SILENT_AFTER)
    assert is_silent(replace(gone, seen_at=None), MORNING)


@pytest.mark.parametrize(
    ("change", "free"),
    [
        ({}, 1),
        ({"contents": Contents.OCCUPIED}, 0),
        ({"contents": Contents.UNKNOWN}, 0),
        ({"status": CompartmentStatus.FAULTED}, 0),
    ],
)
def test_free_is_what_is_empty_and_in_service(cloud: SmallCloud, change: dict[str, object], free: int) -> None:
    door = replace(cloud.of(Compartment, label="A01")[0], **change)  # type: ignore[arg-type] # a table of fields

    assert free_by_size([door])[door.size] == free
    assert sum(free_by_size([door]).values()) == free


def test_a_locker_s_life_has_no_way_back_from_its_end() -> None:
    assert change_status(LockerStatus.ANNOUNCED, LockerStatus.ENROLLING) is LockerStatus.ENROLLING
    with pytest.raises(ConflictError, match="cannot become active"):
        change_status(LockerStatus.DECOMMISSIONED, LockerStatus.ACTIVE)


def test_a_first_snapshot_is_compared_door_by_door() -> None:
    assert differences(LAYOUT, LAYOUT.sizes()) == ()  # type: ignore[arg-type] # labels are strings
    wrong = differences(LAYOUT, {"A01": SizeClass.L, "B01": SizeClass.S})
    assert wrong == (
        "A02 is in the layout and was not reported",
        "B01 was reported and is not in the layout",
        "A01 is S in the layout and was reported as L",
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("24/7", "24/7"),
        ("Mo-Fr 08:00-20:00; Sa 10:00-14:00", "Mo-Fr 08:00-20:00; Sa 10:00-14:00"),
        ("PN-PT 10-19 SB 10-14", "Mo-Fr 10:00-19:00; Sa 10:00-14:00"),
        ("pn-sb 09-21  nd 09:30-20", "Mo-Sa 09:00-21:00; Su 09:30-20:00"),
    ],
)
def test_opening_hours_come_in_two_forms_and_leave_in_one(given: str, expected: str) -> None:
    assert normal(given) == expected


@pytest.mark.parametrize("given", ["", "   ", "always", "PN-PT 99-100", "Mo-Fr 8 to 20", "x" * 300])
def test_other_opening_hours_are_refused_with_an_example(given: str) -> None:
    with pytest.raises(InvalidError, match="opening_hours"):
        normal(given)


def test_opening_spans_are_cut_to_the_day_asked_for() -> None:
    day = Window(MORNING, MORNING + 24 * HOUR)  # from 09:00 on a Monday in Warsaw

    assert open_spans("24/7", ZONE, day) == (day,)
    assert open_spans("Mo-Fr 10:00-19:00", ZONE, day) == (Window(MORNING + HOUR, MORNING + 10 * HOUR),)
    assert open_spans("Sa 10:00-14:00", ZONE, day) == ()


@pytest.fixture
def at() -> Callable[[int], bool]:
    return lambda hours: is_open("Mo-Fr 10:00-19:00", ZONE, MORNING + hours * HOUR)


def test_open_or_not_is_asked_in_the_locker_s_own_zone(at: Callable[[int], bool]) -> None:
    assert (at(0), at(1), at(9), at(10)) == (False, True, True, False)
